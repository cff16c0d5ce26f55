//! The sessions of a program that serves many orgs or users.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use authsession_core::single_flight::SingleFlight;
use authsession_core::token_cache::snapshot::{Snapshot, State};
use futures_util::future::join_all;

use crate::auth::instance_url::InstanceUrl;
use crate::auth::session::SharedAuth;
use crate::error::{CirrusError, CirrusResult};

/// Sessions by name: an org's id, a customer's, a user's. Cheap to clone; clones share the sessions.
///
/// ```
/// use std::sync::Arc;
///
/// use authsession_salesforce::auth::{SessionRegistry, StaticTokenAuth};
///
/// let sessions = SessionRegistry::default();
/// sessions.insert("acme", Arc::new(StaticTokenAuth::new("00Dxx!AQ", "https://acme.my.salesforce.com")));
/// assert!(sessions.get("acme").is_some());
/// assert!(sessions.at_instance("https://acme.lightning.force.com").is_some());
/// assert_eq!(sessions.names(), ["acme"]);
/// ```
#[derive(Clone, Default)]
pub struct SessionRegistry {
    sessions: Arc<Mutex<BTreeMap<String, SharedAuth>>>,
    openings: Arc<SingleFlight<String, CirrusResult<SharedAuth>>>,
}

/// One session of a [`SessionRegistry`], for a listing or a health check.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Its org's base URL.
    pub instance_url: String,
    /// How its token does; `None` from sessions that do not keep track.
    pub snapshot: Option<Snapshot>,
}

impl Listed {
    /// Whether it serves, or would as far as anybody knows.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.snapshot
            .as_ref()
            .is_none_or(|snapshot| snapshot.state.serves() || snapshot.state == State::Empty)
    }
}

impl SessionRegistry {
    /// Adds a session, in place of one of that name, which it hands back.
    pub fn insert(&self, name: impl Into<String>, session: SharedAuth) -> Option<SharedAuth> {
        self.lock().insert(name.into(), session)
    }

    /// The session of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<SharedAuth> {
        self.lock().get(name).cloned()
    }

    /// The session of that name; opened by `open` if there is none, once for all who ask meanwhile. One that could not be opened
    /// is not kept.
    ///
    /// # Errors
    /// What `open` came to.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn get_or_open<F>(
        &self,
        name: &str,
        open: impl FnOnce() -> F + Send,
    ) -> CirrusResult<SharedAuth>
    where
        F: Future<Output = CirrusResult<SharedAuth>> + Send + 'static,
    {
        if let Some(session) = self.get(name) {
            return Ok(session);
        }
        let opened = self.openings.run(name.to_owned(), || {
            let (registry, name, opening) = (self.clone(), name.to_owned(), open());
            async move {
                if let Some(session) = registry.get(&name) {
                    return Ok(session);
                }
                let session = opening.await?;
                registry.insert(name, Arc::clone(&session));
                Ok(session)
            }
        });
        let aborted = |_| CirrusError::misconfigured("what opens the session panicked: see its message");
        opened.await.map_err(aborted)?
    }

    /// A session for the org at that URL, whichever comes first by name.
    #[must_use]
    pub fn at_instance(&self, url: &str) -> Option<SharedAuth> {
        let wanted = InstanceUrl::parse(url).ok()?;
        let found = self.all().into_iter().find(|(_, session)| session.instance_url() == wanted.as_str());
        found.map(|(_, session)| session)
    }

    /// Takes the session of that name out. Whoever holds it keeps it.
    #[expect(clippy::must_use_candidate, reason = "most callers only want it gone")]
    pub fn remove(&self, name: &str) -> Option<SharedAuth> {
        self.lock().remove(name)
    }

    /// All names, in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    /// All sessions, in the order of their names, with how they do; asks nobody.
    #[must_use]
    pub fn list(&self) -> Vec<Listed> {
        let listed = |(name, session): (String, SharedAuth)| Listed {
            name,
            instance_url: session.instance_url().to_owned(),
            snapshot: session.snapshot(),
        };
        self.all().into_iter().map(listed).collect()
    }

    /// Gets a token for every session that has none, all at a time; what it came to, by name.
    pub async fn warm_up(&self) -> Vec<(String, CirrusResult<()>)> {
        join_all(self.all().into_iter().map(|(name, session)| async move {
            let outcome = session.access_token().await.map(drop);
            (name, outcome)
        }))
        .await
    }

    /// As they are now: sessions are asked without the lock, for what they do is theirs.
    fn all(&self) -> Vec<(String, SharedAuth)> {
        self.lock().iter().map(|(name, session)| (name.clone(), Arc::clone(session))).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, SharedAuth>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SessionRegistry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SessionRegistry").field("names", &self.names()).finish()
    }
}
