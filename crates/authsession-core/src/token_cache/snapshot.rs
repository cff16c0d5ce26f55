//! What is going on in a token cache, for health checks and dashboards.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::error::Error;
pub use crate::token_cache::watch::TokenWatch;

/// The state of a cache at one instant, or of anything else that hands out tokens.
///
/// ```
/// use authsession_core::clock::Timestamp;
/// use authsession_core::token_cache::snapshot::{Snapshot, State};
///
/// let mut snapshot = Snapshot::new(State::Fresh, Some(Timestamp::from_unix_seconds(3600)));
/// snapshot.last_refresh = Some(Timestamp::from_unix_seconds(0));
/// assert!(snapshot.state.serves() && snapshot.pause.is_zero());
/// ```
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

impl Snapshot {
    /// One that tells this much; the rest can be set.
    #[must_use]
    pub const fn new(state: State, expires_at: Option<Timestamp>) -> Self {
        Self { state, expires_at, last_refresh: None, last_error: None, pause: Duration::ZERO }
    }
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
