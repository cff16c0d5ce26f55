//! The access token and the ID token as extractors.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use authsession_core::secret::Secret;
use authsession_store::record::StoredSession;
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use crate::current;
use crate::extractors::{optional, with_token};
use crate::guard::Rejection;

/// A valid access token of the user. Shared with the session, not copied; it dereferences to the token's text.
#[derive(Clone)]
pub struct AccessToken(Arc<StoredSession>);

impl AccessToken {
    /// The token's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self
    }
}

impl Deref for AccessToken {
    type Target = str;

    fn deref(&self) -> &str {
        self.0.record.tokens.access_token.expose()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for AccessToken {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Rejection> {
        let (_, session) = with_token(parts).await?;
        Ok(Self(session))
    }
}

/// The user's ID token, verified when it came in; empty when the provider issues none. Its claims are
/// [`Claims`](crate::extractors::Claims).
#[derive(Clone, PartialEq, Eq)]
pub struct IdToken(pub String);

impl Deref for IdToken {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdToken {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Rejection> {
        let (_, holder) = current::of(parts).await?;
        let token = holder.session.record.tokens.id_token.as_ref();
        Ok(Self(token.map(Secret::expose).unwrap_or_default().to_owned()))
    }
}

/// The access token, or `None` when nobody is signed in.
#[derive(Clone, PartialEq, Eq)]
pub struct OptionalAccessToken(pub Option<String>);

/// The ID token, or `None` when nobody is signed in.
#[derive(Clone, PartialEq, Eq)]
pub struct OptionalIdToken(pub Option<String>);

macro_rules! optional_forms {
    ($($token:ident, $optional:ident;)*) => {$(
        impl<S: Send + Sync> OptionalFromRequestParts<S> for $token {
            type Rejection = Rejection;

            async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Rejection> {
                optional(<Self as FromRequestParts<S>>::from_request_parts(parts, state).await)
            }
        }

        impl<S: Send + Sync> FromRequestParts<S> for $optional {
            type Rejection = Rejection;

            async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
                let token = optional(<$token as FromRequestParts<S>>::from_request_parts(parts, state).await)?;
                Ok(Self(token.map(|token| String::from(&*token))))
            }
        }

        impl Deref for $optional {
            type Target = Option<String>;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }

        impl fmt::Debug for $token {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(concat!(stringify!($token), "([redacted])"))
            }
        }

        impl fmt::Debug for $optional {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                let text = if self.0.is_some() { "(Some([redacted]))" } else { "(None)" };
                write!(formatter, "{}{text}", stringify!($optional))
            }
        }
    )*};
}

optional_forms! {
    AccessToken, OptionalAccessToken;
    IdToken, OptionalIdToken;
}
