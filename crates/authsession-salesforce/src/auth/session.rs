//! The trait everything that can hand out an access token for a Salesforce org implements.

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use authsession_core::token_cache::snapshot::{Snapshot, TokenWatch};
use http::HeaderValue;

use crate::auth::authorization::Authorization;
use crate::error::CirrusResult;

/// A session as everything that calls Salesforce holds it.
pub type SharedAuth = Arc<dyn AuthSession>;

/// A source of access tokens for one org.
///
/// Of your own, it takes two methods:
///
/// ```
/// use std::borrow::Cow;
///
/// use authsession_salesforce::auth::AuthSession;
/// use authsession_salesforce::{CirrusResult, SharedAuth, async_trait};
///
/// struct FromTheVault {
///     instance_url: String,
/// }
///
/// #[async_trait]
/// impl AuthSession for FromTheVault {
///     async fn access_token(&self) -> CirrusResult<Cow<'_, str>> {
///         Ok(Cow::Owned("what the vault says".to_owned()))
///     }
///
///     fn instance_url(&self) -> &str {
///         &self.instance_url
///     }
/// }
///
/// let auth = FromTheVault { instance_url: "https://example.my.salesforce.com".to_owned() };
/// let shared: SharedAuth = std::sync::Arc::new(auth);
/// assert_eq!(shared.instance_url(), "https://example.my.salesforce.com");
/// ```
#[async_trait]
pub trait AuthSession: Send + Sync {
    /// A valid access token; got anew first when the one held is not.
    ///
    /// # Errors
    /// Why there is none; [`CirrusError::recovery`](crate::error::CirrusError::recovery) says what to do.
    async fn access_token(&self) -> CirrusResult<Cow<'_, str>>;

    /// The org's base URL for API calls, without a trailing slash.
    fn instance_url(&self) -> &str;

    /// Says that Salesforce refused this token. It is forgotten if it still is the one held: whoever reports an older one
    /// does not cost the others a good one.
    async fn invalidate(&self, stale_token: &str) {
        let _ = stale_token;
    }

    /// The ready value for the header `Authorization`, when a valid token is in hand: no waiting, no copy of the token.
    /// Marked sensitive. `None` says to ask [`authorization`](Self::authorization) or
    /// [`access_token`](Self::access_token).
    fn authorization_at_once(&self) -> Option<HeaderValue> {
        None
    }

    /// What is going on with the token, for health checks; `None` from sessions that do not keep track.
    fn snapshot(&self) -> Option<Snapshot> {
        None
    }

    /// A handle that tells when the token changes, for long streams, which end with the token they began with; `None` from
    /// sessions that do not keep track.
    fn watch(&self) -> Option<TokenWatch> {
        None
    }

    /// The value for the header `Authorization`: at once when a valid token is in hand, else after
    /// [`access_token`](Self::access_token).
    ///
    /// # Errors
    /// Awaiting it fails as `access_token` does.
    fn authorization(&self) -> Authorization<'_> {
        match self.authorization_at_once() {
            Some(value) => Authorization::ready(value),
            None => Authorization::after(self.access_token()),
        }
    }
}

macro_rules! through_a_pointer {
    ($($pointer:ident)*) => {$(
        /// The same session: every call goes straight through.
        impl<T: AuthSession + ?Sized> AuthSession for $pointer<T> {
            fn access_token<'session, 'wait>(
                &'session self,
            ) -> Pin<Box<dyn Future<Output = CirrusResult<Cow<'session, str>>> + Send + 'wait>>
            where
                'session: 'wait,
                Self: 'wait,
            {
                (**self).access_token()
            }

            fn instance_url(&self) -> &str {
                (**self).instance_url()
            }

            fn invalidate<'session, 'token, 'wait>(
                &'session self,
                stale_token: &'token str,
            ) -> Pin<Box<dyn Future<Output = ()> + Send + 'wait>>
            where
                'session: 'wait,
                'token: 'wait,
                Self: 'wait,
            {
                (**self).invalidate(stale_token)
            }

            fn authorization_at_once(&self) -> Option<HeaderValue> {
                (**self).authorization_at_once()
            }

            fn snapshot(&self) -> Option<Snapshot> {
                (**self).snapshot()
            }

            fn watch(&self) -> Option<TokenWatch> {
                (**self).watch()
            }

            fn authorization(&self) -> Authorization<'_> {
                (**self).authorization()
            }
        }
    )*};
}

through_a_pointer! { Arc Box }
