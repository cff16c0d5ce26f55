//! A session of a token somebody else got, for scripts and tests.

use std::borrow::Cow;

use async_trait::async_trait;
use authsession_core::secret::Secret;
use http::HeaderValue;

use crate::auth::authorization::bearer;
use crate::auth::session::AuthSession;
use crate::error::CirrusResult;

/// An [`AuthSession`] that hands out one token until the end. When Salesforce refuses it, there is no other: the refusal
/// reaches the caller.
///
/// ```
/// use authsession_salesforce::auth::{AuthSession, StaticTokenAuth};
///
/// let auth = StaticTokenAuth::new(" 00Dxx!AQ...\n", "https://example.my.salesforce.com/");
/// assert_eq!(auth.instance_url(), "https://example.my.salesforce.com");
/// ```
#[derive(Clone, Debug)]
pub struct StaticTokenAuth {
    token: Secret,
    header: Option<HeaderValue>,
    instance_url: Box<str>,
}

impl StaticTokenAuth {
    /// The session of that token for that org. White space around both is dropped, and the URL's trailing slash.
    #[must_use]
    pub fn new(token: impl AsRef<str>, instance_url: impl AsRef<str>) -> Self {
        let token = token.as_ref().trim();
        Self {
            token: Secret::from(token),
            header: bearer(token).ok(),
            instance_url: instance_url.as_ref().trim().trim_end_matches('/').into(),
        }
    }
}

#[async_trait]
impl AuthSession for StaticTokenAuth {
    async fn access_token(&self) -> CirrusResult<Cow<'_, str>> {
        Ok(Cow::Borrowed(self.token.expose()))
    }

    fn instance_url(&self) -> &str {
        &self.instance_url
    }

    fn authorization_at_once(&self) -> Option<HeaderValue> {
        self.header.clone()
    }
}
