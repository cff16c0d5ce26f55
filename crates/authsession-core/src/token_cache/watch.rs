//! Tells long streams and dashboards when the token of a cache changes.

use std::fmt;

use tokio::sync::watch;

use crate::token_cache::TokenCache;
use crate::token_cache::snapshot::Snapshot;

/// Tells when the token changes: a new one, one that was refused, an attempt that failed.
pub struct TokenWatch {
    pub(super) cache: TokenCache,
    pub(super) changes: watch::Receiver<u64>,
}

impl TokenWatch {
    /// Waits for the next change, and says what the state is then. Changes that happened since the last call count as one.
    pub async fn changed(&mut self) -> Snapshot {
        // The sender lives in the cache, which this handle holds: it cannot be gone.
        let _ = self.changes.changed().await;
        self.cache.snapshot()
    }

    /// The state now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.cache.snapshot()
    }
}

impl fmt::Debug for TokenWatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TokenWatch").field("now", &self.snapshot()).finish()
    }
}
