//! Where a rotating refresh token is kept when it has to outlive the program, or serves several programs at a time (RFC 9700
//! §4.14.2: a provider that detects reuse revokes what both hold).

pub mod contract;
pub mod file;
pub mod memory;
mod written;

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::error::{Cause, Error};
use crate::random;
use crate::secret::Secret;
use crate::token_set::TokenSet;

/// Keeps the token set of one login.
///
/// Who refreshes takes the lock, loads again, adopts what another process got meanwhile or refreshes, and saves *before* the
/// new tokens are used. Everything here fails with [`Error::TokenStore`].
#[async_trait]
pub trait TokenStore: Send + Sync + fmt::Debug {
    /// What is kept; `None` before the first save.
    async fn load(&self) -> Result<Option<StoredTokens>, Error>;

    /// Saves `tokens` if what is kept still has the revision `seen` (`None`: if nothing is kept), whole or not at all. The new
    /// revision; `None` when something else is kept by now.
    async fn compare_and_swap(&self, seen: Option<u64>, tokens: &TokenSet) -> Result<Option<u64>, Error>;

    /// Forgets what is kept if it still has the revision `seen`; whether it did. Later saves begin with a revision of their own:
    /// none of before comes again.
    async fn clear(&self, seen: u64) -> Result<bool, Error>;

    /// Waits until nobody else holds the lock, in this process or another, and holds it until it is dropped. A process that
    /// dies releases it.
    async fn lock(&self) -> Result<TokenLock, Error>;
}

/// What a store keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTokens {
    /// The tokens.
    pub tokens: TokenSet,
    /// Counts the saves.
    pub revision: u64,
}

impl StoredTokens {
    /// The text a store writes (JSON that says which format it is): whoever reads it has the tokens, so it is to be sealed, or
    /// kept where only its owner can read it.
    ///
    /// # Errors
    /// [`Error::TokenStore`]; no token set is known that fails.
    pub fn to_text(&self) -> Result<Secret, Error> {
        let failed = |cause: Cause| Error::TokenStore { doing: "write down a login", cause: Some(cause) };
        let bytes = written::write(&self.tokens, self.revision).map_err(|cause| failed(Arc::new(cause)))?;
        std::str::from_utf8(&bytes).map(Secret::from).map_err(|cause| failed(Arc::new(cause)))
    }

    /// What [`to_text`](Self::to_text) wrote, in this release or an earlier one.
    ///
    /// # Errors
    /// [`Error::TokenStore`] when it did not, or when a later release did.
    pub fn from_text(text: &str) -> Result<Self, Error> {
        written::read(text.as_bytes())
            .map_err(|cause| Error::TokenStore { doing: "understand a login", cause: Some(Arc::new(cause)) })
    }
}

/// The lock of a [`TokenStore`], held until it is dropped.
pub struct TokenLock(#[expect(dead_code, reason = "held for what its drop does")] Box<dyn Any + Send>);

impl TokenLock {
    /// A lock that is released when `guard` is dropped.
    #[must_use]
    pub fn new(guard: impl Send + 'static) -> Self {
        Self(Box::new(guard))
    }
}

/// The revision after `seen`. The first one is random, for what was cleared must not be taken for what is kept now.
fn next(seen: Option<u64>) -> u64 {
    let first = || random::bytes::<4>().map_or(1, |bytes| u64::from(u32::from_le_bytes(bytes)) + 1);
    seen.map_or_else(first, |seen| seen.wrapping_add(1))
}

impl fmt::Debug for TokenLock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenLock")
    }
}
