//! The backend on MySQL and MariaDB.

use std::fmt;

use sqlx::error::DatabaseError;
use sqlx::mysql::{MySqlConnectOptions, MySqlDatabaseError};
use sqlx::{MySql, MySqlPool, SqlStr};
use tokio::sync::Semaphore;

use crate::sql::dialect::{Dialect, Remedy, Wrong, asks};
use crate::sql::error::not_its_url;
use crate::sql::statements::Words;
use crate::sql::steps_of::steps_of;
use crate::sql::{Sql, server_pool};
use crate::sql_settings::SqlSettings;
use crate::store::StoreError;

/// The statement that makes the table, for who makes it by migrations of their own; harmless when it is there. For a table of another
/// name, replace `authsession_sessions` throughout.
pub const SCHEMA: &str = include_str!("../migrations/mysql/0001_sessions.sql");

/// Keeps sessions in one table (InnoDB) of a MySQL or MariaDB database.
///
/// A call is over within five seconds ([`with_time_limit`](SqlSettings::with_time_limit)), done or not; connections that are gone are replaced.
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
        Self::connect_with(SqlSettings::at(url)).await
    }

    /// Keeps sessions as the settings say, through a pool of the application's own or in a table of another name.
    ///
    /// # Errors
    /// As [`connect`](Self::connect), and [`StoreError::Misconfigured`] when the table's name is none.
    pub async fn connect_with(settings: SqlSettings<MySql>) -> Result<Self, StoreError> {
        Sql::open(settings).await.map(Self)
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

    fn pool(url: &str) -> Result<MySqlPool, StoreError> {
        if !["mysql://", "mariadb://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(not_its_url::<Self>());
        }
        let options: MySqlConnectOptions = url.parse().map_err(|_| not_its_url::<Self>())?;
        Ok(server_pool().connect_lazy_with(options))
    }

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
