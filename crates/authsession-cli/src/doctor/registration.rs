//! Whether the provider would send a browser back to the redirect URI: asked as a browser would ask, and by `prompt=none`, so
//! that nobody signs in (OpenID Connect Core §3.1.2.6). A client or redirect URI it does not know it must not answer by a
//! redirect (RFC 6749 §4.1.2.1).

use authsession_core::authorization::AuthorizationRequest;
use authsession_core::clock::Clock;
use authsession_core::error::{Endpoint, Error, OAuthError};
use authsession_core::examine;
use authsession_core::http::HttpClient;
use authsession_core::provider::{Endpoints, ProviderMetadata};
use url::Url;

use crate::doctor::announced::Announced;
use crate::doctor::finding::{Area, Finding};
use crate::doctor::report::Report;
use crate::doctor::settings::Settings;
use crate::doctor::shown;

const CHECK: &str = "registration";

pub(crate) async fn examine(
    announced: &Announced,
    settings: &Settings,
    http: &HttpClient,
    clock: &Clock,
    report: &mut Report,
) {
    let (Some(client), Some(redirect_uri)) = (&settings.client, &settings.redirect_uri) else { return };
    let (authorization, token) = (announced.url("authorization_endpoint"), announced.url("token_endpoint"));
    let endpoints = Endpoints { authorization, token, ..Endpoints::default() };
    let Some(metadata) = ProviderMetadata::by_hand(endpoints) else { return };
    let mut request = AuthorizationRequest::new(&client.id, redirect_uri, settings.scopes.join(" "));
    request.login.prompt = Some("none".to_owned());
    let Ok((url, _)) = request.start(&metadata, clock.now()) else { return };
    let answer = examine::look(http, Endpoint::Authorization, &url, clock).await;
    report.add(match answer {
        Ok(answer) => understood(answer.status(), answer.redirects_to(), &url, redirect_uri),
        Err(error) => unreached(&error),
    });
}

fn understood(status: u16, to: Option<&str>, asked: &Url, redirect_uri: &str) -> Finding {
    let back = to.and_then(|to| asked.join(to).ok()).filter(|to| leads_to(to, redirect_uri));
    if let Some(back) = back {
        let error = back.query_pairs().find(|(name, _)| name == "error");
        return error.map_or_else(known, |(_, code)| came_back_with(OAuthError::from_code(&code)));
    }
    if to.is_none() && matches!(status, 400 | 401 | 404 | 422) {
        return Finding::wrong(
            Area::Client,
            CHECK,
            format!("refused, and the browser was not sent back (status {status})"),
            "register this very redirect URI for this client id: any other error comes back to the application",
        );
    }
    unclear("the provider shows a page of its own".to_owned())
}

/// What came back to the redirect URI, which is registered by that.
fn came_back_with(error: OAuthError) -> Finding {
    let wrong = |next: &'static str| {
        let found = format!("client and redirect URI are known, and the answer is {}", error.code());
        Finding::wrong(Area::Client, CHECK, found, next)
    };
    match error {
        OAuthError::LoginRequired
        | OAuthError::InteractionRequired
        | OAuthError::ConsentRequired
        | OAuthError::AccountSelectionRequired => known(),
        OAuthError::InvalidScope => wrong("allow these scopes in the client's registration, or ask for less"),
        OAuthError::UnauthorizedClient | OAuthError::UnsupportedResponseType => {
            wrong("allow the authorization code flow in the client's registration")
        }
        other => unclear(format!("client and redirect URI are known, and the answer is {}", other.code())),
    }
}

fn known() -> Finding {
    Finding::ok(Area::Client, CHECK, "client id and redirect URI are known")
}

fn unclear(found: String) -> Finding {
    Finding::warning(Area::Client, CHECK, found, "nothing more can be told from here: sign in once to see")
}

fn unreached(error: &Error) -> Finding {
    unclear(shown::error(error))
}

fn leads_to(to: &Url, redirect_uri: &str) -> bool {
    Url::parse(redirect_uri).is_ok_and(|uri| to.origin() == uri.origin() && to.path() == uri.path())
}
