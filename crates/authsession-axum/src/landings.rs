//! Callbacks on their way and just landed: a code is redeemed once, however often its callback is sent.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use authsession_core::clock::{Clock, Timestamp};
use authsession_core::error::{Endpoint, Error as ProtocolError, Fault};
use authsession_core::single_flight::SingleFlight;
use authsession_store::key::SessionId;
use tokio::sync::Semaphore;

use crate::errors::Error;

/// A browser whose answer was lost sends the same callback again within this.
const REMEMBERED: Duration = Duration::from_secs(60);
/// Callbacks at the provider at once. Anybody can start one, so there is an end to it.
const AT_ONCE: usize = 128;

/// The sign-ins under way and their outcomes, by the name of their attempt.
#[derive(Debug)]
pub(crate) struct Landings {
    flights: SingleFlight<String, Landed>,
    landed: Arc<Mutex<HashMap<String, (Timestamp, Landed)>>>,
    places: Arc<Semaphore>,
    clock: Clock,
}

type Landed = Result<SessionId, Error>;

impl Landings {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            flights: SingleFlight::new(),
            landed: Arc::default(),
            places: Arc::new(Semaphore::new(AT_ONCE)),
            clock,
        }
    }

    /// The outcome of this attempt's sign-in: that of `work`, which runs once and detached. The code is spent when it is
    /// sent, so the sign-in ends whether or not the browser waits for it.
    pub(crate) async fn land<F>(&self, attempt: String, work: impl FnOnce() -> F + Send) -> Landed
    where
        F: Future<Output = Landed> + Send + 'static,
    {
        let busy = || Err(ProtocolError::unavailable(Endpoint::Token, Fault::BackingOff).into());
        if let Some(landed) = self.remembered(&attempt) {
            return landed;
        }
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else { return busy() };
        let (landed, clock, name) = (Arc::clone(&self.landed), self.clock.clone(), attempt.clone());
        let flight = self.flights.run(attempt, move || {
            let work = work();
            async move {
                let outcome = work.await;
                let now = clock.now();
                let mut landed = landed.lock().unwrap_or_else(PoisonError::into_inner);
                landed.retain(|_, (at, _)| now.since(*at) < REMEMBERED);
                landed.insert(name, (now, outcome.clone()));
                drop(place);
                outcome
            }
        });
        flight.await.unwrap_or_else(|_| busy())
    }

    fn remembered(&self, attempt: &str) -> Option<Landed> {
        let landed = self.landed.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, outcome) = landed.get(attempt)?;
        (self.clock.now().since(*at) < REMEMBERED).then(|| outcome.clone())
    }
}
