//! Callbacks on their way and just landed: a code is redeemed once, however often its callback is sent, and to whichever replica.

pub(crate) mod among_replicas;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use authsession_core::clock::{Clock, Timestamp};
use authsession_core::error::{Endpoint, Error as ProtocolError, Fault};
use authsession_core::single_flight::SingleFlight;
use authsession_store::key::{SessionId, StoreKey};
use authsession_store::store::SessionStore;
use tokio::sync::Semaphore;

use crate::errors::{Error, Unavailable};
use crate::landings::among_replicas::{Turn, settle, turn};

/// A browser whose answer was lost sends the same callback again within this.
const REMEMBERED: Duration = Duration::from_secs(60);
/// Beyond this many, failures are not remembered: anybody can make them.
const FAILURES: usize = 2_000;
/// Callbacks at the provider at once. Anybody can start one, so there is an end to it.
const AT_ONCE: usize = 128;

/// The sign-ins under way and their outcomes, by the name of their attempt.
#[derive(Debug)]
pub(crate) struct Landings {
    flights: SingleFlight<String, Landed>,
    landed: Arc<Landing>,
    store: Arc<dyn SessionStore>,
    clock: Clock,
}

/// How a sign-in ended well.
#[derive(Clone, Debug)]
pub(crate) enum Arrived {
    SignedIn(SessionId),
    /// No refresh token came, and the user's consent may bring one.
    ConsentWanted,
    /// The provider says that the session must have ended by now.
    OverAlready,
    /// Another replica was at it, and nobody was signed in, or nobody knows.
    LostElsewhere,
}

/// What came of a sign-in.
#[derive(Clone, Debug)]
pub(crate) struct Landed {
    pub(crate) outcome: Result<Arrived, Error>,
    /// Whether the code was presented to the provider: then the attempt is over, whatever came of it.
    pub(crate) spent: bool,
    /// Whether it came of an earlier callback, or at another replica.
    pub(crate) before: bool,
}

#[derive(Debug)]
struct Landing {
    remembered: Mutex<Remembered>,
    places: Semaphore,
}

#[derive(Debug, Default)]
struct Remembered {
    outcomes: HashMap<String, (Timestamp, Landed)>,
    look_through_at: usize,
}

impl Landings {
    pub(crate) fn new(store: Arc<dyn SessionStore>, clock: Clock) -> Self {
        let landed = Landing { remembered: Mutex::default(), places: Semaphore::new(AT_ONCE) };
        Self { flights: SingleFlight::new(), landed: Arc::new(landed), store, clock }
    }

    /// The outcome of this attempt's sign-in: that of `work`, which runs once among all replicas, and detached. The code is spent
    /// when it is sent, so the sign-in ends whether or not the browser waits for it. `secret` is what its claim is called by.
    pub(crate) async fn land<F>(
        &self,
        attempt: String,
        secret: StoreKey,
        work: impl FnOnce() -> F + Send,
    ) -> Landed
    where
        F: Future<Output = Result<Arrived, Error>> + Send + 'static,
    {
        let (landing, clock, name) = (Arc::clone(&self.landed), self.clock.clone(), attempt.clone());
        let store = Arc::clone(&self.store);
        let flight = self.flights.run(attempt, move || {
            let work = work();
            async move {
                // Looked at inside the flight: the one before may just have landed.
                if let Some(landed) = landing.remembered(&name, clock.now()) {
                    return landed;
                }
                // The store is not asked whose turn it is where nobody could take it.
                if landing.places.available_permits() == 0 {
                    return busy();
                }
                let landed = match turn(&*store, &secret, &clock).await {
                    Ok(Turn::Ours(claim)) => {
                        let landed = match landing.places.try_acquire() {
                            Ok(_place) => Landed::of(work.await),
                            Err(_) => busy(),
                        };
                        settle(&*store, &secret, claim, &landed).await;
                        landed
                    }
                    Ok(Turn::Over(arrived)) => Landed { outcome: Ok(arrived), spent: true, before: true },
                    // Nothing was sent that could not be kept.
                    Err(error) => return Landed { outcome: Err(error), spent: false, before: false },
                };
                landing.remember(name, clock.now(), &landed);
                landed
            }
        });
        flight.await.unwrap_or_else(|_| busy())
    }

    /// Waits for the sign-ins under way.
    pub(crate) async fn finish(&self) {
        self.flights.landed().await;
    }
}

impl Landed {
    fn of(outcome: Result<Arrived, Error>) -> Self {
        Self { spent: is_spent(&outcome), before: false, outcome }
    }
}

impl Landing {
    fn remembered(&self, attempt: &str, now: Timestamp) -> Option<Landed> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, landed) = remembered.outcomes.get(attempt)?;
        (now.since(*at) < REMEMBERED).then(|| Landed { before: true, ..landed.clone() })
    }

    fn remember(&self, attempt: String, now: Timestamp, landed: &Landed) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let Remembered { outcomes, look_through_at } = &mut *remembered;
        if outcomes.len() >= *look_through_at {
            outcomes.retain(|_, (at, _)| now.since(*at) < REMEMBERED);
            *look_through_at = (outcomes.len() * 2).max(64);
        }
        if landed.spent && (landed.outcome.is_ok() || outcomes.len() < FAILURES) {
            outcomes.insert(attempt, (now, landed.clone()));
        }
    }
}

fn busy() -> Landed {
    let error = ProtocolError::unavailable(Endpoint::Token, Fault::BackingOff);
    Landed { outcome: Err(error.into()), spent: false, before: false }
}

/// Whether the code may have reached the provider.
fn is_spent(outcome: &Result<Arrived, Error>) -> bool {
    match outcome {
        Err(Error::Unavailable { cause: Unavailable::Provider(error), .. }) => {
            let before_it = matches!(
                error,
                ProtocolError::Unavailable { endpoint: Endpoint::Token | Endpoint::Discovery, .. }
            );
            !before_it || error.may_have_happened()
        }
        _ => true,
    }
}
