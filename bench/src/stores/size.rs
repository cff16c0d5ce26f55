//! How many bytes a session takes where it is kept, among many.

use std::sync::Arc;

use authsession_store::backend::Backend;
use authsession_store::postgres::PostgresBackend;
use authsession_store::seal::KeyRing;
use authsession_store::sealed_store::SealedStore;
use authsession_store::sql_settings::SqlSettings;
use authsession_store::sqlite::SqliteBackend;
use authsession_store::store::SessionStore as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, PgPool, SqlitePool};
use tokio::task::JoinSet;

use crate::effort::Effort;
use crate::stores::backends::{Folder, Kind, Place};
use crate::stores::keeper::{Failure, TASKS};
use crate::stores::ours::{first_deadline, new_key};
use crate::stores::records::Records;

/// Apart from what else is measured there.
const TABLE: &str = "bench_size";

/// What many sessions take at a place.
pub(crate) struct Size {
    pub(crate) name: &'static str,
    pub(crate) sessions: usize,
    /// Of one, on average.
    pub(crate) bytes: f64,
}

/// Where it can be asked for: SQLite, PostgreSQL, Redis.
pub(crate) async fn measure(place: &Place, folder: &Folder, effort: Effort) -> Result<Option<Size>, Failure> {
    let sessions = effort.sessions_at_rest();
    let taken = match place.kind {
        Kind::Memory | Kind::Mysql => return Ok(None),
        Kind::Sqlite => {
            // Not to wait for the disk a hundred thousand times.
            let options = SqliteConnectOptions::new().filename(folder.path().join("size.db"));
            let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Off);
            let pool = SqlitePool::connect_with(options.create_if_missing(true)).await?;
            fill(Arc::new(SqliteBackend::connect_with(SqlSettings::on(pool.clone())).await?), sessions).await?;
            let pages = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
            number(sqlx::query_scalar::<_, i64>(pages).fetch_one(&pool).await?)?
        }
        Kind::Postgres => {
            let pool = PgPool::connect_lazy(&place.url)?;
            let settings = SqlSettings::on(pool.clone()).with_table(TABLE);
            fill(Arc::new(PostgresBackend::connect_with(settings).await?), sessions).await?;
            let size = AssertSqlSafe(format!("SELECT pg_total_relation_size('{TABLE}')"));
            let size = number(sqlx::query_scalar::<_, i64>(size).fetch_one(&pool).await?)?;
            sqlx::raw_sql(AssertSqlSafe(format!("DROP TABLE {TABLE}"))).execute(&pool).await?;
            size
        }
        Kind::Redis => {
            let mut wire = redis::Client::open(&*place.url)?.get_multiplexed_async_connection().await?;
            let before = used_memory(&mut wire).await?;
            let backend = place.backend().await?.ok_or("no backend")?;
            fill(backend, sessions).await?;
            used_memory(&mut wire).await?.saturating_sub(before)
        }
    };
    Ok(Some(Size { name: place.kind.name(), sessions, bytes: each(taken, sessions) }))
}

/// Signs that many users in, several at a time.
async fn fill(backend: Arc<dyn Backend>, sessions: usize) -> Result<(), Failure> {
    let store = Arc::new(SealedStore::new(backend, KeyRing::random()?));
    let (mut records, mut tasks) = (Records::new(), JoinSet::new());
    for _ in 0..sessions {
        if tasks.len() == TASKS {
            tasks.join_next().await.ok_or("no task")???;
        }
        let (store, record, key) = (Arc::clone(&store), records.next(), new_key()?);
        tasks.spawn(async move {
            let deadline = first_deadline(&record);
            store.create(&key, record, deadline).await.map(drop).map_err(Failure::from)
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}

async fn used_memory(wire: &mut redis::aio::MultiplexedConnection) -> Result<usize, Failure> {
    let info: String = redis::cmd("INFO").arg("memory").query_async(wire).await?;
    let line = info.lines().find_map(|line| line.strip_prefix("used_memory:")).ok_or("no used_memory")?;
    Ok(line.trim().parse()?)
}

fn number(bytes: i64) -> Result<usize, Failure> {
    Ok(usize::try_from(bytes)?)
}

#[expect(clippy::cast_precision_loss, reason = "a mean needs few digits")]
pub(crate) fn each(bytes: usize, sessions: usize) -> f64 {
    bytes as f64 / sessions.max(1) as f64
}
