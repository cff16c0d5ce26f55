//! A signed-in user's session as a session for calling APIs: its tokens come from the session store, renewed by the engine.

mod place;
mod remedy;
mod snapshot;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use authsession_core::bearer::origin::Origins;
use authsession_core::token_cache::snapshot::Snapshot;
use authsession_salesforce::async_trait;
use authsession_salesforce::auth::authorization::bearer;
use authsession_salesforce::auth::{AuthSession, SharedAuth};
use authsession_salesforce::error::CirrusResult;
use authsession_store::key::StoreKey;
use authsession_store::record::StoredSession;
use http::HeaderValue;
use tokio::runtime::Handle;

use crate::builder::salesforce::INSTANCE_URL;
use crate::engine::Engine;
use crate::errors::Error;
use crate::keeper::Look;
use crate::user_session::place::Place;
use crate::user_session::remedy::remedy;
use crate::user_session::snapshot::snapshot;

/// Calls APIs as the user who signed in, in the request and after it: a background job may keep it.
///
/// - Every token is the one the session store has now, renewed by the same engine that serves requests: one refresh for all
///   who ask, on all replicas.
/// - [`invalidate`](AuthSession::invalidate) marks the token as refused in the store. Whoever asks next, on whichever
///   replica, gets a new one, once for all. Tokens that are refused as fast as they are had are renewed three times, then with
///   longer and longer pauses.
/// - When the session ends, by a logout or a deadline, there are no more tokens: the error's recovery is
///   [`Reauthorize`](authsession_salesforce::auth::Recovery::Reauthorize).
/// - Asking for a token is no use of the session: its idle deadline moves on by requests only, so a job in the background
///   does not keep it alive. [`counting_as_use`](Self::counting_as_use) is for those that should.
#[derive(Clone)]
pub struct UserSession {
    engine: Arc<Engine>,
    key: StoreKey,
    place: Place,
    follows_the_org: bool,
    look: Look,
}

impl UserSession {
    /// For the org the session is for.
    pub(crate) fn for_org(engine: Arc<Engine>, key: StoreKey, instance_url: &str) -> Self {
        Self { engine, key, place: Place::new(instance_url), follows_the_org: true, look: Look::Aside }
    }

    /// For an API at that base URL.
    pub(crate) fn for_api(engine: Arc<Engine>, key: StoreKey, url: &str) -> Result<Self, Error> {
        Origins::of(url)?;
        let place = Place::new(url.trim().trim_end_matches('/'));
        Ok(Self { engine, key, place, follows_the_org: false, look: Look::Aside })
    }

    /// The same, except that asking for a token moves the idle deadline on: for what goes on because the user is there, such
    /// as an open web socket.
    #[must_use]
    pub fn counting_as_use(&self) -> SharedAuth {
        Arc::new(Self { look: Look::Use, ..self.clone() })
    }

    /// Notes where the org is by now.
    fn follow(&self, session: &StoredSession) {
        if let Some(url) = session.record.tokens.extras.get(INSTANCE_URL).filter(|_| self.follows_the_org) {
            self.place.move_to(url);
        }
    }
}

#[async_trait]
impl AuthSession for UserSession {
    async fn access_token(&self) -> CirrusResult<Cow<'_, str>> {
        let session = self.engine.with_token(self.key, self.look).await.map_err(remedy)?;
        self.follow(&session);
        Ok(Cow::Owned(session.record.tokens.access_token.expose().to_owned()))
    }

    fn instance_url(&self) -> &str {
        self.place.url()
    }

    /// What the store holds now; `None` when it cannot tell without being waited for.
    fn snapshot(&self) -> Option<Snapshot> {
        Handle::try_current().ok()?;
        snapshot(&self.engine, self.key)
    }

    async fn invalidate(&self, stale_token: &str) {
        match self.engine.refuse(self.key, stale_token).await {
            // Of a session that ended there is no token left to refuse.
            Ok(()) | Err(Error::NotSignedIn(_)) => {}
            Err(error) => {
                tracing::warn!(target: "authsession::refresh", session = ?self.key, %error, "a refused token was not marked");
            }
        }
    }

    fn authorization_at_once(&self) -> Option<HeaderValue> {
        // To look at a session may start a refresh, or the end of one that is overdue.
        Handle::try_current().ok()?;
        let session = self.engine.with_token_at_once(self.key, self.look)?;
        self.follow(&session);
        bearer(session.record.tokens.access_token.expose()).ok()
    }
}

impl fmt::Debug for UserSession {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("UserSession")
            .field("key", &self.key)
            .field("instance_url", &self.place.url())
            .finish_non_exhaustive()
    }
}
