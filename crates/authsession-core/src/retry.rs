//! When to try again after a failure: exponential, jittered, and never sooner than the provider asked (`Retry-After`,
//! RFC 9110 §10.2.3).

use std::time::Duration;

use crate::clock::Timestamp;
use crate::random;

/// The memory of failures in a row.
///
/// ```
/// use std::time::Duration;
/// use authsession_core::clock::Timestamp;
/// use authsession_core::retry::Backoff;
///
/// let now = Timestamp::from_unix_seconds(0);
/// let backoff = Backoff::default().after_failure(now, Some(Duration::from_secs(30)));
/// assert!(backoff.wait(now) >= Duration::from_secs(30));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff {
    failures: u32,
    last: Option<Failure>,
}

#[derive(Clone, Copy, Debug)]
struct Failure {
    at: Timestamp,
    pause: Duration,
}

/// How the pauses grow: they double from the first to the longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// After the first failure.
    pub first: Duration,
    /// After many.
    pub longest: Duration,
}

impl Default for Pace {
    /// From a second to a minute.
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(60) }
    }
}

/// A provider may ask for a longer pause than we would make, but not for ever.
const LONGEST_ASKED: Duration = Duration::from_secs(600);

impl Backoff {
    /// One more failure at `now`: the pause doubles from a second up to a minute, spread by up to a half, and is at
    /// least `retry_after` (up to ten minutes).
    #[must_use]
    pub fn after_failure(self, now: Timestamp, retry_after: Option<Duration>) -> Self {
        self.after_failure_at(Pace::default(), now, retry_after)
    }

    /// As [`after_failure`](Self::after_failure), at another pace.
    #[must_use]
    pub fn after_failure_at(self, pace: Pace, now: Timestamp, retry_after: Option<Duration>) -> Self {
        let doubled = pace.first.saturating_mul(1 << self.failures.min(16)).min(pace.longest);
        let spread = doubled.mul_f64(0.5 + random::fraction() / 2.0);
        let pause = spread.max(retry_after.unwrap_or_default().min(LONGEST_ASKED));
        Self { failures: self.failures.saturating_add(1), last: Some(Failure { at: now, pause }) }
    }

    /// Whether the last attempt failed.
    #[must_use]
    pub const fn has_failed(&self) -> bool {
        self.failures > 0
    }

    /// Whether the pause has been over for so long that the failures no longer say anything.
    #[must_use]
    pub fn is_forgotten(&self, now: Timestamp) -> bool {
        self.last.is_none_or(|last| now.distance(last.at) > last.pause + LONGEST_ASKED)
    }

    /// How long to wait at `now` before the next attempt; zero when it may be made.
    #[must_use]
    pub fn wait(&self, now: Timestamp) -> Duration {
        // By the distance, not the direction: a clock that was set back must not make a pause longer than was meant.
        self.last.map_or(Duration::ZERO, |last| last.pause.saturating_sub(now.distance(last.at)))
    }
}
