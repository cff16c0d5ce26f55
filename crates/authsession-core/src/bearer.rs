//! Bearer tokens on requests (RFC 6750 §2.1): what hands them out, where they may go, and what is told when one was refused.
//!
//! A token is attached to a request by whoever sends it: the middleware of `reqwest_middleware`, the layer of `tower_layer`
//! (each behind the feature of its name), or the caller, with [`BearerTokens`] in hand. The two follow one rule:
//!
//! - Only requests within the [`Origins`](origin::Origins) get the token. Others are sent as they are, without it.
//! - A request that has an `Authorization` header already is the caller's own affair: left alone, and never sent again.
//! - When the answer [refuses the token](challenge::refuses_the_token), the token is invalidated; the request is sent once more
//!   if its body can be, and if there is another token. What comes back then goes to the caller.
//! - When there is no token to be had, before or after a refusal, the caller gets the [`Error`] that says why.

pub mod challenge;
pub mod origin;
#[cfg(feature = "reqwest-middleware")]
pub mod reqwest_middleware;
#[cfg(any(feature = "reqwest-middleware", feature = "tower"))]
mod rule;
#[cfg(feature = "tower")]
pub mod tower_layer;

use async_trait::async_trait;
use http::HeaderValue;

use crate::error::Error;
use crate::token_cache::TokenCache;

/// Hands out the `Authorization` header for calls to an API.
#[async_trait]
pub trait BearerTokens: Send + Sync + std::fmt::Debug {
    /// The value of the header, if it can be had without waiting.
    fn authorization_at_once(&self) -> Option<HeaderValue>;

    /// The value of the header; a new token is got if need be.
    ///
    /// # Errors
    /// When there is no token to be had; [`Error::is_transient`] says whether there will be.
    async fn authorization(&self) -> Result<HeaderValue, Error>;

    /// The API refused this value with 401: it is not handed out again, unless it already was replaced.
    async fn refused(&self, authorization: &HeaderValue);
}

#[async_trait]
impl BearerTokens for TokenCache {
    fn authorization_at_once(&self) -> Option<HeaderValue> {
        self.read(|token| token.authorization())
    }

    async fn authorization(&self) -> Result<HeaderValue, Error> {
        Ok(self.token().await?.authorization())
    }

    async fn refused(&self, authorization: &HeaderValue) {
        let token = authorization.to_str().ok().and_then(|value| value.strip_prefix("Bearer "));
        if let Some(token) = token {
            self.invalidate(token);
        }
    }
}
