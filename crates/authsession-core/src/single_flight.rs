//! One caller works, the rest share the outcome; the work outlives every caller. So a refresh token that is rotated is
//! never presented twice at a time, which would pass for theft (RFC 9700 §4.14.2).

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tracing::Instrument as _;

/// Work that runs once at a time for each key.
///
/// The work is spawned on the runtime: a caller that goes away neither stops it nor loses its outcome for the others.
/// Who arrives after it ended starts anew, so the work itself first looks whether it is still needed.
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
    flights: Arc<Mutex<HashMap<K, watch::Receiver<Option<V>>>>>,
}

/// The shared work ended without an outcome: it panicked, or the runtime is shutting down.
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
    /// [`Aborted`] when the work panicked.
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

    fn launch<F>(&self, key: K, work: impl FnOnce() -> F) -> watch::Receiver<Option<V>>
    where
        F: Future<Output = V> + Send + 'static,
    {
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(outcome) = flights.get(&key) {
            return outcome.clone();
        }
        let (sender, receiver) = watch::channel(None);
        flights.insert(key.clone(), receiver.clone());
        drop(flights);
        // Made before the task: a task that is dropped without being polled still clears its entry.
        let landing = Landing { flights: Arc::clone(&self.flights), key };
        let work = work();
        tokio::spawn(
            async move {
                let value = work.await;
                drop(landing);
                sender.send_replace(Some(value));
            }
            .in_current_span(),
        );
        receiver
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

/// Clears the entry when the work ends, however it ends.
struct Landing<K: Eq + Hash, V> {
    flights: Arc<Mutex<HashMap<K, watch::Receiver<Option<V>>>>>,
    key: K,
}

impl<K: Eq + Hash, V> Drop for Landing<K, V> {
    fn drop(&mut self) {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}
