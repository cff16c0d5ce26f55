//! The backend on PostgreSQL, which tells its replicas what changes.

use std::fmt;

use sqlx::error::DatabaseError;
use sqlx::postgres::PgConnectOptions;
use sqlx::{PgPool, Postgres, SqlStr};
use tokio::sync::Semaphore;

use crate::changes::Changes;
use crate::postgres::listener::Listener;
use crate::sql::dialect::{Dialect, Remedy, Wrong, asks};
use crate::sql::error::not_its_url;
use crate::sql::statements::Words;
use crate::sql::steps_of::steps_of;
use crate::sql::{Sql, server_pool};
use crate::sql_settings::SqlSettings;
use crate::store::StoreError;

mod listener;

/// The statements that make the table, for who makes it by migrations of their own; harmless when it is there. For a table of another
/// name, replace `authsession_sessions` throughout.
pub const SCHEMA: &str = include_str!("../migrations/postgres/0001_sessions.sql");

/// Keeps sessions in one table of a PostgreSQL database.
///
/// Who waits for another replica's refresh hears of it at once: saves and ends are told on a channel of the table's name
/// (`NOTIFY`). For that the backend keeps one connection more, from when somebody first waits; while that is away, and behind
/// a connection pooler that takes no `LISTEN`, the waiting look for themselves.
///
/// A call is over within five seconds ([`with_time_limit`](SqlSettings::with_time_limit)), done or not; connections that are gone are replaced.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use authsession_store::sealed_store::SealedStore;
/// use authsession_store::postgres::PostgresBackend;
/// # use authsession_store::seal::KeyRing;
/// # async fn example(ring: KeyRing) -> Result<(), Box<dyn std::error::Error>> {
/// let url = "postgres://app@db.example/app?sslmode=verify-full";
/// let store = SealedStore::new(Arc::new(PostgresBackend::connect(url).await?), ring);
/// # Ok(()) }
/// ```
pub struct PostgresBackend {
    sql: Sql<Postgres>,
    listener: Listener,
}

impl PostgresBackend {
    /// Opens the database of that URL (`postgres://user:password@host:port/database?sslmode=verify-full`) and makes the table
    /// if need be.
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
    pub async fn connect_with(settings: SqlSettings<Postgres>) -> Result<Self, StoreError> {
        Ok(Self { sql: Sql::open(settings).await?, listener: Listener::default() })
    }
}

steps_of!(
    PostgresBackend,
    sql,
    fn changes(&self) -> Option<&Changes> {
        self.listener.changes(&self.sql.pool, &self.sql.table)
    }
);

impl fmt::Debug for PostgresBackend {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sql.describe("PostgresBackend", formatter)
    }
}

impl Dialect for Postgres {
    const WORDS: Words = Words {
        least: "LEAST",
        greatest: "GREATEST",
        no_bytes: "''::bytea",
        to_change_it: " FOR UPDATE",
        clock: Some("(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint"),
        forget: "DELETE FROM {table} WHERE name IN (SELECT name FROM {table} WHERE due <= ? AND ended IS NOT NULL \
                 ORDER BY due LIMIT ? FOR UPDATE SKIP LOCKED)",
        numbered: true,
        notifies: true,
    };
    const URL: &'static str = "postgres://user:password@host:port/database";
    const SCHEMA: &'static str = SCHEMA;
    // `IF NOT EXISTS` looks first and makes it then: two may both find nothing. The key is "authsess".
    const ALONE: &'static str = "SELECT pg_advisory_xact_lock(7022647185915605875);\n";
    const BEGIN: SqlStr = SqlStr::from_static("BEGIN ISOLATION LEVEL READ COMMITTED");
    const WRITERS: usize = Semaphore::MAX_PERMITS;

    fn pool(url: &str) -> Result<PgPool, StoreError> {
        if !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(not_its_url::<Self>());
        }
        let options: PgConnectOptions = url.parse().map_err(|_| not_its_url::<Self>())?;
        Ok(server_pool().connect_lazy_with(options))
    }

    asks!();

    fn remedy(error: &dyn DatabaseError) -> Remedy {
        match error.code().as_deref() {
            // Serialization failure, deadlock.
            Some("40001" | "40P01") => Remedy::AskAgain,
            // Shut down by an administrator, by a crash, not up yet, and an idle session's end.
            Some("57P01" | "57P02" | "57P03" | "57P05") => Remedy::AnotherConnection,
            _ => Remedy::None,
        }
    }

    fn wrong(error: &dyn DatabaseError) -> Option<Wrong> {
        match &*error.code()? {
            "3D000" => Some(Wrong::Database),
            "42501" => Some(Wrong::Rights),
            class if class.starts_with("28") => Some(Wrong::Login),
            _ => None,
        }
    }
}
