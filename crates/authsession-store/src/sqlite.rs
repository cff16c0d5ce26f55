//! The backend for one machine: sessions in a SQLite file, which several processes may share.

use std::fmt;
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use sqlx::{SqlStr, Sqlite, SqlitePool};

use crate::sql::Sql;
use crate::sql::dialect::{Dialect, Remedy, Wrong, asks};
use crate::sql::error::not_its_url;
use crate::sql::statements::Words;
use crate::sql::steps_of::steps_of;
use crate::sql_settings::{LIMIT, SqlSettings};
use crate::store::StoreError;

/// The statements that make the table, for who makes it by migrations of their own; harmless when it is there. For a table of another
/// name, replace `authsession_sessions` throughout.
pub const SCHEMA: &str = include_str!("../migrations/sqlite/0001_sessions.sql");

/// How long SQLite waits for another process that writes: less than our own limit, so it is SQLite who says so.
const BUSY: Duration = Duration::from_secs(4);

/// Keeps sessions in one table of a SQLite database.
///
/// Readers and the one writer do not wait for each other (write-ahead log), and what was written survives a power cut. A call
/// is over within five seconds ([`with_time_limit`](SqlSettings::with_time_limit)), done or not.
///
/// ```
/// use std::sync::Arc;
///
/// use authsession_store::sealed_store::SealedStore;
/// use authsession_store::sqlite::SqliteBackend;
/// # use authsession_store::seal::KeyRing;
/// # async fn example(ring: KeyRing) -> Result<(), Box<dyn std::error::Error>> {
/// let store = SealedStore::new(Arc::new(SqliteBackend::connect("sqlite://sessions.db").await?), ring);
/// # Ok(()) }
/// ```
pub struct SqliteBackend(Sql<Sqlite>);

impl SqliteBackend {
    /// Opens the database of that URL (`sqlite://sessions.db`, `sqlite::memory:`), makes the file and the table if need be.
    ///
    /// # Errors
    /// [`StoreError::Misconfigured`], [`StoreError::Unavailable`].
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::connect_with(SqlSettings::at(url)).await
    }

    /// Keeps sessions as the settings say, through a pool of the application's own or in a table of another name.
    ///
    /// # Errors
    /// As [`connect`](Self::connect), and [`StoreError::Misconfigured`] when the table's name is none.
    pub async fn connect_with(settings: SqlSettings<Sqlite>) -> Result<Self, StoreError> {
        Sql::open(settings).await.map(Self)
    }
}

steps_of!(SqliteBackend, 0);

impl fmt::Debug for SqliteBackend {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.describe("SqliteBackend", formatter)
    }
}

impl Dialect for Sqlite {
    const WORDS: Words = Words {
        least: "MIN",
        greatest: "MAX",
        no_bytes: "x''",
        to_change_it: "",
        // All who share a file are on one machine.
        clock: None,
        forget: "DELETE FROM {table} WHERE name IN (SELECT name FROM {table} WHERE due <= ? AND ended IS NOT NULL \
                 ORDER BY due LIMIT ?)",
        numbered: false,
        notifies: false,
    };
    const URL: &'static str = "sqlite:FILE";
    const SCHEMA: &'static str = SCHEMA;
    const ALONE: &'static str = "";
    // A transaction that reads before it writes could not be let write any more: take the turn first.
    const BEGIN: SqlStr = SqlStr::from_static("BEGIN IMMEDIATE");
    // SQLite lets those who want to write poll for their turn; within a process they queue.
    const WRITERS: usize = 1;

    fn pool(url: &str) -> Result<SqlitePool, StoreError> {
        if !url.starts_with("sqlite:") {
            return Err(not_its_url::<Self>());
        }
        let options: SqliteConnectOptions = url.parse().map_err(|_| not_its_url::<Self>())?;
        let (path, parameters) = url.split_once('?').unwrap_or((url, ""));
        let in_memory = path.ends_with(":memory:") || parameters.split('&').any(|one| one == "mode=memory");
        let pool = SqlitePoolOptions::new().acquire_timeout(LIMIT).test_before_acquire(false);
        // What is in memory goes with its connection.
        let pool =
            if in_memory { pool.max_connections(1).idle_timeout(None).max_lifetime(None) } else { pool };
        let options = options.create_if_missing(true).busy_timeout(BUSY);
        let options = if in_memory { options } else { options.journal_mode(SqliteJournalMode::Wal) };
        Ok(pool.connect_lazy_with(options))
    }

    asks!();

    fn remedy(error: &dyn DatabaseError) -> Remedy {
        let code = error.code().and_then(|code| code.parse::<u32>().ok()).unwrap_or_default();
        // SQLITE_BUSY and SQLITE_LOCKED, and what is more exactly one of them.
        if matches!(code & 0xff, 5 | 6) { Remedy::AskAgain } else { Remedy::None }
    }

    fn wrong(_error: &dyn DatabaseError) -> Option<Wrong> {
        None
    }
}

#[cfg(test)]
mod tests {
    use sqlx::{AssertSqlSafe, Row as _, Sqlite};

    use super::{Dialect, SCHEMA};
    use crate::sql::statements::Statements;
    use crate::sql::table::Table;
    use crate::sql_settings::NAME;

    #[tokio::test]
    async fn whatever_is_asked_is_found_by_an_index() -> Result<(), Box<dyn std::error::Error>> {
        let pool = Sqlite::pool("sqlite::memory:")?;
        sqlx::raw_sql(SCHEMA).execute(&pool).await?;
        // Whoever adds a statement says here by what it finds its rows.
        let Statements {
            create: _,
            load,
            load_to_end,
            update,
            touch,
            end,
            overdue,
            end_unheard,
            forget,
            find_by_subject,
            find_by_provider_session,
            lease,
            release,
            time: _,
        } = Statements::new(&Sqlite::WORDS, &Table::named(NAME)?);
        let by_name = [load, load_to_end, update, touch, end, end_unheard, lease, release]
            .map(|statement| (statement, "sqlite_autoindex_authsession_sessions_1 (name=?"));
        let others = [
            (overdue, "authsession_sessions_due (due<?"),
            (forget, "authsession_sessions_due (due<?"),
            (find_by_subject, "authsession_sessions_subject (subject=?"),
            (find_by_provider_session, "authsession_sessions_provider_session (provider_session=?"),
        ];
        for (statement, index) in by_name.into_iter().chain(others) {
            let text = statement.text.as_str();
            let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}"));
            let plan = sqlx::query(explain).fetch_all(&pool).await?;
            let plan: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
            assert!(plan.iter().any(|step| step.contains(index)), "{text}: {plan:?}");
            let slow = |step: &String| step.contains("SCAN") || step.contains("TEMP B-TREE");
            assert!(!plan.iter().any(slow), "{text}: {plan:?}");
        }
        Ok(())
    }
}
