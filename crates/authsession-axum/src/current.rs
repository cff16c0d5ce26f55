//! The session of the request under way: looked up when first asked for, once, however many extractors ask.

use std::sync::{Arc, OnceLock};

use authsession_core::clock::Timestamp;
use authsession_store::key::StoreKey;
use authsession_store::record::StoredSession;
use http::request::Parts;

use crate::engine::Engine;
use crate::errors::{Error, NotSignedIn};
use crate::guard::Rejection;
use crate::keeper::Live;
use crate::luggage::Luggage;
use crate::polling;

/// What the layer puts into each request.
#[derive(Clone, Debug)]
pub(crate) struct Current {
    pub(crate) engine: Arc<Engine>,
    session: OnceLock<Result<Holder, Error>>,
    /// What the response is packed by, where sessions travel with their users.
    pub(crate) luggage: Option<Arc<OnceLock<Luggage>>>,
}

/// A session and where it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Holder {
    pub(crate) key: StoreKey,
    pub(crate) session: Arc<StoredSession>,
    /// When it ends unless it is used before.
    pub(crate) idle_deadline: Timestamp,
}

impl Current {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        let luggage = engine.keeper().store.carrier().map(|_| Arc::default());
        Self { engine, session: OnceLock::new(), luggage }
    }

    /// The session of that request.
    pub(crate) async fn session(&self, parts: &Parts) -> Result<&Holder, Error> {
        let held = match self.session.get() {
            Some(held) => held,
            // Extractors run one after the other, so nobody else is at it meanwhile.
            None => {
                let loaded = self.load(parts).await;
                self.session.get_or_init(|| loaded)
            }
        };
        held.as_ref().map_err(Clone::clone)
    }

    async fn load(&self, parts: &Parts) -> Result<Holder, Error> {
        let key = self
            .engine
            .configuration()
            .cookies
            .session(&parts.headers)
            .ok_or(Error::NotSignedIn(NotSignedIn::NoSession))?;
        if let Some(slot) = &self.luggage
            && let Some(luggage) = Luggage::unpack(self.engine.keeper(), key, &parts.headers)
        {
            slot.get_or_init(|| luggage);
        }
        let look = polling::look(parts);
        let Live { session, idle_deadline } = match self.engine.session_at_once(key, look) {
            Some(live) => live?,
            // Boxed, so that handlers' futures carry no room for what seldom happens.
            None => Box::pin(self.engine.session(key, look)).await?,
        };
        Ok(Holder { key, session, idle_deadline })
    }
}

/// The current session, or the rejection for whoever asks.
pub(crate) async fn of(parts: &Parts) -> Result<(&Current, &Holder), Rejection> {
    let current = parts.extensions.get::<Current>().ok_or_else(Rejection::without_layer)?;
    match current.session(parts).await {
        Ok(holder) => Ok((current, holder)),
        Err(error) => Err(Rejection::new(error, parts, current.engine.configuration())),
    }
}
