//! The memory of failed refreshes: which session's next one must wait, and how long.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use authsession_core::clock::Timestamp;
use authsession_core::retry::Backoff;
use authsession_store::key::StoreKey;

/// Looked through for what can be forgotten when it has grown to this, and again at each doubling.
const SMALL: usize = 1_000;

/// Some providers refuse a dead refresh token with a bare 400, and so may a gateway that is in trouble. Said so often, and for so
/// long, it is the provider's word.
const UNSTATED_TIMES: u32 = 3;
const UNSTATED_FOR: Duration = Duration::from_secs(300);

/// Sessions whose last refresh failed.
#[derive(Debug)]
pub(crate) struct Failures(Mutex<Memory>);

#[derive(Debug)]
struct Memory {
    sessions: HashMap<StoreKey, Failed>,
    look_through_at: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Failed {
    backoff: Backoff,
    /// The refusals without a word, in a row.
    unstated: Option<Unstated>,
}

#[derive(Clone, Copy, Debug)]
struct Unstated {
    since: Timestamp,
    times: u32,
}

impl Failures {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Memory { sessions: HashMap::new(), look_through_at: SMALL }))
    }

    /// How long the session's next refresh must wait.
    pub(crate) fn pause(&self, key: &StoreKey, now: Timestamp) -> Duration {
        let memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        memory.sessions.get(key).map_or(Duration::ZERO, |failed| failed.backoff.wait(now))
    }

    pub(crate) fn failed(&self, key: StoreKey, now: Timestamp, retry_after: Option<Duration>) {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.sessions.len() >= memory.look_through_at {
            memory.sessions.retain(|_, failed| !failed.backoff.is_forgotten(now));
            memory.look_through_at = (memory.sessions.len() * 2).max(SMALL);
        }
        let failed = memory.sessions.entry(key).or_default();
        failed.backoff = failed.backoff.after_failure(now, retry_after);
    }

    /// Counts a refusal without a word: whether there were so many in a row, for so long, that the grant must be dead.
    pub(crate) fn refused_without_a_word(&self, key: StoreKey, now: Timestamp) -> bool {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let unstated = &mut memory.sessions.entry(key).or_default().unstated;
        let before = unstated.unwrap_or(Unstated { since: now, times: 0 });
        let counted = Unstated { times: before.times.saturating_add(1), ..before };
        *unstated = Some(counted);
        counted.times >= UNSTATED_TIMES && now.since(counted.since) >= UNSTATED_FOR
    }

    /// Something else came of a refresh: the row is broken.
    pub(crate) fn something_was_said(&self, key: &StoreKey) {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(failed) = memory.sessions.get_mut(key) {
            failed.unstated = None;
        }
    }

    pub(crate) fn succeeded(&self, key: &StoreKey) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).sessions.remove(key);
    }
}
