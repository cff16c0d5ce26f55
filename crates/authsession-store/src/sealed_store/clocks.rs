//! Whether this process's clock agrees with the server's that all processes share: where it does not, nothing ends by a deadline.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use authsession_core::clock::Timestamp;

use crate::sealed_store::SealedStore;
use crate::store::StoreError;

/// Clocks that are kept by anybody are closer than that.
const FAR: Duration = Duration::from_secs(60);
/// How long what is known of them counts.
const KNOWN: Duration = Duration::from_secs(30);

/// What was last known: when, and how far they were apart.
#[derive(Default)]
pub(super) struct Clocks(Mutex<Option<(Timestamp, Duration)>>);

impl SealedStore {
    /// Fails where ours is so wrong that others' sessions would seem to be over.
    pub(super) async fn clocks_agree(&self) -> Result<(), StoreError> {
        let apart = self.apart().await?;
        if apart > FAR { Err(StoreError::ClocksApart(apart)) } else { Ok(()) }
    }

    async fn apart(&self) -> Result<Duration, StoreError> {
        let asked_at = self.clock.now();
        let known = *self.clocks.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set, either way, is looked at anew.
        if let Some((_, apart)) = known.filter(|(at, _)| *at <= asked_at && asked_at.since(*at) < KNOWN) {
            return Ok(apart);
        }
        let Some(told) = self.backend.time().await? else { return Ok(Duration::ZERO) };
        let answered_at = self.clock.now();
        let apart = asked_at.since(told).max(told.since(answered_at));
        *self.clocks.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((answered_at, apart));
        Ok(apart)
    }
}
