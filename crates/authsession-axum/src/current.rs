//! The session of the request under way: looked up when first asked for, once, however many extractors ask.

use std::sync::{Arc, OnceLock};

use authsession_store::key::StoreKey;
use authsession_store::record::StoredSession;
use http::HeaderMap;
use http::request::Parts;

use crate::engine::Engine;
use crate::errors::{Error, NotSignedIn};
use crate::guard::Rejection;
use crate::keeper::Look;

/// What the layer puts into each request.
#[derive(Clone, Debug)]
pub(crate) struct Current {
    pub(crate) engine: Arc<Engine>,
    session: OnceLock<Result<Holder, Error>>,
}

/// A session and where it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Holder {
    pub(crate) key: StoreKey,
    pub(crate) session: Arc<StoredSession>,
}

impl Current {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self { engine, session: OnceLock::new() }
    }

    /// The session of the request with these headers.
    pub(crate) async fn session(&self, headers: &HeaderMap) -> Result<&Holder, Error> {
        let held = match self.session.get() {
            Some(held) => held,
            // Extractors run one after the other, so nobody else is at it meanwhile.
            None => {
                let loaded = self.load(headers).await;
                self.session.get_or_init(|| loaded)
            }
        };
        held.as_ref().map_err(Clone::clone)
    }

    async fn load(&self, headers: &HeaderMap) -> Result<Holder, Error> {
        let key = self
            .engine
            .configuration()
            .cookies
            .session(headers)
            .ok_or(Error::NotSignedIn(NotSignedIn::NoSession))?;
        let session = match self.engine.session_at_once(key, Look::Use) {
            Some(session) => session?,
            // Boxed, so that handlers' futures carry no room for what seldom happens.
            None => Box::pin(self.engine.session(key, Look::Use)).await?,
        };
        Ok(Holder { key, session })
    }
}

/// The current session, or the rejection for whoever asks.
pub(crate) async fn of(parts: &Parts) -> Result<(&Current, &Holder), Rejection> {
    let current = parts.extensions.get::<Current>().ok_or_else(Rejection::without_layer)?;
    match current.session(&parts.headers).await {
        Ok(holder) => Ok((current, holder)),
        Err(error) => Err(Rejection::new(error, parts, current.engine.configuration())),
    }
}
