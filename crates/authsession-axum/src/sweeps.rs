//! When overdue sessions are swept though nobody asks for them: in batches, one after the other, and nobody waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use authsession_core::clock::{self, Clock, Timestamp};
use authsession_core::random;
use authsession_store::store::{EndedSession, SessionStore};
use tokio::sync::Semaphore;

use crate::watch;

/// How many sessions one call ends at most.
const BATCH: usize = 250;
/// Between the end of a sweep and the next, give or take a quarter: replicas that started together do not go on together.
const EVERY: Duration = Duration::from_secs(60);
/// Between two batches: as long as the one before took, so that a store sweeps half its time at most, within these.
const SHORTEST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Whether a sweep is under way, and when the next one is due. Cheap to clone: clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Sweeps {
    turn: Arc<Semaphore>,
    due: Arc<AtomicI64>,
}

impl Default for Sweeps {
    fn default() -> Self {
        Self { turn: Arc::new(Semaphore::new(1)), due: Arc::new(AtomicI64::new(i64::MIN)) }
    }
}

impl Sweeps {
    /// Sweeps the store behind the caller's back, if that is due and not under way. Each batch is handed to `done`, and the
    /// next one follows when that is over.
    pub(crate) fn start<F: Future<Output = ()> + Send>(
        &self,
        store: &Arc<dyn SessionStore>,
        clock: &Clock,
        done: impl Fn(Vec<EndedSession>) -> F + Send + 'static,
    ) {
        if !self.is_due(clock.now()) {
            return;
        }
        let Ok(turn) = Arc::clone(&self.turn).try_acquire_owned() else { return };
        // Looked at again: one may just have ended.
        if !self.is_due(clock.now()) {
            return;
        }
        let (sweeps, store, clock) = (self.clone(), Arc::clone(store), clock.clone());
        // Already here, so that one that breaks off is not followed by the next at once.
        sweeps.put_off(clock.now());
        tokio::spawn(async move {
            sweep(&*store, &clock, done).await;
            sweeps.put_off(clock.now());
            drop(turn);
        });
    }

    fn is_due(&self, now: Timestamp) -> bool {
        let wait = Timestamp::from_unix_millis(self.due.load(Ordering::Relaxed)).since(now);
        // Further off than it is ever put: the clock was set back.
        wait.is_zero() || wait > 2 * EVERY
    }

    fn put_off(&self, now: Timestamp) {
        let wait = EVERY.mul_f64(0.75 + random::fraction() / 2.0);
        self.due.store((now + wait).unix_millis(), Ordering::Relaxed);
    }
}

/// One batch after the other, until as many in a row came back short as it takes to look at everything.
async fn sweep<F: Future<Output = ()>>(
    store: &dyn SessionStore,
    clock: &Clock,
    done: impl Fn(Vec<EndedSession>) -> F,
) {
    let mut short = 0;
    loop {
        let began = clock.now();
        let swept = match store.sweep(BATCH).await {
            Ok(swept) => swept,
            Err(error) => {
                watch::not_swept(&error);
                return;
            }
        };
        let took = clock.now().since(began);
        short = if swept.len() < BATCH { short + 1 } else { 0 };
        done(swept).await;
        if short >= store.sweep_parts() {
            return;
        }
        clock::wait(took.clamp(SHORTEST_PAUSE, LONGEST_PAUSE)).await;
    }
}
