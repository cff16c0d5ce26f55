//! How many calls run at once, and how many are left to others: Salesforce counts both, for the whole org (REST API Developer
//! Guide, "API Request Limits and Allocations").

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use authsession_core::clock::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{CirrusError, CirrusResult};
use crate::exchange::limit_info::LimitInfo;

/// Calls come back over 24 hours: so often one is let through to see how many have.
const LOOKS_AGAIN: Duration = Duration::from_secs(5 * 60);

/// Keeps a client from using up what the org has. Clones share what they count: give one to every client of the same org.
///
/// ```
/// use authsession_salesforce::Governor;
///
/// // 15 calls at once; the last 1,000 calls of the day are for somebody else.
/// let governor = Governor::new().concurrency(15).reserve(1_000);
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Governor {
    running: Option<Arc<Semaphore>>,
    reserve: u32,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    latest: Option<LimitInfo>,
    /// When the last call that may tell was let through.
    asked: Option<Timestamp>,
}

impl Governor {
    /// No limit yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// At most so many calls at once; further ones wait. Salesforce runs 25 long calls (over 20 s) of an org at once, 5 of a
    /// trial's. A download counts until its last byte. Zero counts as one.
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.running = Some(Arc::new(Semaphore::new(calls.clamp(1, Semaphore::MAX_PERMITS))));
        self
    }

    /// No call is made while only so many are left of the org's 24 hours, but for one in five minutes, which looks whether more
    /// have come back: the others fail with [`CirrusError::QuotaReserved`] before anything is sent. How many are left is known
    /// from the latest answer, so what others do in between is not seen.
    pub fn reserve(mut self, calls: u32) -> Self {
        self.reserve = calls;
        self
    }

    /// Waits for room.
    pub(crate) async fn turn(&self, now: Timestamp) -> CirrusResult<Turn> {
        self.spares_others(now)?;
        let permit = match &self.running {
            // The semaphore is never closed.
            Some(running) => Arc::clone(running).acquire_owned().await.ok(),
            None => None,
        };
        Ok(Turn(permit))
    }

    fn spares_others(&self, now: Timestamp) -> CirrusResult<()> {
        if self.reserve == 0 {
            return Ok(());
        }
        let mut seen = self.seen();
        let left = seen.latest.map(|info| info.remaining()).filter(|left| *left <= self.reserve);
        let is_due = seen.asked.is_none_or(|asked| now.since(asked) >= LOOKS_AGAIN || asked > now);
        match left {
            Some(remaining) if !is_due => {
                Err(CirrusError::QuotaReserved { remaining, reserve: self.reserve })
            }
            _ => {
                seen.asked = Some(now);
                Ok(())
            }
        }
    }

    pub(crate) fn note(&self, info: LimitInfo) {
        self.seen().latest = Some(info);
    }

    pub(crate) fn latest(&self) -> Option<LimitInfo> {
        self.seen().latest
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Room for one call, until this is dropped.
#[derive(Debug)]
pub(crate) struct Turn(#[expect(dead_code, reason = "held for its drop")] Option<OwnedSemaphorePermit>);
