//! What the SQL backends share: who asks a database, for how long, and how often.

use std::fmt;
use std::time::Duration;

use authsession_core::clock;
use sqlx::pool::{Pool, PoolConnection};
use sqlx::{Connection, Error};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::sql::dialect::{Answer, Dialect, Remedy, Value, remedy};
use crate::sql::error::Failure;
use crate::sql::statements::{Statement, Statements};
use crate::sql::table::Table;
use crate::sql_settings::{LIMIT, NAME, Place, SqlSettings};
use crate::store::StoreError;

pub(crate) mod dialect;
pub(crate) mod error;
pub(crate) mod statements;
pub(crate) mod steps;
pub(crate) mod steps_of;
pub(crate) mod table;

/// How often something is asked that others got in the way of, or whose connection was gone.
const TRIES: u32 = 20;
/// By how much longer each time is waited before.
const PAUSE: Duration = Duration::from_millis(2);
/// A connection that served within that time is taken to be there.
#[cfg(any(feature = "postgres", feature = "mysql"))]
const FRESH: Duration = Duration::from_secs(1);

/// Sessions in one table of a database.
pub(crate) struct Sql<D: Dialect> {
    pub(crate) pool: Pool<D>,
    pub(crate) table: Table,
    statements: Statements,
    limit: Duration,
    by_callers_clock: bool,
    writers: Semaphore,
}

/// A connection, kept outside of what may be cut short.
struct Held<D: Dialect>(Option<PoolConnection<D>>);

impl<D: Dialect> Sql<D> {
    /// As the settings say; the table is there then, unless others make it.
    pub(crate) async fn open(settings: SqlSettings<D>) -> Result<Self, StoreError> {
        let SqlSettings { place, table, is_prepared, limit, by_callers_clock } = settings;
        let table = Table::named(&table)?;
        let pool = match place {
            Place::Url(url) => D::pool(url.expose())?,
            Place::Pool(pool) => pool,
        };
        let (statements, writers) = (Statements::new(&D::WORDS, &table), Semaphore::new(D::WRITERS));
        let this = Self { pool, table, statements, limit, by_callers_clock, writers };
        if !is_prepared {
            this.create_schema().await?;
        }
        Ok(this)
    }

    /// Whether leases go by the database's clock.
    const fn has_clock(&self) -> bool {
        D::WORDS.clock.is_some() && !self.by_callers_clock
    }

    /// Makes the table, unless it is there.
    async fn create_schema(&self) -> Result<(), StoreError> {
        let made = self.call(async |held| {
            // Looking first spares the lock, and the right to make tables, wherever it was made before.
            match self.ask_holding(held, &self.statements.load, &[Value::Bytes(Some(&[0; 32]))]).await {
                Err(Error::Database(_)) => {}
                outcome => return outcome.map(drop),
            }
            let mut tries = Tries::default();
            while let Err(error) = self.create_once(held).await {
                tries.again::<D>(error, true).await?;
            }
            Ok(())
        });
        made.await.map_err(Failure::at_the_start::<D>)
    }

    pub(crate) fn describe(&self, name: &str, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct(name)
            .field("table", &self.table.name())
            .field("limit", &self.limit)
            .field("connections", &self.pool.size())
            .finish_non_exhaustive()
    }

    async fn create_once(&self, held: &mut Held<D>) -> Result<(), Error> {
        let script = D::SCHEMA.replace(NAME, self.table.name());
        let mut transaction = self.connect(held).await?.begin_with(D::BEGIN).await?;
        D::run_script(&mut transaction, format!("{}{script}", D::ALONE)).await?;
        transaction.commit().await
    }

    /// Does something, but not for longer than the limit, whatever it asks on the way.
    async fn call<T>(&self, work: impl AsyncFnOnce(&mut Held<D>) -> Result<T, Error>) -> Result<T, Failure> {
        let mut held = Held(None);
        let done = clock::within(self.limit, work(&mut held)).await;
        told(held, done)
    }

    /// Asks one thing, and nothing else.
    async fn ask(&self, statement: &Statement, values: &[Value<'_>]) -> Result<Answer, Failure> {
        self.call(async |held| self.ask_holding(held, statement, values).await).await
    }

    /// The same as one part of a call: again as often as it takes.
    async fn ask_holding(
        &self,
        held: &mut Held<D>,
        statement: &Statement,
        values: &[Value<'_>],
    ) -> Result<Answer, Error> {
        let mut tries = Tries::default();
        let _turn = if statement.reads { None } else { self.writers.acquire().await.ok() };
        loop {
            match self.ask_once(held, statement, values).await {
                Err(error) => tries.again::<D>(error, statement.repeatable).await?,
                answer => return answer,
            }
        }
    }

    async fn ask_once(
        &self,
        held: &mut Held<D>,
        statement: &Statement,
        values: &[Value<'_>],
    ) -> Result<Answer, Error> {
        D::ask(self.connect(held).await?, statement, values).await
    }

    async fn connect<'held>(&self, held: &'held mut Held<D>) -> Result<&'held mut D::Connection, Error> {
        // The one before goes back first: the pool may have no other.
        *held = Held(None);
        Ok(&mut *held.0.insert(self.pool.acquire().await?))
    }
}

/// Connections to a server. One that served a moment ago is taken to be there, so a look-up is one round trip; another one is
/// asked first, and replaced if it is gone.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) fn server_pool<D: Dialect>() -> sqlx::pool::PoolOptions<D> {
    sqlx::pool::PoolOptions::new().acquire_timeout(LIMIT).test_before_acquire(false).before_acquire(
        |connection: &mut D::Connection, seen| {
            Box::pin(async move {
                if seen.idle_for > FRESH {
                    connection.ping().await?;
                }
                Ok(true)
            })
        },
    )
}

/// A connection that was given up on in the middle of something is closed: nobody waits for what it still may answer.
fn told<D: Dialect, T>(mut held: Held<D>, outcome: Option<Result<T, Error>>) -> Result<T, Failure> {
    let Some(outcome) = outcome else {
        if let Some(mut connection) = held.0.take() {
            connection.close_on_drop();
        }
        return Err(Failure::TookTooLong);
    };
    outcome.map_err(Failure::Sqlx)
}

/// Back to the pool, which asks it whether it is still there. The pool alone would wait for that for ever, and count it in:
/// what became of a caller who went away while the server was gone must not keep the next ones out.
impl<D: Dialect> Drop for Held<D> {
    fn drop(&mut self) {
        let Some(mut connection) = self.0.take() else { return };
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(clock::within(LIMIT, connection.return_to_pool()))),
            // Without a runtime there is nobody to ask it.
            Err(_) => drop(connection.detach()),
        }
    }
}

/// How often something was asked in vain.
#[derive(Default)]
struct Tries(u32);

impl Tries {
    /// Waits until it may be asked again; the error, if it may not.
    async fn again<D: Dialect>(&mut self, error: Error, repeatable: bool) -> Result<(), Error> {
        self.0 += 1;
        let helps = match remedy::<D>(&error) {
            Remedy::AskAgain => true,
            Remedy::AnotherConnection => repeatable,
            Remedy::None => false,
        };
        if !helps || self.0 >= TRIES {
            return Err(error);
        }
        clock::wait(PAUSE * self.0).await;
        Ok(())
    }
}
