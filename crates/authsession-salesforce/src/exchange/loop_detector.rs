//! Tells tokens that end from tokens that never work: new ones help against the first, and cost logins against the second.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use authsession_core::clock::{Clock, Timestamp};
use authsession_core::retry::{Backoff, Pace};
use http::HeaderValue;

/// So many new tokens in a row may be refused before asking for more gets slower.
const IN_A_ROW: u32 = 3;
const PACE: Pace = Pace { first: Duration::from_secs(30), longest: Duration::from_secs(600) };

/// Counts new tokens that were refused at their first use.
#[derive(Debug)]
pub(crate) struct LoopDetector {
    clock: Clock,
    in_a_row: AtomicU32,
    last: Mutex<Last>,
}

#[derive(Debug, Default)]
struct Last {
    refused: Option<HeaderValue>,
    pause: Backoff,
}

impl LoopDetector {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, in_a_row: AtomicU32::new(0), last: Mutex::default() }
    }

    /// Whether another token may be asked for.
    pub(crate) fn may_recover(&self) -> bool {
        if self.in_a_row.load(Ordering::Relaxed) < IN_A_ROW {
            return true;
        }
        self.last().pause.wait(self.clock.now()).is_zero()
    }

    /// A new token was refused at once. Callers who share one count once.
    pub(crate) fn refused(&self, token: &HeaderValue) {
        let mut last = self.last();
        if last.refused.as_ref() == Some(token) {
            return;
        }
        last.refused = Some(token.clone());
        if self.in_a_row.fetch_add(1, Ordering::Relaxed) + 1 >= IN_A_ROW {
            let now: Timestamp = self.clock.now();
            last.pause = last.pause.after_failure_at(PACE, now, None);
            tracing::warn!(
                target: "authsession::salesforce",
                "new tokens are refused one after the other: check the connected app's scopes and the user's permissions"
            );
        }
    }

    /// A token was accepted. One that was refused just before says nothing: what refused it refuses every one.
    pub(crate) fn accepted(&self, token: &HeaderValue) {
        if self.in_a_row.load(Ordering::Relaxed) > 0 {
            let mut last = self.last();
            if last.refused.as_ref() != Some(token) {
                *last = Last::default();
                self.in_a_row.store(0, Ordering::Relaxed);
            }
        }
    }

    fn last(&self) -> std::sync::MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
