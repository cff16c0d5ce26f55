//! A session as core's middleware takes it, for clients of one's own.

use std::fmt;

use async_trait::async_trait;
use authsession_core::bearer::BearerTokens;
use authsession_core::error::Error;
use http::HeaderValue;

use crate::auth::authorization::token_in;
use crate::auth::session::{AuthSession as _, SharedAuth};

/// Hands out a session's tokens to [`authsession_core::bearer`]: its middleware for `reqwest` or its layer for `tower` attaches
/// them to requests within the instance, and nowhere else.
///
/// ```
/// use std::sync::Arc;
///
/// use authsession_core::bearer::BearerTokens;
/// use authsession_core::bearer::origin::Origins;
/// use authsession_salesforce::SharedAuth;
/// use authsession_salesforce::auth::{SessionTokens, StaticTokenAuth};
///
/// let auth: SharedAuth = Arc::new(StaticTokenAuth::new("00Dxx!AQ", "https://acme.my.salesforce.com"));
/// let within = Origins::of(auth.instance_url())?;
/// let tokens: Arc<dyn BearerTokens> = Arc::new(SessionTokens::new(auth));
/// // BearerMiddleware::new(tokens, within)
/// # assert!(tokens.authorization_at_once().is_some());
/// # Ok::<(), authsession_core::error::Error>(())
/// ```
#[derive(Clone)]
pub struct SessionTokens(SharedAuth);

impl SessionTokens {
    /// The tokens of that session.
    #[must_use]
    pub fn new(session: SharedAuth) -> Self {
        Self(session)
    }
}

#[async_trait]
impl BearerTokens for SessionTokens {
    fn authorization_at_once(&self) -> Option<HeaderValue> {
        self.0.authorization_at_once()
    }

    async fn authorization(&self) -> Result<HeaderValue, Error> {
        Ok(self.0.authorization().await?)
    }

    async fn refused(&self, authorization: &HeaderValue) {
        if let Some(token) = token_in(authorization) {
            self.0.invalidate(token).await;
        }
    }
}

impl fmt::Debug for SessionTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SessionTokens").field("instance_url", &self.0.instance_url()).finish()
    }
}
