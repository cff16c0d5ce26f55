//! Who is told of a rotated refresh token: a handler of the program's, between the save and the first use.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use authsession_core::error::Error;
use authsession_core::secret::Secret;
use authsession_core::token_set::TokenSet;
use authsession_core::token_store::{StoredTokens, TokenLock, TokenStore};

/// Keeps the refresh token somewhere, each time Salesforce replaces it. It cannot fail, and knows nothing of other processes: a
/// [`TokenStore`] does both, so prefer one.
#[async_trait]
pub trait RotationHandler: Send + Sync {
    /// This is the refresh token from now on. It is called before the access token that came with it is used.
    async fn on_rotation(&self, new_refresh_token: &str);
}

/// A token store that tells a handler.
pub(crate) struct ToldStore {
    store: Arc<dyn TokenStore>,
    handler: Arc<dyn RotationHandler>,
    /// The one the handler knows: what was there at the beginning, or what it was told last.
    known: Mutex<Option<Secret>>,
}

impl ToldStore {
    pub(crate) fn new(
        store: Arc<dyn TokenStore>,
        handler: Arc<dyn RotationHandler>,
        known: Option<Secret>,
    ) -> Self {
        Self { store, handler, known: Mutex::new(known) }
    }
}

#[async_trait]
impl TokenStore for ToldStore {
    async fn load(&self) -> Result<Option<StoredTokens>, Error> {
        let kept = self.store.load().await?;
        let refresh_token = kept.as_ref().and_then(|kept| kept.tokens.refresh_token.as_ref());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_none() {
            *known = refresh_token.cloned();
        }
        drop(known);
        Ok(kept)
    }

    async fn compare_and_swap(&self, seen: Option<u64>, tokens: &TokenSet) -> Result<Option<u64>, Error> {
        let saved = self.store.compare_and_swap(seen, tokens).await?;
        let Some(rotated) = tokens.refresh_token.as_ref().filter(|_| saved.is_some()) else {
            return Ok(saved);
        };
        let is_new = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            let is_new = known.as_ref() != Some(rotated);
            *known = Some(rotated.clone());
            is_new
        };
        if is_new {
            self.handler.on_rotation(rotated.expose()).await;
        }
        Ok(saved)
    }

    async fn clear(&self, seen: u64) -> Result<bool, Error> {
        self.store.clear(seen).await
    }

    async fn lock(&self) -> Result<TokenLock, Error> {
        self.store.lock().await
    }
}

impl fmt::Debug for ToldStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ToldStore").field("store", &self.store).finish_non_exhaustive()
    }
}
