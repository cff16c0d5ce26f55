//! The refresh engine: a session goes in, one with a valid access token comes out, with one refresh for all who ask.

use std::sync::Arc;
use std::time::Duration;

use authsession_core::clock;
use authsession_core::error::{Endpoint, Error as ProtocolError, Fault};
use authsession_core::single_flight::SingleFlight;
use authsession_core::token_set::Freshness;
use authsession_store::key::StoreKey;
use authsession_store::record::StoredSession;
use authsession_store::store::SessionStore;

use crate::config::OAuthConfiguration;
use crate::errors::Error;
use crate::keeper::{Keeper, Live, Look};
use crate::refresh::Refresher;

/// How long a request waits at most for a refresh that its response is to bring, while the token still serves.
const PATIENCE: Duration = Duration::from_secs(2);

/// Between two looks at whether the store took what was parked.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// What keeps sessions fresh. One a layer.
#[derive(Debug)]
pub(crate) struct Engine {
    refresher: Arc<Refresher>,
    flights: SingleFlight<StoreKey, Result<Arc<StoredSession>, Error>>,
}

impl Engine {
    pub(crate) fn new(configuration: Arc<OAuthConfiguration>, store: Arc<dyn SessionStore>) -> Self {
        let refresher = Arc::new(Refresher::new(Keeper::new(configuration, store)));
        Self { refresher, flights: SingleFlight::new() }
    }

    pub(crate) fn keeper(&self) -> &Keeper {
        &self.refresher.keeper
    }

    pub(crate) fn configuration(&self) -> &Arc<OAuthConfiguration> {
        &self.refresher.keeper.configuration
    }

    /// The session under that key, at once, when nothing has to be waited for.
    pub(crate) fn session_at_once(&self, key: StoreKey, look: Look) -> Option<Result<Live, Error>> {
        let found = self.keeper().store.load_at_once(&key)?;
        match self.keeper().judge(key, found, look) {
            Ok(Live { session, .. }) if self.is_to_go_along_fresh(key, &session) => None,
            Ok(Live { session, idle_deadline }) => {
                self.usable(key, session).map(|session| Ok(Live { session, idle_deadline }))
            }
            Err(error) => Some(Err(error)),
        }
    }

    /// The session under that key. Stale: it is served and refreshed behind the caller's back. Expired: the caller waits
    /// for the refresh. Expired and nothing to refresh it with: it still says who the user is, but holds no valid access
    /// token.
    pub(crate) async fn session(&self, key: StoreKey, look: Look) -> Result<Live, Error> {
        let found = self.keeper().store.load(&key).await?;
        let Live { session, idle_deadline } = self.keeper().judge(key, found, look)?;
        let usable = if self.is_to_go_along_fresh(key, &session) {
            Some(self.refresh_in_time(key, session).await?)
        } else {
            self.usable(key, session)
        };
        let session = match usable {
            Some(session) => session,
            None => self.refresh(key).await?,
        };
        Ok(Live { session, idle_deadline })
    }

    /// The session, unless it must be refreshed first.
    pub(crate) fn usable(&self, key: StoreKey, session: Arc<StoredSession>) -> Option<Arc<StoredSession>> {
        match self.refresher.freshness(&session) {
            Freshness::Expired if session.record.tokens.refresh_token.is_some() => None,
            Freshness::Stale => {
                self.refresh_behind(key, &session);
                Some(session)
            }
            Freshness::Fresh | Freshness::Expired => Some(session),
        }
    }

    /// Waits for the one refresh of this session.
    pub(crate) async fn refresh(&self, key: StoreKey) -> Result<Arc<StoredSession>, Error> {
        let wait = self.refresher.pause(&key);
        if !wait.is_zero() {
            let cause = ProtocolError::unavailable(Endpoint::Token, Fault::BackingOff);
            return Err(Error::Unavailable { retry_after: wait, cause: cause.into() });
        }
        let refresher = Arc::clone(&self.refresher);
        let aborted = || Err(ProtocolError::unavailable(Endpoint::Token, Fault::NoAnswer).into());
        let flight = self.flights.run(key, move || async move { refresher.refresh(key).await });
        flight.await.unwrap_or_else(|_| aborted())
    }

    /// Whether a request is worth waiting: where the session travels with its user, what is refreshed after its response went
    /// out is brought by the next one, and lost if this process ends before that.
    fn is_to_go_along_fresh(&self, key: StoreKey, session: &StoredSession) -> bool {
        self.keeper().store.carrier().is_some()
            && self.refresher.freshness(session) == Freshness::Stale
            && self.may_refresh(key, session)
    }

    /// Waits for the refresh of a session whose token still serves, and not for long.
    async fn refresh_in_time(
        &self,
        key: StoreKey,
        session: Arc<StoredSession>,
    ) -> Result<Arc<StoredSession>, Error> {
        match clock::within(PATIENCE, self.refresh(key)).await {
            Some(Err(over @ Error::NotSignedIn(_))) => Err(over),
            Some(Ok(refreshed)) => Ok(refreshed),
            Some(Err(_)) | None => Ok(session),
        }
    }

    fn may_refresh(&self, key: StoreKey, session: &StoredSession) -> bool {
        // A refresh whose answer was lost is not repeated while the current token serves: a provider that rotated would
        // take it for theft, and end the session.
        let may_be_spent = session.record.refresh_sent_at.is_some();
        let can = session.record.tokens.refresh_token.is_some();
        let parked = may_be_spent && self.keeper().unsaved.has(&key);
        can && (parked || !may_be_spent) && self.refresher.pause(&key).is_zero()
    }

    /// Waits for the refreshes under way, and for the store to take what it would not.
    pub(crate) async fn finish(&self) {
        loop {
            self.flights.landed().await;
            if self.keeper().unsaved.is_empty() {
                return;
            }
            clock::wait(LOOK_AGAIN).await;
        }
    }

    fn refresh_behind(&self, key: StoreKey, session: &StoredSession) {
        if self.may_refresh(key, session) {
            let refresher = Arc::clone(&self.refresher);
            self.flights.start(key, move || async move { refresher.refresh(key).await });
        }
    }

    pub(crate) fn is_expired(&self, session: &StoredSession) -> bool {
        self.refresher.freshness(session) == Freshness::Expired
    }

    #[cfg(feature = "salesforce")]
    pub(crate) fn freshness(&self, session: &StoredSession) -> Freshness {
        self.refresher.freshness(session)
    }

    /// How long this session's next refresh must wait after failed ones.
    #[cfg(feature = "salesforce")]
    pub(crate) fn pause(&self, key: &StoreKey) -> Duration {
        self.refresher.pause(key)
    }
}
