//! Which tokens callers have got for requests of their own: no other one is replaced by the session's.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use http::HeaderValue;

/// So many of the latest are remembered.
const REMEMBERED: usize = 16;

#[derive(Debug, Default)]
pub(crate) struct HandedOut(Mutex<VecDeque<HeaderValue>>);

impl HandedOut {
    pub(crate) fn note(&self, value: &HeaderValue) {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if latest.contains(value) {
            return;
        }
        if latest.len() == REMEMBERED {
            latest.pop_front();
        }
        latest.push_back(value.clone());
    }

    pub(crate) fn has(&self, value: &HeaderValue) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(value)
    }
}
