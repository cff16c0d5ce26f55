//! What is fetched from the provider and kept: its metadata (OpenID Connect Discovery 1.0 §4), its keys (OpenID Connect Core
//! §10.1.1). One fetch at a time, the last good copy while the provider is away, a pause after each failure.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use crate::clock::{Clock, Timestamp};
use crate::error::{Endpoint, Error, Fault};
use crate::retry::Backoff;
use crate::single_flight::SingleFlight;

/// A copy this old is fetched anew on use, and serves meanwhile: so that what was withdrawn goes.
const GROWS_OLD: Duration = Duration::from_secs(3600);
/// Between two fetches that somebody's doubt asked for: forged tokens must not make us a request amplifier.
const COOL_DOWN: Duration = Duration::from_secs(10);

/// Something of the provider's, fetched on first use.
#[derive(Debug)]
pub(crate) struct Remote<T> {
    endpoint: Endpoint,
    clock: Clock,
    held: Arc<ArcSwap<Held<T>>>,
    flight: SingleFlight<(), Arc<Held<T>>>,
}

/// What the fetches so far came to.
#[derive(Debug)]
struct Held<T> {
    copy: Option<LastGood<T>>,
    /// When doubt last had it fetched anew.
    doubted_at: Option<Timestamp>,
    failure: Option<Error>,
    backoff: Backoff,
}

/// The last good one.
#[derive(Debug)]
struct LastGood<T> {
    value: Arc<T>,
    fetched_at: Timestamp,
}

impl<T> LastGood<T> {
    fn is_due(&self, now: Timestamp, backoff: Backoff) -> bool {
        now.distance(self.fetched_at) > GROWS_OLD && backoff.wait(now).is_zero()
    }
}

impl<T: Send + Sync + 'static> Remote<T> {
    pub(crate) fn new(endpoint: Endpoint, clock: Clock) -> Self {
        let held = Held { copy: None, doubted_at: None, failure: None, backoff: Backoff::default() };
        Self { endpoint, clock, held: Arc::new(ArcSwap::from_pointee(held)), flight: SingleFlight::new() }
    }

    /// Holds a value that was fetched elsewhere just now.
    pub(crate) fn seed(&self, value: T) {
        let copy = Some(LastGood { value: Arc::new(value), fetched_at: self.clock.now() });
        let held = Held { copy, doubted_at: None, failure: None, backoff: Backoff::default() };
        self.held.store(Arc::new(held));
    }

    /// What is held, however old.
    pub(crate) fn held(&self) -> Option<Arc<T>> {
        self.held.load().copy.as_ref().map(|copy| Arc::clone(&copy.value))
    }

    /// What is held; fetched when there is nothing yet, and beside us when it grew old.
    ///
    /// # Errors
    /// That of the first fetch, until one succeeds; from memory while the pause after it lasts.
    pub(crate) async fn get<F>(&self, fetch: impl FnOnce() -> F + Send) -> Result<Arc<T>, Error>
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let (held, now) = (self.held.load(), self.clock.now());
        if let Some(copy) = &held.copy {
            let value = Arc::clone(&copy.value);
            if copy.is_due(now, held.backoff) {
                let seen = Arc::clone(&held);
                self.flight.start((), || self.fly(seen, false, fetch()));
            }
            return Ok(value);
        }
        let seen = Arc::clone(&held);
        drop(held);
        if let Some(error) = seen.failure.as_ref().filter(|_| !seen.backoff.wait(now).is_zero()) {
            return Err(error.put_off(seen.backoff.wait(now)));
        }
        let held = self.land(seen, false, fetch).await?;
        match (&held.copy, &held.failure) {
            (Some(copy), _) => Ok(Arc::clone(&copy.value)),
            (None, Some(error)) => Err(error.clone()),
            (None, None) => Err(Error::unavailable(self.endpoint, Fault::NoAnswer)),
        }
    }

    /// One newer than `doubted`, fetched once a cool-down.
    ///
    /// # Errors
    /// [`Error::Unavailable`] while there is none to be had.
    pub(crate) async fn newer_than<F>(
        &self,
        doubted: &Arc<T>,
        fetch: impl FnOnce() -> F + Send,
    ) -> Result<Arc<T>, Error>
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let newer = |held: &Held<T>| {
            let copy = held.copy.as_ref().filter(|copy| !Arc::ptr_eq(&copy.value, doubted))?;
            Some(Arc::clone(&copy.value))
        };
        let (seen, now) = (self.held.load_full(), self.clock.now());
        if let Some(value) = newer(&seen) {
            return Ok(value);
        }
        let cooling = seen.doubted_at.map_or(Duration::ZERO, |at| COOL_DOWN.saturating_sub(now.distance(at)));
        let wait = cooling.max(seen.backoff.wait(now));
        if !wait.is_zero() {
            return Err(self.not_before(wait));
        }
        let held = self.land(seen, true, fetch).await?;
        newer(&held).ok_or_else(|| self.not_before(held.backoff.wait(self.clock.now()).max(COOL_DOWN)))
    }

    const fn not_before(&self, wait: Duration) -> Error {
        let (endpoint, fault) = (self.endpoint, Fault::BackingOff);
        Error::Unavailable { endpoint, fault, retry_after: Some(wait), cause: None }
    }

    /// Joins the fetch in flight, or starts it, and waits for what it came to.
    async fn land<F>(
        &self,
        seen: Arc<Held<T>>,
        doubted: bool,
        fetch: impl FnOnce() -> F + Send,
    ) -> Result<Arc<Held<T>>, Error>
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        self.flight
            .run((), || self.fly(seen, doubted, fetch()))
            .await
            .map_err(|_| Error::unavailable(self.endpoint, Fault::NoAnswer))
    }

    fn fly<F>(
        &self,
        seen: Arc<Held<T>>,
        doubted: bool,
        fetch: F,
    ) -> impl Future<Output = Arc<Held<T>>> + Send + use<F, T>
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let (slot, clock, endpoint) = (Arc::clone(&self.held), self.clock.clone(), self.endpoint);
        async move {
            let before = slot.load_full();
            // Looked at again inside the flight: another one may just have landed.
            if !Arc::ptr_eq(&before, &seen) {
                return before;
            }
            let fetched = fetch.await;
            let held = Arc::new(before.after(fetched, endpoint, doubted, clock.now()));
            slot.store(Arc::clone(&held));
            held
        }
    }
}

impl<T> Held<T> {
    fn after(&self, fetched: Result<T, Error>, endpoint: Endpoint, doubted: bool, now: Timestamp) -> Self {
        let doubted_at = if doubted { Some(now) } else { self.doubted_at };
        let error = match fetched {
            Ok(value) => {
                let copy = Some(LastGood { value: Arc::new(value), fetched_at: now });
                return Self { copy, doubted_at, failure: None, backoff: Backoff::default() };
            }
            Err(error) => error,
        };
        let copy = self.copy.as_ref().map(|copy| {
            tracing::warn!(target: "authsession::provider", %error, "the provider's {endpoint} could not be fetched; the last good copy serves");
            LastGood { value: Arc::clone(&copy.value), fetched_at: copy.fetched_at }
        });
        let backoff = self.backoff.after_failure(now, error.retry_after());
        Self { copy, doubted_at, failure: Some(error), backoff }
    }
}
