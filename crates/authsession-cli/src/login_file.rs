//! The file a login is kept in.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use authsession_core::error::Error;
use authsession_core::token_set::TokenSet;
use authsession_core::token_store::file::FileTokenStore;
use authsession_core::token_store::{StoredTokens, TokenLock, TokenStore};

use crate::interrupts;
use crate::origin::Origin;

/// A token store in a file, which remembers where its login comes from.
#[derive(Debug)]
pub(crate) struct LoginFile {
    file: FileTokenStore,
    origin: Origin,
    carries_through: bool,
    turn: Mutex<Option<TokenLock>>,
    owes_a_save: AtomicBool,
}

impl LoginFile {
    pub(crate) fn at(path: &Path, origin: Origin) -> Self {
        let file = FileTokenStore::at(path);
        let (turn, owes_a_save) = (Mutex::default(), AtomicBool::new(false));
        Self { file, origin, carries_through: false, turn, owes_a_save }
    }

    /// Who has the lock is not interrupted any more: between the provider's answer and the save, a rotated token is nowhere
    /// else.
    pub(crate) const fn carrying_through(mut self) -> Self {
        self.carries_through = true;
        self
    }

    /// Takes the lock ahead of who asks for it next.
    pub(crate) async fn take_turn(&self) -> Result<(), Error> {
        let lock = self.lock().await?;
        *self.turn.lock().unwrap_or_else(PoisonError::into_inner) = Some(lock);
        Ok(())
    }

    /// Whether the last save failed.
    pub(crate) fn owes_a_save(&self) -> bool {
        self.owes_a_save.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl TokenStore for LoginFile {
    async fn load(&self) -> Result<Option<StoredTokens>, Error> {
        self.file.load().await
    }

    async fn compare_and_swap(&self, seen: Option<u64>, tokens: &TokenSet) -> Result<Option<u64>, Error> {
        let mut tokens = tokens.clone();
        tokens.extras = self.origin.remember(&tokens.extras);
        let saved = self.file.compare_and_swap(seen, &tokens).await;
        // Before a refresh token is presented, only a mark is written: nothing is owed yet.
        let is_mark = tokens.extras.get("authsession.doubt").is_some();
        self.owes_a_save.store(saved.is_err() && !is_mark, Ordering::Relaxed);
        saved
    }

    async fn clear(&self, seen: u64) -> Result<bool, Error> {
        self.file.clear(seen).await
    }

    async fn lock(&self) -> Result<TokenLock, Error> {
        if let Some(turn) = self.turn.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Ok(turn);
        }
        let lock = self.file.lock().await?;
        if self.carries_through {
            interrupts::put_off();
        }
        Ok(lock)
    }
}
