//! Whether this process's clock agrees with the server's that all processes share: where it does not, no live session ends by a deadline.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use authsession_core::clock::Timestamp;

use crate::sealed_store::SealedStore;
use crate::store::StoreError;

/// Clocks that are kept by anybody are closer than that.
const FAR: Duration = Duration::from_secs(60);
/// How long what is known of them counts.
const KNOWN: Duration = Duration::from_secs(30);
/// And how long that the server did not say.
const UNANSWERED: Duration = Duration::from_secs(5);

/// What was last known. One asks for all who want to know.
#[derive(Default)]
pub(super) struct Clocks {
    known: Mutex<Option<Known>>,
    asking: tokio::sync::Mutex<()>,
}

#[derive(Clone, Copy)]
struct Known {
    at: Timestamp,
    counts_for: Duration,
    apart: Apart,
}

/// How far ours is ahead of the server's, or behind it.
#[derive(Clone, Copy, Default)]
pub(super) struct Apart {
    pub(super) ahead: Duration,
    behind: Duration,
}

impl Apart {
    /// Fails where one of them is so wrong that others' sessions would seem to be over.
    pub(super) fn agree(self) -> Result<(), StoreError> {
        let apart = self.ahead.max(self.behind);
        if apart > FAR { Err(StoreError::ClocksApart(apart)) } else { Ok(()) }
    }
}

impl Clocks {
    fn known(&self) -> Option<Known> {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known_at(&self, now: Timestamp) -> Option<Apart> {
        // A clock that was set, either way, is looked at anew.
        let known = self.known().filter(|known| known.at <= now && now.since(known.at) < known.counts_for)?;
        Some(known.apart)
    }
}

impl SealedStore {
    /// As last known, or together until something is known, where the server does not say: that must not keep anything from ending.
    pub(super) async fn apart(&self) -> Apart {
        if let Some(apart) = self.clocks.known_at(self.clock.now()) {
            return apart;
        }
        let _turn = self.clocks.asking.lock().await;
        let asked_at = self.clock.now();
        if let Some(apart) = self.clocks.known_at(asked_at) {
            return apart;
        }
        let told = self.backend.time().await;
        let at = self.clock.now();
        let known = match told {
            Ok(None) => return Apart::default(),
            Ok(Some(told)) => {
                let apart = Apart { ahead: asked_at.since(told), behind: told.since(at) };
                Known { at, counts_for: KNOWN, apart }
            }
            Err(_) => {
                let apart = self.clocks.known().map(|known| known.apart).unwrap_or_default();
                Known { at, counts_for: UNANSWERED, apart }
            }
        };
        *self.clocks.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
        known.apart
    }
}
