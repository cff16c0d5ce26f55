//! One refresh, and what is remembered of it however it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Endpoint, Error, Fault};
use crate::token_cache::failures::Failures;
use crate::token_cache::held_token::Due;
use crate::token_cache::{Inner, events};

/// One refresh: looks again whether it is needed, asks, and remembers what it came to.
pub(super) async fn fly(inner: Arc<Inner>) -> Result<(), Error> {
    let _flying = Flying::new(&inner);
    let (begun, now) = (inner.slot.epoch(), inner.clock.now());
    if let Some(held) = inner.usable(now)
        && (held.due(now) == Due::No || !inner.may_try(now, true))
    {
        return Ok(());
    }
    let before = inner.failures().clone();
    if let Some(error) = before.in_the_way(now) {
        return Err(error);
    }
    let panicking = Panicking { inner: &inner, before: &before };
    let landed = inner.mint.mint().await.and_then(|tokens| inner.land(tokens, begun));
    drop(panicking);
    match landed {
        Ok(landed) => {
            if landed {
                events::refreshed();
            }
            Ok(())
        }
        Err(error) => {
            inner.failed(&error, &before);
            Err(error)
        }
    }
}

/// Remembers a mint that panics as a failure, or it would be asked again at once, and again. Nothing is remembered of one
/// that is dropped: it was lost with the runtime it was on, and whoever is on another may try.
struct Panicking<'a> {
    inner: &'a Inner,
    before: &'a Failures,
}

impl Drop for Panicking<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let error = Error::Unavailable {
                endpoint: Endpoint::Token,
                fault: Fault::NoAnswer,
                retry_after: None,
                cause: Some(Arc::new(Panicked)),
            };
            self.inner.failed(&error, self.before);
        }
    }
}

/// Why there is no new token.
#[derive(Debug, thiserror::Error)]
#[error("who gets the tokens panicked")]
struct Panicked;

/// Shows that a refresh is under way, until it ends, however it ends.
struct Flying<'a>(&'a AtomicBool);

impl<'a> Flying<'a> {
    fn new(inner: &'a Inner) -> Self {
        inner.flying.store(true, Ordering::Relaxed);
        Self(&inner.flying)
    }
}

impl Drop for Flying<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}
