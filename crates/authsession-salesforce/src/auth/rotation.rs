//! Who is told of a rotated refresh token: a handler of the program's, between the save and the first use.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use authsession_core::error::Error;
use authsession_core::secret::Secret;
use authsession_core::token_set::TokenSet;
use authsession_core::token_store::{StoredTokens, TokenLock, TokenStore};

/// Keeps the refresh token somewhere, each time Salesforce replaces it. It cannot fail, and knows nothing of other processes: a
/// [`TokenStore`] does both, so prefer one.
#[async_trait]
pub trait RotationHandler: Send + Sync {
    /// This is the refresh token from now on. It is called before the access token that came with it is used. The session waits
    /// for it meanwhile: do not use the session in here.
    async fn on_rotation(&self, new_refresh_token: &str);
}

/// A token store that tells a handler.
pub(crate) struct ToldStore {
    store: Arc<dyn TokenStore>,
    handler: Arc<dyn RotationHandler>,
    /// The one the handler knows: what was there at the beginning, or what it was told last.
    known: Mutex<Option<Secret>>,
    /// The one it is being told.
    owed: Mutex<Option<Secret>>,
}

impl ToldStore {
    pub(crate) fn new(
        store: Arc<dyn TokenStore>,
        handler: Arc<dyn RotationHandler>,
        known: Option<Secret>,
    ) -> Self {
        Self { store, handler, known: Mutex::new(known), owed: Mutex::default() }
    }

    fn known(&self) -> MutexGuard<'_, Option<Secret>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn owed(&self) -> MutexGuard<'_, Option<Secret>> {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the handler of a refresh token it does not know. One it did not get to the end with is told again.
    async fn tell(&self, refresh_token: &Secret) {
        let is_news = self.known().as_ref() != Some(refresh_token);
        if is_news {
            *self.owed() = Some(refresh_token.clone());
            self.handler.on_rotation(refresh_token.expose()).await;
            *self.known() = Some(refresh_token.clone());
        }
        *self.owed() = None;
    }
}

#[async_trait]
impl TokenStore for ToldStore {
    async fn load(&self) -> Result<Option<StoredTokens>, Error> {
        let kept = self.store.load().await?;
        let refresh_token = kept.as_ref().and_then(|kept| kept.tokens.refresh_token.clone());
        if self.known().is_none() {
            *self.known() = refresh_token;
        }
        // What the handler did not get to the end with. Anything else that is kept may be another login's.
        let owed = self.owed().clone();
        if let Some(owed) = owed {
            self.tell(&owed).await;
        }
        Ok(kept)
    }

    async fn compare_and_swap(&self, seen: Option<u64>, tokens: &TokenSet) -> Result<Option<u64>, Error> {
        let saved = self.store.compare_and_swap(seen, tokens).await?;
        let Some(rotated) = tokens.refresh_token.as_ref().filter(|_| saved.is_some()) else {
            return Ok(saved);
        };
        self.tell(rotated).await;
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
