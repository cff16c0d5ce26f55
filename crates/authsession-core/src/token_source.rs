//! Tokens for calling an API, whatever grant they come by: the cache, the grant and the provider in one (RFC 6749, 7523, 8628,
//! 8693).

pub mod builder;
mod sign_in;

use std::sync::Arc;

use async_trait::async_trait;
use http::HeaderValue;

use crate::bearer::BearerTokens;
use crate::error::Error;
use crate::refresh_mint::RefreshMint;
use crate::revocation::TokenKind;
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
    /// The login that is refreshed, if there is one.
    login: Option<Arc<RefreshMint>>,
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

    /// Forgets past failures: what was wrong is set right, or somebody signed in, so the next caller may ask at once.
    pub fn reset_failures(&self) {
        self.cache.reset_failures();
    }

    /// Ends the login: revokes its refresh token (RFC 7009) and removes it from the token store; without a login, revokes the
    /// access token in hand.
    ///
    /// # Errors
    /// As [`RefreshMint::sign_out`] and [`TokenEndpoint::revoke`]; then everything is as it was.
    pub async fn sign_out(&self) -> Result<(), Error> {
        match (&self.login, self.cache.read(|token| token.tokens().access_token.clone())) {
            (Some(login), _) => login.sign_out().await?,
            (None, Some(token)) => self.endpoint.revoke(&token, TokenKind::AccessToken).await?,
            (None, None) => {}
        }
        self.cache.forget();
        self.cache.reset_failures();
        Ok(())
    }

    /// Saves what the token store would not take so far; before a shutdown.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn save_pending(&self) -> Result<(), Error> {
        match &self.login {
            Some(login) => login.save_pending().await,
            None => Ok(()),
        }
    }

    /// A client for the API at `base_url`, which attaches the token to requests there and nowhere else, and tries once more
    /// after a 401. It follows redirects within the API only. For more, such as other middleware, hang a
    /// [`BearerMiddleware`](crate::bearer::reqwest_middleware::BearerMiddleware) into a chain of your own.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] when that is no URL a token may be sent to, or TLS cannot be set up.
    #[cfg(feature = "reqwest-middleware")]
    pub fn api_client(&self, base_url: &str) -> Result<reqwest_middleware::ClientWithMiddleware, Error> {
        let origins = crate::bearer::origin::Origins::of(base_url)?;
        let client = crate::http::api_client(origins.redirect_policy())?;
        let middleware =
            crate::bearer::reqwest_middleware::BearerMiddleware::new(Arc::new(self.clone()), origins);
        Ok(reqwest_middleware::ClientBuilder::new(client).with(middleware).build())
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

    async fn refused(&self, authorization: &HeaderValue) {
        self.cache.refused(authorization).await;
    }
}
