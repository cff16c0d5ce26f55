//! How many connections are served at a time, and which of them goes when one more comes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::AbortHandle;

/// A browser opens a few, some of them in advance; anybody else on this machine as many as they like.
const MOST: usize = 128;

/// The connections that are served, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Seats {
    taken: VecDeque<Seat>,
}

#[derive(Debug)]
struct Seat {
    serving: AbortHandle,
    /// The browser that is waited for, or one that knows as much: it is not sent away.
    awaited: Arc<AtomicBool>,
}

impl Seat {
    fn is_awaited(&self) -> bool {
        self.awaited.load(Ordering::Relaxed)
    }
}

impl Seats {
    /// Whether there is none for whoever comes next.
    pub(crate) fn are_taken(&self) -> bool {
        self.taken.len() >= MOST
            && self.taken.iter().all(|seat| seat.is_awaited() && !seat.serving.is_finished())
    }

    /// One more; `true` when for its sake the one that had been silent for longest was sent away.
    pub(crate) fn take(&mut self, serving: AbortHandle, awaited: Arc<AtomicBool>) -> bool {
        self.taken.retain(|seat| !seat.serving.is_finished());
        let is_full = self.taken.len() >= MOST;
        let silent = self.taken.iter().position(|seat| !seat.is_awaited()).filter(|_| is_full);
        let sent_away = silent.and_then(|at| self.taken.remove(at));
        self.taken.push_back(Seat { serving, awaited });
        sent_away.inspect(|seat| seat.serving.abort()).is_some()
    }
}
