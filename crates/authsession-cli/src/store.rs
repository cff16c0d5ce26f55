//! Where the demo's sessions are kept, by a URL.

use std::sync::Arc;

use authsession_axum::core::secret::Secret;
use authsession_axum::store::memory::MemoryStore;
use authsession_axum::store::open;
use authsession_axum::store::seal::KeyRing;
use authsession_axum::store::sealed_store::SealedStore;
use authsession_axum::store::store::SessionStore;

use crate::errors::Error;

pub(crate) const MEMORY: &str = "memory";

/// A session store, and what kind it is.
pub(crate) struct Store {
    pub(crate) sessions: Arc<dyn SessionStore>,
    pub(crate) kind: &'static str,
}

impl Store {
    /// Opens what the URL names; records are sealed under that key.
    pub(crate) async fn open(url: &Secret, key: &Secret) -> Result<Self, Error> {
        let scheme = url.expose().split(':').next().unwrap_or_default();
        if matches!(scheme, "memory" | "") {
            return Ok(Self { sessions: Arc::new(MemoryStore::new()), kind: MEMORY });
        }
        let backend = open::backend(url.expose()).await?;
        // Not the URL's own words: it holds a password.
        let kind = open::Kind::of(url.expose()).map_or("a database", open::Kind::name);
        Ok(Self { sessions: Arc::new(SealedStore::new(backend, KeyRing::new(key)?)), kind })
    }
}
