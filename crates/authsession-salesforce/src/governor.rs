//! How many calls run at once, and how many are left to others: Salesforce counts both, for the whole org (REST API Developer
//! Guide, "API Request Limits and Allocations").

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{CirrusError, CirrusResult};
use crate::limit_info::LimitInfo;

/// Keeps a client from using up what the org has. Clones share their count: give one to every client of the same org.
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

    /// No call is made while only so many are left of the org's 24 hours: it fails with [`CirrusError::QuotaReserved`] before
    /// anything is sent. The number is the last answer's, so what others do in between is not seen.
    pub fn reserve(mut self, calls: u32) -> Self {
        self.reserve = calls;
        self
    }

    /// Waits for room.
    pub(crate) async fn turn(&self, known: Option<LimitInfo>) -> CirrusResult<Turn> {
        if let Some(info) = known
            && self.reserve > 0
            && info.remaining() <= self.reserve
        {
            return Err(CirrusError::QuotaReserved { remaining: info.remaining(), reserve: self.reserve });
        }
        let permit = match &self.running {
            // The semaphore is never closed.
            Some(running) => Arc::clone(running).acquire_owned().await.ok(),
            None => None,
        };
        Ok(Turn(permit))
    }
}

/// Room for one call, until this is dropped.
#[derive(Debug)]
pub(crate) struct Turn(#[expect(dead_code, reason = "held for its drop")] Option<OwnedSemaphorePermit>);
