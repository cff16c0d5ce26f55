//! What a backend in a SQL database is told: which database, which table, and who makes it.

use std::fmt;
use std::time::Duration;

use authsession_core::secret::Secret;
use sqlx::{Database, Pool};

/// What the table is called unless said otherwise, and what the migrations call it.
pub(crate) const NAME: &str = "authsession_sessions";
/// A call is over after that unless said otherwise, done or not.
pub(crate) const LIMIT: Duration = Duration::from_secs(5);

/// Which database a SQL backend keeps sessions in, and how. Nothing happens, and nothing is checked, before a backend's
/// `connect_with` is called.
///
#[cfg_attr(feature = "sqlite", doc = "```")]
#[cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
/// use authsession_store::sql_settings::SqlSettings;
/// use authsession_store::sqlite::SqliteBackend;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let settings = SqlSettings::at("sqlite://sessions.db").with_table("shop_sessions");
/// let backend = SqliteBackend::connect_with(settings).await?;
/// # Ok(()) }
/// ```
pub struct SqlSettings<D: Database> {
    pub(crate) place: Place<D>,
    pub(crate) table: String,
    pub(crate) is_prepared: bool,
    pub(crate) limit: Duration,
    pub(crate) by_callers_clock: bool,
}

/// Where the database is.
pub(crate) enum Place<D: Database> {
    Url(Secret),
    Pool(Pool<D>),
}

impl<D: Database> SqlSettings<D> {
    /// In the database of that URL, as the backend's `connect` takes it.
    #[must_use]
    pub fn at(url: &str) -> Self {
        Self::of(Place::Url(url.into()))
    }

    /// Through a pool of the application's own. When a connection is checked, how long one is waited for, and in SQLite how durable a
    /// write is, are that pool's settings.
    #[must_use]
    pub fn on(pool: Pool<D>) -> Self {
        Self::of(Place::Pool(pool))
    }

    fn of(place: Place<D>) -> Self {
        Self { place, table: NAME.to_owned(), is_prepared: false, limit: LIMIT, by_callers_clock: false }
    }

    /// In the table of that name instead of `authsession_sessions`: 1 to 40 of `a-z`, `0-9` and `_`, and no digit first. A table of
    /// another name is another store.
    #[must_use]
    pub fn with_table(self, name: &str) -> Self {
        Self { table: name.to_owned(), ..self }
    }

    /// Leaves the table to migrations of the application's own, which make it by the backend's `SCHEMA`. Otherwise it is made when it
    /// is not there, by any number of processes at once. The database is then asked nothing before the first session: that a table is
    /// missing, or the password wrong, shows there.
    #[must_use]
    pub fn with_prepared_table(self) -> Self {
        Self { is_prepared: true, ..self }
    }

    /// Has every call over within that time, done or not, instead of five seconds. A sweep has it for each of its steps: to look, to end
    /// the one that it is at, of which nobody else tells, and to forget.
    #[must_use]
    pub fn with_time_limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Has leases last by the clock of whoever asks for them, in place of the server's: for tests whose clock stands still. In SQLite
    /// they do anyway.
    #[must_use]
    pub fn danger_leases_by_the_callers_clock(self) -> Self {
        Self { by_callers_clock: true, ..self }
    }
}

impl<D: Database> fmt::Debug for SqlSettings<D> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SqlSettings")
            .field("table", &self.table)
            .field("is_prepared", &self.is_prepared)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
