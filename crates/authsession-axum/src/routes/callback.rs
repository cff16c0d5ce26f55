//! The login's end: check the response, redeem the code, verify who signed in, keep the session (RFC 6749 §4.1.3, OpenID
//! Connect Core §3.1.3).

use std::sync::Arc;
use std::time::Duration;

use authsession_core::authorization::{AuthorizationResponse, PendingAuthorization};
use authsession_core::claims::IdTokenClaims;
use authsession_core::error::Error as ProtocolError;
use authsession_core::grant::authorization_code::AuthorizationCode;
use authsession_core::id_token::LoginExpectations;
use authsession_core::secret::Secret;
use authsession_core::token_set::TokenSet;
use authsession_core::userinfo;
use authsession_store::end_reason::EndReason;
use authsession_store::key::{SessionId, StoreKey};
use authsession_store::record::SessionRecord;
use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Map, Value};

use crate::config::OAuthConfiguration;
use crate::cookie;
use crate::errors::{Error, NotSignedIn};
use crate::guard::{self, Asker};
use crate::keeper::{Keeper, Look};
use crate::page::{Page, WayOn};
use crate::routes::Routes;
use crate::routes::login::{Attempt, LoginParameters, RESTARTED, name_of, start};
use crate::watch;

impl Routes {
    pub(super) async fn callback(&self, parts: &Parts, asker: Asker) -> Result<Response, Error> {
        let configuration = self.engine.configuration();
        let response = AuthorizationResponse::parse(parts.uri.query().unwrap_or_default())?;
        let state = response.state().map(|state| state.expose().to_owned()).unwrap_or_default();
        let Some(attempt) = Attempt::find(configuration, &parts.headers, &state) else {
            if asker == Asker::Script {
                return Err(Error::NotSignedIn(NotSignedIn::NoSession));
            }
            return self.stale_callback(&parts.headers, &state, response.is_refusal()).await;
        };
        let name = name_of(&state);
        let place = attempt.return_to.unwrap_or_else(|| configuration.default_page.clone());
        let metadata = configuration.provider.metadata().await?;
        let code = match response.check(&attempt.pending, &metadata) {
            Ok(code) => code,
            Err(ProtocolError::AuthorizationRefused(code)) => {
                tracing::info!(target: "authsession::login", %code, "the provider answered the sign-in with an error");
                return Ok(self.refused(Some(&name)));
            }
            Err(error) => return Err(error.into()),
        };
        let (keeper, pending) = (self.engine.keeper().clone(), attempt.pending);
        let replaced = configuration.cookies.session(&parts.headers);
        let landed = self.landings.land(name.clone(), move || sign_in(keeper, pending, code, replaced)).await;
        // A code that never left can be sent again; a spent one ends the attempt, whatever came of it.
        let mut cookies = Vec::new();
        if landed.spent {
            cookies.push(configuration.cookies.drop_login(&name));
        }
        let mut response = match landed.outcome {
            Ok(id) => {
                cookies.push(configuration.cookies.sign_in(&id, configuration.session_max_age));
                redirect(&place)?
            }
            Err(error) => guard::answer_at_login(&error, asker, configuration),
        };
        cookie::set(response.headers_mut(), cookies);
        Ok(response)
    }

    /// A callback this browser did not ask for, or that was answered before: from history, a bookmark, another browser.
    /// Nothing is sent to the provider. Who is signed in goes on; who is not starts over, once.
    async fn stale_callback(
        &self,
        headers: &HeaderMap,
        state: &str,
        refusal: bool,
    ) -> Result<Response, Error> {
        let configuration = self.engine.configuration();
        let signed_in = match configuration.cookies.session(headers) {
            Some(key) => match self.engine.session(key, Look::Use).await {
                Ok(_) => true,
                Err(Error::NotSignedIn(_)) => false,
                Err(error) => return Err(error),
            },
            None => false,
        };
        if signed_in {
            return redirect(&configuration.default_page);
        }
        // A refusal would only be repeated; and without a state, the mark of a restart could never come back.
        if refusal || state.is_empty() {
            return Ok(self.refused(None));
        }
        if state.starts_with(RESTARTED) {
            return Ok(Page {
                status: StatusCode::BAD_REQUEST,
                title: "Your browser did not keep the sign-in",
                text: "Signing in needs a cookie, and it was not there when you came back. Allow cookies for this site, \
                       then try again.",
                way_on: WayOn::SignIn(configuration.base_path.clone()),
                retry_after: None,
            }
            .into_response());
        }
        tracing::info!(target: "authsession::login", "a callback without its login was opened; starting over");
        start(configuration, headers, LoginParameters { restarted: true, ..LoginParameters::default() }).await
    }

    /// The user or the provider said no: a page that helps.
    fn refused(&self, name: Option<&str>) -> Response {
        let configuration = self.engine.configuration();
        let mut response = Page {
            status: StatusCode::FORBIDDEN,
            title: "You were not signed in",
            text: "The sign-in was cancelled or refused. You may try again.",
            way_on: WayOn::SignIn(configuration.base_path.clone()),
            retry_after: None,
        }
        .into_response();
        cookie::set(response.headers_mut(), name.map(|name| configuration.cookies.drop_login(name)));
        response
    }
}

/// Redeems the code and keeps the session of whoever it proves to be. A session the browser had before ends.
async fn sign_in(
    keeper: Keeper,
    pending: PendingAuthorization,
    code: Secret,
    replaced: Option<StoreKey>,
) -> Result<SessionId, Error> {
    let configuration = &keeper.configuration;
    let redirect_uri =
        configuration.send_redirect_uri_to_token_endpoint.then(|| pending.redirect_uri.clone());
    let grant = AuthorizationCode { code, redirect_uri, code_verifier: pending.code_verifier.clone() };
    let mut tokens = configuration.token_endpoint.redeem(&grant).await?;
    let received = tokens.refresh_token.clone();
    let user = match who(configuration, &pending, &grant.code, &mut tokens).await {
        Ok(user) => user,
        Err(error) => {
            keeper.revoke_behind(received);
            return Err(error);
        }
    };
    if let Err(error) = configuration.kept.take(&configuration.issuer, None, &mut tokens) {
        keeper.revoke_behind(received);
        return Err(error.into());
    }
    configuration.limit_token_age(&mut tokens);
    let now = configuration.clock.now();
    let record = SessionRecord {
        tokens,
        issuer: Arc::clone(&configuration.issuer),
        client_id: Arc::clone(&configuration.client_id),
        subject: user.subject.into(),
        provider_session: user.provider_session.map(Box::from),
        userinfo: user.userinfo.map(|claims| Value::Object(claims).to_string().into()),
        created_at: now,
        expires_at: now + configuration.session_max_age,
        refresh_sent_at: None,
        refused: None,
    };
    // Always a new id: one that somebody planted in the browser never becomes a session.
    let id = SessionId::generate()?;
    let key = StoreKey::of(&id);
    if let Err(error) = keeper.store.create(&key, record, now + configuration.session_idle_timeout).await {
        keeper.revoke_behind(received);
        return Err(error.into());
    }
    if let Some(old) = replaced {
        keeper.end_or_say(old, EndReason::Replaced).await;
    }
    keeper.sweep_behind();
    watch::signed_in(key);
    Ok(id)
}

/// Who signed in.
struct User {
    subject: String,
    provider_session: Option<String>,
    userinfo: Option<Map<String, Value>>,
}

/// Verifies who the tokens are for.
async fn who(
    configuration: &OAuthConfiguration,
    pending: &PendingAuthorization,
    code: &Secret,
    tokens: &mut TokenSet,
) -> Result<User, Error> {
    if !configuration.is_oidc() {
        // Nobody vouches for it: a plain OAuth 2.0 login verifies none.
        tokens.id_token = None;
        let userinfo = userinfo(configuration, &tokens.access_token, None).await?;
        let subject = match &userinfo {
            Some(claims) => subject_of(claims, &configuration.subject_claim)?,
            None => String::new(),
        };
        return Ok(User { subject, provider_session: None, userinfo });
    }
    let id_token = tokens
        .id_token
        .as_ref()
        .ok_or_else(|| ProtocolError::untrusted("the provider was asked for an ID token and sent none"))?;
    let expected = LoginExpectations {
        nonce: &pending.nonce,
        access_token: &tokens.access_token,
        code: Some(code),
        started_at: pending.started_at,
        max_age: pending.max_age.map(Duration::from_secs),
    };
    let now = configuration.clock.now();
    let verifier = &configuration.id_token_verifier;
    let claims = verifier.verify_login(&configuration.provider, id_token, now, &expected).await?;
    let userinfo = userinfo(configuration, &tokens.access_token, Some(&claims)).await?;
    Ok(User { subject: claims.subject, provider_session: claims.provider_session, userinfo })
}

async fn userinfo(
    configuration: &OAuthConfiguration,
    access_token: &Secret,
    claims: Option<&IdTokenClaims>,
) -> Result<Option<Map<String, Value>>, Error> {
    if !configuration.fetch_userinfo {
        return Ok(None);
    }
    let subject = claims.map(|claims| claims.subject.as_str());
    let (http, provider) = (&configuration.http, &configuration.provider);
    Ok(Some(userinfo::userinfo(http, provider, &configuration.client.id, access_token, subject).await?))
}

/// Who the user is at a provider without ID tokens: a text, or a number as GitHub has it.
fn subject_of(userinfo: &Map<String, Value>, claim: &str) -> Result<String, Error> {
    match userinfo.get(claim) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        _ => Err(Error::misconfigured(
            "the userinfo does not say who the user is: name the claim that does (with_subject_claim)",
        )),
    }
}

fn redirect(place: &str) -> Result<Response, Error> {
    let location = HeaderValue::try_from(place)
        .map_err(|_| Error::misconfigured("the default page must be a path such as /"))?;
    Ok((StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response())
}
