//! One caller works, the rest share the outcome; the work outlives every caller. So a refresh token that is rotated is
//! never presented twice at a time, which would pass for theft (RFC 9700 §4.14.2).

use std::collections::HashMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::hash::Hash;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, TryLockError, Weak};
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::{Handle, Id};
use tokio::sync::watch;
use tracing::Instrument as _;

use crate::clock::within;

/// After so long, who waits on another runtime than the work is on asks whether that one still runs.
const FIRST_LOOK: Duration = Duration::from_secs(1);
/// A runtime that does nothing for so long has let every request of ours time out.
const STANDSTILL: Duration = Duration::from_secs(20);

/// Work that runs once at a time for each key.
///
/// The work is spawned on the runtime: a caller that goes away neither stops it nor loses its outcome for the others.
/// Who arrives after it ended starts anew, so the work itself first looks whether it is still needed.
///
/// Callers may be on different runtimes. One that nobody drives, as between the calls of a synchronous wrapper, does not
/// hold up the others for ever: after twenty seconds without a sign of life its work is dropped, and counts as aborted.
/// Work that is slow is waited for.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// use authsession_core::single_flight::SingleFlight;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let (flights, asked) = (SingleFlight::new(), Arc::new(AtomicU32::new(0)));
/// let work = || {
///     let asked = Arc::clone(&asked);
///     async move { asked.fetch_add(1, Ordering::Relaxed) + 1 }
/// };
/// let (one, other) = tokio::join!(flights.run("key", work), flights.run("key", work));
/// assert_eq!((one, other), (Ok(1), Ok(1)));
/// # }
/// ```
pub struct SingleFlight<K, V> {
    flights: Flights<K, V>,
}

type Flights<K, V> = Arc<Mutex<HashMap<K, Flight<V>>>>;

/// What is known of work that is in flight.
struct Flight<V> {
    outcome: watch::Receiver<Option<V>>,
    seat: Weak<Seat>,
    /// Where it runs.
    runtime: Handle,
    /// Other runtimes on which somebody watches whether that one runs.
    watched_from: Vec<Id>,
}

/// The work, owned by the task that runs it; locked while it is polled.
type Seat = Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>;

/// The shared work ended without an outcome: it panicked, or its runtime was shut down or stood still.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the shared work was aborted")]
pub struct Aborted;

impl<K, V> SingleFlight<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Nothing in flight.
    #[must_use]
    pub fn new() -> Self {
        Self { flights: Arc::default() }
    }

    /// Joins the flight for `key`, or starts it, and waits for the outcome.
    ///
    /// # Errors
    /// [`Aborted`] when the work panicked, or was lost with the runtime it was on.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn run<F>(&self, key: K, work: impl FnOnce() -> F + Send) -> Result<V, Aborted>
    where
        F: Future<Output = V> + Send + 'static,
    {
        let mut outcome = self.launch(key, work);
        let value = outcome.wait_for(Option::is_some).await.map_err(|_| Aborted)?;
        value.clone().ok_or(Aborted)
    }

    /// Sees to it that the work for `key` is in flight, and does not wait.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start<F>(&self, key: K, work: impl FnOnce() -> F)
    where
        F: Future<Output = V> + Send + 'static,
    {
        drop(self.launch(key, work));
    }

    /// Waits until nothing is in flight: before a program ends, for what is in flight then ends with it.
    pub async fn landed(&self) {
        while let Some(mut outcome) = self.one_of_them() {
            // Whoever flies tells once, and goes; an error says that it was aborted, which is an end too.
            let _told_or_gone = outcome.changed().await;
            tokio::task::yield_now().await;
        }
    }

    fn one_of_them(&self) -> Option<watch::Receiver<Option<V>>> {
        let flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        flights.values().next().map(|flight| flight.outcome.clone())
    }

    fn launch<F>(&self, key: K, work: impl FnOnce() -> F) -> watch::Receiver<Option<V>>
    where
        F: Future<Output = V> + Send + 'static,
    {
        let here = Handle::current();
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = flights.get_mut(&key) {
            flight.watch_from(&here);
            return flight.outcome.clone();
        }
        let (sender, outcome) = watch::channel(None);
        // Made before the task: a task that is dropped without being polled still clears its entry.
        let landing = Landing { flights: Arc::clone(&self.flights), key: key.clone(), sender, value: None };
        let seat = Arc::new(Seat::new(None));
        let flight = Flight {
            outcome: outcome.clone(),
            seat: Arc::downgrade(&seat),
            runtime: here.clone(),
            watched_from: Vec::new(),
        };
        flights.insert(key, flight);
        drop(flights);
        let work = work();
        let work = async move { landing.land(work.await) }.in_current_span();
        *seat.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::pin(work));
        drop(here.spawn(fly(seat)));
        outcome
    }
}

impl<V: Clone + Send + Sync + 'static> Flight<V> {
    /// Sees to it that this flight, if it is on another runtime, is given up once that one stands still.
    fn watch_from(&mut self, here: &Handle) {
        if here.id() == self.runtime.id() || self.watched_from.contains(&here.id()) {
            return;
        }
        self.watched_from.push(here.id());
        drop(here.spawn(watch_over(Weak::clone(&self.seat), self.runtime.clone(), self.outcome.clone())));
    }
}

/// Runs the work, unless it has been taken away.
async fn fly(seat: Arc<Seat>) {
    poll_fn(|context| {
        let mut seat = seat.lock().unwrap_or_else(PoisonError::into_inner);
        seat.as_mut().map_or(Poll::Ready(()), |work| work.as_mut().poll(context))
    })
    .await;
}

/// Waits until the work has ended, and takes it away from a runtime that stands still.
async fn watch_over<V>(seat: Weak<Seat>, there: Handle, mut outcome: watch::Receiver<Option<V>>) {
    while within(FIRST_LOOK, outcome.wait_for(Option::is_some)).await.is_none() {
        let sign_of_life = there.spawn(async {});
        if within(STANDSTILL, sign_of_life).await.is_some() {
            continue;
        }
        let Some(seat) = seat.upgrade() else { return };
        let work = match seat.try_lock() {
            Ok(mut work) => work.take(),
            Err(TryLockError::Poisoned(work)) => work.into_inner().take(),
            // It runs this very moment.
            Err(TryLockError::WouldBlock) => None,
        };
        // It may hold locks others wait for; and with it goes its entry, so that the next caller starts anew.
        drop(work);
    }
}

impl<K, V> Default for SingleFlight<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    fn default() -> Self {
        Self::new()
    }
}

impl<K, V> fmt::Debug for SingleFlight<K, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner).len();
        formatter.debug_struct("SingleFlight").field("flights", &flights).finish()
    }
}

/// Clears the entry when the work ends, however it ends, and only then lets the callers know.
struct Landing<K: Eq + Hash, V> {
    flights: Flights<K, V>,
    key: K,
    sender: watch::Sender<Option<V>>,
    value: Option<V>,
}

impl<K: Eq + Hash, V> Landing<K, V> {
    fn land(mut self, value: V) {
        self.value = Some(value);
    }
}

impl<K: Eq + Hash, V> Drop for Landing<K, V> {
    fn drop(&mut self) {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
        if let Some(value) = self.value.take() {
            self.sender.send_replace(Some(value));
        }
    }
}
