//! The backend on MySQL and MariaDB.

use std::fmt;
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::mysql::{MySqlConnectOptions, MySqlDatabaseError};
use sqlx::{MySql, MySqlPool, SqlStr};
use tokio::sync::Semaphore;

use crate::sql::dialect::{Dialect, Remedy, Wrong, asks};
use crate::sql::error::not_its_url;
use crate::sql::statements::Words;
use crate::sql::steps_of::steps_of;
use crate::sql::{Sql, server_pool};
use crate::store::StoreError;

/// The statement that makes the table, for who makes it by migrations of their own; harmless when it is there. For a table of another
/// name, replace `authsession_sessions` throughout.
pub const SCHEMA: &str = include_str!("../migrations/mysql/0001_sessions.sql");

/// Keeps sessions in one table (InnoDB) of a MySQL or MariaDB database.
///
/// A call is over within five seconds ([`with_time_limit`](Self::with_time_limit)), done or not; connections that are gone are replaced.
/// A password of the kinds `caching_sha2_password` and `sha256_password`, which MySQL has by default, goes over TLS or a
/// socket only: without them the connection is refused.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use authsession_store::sealed_store::SealedStore;
/// use authsession_store::mysql::MysqlBackend;
/// # use authsession_store::seal::KeyRing;
/// # async fn example(ring: KeyRing) -> Result<(), Box<dyn std::error::Error>> {
/// let url = "mysql://app@db.example/app?ssl-mode=VERIFY_IDENTITY";
/// let store = SealedStore::new(Arc::new(MysqlBackend::connect(url).await?), ring);
/// # Ok(()) }
/// ```
pub struct MysqlBackend(Sql<MySql>);

impl MysqlBackend {
    /// Opens the database of that URL (`mysql://user:password@host:port/database?ssl-mode=VERIFY_IDENTITY`, also `mariadb://`)
    /// and makes the table if need be.
    ///
    /// # Errors
    /// [`StoreError::Misconfigured`] when the URL, the password, the database's name or the user's rights must be set right,
    /// [`StoreError::Unavailable`] when trying again may help.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::on(Self::pool(url)?).await
    }

    /// Keeps sessions through that pool, and makes the table if need be. When a connection is checked, and how long one is
    /// waited for, are the pool's settings.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn on(pool: MySqlPool) -> Result<Self, StoreError> {
        Self::on_prepared(pool).create_schema().await
    }

    /// The same, where the table is there already: [`SCHEMA`] makes it.
    #[must_use]
    pub fn on_prepared(pool: MySqlPool) -> Self {
        Self(Sql::new(pool))
    }

    /// What [`connect`](Self::connect) connects by, before anything is connected: to choose a table's name first.
    ///
    /// # Errors
    /// [`StoreError::Misconfigured`].
    pub fn pool(url: &str) -> Result<MySqlPool, StoreError> {
        if !["mysql://", "mariadb://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(not_its_url::<MySql>());
        }
        let options: MySqlConnectOptions = url.parse().map_err(|_| not_its_url::<MySql>())?;
        Ok(server_pool().connect_lazy_with(options))
    }

    /// Keeps them in the table of that name instead of `authsession_sessions`. That one is made by
    /// [`create_schema`](Self::create_schema) afterwards; what was connected before made the other one only:
    ///
    /// ```no_run
    /// # use authsession_store::mysql::MysqlBackend;
    /// # async fn example(url: &str) -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = MysqlBackend::pool(url)?;
    /// let backend = MysqlBackend::on_prepared(pool).with_table("shop_sessions")?.create_schema().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Misconfigured`] when it is not made of 1 to 40 of `a-z`, `0-9` and `_`, or begins with a digit.
    pub fn with_table(self, name: &str) -> Result<Self, StoreError> {
        self.0.with_table(name).map(Self)
    }

    /// Has every call over within that time.
    #[must_use]
    pub fn with_time_limit(self, limit: Duration) -> Self {
        Self(self.0.with_time_limit(limit))
    }

    /// Has leases last by the clock of whoever asks for them, in place of the server's: for tests whose clock stands still.
    #[must_use]
    pub fn danger_leases_by_the_callers_clock(self) -> Self {
        Self(self.0.by_callers_clock())
    }

    /// Makes the table if need be; any number of processes may do so at once.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn create_schema(self) -> Result<Self, StoreError> {
        self.0.create_schema().await.map(|()| self)
    }
}

steps_of!(MysqlBackend, 0);

impl fmt::Debug for MysqlBackend {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.describe("MysqlBackend", formatter)
    }
}

impl Dialect for MySql {
    const WORDS: Words = Words {
        least: "LEAST",
        greatest: "GREATEST",
        no_bytes: "x''",
        to_change_it: " FOR UPDATE",
        clock: Some("TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6)) DIV 1000"),
        forget: "DELETE FROM {table} WHERE due <= ? AND ended IS NOT NULL ORDER BY due LIMIT ?",
        numbered: false,
        notifies: false,
    };
    const URL: &'static str = "mysql://user:password@host:port/database";
    const SCHEMA: &'static str = SCHEMA;
    // The server itself makes one table of it.
    const ALONE: &'static str = "";
    const BEGIN: SqlStr = SqlStr::from_static("BEGIN");
    const WRITERS: usize = Semaphore::MAX_PERMITS;

    asks!();

    fn remedy(error: &dyn DatabaseError) -> Remedy {
        match error.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number) {
            // Waited for a lock for too long, deadlock, and MariaDB's "record has changed since last read".
            Some(1205 | 1213 | 1020) => Remedy::AskAgain,
            // Shutting down, interrupted, killed, and MySQL's own goodbye to who was idle.
            Some(1053 | 1317 | 1927 | 4031) => Remedy::AnotherConnection,
            _ => Remedy::None,
        }
    }

    fn wrong(error: &dyn DatabaseError) -> Option<Wrong> {
        match error.try_downcast_ref::<MySqlDatabaseError>()?.number() {
            // The second is of a user who needs no password, but is somebody else.
            1045 | 1698 => Some(Wrong::Login),
            1049 => Some(Wrong::Database),
            // To the database, and to the table.
            1044 | 1142 => Some(Wrong::Rights),
            _ => None,
        }
    }
}
