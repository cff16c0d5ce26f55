//! Whether the token endpoint knows the client, by a code that nobody issued: refused is what it should be, and the reason tells
//! (RFC 6749 §5.2). Only where asked for.

use std::sync::Arc;

use authsession_core::client_auth::Client;
use authsession_core::clock::Clock;
use authsession_core::error::{Error, OAuthError};
use authsession_core::grant::authorization_code::AuthorizationCode;
use authsession_core::http::HttpClient;
use authsession_core::pkce;
use authsession_core::provider::{Endpoints, Provider, ProviderMetadata};
use authsession_core::random;
use authsession_core::token_endpoint::TokenEndpoint;

use crate::doctor::announced::Announced;
use crate::doctor::finding::{Area, Finding};
use crate::doctor::report::Report;
use crate::doctor::settings::Settings;
use crate::doctor::shown;

const CHECK: &str = "token endpoint";

pub(crate) async fn examine(
    announced: &Announced,
    settings: &Settings,
    http: &HttpClient,
    clock: &Clock,
    report: &mut Report,
) {
    let (true, Some(client)) = (settings.try_client, &settings.client) else { return };
    let endpoints = Endpoints { token: announced.url("token_endpoint"), ..Endpoints::default() };
    let Some(mut metadata) = ProviderMetadata::by_hand(endpoints) else { return };
    metadata.issuer = Some(settings.issuer.clone());
    metadata.token_endpoint_auth_methods_supported = announced
        .list("token_endpoint_auth_methods_supported")
        .map(|methods| methods.into_iter().map(str::to_owned).collect());
    let refusal = present_a_made_up_code(metadata, settings, client, http, clock).await;
    report.add(understood(refusal));
}

async fn present_a_made_up_code(
    metadata: ProviderMetadata,
    settings: &Settings,
    client: &Client,
    http: &HttpClient,
    clock: &Clock,
) -> Result<(), Error> {
    let provider = Provider::by_hand(metadata, http.clone(), clock.clone())?;
    let endpoint = TokenEndpoint::new(Arc::new(provider), client.clone(), http.clone(), clock.clone());
    let code = AuthorizationCode {
        code: random::text::<32>()?.into(),
        redirect_uri: settings.redirect_uri.clone(),
        code_verifier: pkce::code_verifier()?,
    };
    endpoint.redeem(&code).await.map(drop)
}

fn understood(answer: Result<(), Error>) -> Finding {
    let unclear = |found: String| {
        let next = "sign in once to see";
        Finding::warning(Area::Client, CHECK, found, next)
    };
    match answer {
        Err(Error::GrantRefused { code: OAuthError::InvalidGrant, .. }) => {
            Finding::ok(Area::Client, CHECK, "knows the client, and refused only the made-up code")
        }
        Err(Error::Misconfigured { hint, .. }) => Finding::wrong(Area::Client, CHECK, "refused", hint),
        Err(Error::GrantRefused { .. }) => unclear("refused the made-up code in words of its own".to_owned()),
        Err(error) => unclear(shown::error(&error)),
        Ok(()) => Finding::wrong(
            Area::Client,
            CHECK,
            "issued tokens for a code that nobody was given",
            "do not trust this provider",
        ),
    }
}
