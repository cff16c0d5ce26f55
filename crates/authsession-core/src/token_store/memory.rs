//! A token store for one process: what it keeps ends with it.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::error::Error;
use crate::token_set::TokenSet;
use crate::token_store::{StoredTokens, TokenLock, TokenStore, next};

/// Keeps tokens in memory; clones share them.
///
/// ```
/// use authsession_core::clock::Clock;
/// use authsession_core::token_set::TokenSet;
/// use authsession_core::token_store::TokenStore as _;
/// use authsession_core::token_store::memory::MemoryTokenStore;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), authsession_core::error::Error> {
/// let store = MemoryTokenStore::default();
/// let tokens = TokenSet::new("an access token", Clock::system().now());
/// assert!(store.compare_and_swap(None, &tokens).await?.is_some());
/// // Somebody else came first.
/// assert_eq!(store.compare_and_swap(None, &tokens).await?, None);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryTokenStore {
    kept: Arc<Mutex<Option<StoredTokens>>>,
    lock: Arc<tokio::sync::Mutex<()>>,
}

#[async_trait]
impl TokenStore for MemoryTokenStore {
    async fn load(&self) -> Result<Option<StoredTokens>, Error> {
        Ok(self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    async fn compare_and_swap(&self, seen: Option<u64>, tokens: &TokenSet) -> Result<Option<u64>, Error> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().map(|kept| kept.revision) != seen {
            return Ok(None);
        }
        let revision = next(seen);
        *kept = Some(StoredTokens { tokens: tokens.clone(), revision });
        Ok(Some(revision))
    }

    async fn clear(&self, seen: u64) -> Result<bool, Error> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let is_seen = kept.as_ref().is_some_and(|kept| kept.revision == seen);
        if is_seen {
            *kept = None;
        }
        Ok(is_seen)
    }

    async fn lock(&self) -> Result<TokenLock, Error> {
        Ok(TokenLock::new(Arc::clone(&self.lock).lock_owned().await))
    }
}
