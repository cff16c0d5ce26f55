//! What went wrong so far, and when the token endpoint may be asked again: spaced out while it is away, and less and less often
//! once the grant is dead.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::error::Error;
use crate::retry::{Backoff, Pace};

/// A dead grant rarely comes back to life, and a wrong configuration is mended by people.
const PATIENT: Pace = Pace { first: Duration::from_secs(10), longest: Duration::from_secs(600) };

/// The memory of failures in a row.
#[derive(Clone, Debug, Default)]
pub(super) struct Failures {
    last: Option<Error>,
    backoff: Backoff,
    /// The last attempt may have spent what the next one needs: not while a token is left to lose.
    held_back: bool,
    /// How often all was forgiven.
    forgiven: u64,
}

impl Failures {
    /// One more, at `now`, of an attempt that began when the memory was as `before`. `repeatable`: asking twice does no harm.
    pub(super) fn add(&mut self, error: &Error, repeatable: bool, now: Timestamp, before: &Self) {
        if !error.is_transient() && self.forgiven != before.forgiven {
            // It was made with credentials that have been replaced.
            return;
        }
        let pace = if error.is_transient() { Pace::default() } else { PATIENT };
        let same_kind = self.last.as_ref().is_none_or(|last| last.is_transient() == error.is_transient());
        let so_far = if same_kind { self.backoff } else { Backoff::default() };
        self.backoff = so_far.after_failure_at(pace, now, error.retry_after());
        self.held_back = !repeatable && error.may_have_happened();
        self.last = Some(error.clone());
    }

    /// An attempt succeeded.
    pub(super) fn end(&mut self) {
        *self = Self { forgiven: self.forgiven, ..Self::default() };
    }

    /// New credentials: what failed before, and what is under way, says nothing about the next attempt.
    pub(super) fn reset(&mut self) {
        self.end();
        self.forgiven += 1;
    }

    pub(super) const fn last(&self) -> Option<&Error> {
        self.last.as_ref()
    }

    /// How long the next attempt has to wait; `usable` says that there still is a token that serves.
    pub(super) fn wait(&self, now: Timestamp, usable: bool) -> Duration {
        if self.held_back && usable { Duration::MAX } else { self.backoff.wait(now) }
    }

    /// The failure to tell whoever asks before the pause is over.
    pub(super) fn in_the_way(&self, now: Timestamp) -> Option<Error> {
        let wait = self.backoff.wait(now);
        self.last.as_ref().filter(|_| !wait.is_zero()).map(|error| error.put_off(wait))
    }
}
