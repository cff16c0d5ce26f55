//! The stores of `tower-sessions` as keepers of sessions: the same tokens, as JSON values in MessagePack. It has no touch: a
//! sliding session is saved.

use std::collections::HashMap;
use std::hint::black_box;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use tower_sessions::SessionStore;
use tower_sessions::cookie::time::{Duration, OffsetDateTime};
use tower_sessions::session::{Id, Record};
use tower_sessions_redis_store::RedisStore;
use tower_sessions_redis_store::fred::prelude::{ClientLike as _, Config, Pool};
use tower_sessions_sqlx_store::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use tower_sessions_sqlx_store::sqlx::{MySqlPool, PgPool, SqlitePool};
use tower_sessions_sqlx_store::{MySqlStore, PostgresStore, SqliteStore};

use crate::stores::keeper::{Failure, Keeper, SESSIONS, Step};
use crate::stores::records::{Plain, Records};

/// So many connections has its quick start on Redis.
const CONNECTIONS: usize = 6;

pub(crate) struct TowerSessions<S> {
    store: S,
    sessions: Vec<Session>,
}

struct Session {
    /// What it holds in turn when it is updated: SQLite writes nothing where nothing changed.
    records: [Record; 2],
    /// The first of them, used a second later.
    touched: Record,
    saves: AtomicUsize,
}

impl<S: SessionStore> TowerSessions<S> {
    /// Signs users in.
    pub(crate) async fn on(store: S) -> Result<Self, Failure> {
        let (mut records, mut sessions) = (Records::new(), Vec::with_capacity(SESSIONS));
        let expiry_date = OffsetDateTime::now_utc() + Duration::hours(1);
        for _ in 0..SESSIONS {
            let mut record = Record { id: Id::default(), data: data(&mut records)?, expiry_date };
            store.create(&mut record).await?;
            let touched = Record { expiry_date: expiry_date + Duration::SECOND, ..record.clone() };
            let next = Record { data: data(&mut records)?, ..record.clone() };
            sessions.push(Session { records: [record, next], touched, saves: AtomicUsize::new(0) });
        }
        Ok(Self { store, sessions })
    }
}

impl<S: SessionStore> Keeper for TowerSessions<S> {
    async fn take(&self, step: Step, session: usize) -> Result<(), Failure> {
        let Session { records: [record, next], touched, saves } = &self.sessions[session];
        if step == Step::Load {
            black_box(self.store.load(&record.id).await?.ok_or("no session")?);
            return Ok(());
        }
        let other = if step == Step::Update { next } else { touched };
        let odd = saves.fetch_add(1, Ordering::Relaxed) % 2 == 1;
        Ok(self.store.save(if odd { record } else { other }).await?)
    }
}

/// What a session holds.
pub(crate) fn data(records: &mut Records) -> Result<HashMap<String, Value>, Failure> {
    Ok(HashMap::from([("session".to_owned(), serde_json::to_value(Plain::of(&records.next()))?)]))
}

pub(crate) async fn sqlite(folder: &Path) -> Result<SqliteStore, Failure> {
    let options = SqliteConnectOptions::new().filename(folder.join("tower-sessions.db"));
    let options = options.create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
    let store = SqliteStore::new(SqlitePool::connect_with(options).await?);
    store.migrate().await?;
    Ok(store)
}

pub(crate) async fn postgres(url: &str) -> Result<PostgresStore, Failure> {
    let store = PostgresStore::new(PgPool::connect(url).await?);
    store.migrate().await?;
    Ok(store)
}

pub(crate) async fn mysql(url: &str) -> Result<MySqlStore, Failure> {
    let store = MySqlStore::new(MySqlPool::connect(url).await?);
    store.migrate().await?;
    Ok(store)
}

pub(crate) async fn redis(url: &str) -> Result<RedisStore<Pool>, Failure> {
    let pool = Pool::new(Config::from_url(url)?, None, None, None, CONNECTIONS)?;
    let _its_task = pool.connect();
    pool.wait_for_connect().await?;
    Ok(RedisStore::new(pool))
}
