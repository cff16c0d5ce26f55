//! What is going on in a token cache, for health checks, dashboards and long streams.

use std::fmt;
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::Timestamp;
use crate::error::Error;
use crate::token_cache::TokenCache;

/// The state of a cache at one instant.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Snapshot {
    /// How its token does.
    pub state: State,
    /// When the token ends; `None` without a token, or when it ends only by being refused.
    pub expires_at: Option<Timestamp>,
    /// When a token was last received.
    pub last_refresh: Option<Timestamp>,
    /// Why the last attempt failed; `None` once one succeeded.
    pub last_error: Option<Error>,
    /// How long the next attempt has to wait; zero when it may be made.
    pub pause: Duration,
}

/// How a cache's token does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// Nobody asked yet, or what there was has been refused or has ended: the next caller gets a new one.
    Empty,
    /// It serves.
    Fresh,
    /// It serves; a new one is due.
    Stale,
    /// It serves, and the new one could not be got so far.
    Failing,
    /// There is none, and the last attempt failed: later.
    Unavailable,
    /// There is none, and there will be none until somebody does something; the last error says what.
    Dead,
    /// It is refused as often as it is renewed, so it is kept for now: its permissions need a look.
    Refused,
}

impl State {
    /// Whether a caller would get a token right now.
    #[must_use]
    pub const fn serves(self) -> bool {
        matches!(self, Self::Fresh | Self::Stale | Self::Failing | Self::Refused)
    }
}

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
