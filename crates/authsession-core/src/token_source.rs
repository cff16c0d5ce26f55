//! Tokens for calling an API, whatever grant they come by: the cache, the grant and the provider in one (RFC 6749, 7523, 8628,
//! 8693).

pub mod builder;
mod sign_in;

use std::sync::Arc;

use async_trait::async_trait;
use http::HeaderValue;

use crate::bearer::BearerTokens;
use crate::error::Error;
use crate::token_cache::TokenCache;
use crate::token_cache::held_token::HeldToken;
use crate::token_endpoint::TokenEndpoint;
use crate::token_source::builder::TokenSourceBuilder;

/// Hands out a valid access token: from memory while it is fresh, renewed when it is due, got anew when it was refused.
///
/// Cheap to clone; clones share the token.
///
/// A program that acts as itself, at a provider with a discovery document:
///
/// ```no_run
/// use authsession_core::client_auth::ClientAuth;
/// use authsession_core::token_source::TokenSource;
///
/// # async fn example() -> Result<(), authsession_core::error::Error> {
/// let tokens = TokenSource::builder()
///     .issuer("https://login.microsoftonline.com/my-tenant-id/v2.0")
///     .client("my-client-id", ClientAuth::Secret("its secret".into()))
///     .scope("https://graph.microsoft.com/.default")
///     .client_credentials()
///     .build()?;
/// let token = tokens.token().await?;
/// println!("an Authorization header: {:?}", token.authorization()); // which does not show the token
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TokenSource {
    cache: TokenCache,
    endpoint: TokenEndpoint,
}

impl TokenSource {
    /// Nothing set yet.
    pub fn builder() -> TokenSourceBuilder {
        TokenSourceBuilder::default()
    }

    /// The token; a new one if need be.
    ///
    /// # Errors
    /// As [`TokenCache::token`].
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn token(&self) -> Result<Arc<HeldToken>, Error> {
        self.cache.token().await
    }

    /// Forgets the token of that text, which the API refused, unless it has been replaced since.
    pub fn invalidate(&self, refused: &str) -> bool {
        self.cache.invalidate(refused)
    }

    /// The cache beneath: to look without waiting, to see what is going on, to watch.
    #[must_use]
    pub const fn cache(&self) -> &TokenCache {
        &self.cache
    }

    /// The token endpoint beneath: for its clock's skew, or for grants of one's own.
    #[must_use]
    pub const fn endpoint(&self) -> &TokenEndpoint {
        &self.endpoint
    }
}

#[async_trait]
impl BearerTokens for TokenSource {
    fn authorization_at_once(&self) -> Option<HeaderValue> {
        self.cache.authorization_at_once()
    }

    async fn authorization(&self) -> Result<HeaderValue, Error> {
        self.cache.authorization().await
    }

    async fn invalidate(&self, refused: &HeaderValue) {
        BearerTokens::invalidate(&self.cache, refused).await;
    }
}
