//! The user's session for calling Salesforce as an extractor, and for any other API.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use authsession_salesforce::auth::SharedAuth;
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use crate::builder::salesforce::INSTANCE_URL;
use crate::current;
use crate::errors::Error;
use crate::extractors::session::Session;
use crate::extractors::{optional, with_token};
use crate::guard::Rejection;
use crate::polling;
use crate::user_session::UserSession;

/// Calls Salesforce as the user who sends the request: hand [`auth`](Self::auth) to whatever calls Salesforce, in the request
/// or in a job that outlives it. The application's builder says
/// [`salesforce()`](crate::auth_builder::OAuthConfigurationBuilder::salesforce).
///
/// ```
/// use authsession_axum::extractors::SalesforceSession;
/// use authsession_axum::salesforce::CirrusResult;
/// use authsession_axum::salesforce::auth::authorization::token_in;
/// use authsession_axum::salesforce::auth::{AuthSession, reqwest};
///
/// /// The accounts the user may see, as the org answers.
/// async fn accounts(user: &SalesforceSession, http: &reqwest::Client) -> CirrusResult<Option<reqwest::Response>> {
///     let url = format!("{}/services/data/v66.0/query?q=SELECT+Name+FROM+Account", user.instance_url());
///     let authorization = user.authorization().await?;
///     let send = |authorization| http.get(&url).header("authorization", authorization).send();
///     let answer = send(authorization.clone()).await;
///     if !answer.as_ref().is_ok_and(|answer| answer.status() == 401) {
///         return Ok(answer.ok());
///     }
///     // The org ended its session before its time: once more, with a new token.
///     if let Some(refused) = token_in(&authorization) {
///         user.invalidate(refused).await;
///     }
///     Ok(send(user.authorization().await?).await.ok())
/// }
/// ```
#[derive(Clone)]
pub struct SalesforceSession(Arc<UserSession>);

impl SalesforceSession {
    /// The session as everything that calls Salesforce takes it. It may outlive the request.
    #[must_use]
    pub fn auth(&self) -> SharedAuth {
        Arc::clone(&self.0) as SharedAuth
    }
}

impl Deref for SalesforceSession {
    type Target = UserSession;

    fn deref(&self) -> &UserSession {
        &self.0
    }
}

impl From<SalesforceSession> for SharedAuth {
    fn from(session: SalesforceSession) -> Self {
        session.0
    }
}

impl fmt::Debug for SalesforceSession {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("SalesforceSession").field(&self.0).finish()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SalesforceSession {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Rejection> {
        let (current, mut session) = with_token(parts).await?;
        let (_, holder) = current::of(parts).await?;
        let engine = &current.engine;
        let refused = |error| Rejection::new(error, parts, engine.configuration());
        if session.record.tokens.extras.get(INSTANCE_URL).is_none() {
            if !engine.configuration().kept.names.iter().any(|name| **name == *INSTANCE_URL) {
                return Err(refused(Error::misconfigured(
                    "say salesforce() on the configuration's builder: sessions then keep which org they are for",
                )));
            }
            // It began before the application kept that. A new token says it again.
            let held = session.record.tokens.access_token.expose();
            engine.refuse(holder.key, held).await.map_err(refused)?;
            session = engine.with_token(holder.key, polling::look(parts)).await.map_err(refused)?;
        }
        let instance_url = session.record.tokens.extras.get(INSTANCE_URL).ok_or_else(|| {
            refused(Error::misconfigured(
                "the provider does not say which org its tokens are for: is it Salesforce?",
            ))
        })?;
        Ok(Self(Arc::new(UserSession::for_org(Arc::clone(engine), holder.key, instance_url))))
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for SalesforceSession {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Rejection> {
        optional(<Self as FromRequestParts<S>>::from_request_parts(parts, state).await)
    }
}

impl Session {
    /// The user's session for calling an API at that base URL, with the access token of the sign-in: Salesforce or any other
    /// the token is meant for. It may outlive the request; see [`UserSession`] for what it does.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] unless it is an https URL (http on a loopback host) without user name, password, query and
    /// fragment.
    pub fn for_api(&self, url: &str) -> Result<SharedAuth, Error> {
        Ok(Arc::new(UserSession::for_api(Arc::clone(&self.engine), self.holder.key, url)?))
    }
}
