//! The refresh engine: a session goes in, one with a valid access token comes out, with one refresh for all who ask.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use authsession_core::error::{Endpoint, Error as ProtocolError, Fault};
use authsession_core::retry::Backoff;
use authsession_core::single_flight::SingleFlight;
use authsession_core::token_set::Freshness;
use authsession_store::end_reason::EndReason;
use authsession_store::key::StoreKey;
use authsession_store::record::StoredSession;
use authsession_store::store::{Found, SessionStore};

use crate::config::OAuthConfiguration;
use crate::errors::{Error, NotSignedIn};
use crate::refresh;

/// A touch is saved when the idle deadline has moved by this part of the idle timeout, and not more often than this.
const TOUCH_PART: u32 = 10;
const TOUCH_AT_MOST: Duration = Duration::from_secs(60);

/// What keeps sessions fresh. One a layer.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) configuration: Arc<OAuthConfiguration>,
    pub(crate) store: Arc<dyn SessionStore>,
    flights: SingleFlight<StoreKey, Result<Arc<StoredSession>, Error>>,
    /// Sessions whose last refresh failed, and when to try again.
    failures: Mutex<HashMap<StoreKey, Backoff>>,
}

impl Engine {
    pub(crate) fn new(configuration: Arc<OAuthConfiguration>, store: Arc<dyn SessionStore>) -> Self {
        Self { configuration, store, flights: SingleFlight::new(), failures: Mutex::default() }
    }

    /// The session under that key, fresh; at once when there is nothing to wait for.
    pub(crate) fn session_at_once(
        self: &Arc<Self>,
        key: StoreKey,
    ) -> Option<Result<Arc<StoredSession>, Error>> {
        let found = self.store.load_at_once(&key)?;
        let session = match self.live(key, found) {
            Ok(session) => session,
            Err(error) => return Some(Err(error)),
        };
        match self.freshness(&session) {
            Freshness::Expired if session.record.tokens.refresh_token.is_some() => None,
            Freshness::Stale => {
                self.refresh_behind(key, &session);
                Some(Ok(session))
            }
            Freshness::Fresh | Freshness::Expired => Some(Ok(session)),
        }
    }

    /// The session under that key. Stale: it is served and refreshed behind the caller's back. Expired: the caller waits
    /// for the refresh. Expired and nothing to refresh it with: it still says who the user is, but holds no valid access
    /// token.
    pub(crate) async fn session(self: &Arc<Self>, key: StoreKey) -> Result<Arc<StoredSession>, Error> {
        let session = self.live(key, self.store.load(&key).await?)?;
        match self.freshness(&session) {
            Freshness::Expired if session.record.tokens.refresh_token.is_some() => self.refresh(key).await,
            Freshness::Stale => {
                self.refresh_behind(key, &session);
                Ok(session)
            }
            Freshness::Fresh | Freshness::Expired => Ok(session),
        }
    }

    /// Waits for the one refresh of this session.
    pub(crate) async fn refresh(self: &Arc<Self>, key: StoreKey) -> Result<Arc<StoredSession>, Error> {
        let wait = self.pause(&key);
        if !wait.is_zero() {
            let cause = ProtocolError::unavailable(Endpoint::Token, Fault::BackingOff);
            return Err(Error::Unavailable { retry_after: wait, cause: cause.into() });
        }
        let engine = Arc::clone(self);
        let aborted = || Err(ProtocolError::unavailable(Endpoint::Token, Fault::NoAnswer).into());
        self.flights.run(key, move || refresh::refresh(engine, key)).await.unwrap_or_else(|_| aborted())
    }

    fn refresh_behind(self: &Arc<Self>, key: StoreKey, session: &StoredSession) {
        // A refresh whose answer was lost is not repeated while the current token serves: a provider that rotated would
        // take it for theft, and end the session.
        let may_be_spent = session.record.refresh_sent_at.is_some();
        if session.record.tokens.refresh_token.is_some() && !may_be_spent && self.pause(&key).is_zero() {
            let engine = Arc::clone(self);
            self.flights.start(key, move || refresh::refresh(engine, key));
        }
    }

    pub(crate) fn freshness(&self, session: &StoredSession) -> Freshness {
        session.record.tokens.freshness(self.configuration.clock.now(), self.configuration.refresh_margin)
    }

    /// Ends a session for that reason, and says so.
    pub(crate) async fn end(
        &self,
        key: StoreKey,
        reason: EndReason,
    ) -> Result<Option<Arc<StoredSession>>, Error> {
        self.succeeded(&key);
        let ended = self.store.end(&key, reason).await?;
        if ended.is_some() {
            tracing::info!(target: "authsession::session", session = ?key, %reason, "session ended");
            #[cfg(feature = "metrics")]
            metrics::counter!("authsession_sessions_ended_total", "reason" => reason.code()).increment(1);
        }
        Ok(ended)
    }

    fn live(self: &Arc<Self>, key: StoreKey, found: Found) -> Result<Arc<StoredSession>, Error> {
        match found {
            Found::Live { session, idle_deadline } => {
                let deadline = self.configuration.clock.now() + self.configuration.session_idle_timeout;
                let step = (self.configuration.session_idle_timeout / TOUCH_PART).min(TOUCH_AT_MOST);
                if deadline.since(idle_deadline) >= step {
                    let store = Arc::clone(&self.store);
                    tokio::spawn(async move {
                        if let Err(error) = store.touch(&key, deadline).await {
                            tracing::warn!(target: "authsession::session", %error, "the idle deadline was not moved on");
                        }
                    });
                }
                Ok(session)
            }
            Found::Ended(reason) => Err(Error::NotSignedIn(NotSignedIn::Ended(reason))),
            Found::Absent => Err(Error::NotSignedIn(NotSignedIn::UnknownSession)),
        }
    }

    /// How long this session's next refresh must wait after failed ones.
    pub(crate) fn pause(&self, key: &StoreKey) -> Duration {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.get(key).map_or(Duration::ZERO, |backoff| backoff.wait(self.configuration.clock.now()))
    }

    pub(crate) fn failed(&self, key: StoreKey, retry_after: Option<Duration>) {
        let now = self.configuration.clock.now();
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= FAILURES_REMEMBERED {
            failures.retain(|_, backoff| !backoff.wait(now).is_zero());
        }
        let backoff = failures.get(&key).copied().unwrap_or_default();
        failures.insert(key, backoff.after_failure(now, retry_after));
    }

    pub(crate) fn succeeded(&self, key: &StoreKey) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

/// Beyond this many, failures whose pause is over are forgotten.
const FAILURES_REMEMBERED: usize = 10_000;
