//! Signing a user in for a program: on another device (RFC 8628), or by a browser on the same machine.

#[cfg(feature = "loopback")]
mod browser;

use std::sync::Arc;

use crate::device_authorization::{DeviceAuthorizationRequest, PendingDevice};
use crate::error::Error;
use crate::scope::asks_for_id_token;
use crate::secret::Secret;
use crate::token_cache::Mint;
use crate::token_endpoint::TokenEndpoint;
use crate::token_set::TokenSet;
use crate::token_source::TokenSource;
use crate::token_source::builder::TokenSourceBuilder;
use crate::token_store::memory::MemoryTokenStore;

impl TokenSourceBuilder {
    /// Signs a user in on a device without a browser (RFC 8628): `show` tells them the code and where to enter it. Waits until
    /// they have, keeps the tokens in the [`token_store`](Self::token_store), and refreshes from there on. Next time,
    /// [`stored_login`](Self::stored_login) finds them there.
    ///
    /// # Errors
    /// [`Error::GrantRefused`] when the user says no or takes too long, otherwise as [`build`](Self::build), and those of the
    /// store.
    pub async fn sign_in_by_device(
        mut self,
        show: impl FnOnce(&PendingDevice) + Send,
    ) -> Result<TokenSource, Error> {
        let endpoint = self.endpoint()?;
        self.try_the_store().await?;
        let aimed = self.aim().into_iter().map(|(name, value)| (name, Secret::from(value))).collect();
        let request = DeviceAuthorizationRequest { scope: self.scope.take(), extra: aimed };
        let pending = request.start(&endpoint).await?;
        show(&pending);
        let mut tokens = pending.complete(&endpoint).await?;
        match tokens.id_token.as_ref().filter(|_| request.scope.as_deref().is_some_and(asks_for_id_token)) {
            Some(id_token) => endpoint.verify_without_nonce(id_token, &tokens.access_token).await?,
            // It was not asked for, and nobody vouches for it.
            None => tokens.id_token = None,
        }
        self.signed_in(endpoint, tokens).await
    }

    /// What the tokens shall be good for, as parameters (RFC 8707 §2.1).
    fn aim(&mut self) -> Vec<(String, String)> {
        let named = |name: &str, value: String| (name.to_owned(), value);
        let audience = self.audience.take().map(|audience| named("audience", audience));
        let resources =
            std::mem::take(&mut self.resource).into_iter().map(|resource| named("resource", resource));
        audience.into_iter().chain(resources).collect()
    }

    /// A store that fails shall do so before anybody has taken the trouble.
    async fn try_the_store(&mut self) -> Result<(), Error> {
        let store = self.store.get_or_insert_with(|| Arc::new(MemoryTokenStore::default()));
        drop(store.lock().await?);
        store.load().await.map(drop)
    }

    async fn signed_in(&self, endpoint: TokenEndpoint, tokens: TokenSet) -> Result<TokenSource, Error> {
        let mint = self.refreshing(&endpoint, None)?;
        mint.sign_in(tokens).await?;
        let login = Arc::new(mint);
        Ok(self.caching(Arc::clone(&login) as Arc<dyn Mint>, endpoint, Some(login)))
    }
}
