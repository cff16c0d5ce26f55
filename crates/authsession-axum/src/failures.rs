//! The memory of failed refreshes: which session's next one must wait, and how long.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use authsession_core::clock::Timestamp;
use authsession_core::retry::Backoff;
use authsession_store::key::StoreKey;

/// Looked through for what can be forgotten when it has grown to this, and again at each doubling.
const SMALL: usize = 1_000;

/// Sessions whose last refresh failed.
#[derive(Debug)]
pub(crate) struct Failures(Mutex<Memory>);

#[derive(Debug)]
struct Memory {
    sessions: HashMap<StoreKey, Backoff>,
    look_through_at: usize,
}

impl Failures {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Memory { sessions: HashMap::new(), look_through_at: SMALL }))
    }

    /// How long the session's next refresh must wait.
    pub(crate) fn pause(&self, key: &StoreKey, now: Timestamp) -> Duration {
        let memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        memory.sessions.get(key).map_or(Duration::ZERO, |backoff| backoff.wait(now))
    }

    pub(crate) fn failed(&self, key: StoreKey, now: Timestamp, retry_after: Option<Duration>) {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.sessions.len() >= memory.look_through_at {
            memory.sessions.retain(|_, backoff| !backoff.is_forgotten(now));
            memory.look_through_at = (memory.sessions.len() * 2).max(SMALL);
        }
        let backoff = memory.sessions.get(&key).copied().unwrap_or_default();
        memory.sessions.insert(key, backoff.after_failure(now, retry_after));
    }

    pub(crate) fn succeeded(&self, key: &StoreKey) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).sessions.remove(key);
    }
}
