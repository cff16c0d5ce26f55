//! A backend by its URL, for programs that leave the choice to whoever runs them.

use std::sync::Arc;

use crate::backend::Backend;
use crate::store::StoreError;

/// Opens the backend a URL names, and sets it up: `sqlite:…`, `postgres:…`, `mysql:…`, `redis:…`, each with the cargo feature of
/// that name. The other schemes that a backend's `connect` takes, such as `mariadb:…` and `redis+sentinel:…`, mean that backend.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use authsession_store::sealed_store::SealedStore;
/// use authsession_store::open;
/// use authsession_store::seal::KeyRing;
///
/// # async fn store(key: &str) -> Result<SealedStore, Box<dyn std::error::Error>> {
/// let backend = open::backend("postgres://app@db.example/app").await?;
/// let store = SealedStore::new(backend, KeyRing::new(&key.into())?);
/// # Ok(store)
/// # }
/// ```
///
/// # Errors
/// [`StoreError::Misconfigured`] for a URL of another kind or one that cannot be read, [`StoreError::Unavailable`] when nobody
/// answers there.
pub async fn backend(url: &str) -> Result<Arc<dyn Backend>, StoreError> {
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    // What follows a plus is the backend's to read.
    match scheme.split_once('+').map_or(scheme, |(kind, _)| kind) {
        #[cfg(feature = "sqlite")]
        "sqlite" => Ok(Arc::new(crate::sqlite::SqliteBackend::connect(url).await?)),
        #[cfg(feature = "postgres")]
        "postgres" | "postgresql" => Ok(Arc::new(crate::postgres::PostgresBackend::connect(url).await?)),
        #[cfg(feature = "mysql")]
        "mysql" | "mariadb" => Ok(Arc::new(crate::mysql::MysqlBackend::connect(url).await?)),
        #[cfg(feature = "redis")]
        "redis" | "rediss" | "valkey" | "valkeys" => Ok(Arc::new(crate::redis::RedisBackend::connect(url).await?)),
        _ => Err(StoreError::Misconfigured(
            "the store's URL must begin with sqlite:, postgres:, mysql: or redis:, and the cargo feature of that name be on".into(),
        )),
    }
}
