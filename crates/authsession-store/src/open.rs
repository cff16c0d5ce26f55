//! A backend by its URL, for programs that leave the choice to whoever runs them.

use std::sync::Arc;

use crate::backend::Backend;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
use crate::sql_settings::SqlSettings;
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
    opened(url, false).await
}

/// The same, with leases that last by the clock of whoever asks for them: for tests whose clock is moved.
///
/// # Errors
/// As [`backend`].
pub async fn danger_backend_by_the_callers_clock(url: &str) -> Result<Arc<dyn Backend>, StoreError> {
    opened(url, true).await
}

async fn opened(url: &str, by_callers_clock: bool) -> Result<Arc<dyn Backend>, StoreError> {
    match Kind::of(url) {
        #[cfg(feature = "sqlite")]
        Some(Kind::Sqlite) => {
            Ok(Arc::new(crate::sqlite::SqliteBackend::connect_with(settings(url, by_callers_clock)).await?))
        }
        #[cfg(feature = "postgres")]
        Some(Kind::Postgres) => Ok(Arc::new(
            crate::postgres::PostgresBackend::connect_with(settings(url, by_callers_clock)).await?,
        )),
        #[cfg(feature = "mysql")]
        Some(Kind::Mysql) => {
            Ok(Arc::new(crate::mysql::MysqlBackend::connect_with(settings(url, by_callers_clock)).await?))
        }
        #[cfg(feature = "redis")]
        Some(Kind::Redis) => {
            let backend = crate::redis::RedisBackend::connect(url).await?;
            Ok(Arc::new(if by_callers_clock {
                backend.danger_leases_by_the_callers_clock()
            } else {
                backend
            }))
        }
        _ => {
            let _ = by_callers_clock;
            Err(StoreError::Misconfigured(HINT.into()))
        }
    }
}

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
fn settings<D: sqlx::Database>(url: &str, by_callers_clock: bool) -> SqlSettings<D> {
    let settings = SqlSettings::at(url);
    if by_callers_clock { settings.danger_leases_by_the_callers_clock() } else { settings }
}

const HINT: &str = "the store's URL must begin with sqlite:, postgres:, mysql: or redis:, and the cargo feature of that name be on";

/// Which database a URL means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL or MariaDB.
    Mysql,
    /// Redis or Valkey.
    Redis,
}

impl Kind {
    /// What a URL begins with, and what that means.
    const SCHEMES: [(&str, Self); 9] = [
        ("sqlite", Self::Sqlite),
        ("postgres", Self::Postgres),
        ("postgresql", Self::Postgres),
        ("mysql", Self::Mysql),
        ("mariadb", Self::Mysql),
        ("redis", Self::Redis),
        ("rediss", Self::Redis),
        ("valkey", Self::Redis),
        ("valkeys", Self::Redis),
    ];

    /// That of a URL; `None` when it is of no database that sessions can be kept in.
    ///
    /// ```
    /// use authsession_store::open::Kind;
    ///
    /// assert_eq!(Kind::of("redis+sentinel://s1:26379/0?master=shop"), Some(Kind::Redis));
    /// assert_eq!(Kind::of("https://db.example"), None);
    /// ```
    #[must_use]
    pub fn of(url: &str) -> Option<Self> {
        let (scheme, _) = url.split_once(':')?;
        // What follows a plus is the backend's to read.
        let scheme = scheme.split_once('+').map_or(scheme, |(kind, _)| kind);
        Self::SCHEMES.iter().find(|(known, _)| *known == scheme).map(|(_, kind)| *kind)
    }

    /// What it is called, for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::Mysql => "MySQL",
            Self::Redis => "Redis",
        }
    }
}
