//! The login's end: check the response, redeem the code, verify who signed in, keep the session.

use std::sync::Arc;
use std::time::Duration;

use authsession_core::authorization::{AuthorizationResponse, PendingAuthorization};
use authsession_core::claims::IdTokenClaims;
use authsession_core::error::Error as ProtocolError;
use authsession_core::grant::authorization_code::AuthorizationCode;
use authsession_core::id_token::LoginExpectations;
use authsession_core::secret::Secret;
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
use crate::engine::Engine;
use crate::errors::Error;
use crate::page::{Method, Page};
use crate::routes::Routes;
use crate::routes::login::{Attempt, LoginParameters, RESTARTED, name_of, start};

/// The outcome of a callback that signed a user in.
#[derive(Clone, Debug)]
pub(super) struct SignedIn {
    id: SessionId,
}

impl Routes {
    pub(super) async fn callback(&self, parts: &Parts) -> Result<Response, Error> {
        let configuration = &self.engine.configuration;
        let response = AuthorizationResponse::parse(parts.uri.query().unwrap_or_default())?;
        let state = response.state().map(|state| state.expose().to_owned()).unwrap_or_default();
        let Some(attempt) = Attempt::find(configuration, &parts.headers, &state) else {
            return self.stale_callback(&parts.headers, &state).await;
        };
        let name = name_of(&state);
        let place = attempt.return_to.unwrap_or_else(|| configuration.default_page.clone());
        let metadata = configuration.provider.metadata().await?;
        let code = match response.check(&attempt.pending, &metadata) {
            Ok(code) => code,
            Err(ProtocolError::AuthorizationRefused(code)) => {
                tracing::info!(target: "authsession::login", %code, "the provider answered the sign-in with an error");
                return Ok(self.refused(&name));
            }
            Err(error) => return Err(error.into()),
        };
        let engine = Arc::clone(&self.engine);
        let (pending, replaced) = (attempt.pending, configuration.cookies.session(&parts.headers));
        let aborted = || Err(Error::misconfigured("the sign-in was aborted: see the log"));
        // Detached: the code is spent once it is sent, so the sign-in ends whether or not the browser waits for it.
        let SignedIn { id } = self
            .callbacks
            .run(name.clone(), move || sign_in(engine, pending, code, replaced))
            .await
            .unwrap_or_else(|_| aborted())?;
        let mut response = redirect(&place)?;
        cookie::set(
            response.headers_mut(),
            [
                configuration.cookies.drop_login(&name),
                configuration.cookies.sign_in(&id, configuration.session_max_age),
            ],
        );
        Ok(response)
    }

    /// A callback this browser did not ask for, or that was answered before: from history, a bookmark, another browser.
    /// Nothing is sent to the provider. Who is signed in goes on; who is not starts over, once.
    async fn stale_callback(&self, headers: &HeaderMap, state: &str) -> Result<Response, Error> {
        let configuration = &self.engine.configuration;
        let signed_in = match configuration.cookies.session(headers) {
            Some(key) => self.engine.session(key).await.is_ok(),
            None => false,
        };
        if signed_in {
            return redirect(&configuration.default_page);
        }
        if state.starts_with(RESTARTED) {
            return Ok(Page {
                status: StatusCode::BAD_REQUEST,
                title: "Your browser did not keep the sign-in",
                text: "Signing in needs a cookie, and it was not there when you came back. Allow cookies for this site, \
                       then try again.",
                way_on: (configuration.base_path.clone(), "Try again", Method::Get),
                retry_after: None,
            }
            .into_response());
        }
        tracing::info!(target: "authsession::login", "a callback without its login was opened; starting over");
        start(configuration, headers, LoginParameters { restarted: true, ..LoginParameters::default() }).await
    }

    /// The user or the provider said no: a page that helps.
    fn refused(&self, name: &str) -> Response {
        let configuration = &self.engine.configuration;
        let mut response = Page {
            status: StatusCode::FORBIDDEN,
            title: "You were not signed in",
            text: "The sign-in was cancelled or refused. You may try again.",
            way_on: (configuration.base_path.clone(), "Sign in", Method::Get),
            retry_after: None,
        }
        .into_response();
        cookie::set(response.headers_mut(), [configuration.cookies.drop_login(name)]);
        response
    }
}

/// Redeems the code and keeps the session of whoever it proves to be. A session the browser had before ends.
async fn sign_in(
    engine: Arc<Engine>,
    pending: PendingAuthorization,
    code: Secret,
    replaced: Option<StoreKey>,
) -> Result<SignedIn, Error> {
    let configuration = &engine.configuration;
    let redirect_uri =
        configuration.send_redirect_uri_to_token_endpoint.then(|| pending.redirect_uri.clone());
    let grant = AuthorizationCode { code, redirect_uri, code_verifier: pending.code_verifier.clone() };
    let mut tokens = configuration.token_endpoint.redeem(&grant).await?;
    let now = configuration.clock.now();
    let claims = if configuration.is_oidc() {
        let id_token = tokens.id_token.as_ref().ok_or_else(|| {
            ProtocolError::untrusted("the provider was asked for an ID token and sent none")
        })?;
        let expected = LoginExpectations {
            nonce: &pending.nonce,
            access_token: &tokens.access_token,
            code: Some(&grant.code),
            started_at: pending.started_at,
            max_age: pending.max_age.map(Duration::from_secs),
        };
        let verifier = &configuration.id_token_verifier;
        Some(verifier.verify_login(&configuration.provider, id_token, now, &expected).await?)
    } else {
        // Nobody vouches for it: a plain OAuth 2.0 login verifies none.
        tokens.id_token = None;
        None
    };
    let userinfo = userinfo(configuration, &tokens.access_token, claims.as_ref()).await?;
    if tokens.expires_at.is_none() {
        tokens.expires_at = configuration.token_max_age.map(|age| tokens.received_at + age);
    }
    let issuer = claims.as_ref().map(|claims| claims.issuer.as_str().into());
    let subject = match &claims {
        Some(claims) => claims.subject.clone(),
        None => subject_of(userinfo.as_ref(), &configuration.subject_claim),
    };
    let record = SessionRecord {
        tokens,
        issuer: issuer.or_else(|| configuration.issuer_by_hand.clone()).unwrap_or_default(),
        subject: subject.into(),
        provider_session: claims.and_then(|claims| claims.provider_session).map(Box::from),
        userinfo: userinfo.map(|claims| Value::Object(claims).to_string().into()),
        created_at: now,
        expires_at: now + configuration.session_max_age,
        refresh_sent_at: None,
    };
    // Always a new id: one that somebody planted in the browser never becomes a session.
    let id = SessionId::generate()?;
    let key = StoreKey::of(&id);
    engine.store.create(&key, record, now + configuration.session_idle_timeout).await?;
    if let Some(old) = replaced {
        engine.end(old, EndReason::Replaced).await?;
    }
    tracing::info!(target: "authsession::login", session = ?key, "signed in");
    #[cfg(feature = "metrics")]
    metrics::counter!("authsession_logins_total").increment(1);
    Ok(SignedIn { id })
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
fn subject_of(userinfo: Option<&Map<String, Value>>, claim: &str) -> String {
    match userinfo.and_then(|claims| claims.get(claim)) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

fn redirect(place: &str) -> Result<Response, Error> {
    let location = HeaderValue::try_from(place)
        .map_err(|_| Error::misconfigured("the default page must be a path such as /"))?;
    Ok((StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response())
}
