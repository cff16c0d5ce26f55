//! The floor in a database: the same statements by sqlx alone, with a blob as long as what we seal.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use authsession_core::clock::{Clock, Timestamp};
use sqlx::pool::PoolOptions;
use sqlx::{AssertSqlSafe, Database, MySql, Pool, Postgres, SqlSafeStr as _, SqlStr, Sqlite};
use tokio::sync::Semaphore;

use crate::stores::blobs::{Blob, blobs};
use crate::stores::keeper::{Failure, Keeper, Step};

const TABLE: &str = "bench_by_driver";

/// A database, and the sessions it was given.
pub(crate) struct ByDriver<D: Database> {
    pool: Pool<D>,
    /// SQLite has one writer; who polls for its turn waits longer than who queues.
    writers: Semaphore,
    load: SqlStr,
    update: SqlStr,
    touch: SqlStr,
    sessions: Vec<(Blob, AtomicI64)>,
}

/// How a database wants it.
struct Words {
    least: &'static str,
    greatest: &'static str,
    numbered: bool,
    notifies: bool,
    writers: usize,
    schema: &'static str,
}

const SQLITE: Words = Words {
    least: "MIN",
    greatest: "MAX",
    numbered: false,
    notifies: false,
    writers: 1,
    schema: authsession_store::sqlite::SCHEMA,
};
const POSTGRES: Words = Words {
    least: "LEAST",
    greatest: "GREATEST",
    numbered: true,
    notifies: true,
    writers: Semaphore::MAX_PERMITS,
    schema: authsession_store::postgres::SCHEMA,
};
const MYSQL: Words =
    Words { numbered: false, notifies: false, schema: authsession_store::mysql::SCHEMA, ..POSTGRES };

type Row = (Vec<u8>, i64, Option<Vec<u8>>, i64, i64, Option<String>);

impl Words {
    fn statement(&self, text: &str) -> SqlStr {
        let mut parts = text.split('?');
        let mut finished = parts.next().unwrap_or_default().to_owned();
        for (index, part) in parts.enumerate() {
            finished += &if self.numbered { format!("${}", index + 1) } else { "?".to_owned() };
            finished += part;
        }
        AssertSqlSafe(Arc::<str>::from(finished)).into_sql_str()
    }

    fn load(&self) -> SqlStr {
        let columns = "name, version, sealed, idle_deadline, expires_at, ended";
        self.statement(&format!("SELECT {columns} FROM {TABLE} WHERE name = ?"))
    }

    fn update(&self) -> SqlStr {
        let change = format!(
            "UPDATE {TABLE} SET version = ?, sealed = ?, expires_at = ?, due = {}(idle_deadline, ?), subject = ?, \
             provider_session = ? WHERE name = ? AND version = ? AND ended IS NULL AND idle_deadline > ? \
             AND expires_at > ?",
            self.least
        );
        self.statement(&if self.notifies {
            format!(
                "WITH changed AS ({change} RETURNING name) \
                 SELECT pg_notify('{TABLE}', encode(name, 'hex')) FROM changed"
            )
        } else {
            change
        })
    }

    fn touch(&self) -> SqlStr {
        let (least, greatest) = (self.least, self.greatest);
        self.statement(&format!(
            "UPDATE {TABLE} SET idle_deadline = {greatest}(idle_deadline, ?), \
             due = {least}({greatest}(idle_deadline, ?), expires_at) \
             WHERE name = ? AND ended IS NULL AND idle_deadline > ? AND expires_at > ?"
        ))
    }

    fn insert(&self) -> SqlStr {
        self.statement(&format!(
            "INSERT INTO {TABLE} (name, version, sealed, idle_deadline, expires_at, due, subject, provider_session) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        ))
    }
}

/// Generic it would be only with two dozen bounds.
macro_rules! by_driver {
    ($database:ty, $words:expr) => {
        impl ByDriver<$database> {
            /// Connects, and signs users in whose records take that many bytes.
            pub(crate) async fn on(
                options: <<$database as Database>::Connection as sqlx::Connection>::Options,
                length: usize,
            ) -> Result<Self, Failure> {
                let pool = PoolOptions::new().test_before_acquire(false).connect_with(options).await?;
                let make = $words.schema.replace("authsession_sessions", TABLE);
                sqlx::raw_sql(AssertSqlSafe(make)).execute(&pool).await?;
                let mut sessions = Vec::new();
                for blob in blobs(length)? {
                    sqlx::query($words.insert())
                        .bind(&blob.name)
                        .bind(1_i64)
                        .bind(blob.sealed(1))
                        .bind(blob.idle_deadline)
                        .bind(blob.expires_at)
                        .bind(blob.idle_deadline)
                        .bind(&blob.subject)
                        .bind(&blob.provider_session)
                        .execute(&pool)
                        .await?;
                    sessions.push((blob, AtomicI64::new(1)));
                }
                let (load, update, touch) = ($words.load(), $words.update(), $words.touch());
                let writers = Semaphore::new($words.writers);
                Ok(Self { pool, writers, load, update, touch, sessions })
            }
        }

        impl Keeper for ByDriver<$database> {
            async fn take(&self, step: Step, session: usize) -> Result<(), Failure> {
                let (blob, version) = &self.sessions[session];
                if step == Step::Load {
                    let load = sqlx::query_as::<_, Row>(self.load.clone()).bind(&blob.name);
                    black_box(load.fetch_one(&self.pool).await?);
                    return Ok(());
                }
                let _turn = self.writers.acquire().await?;
                let (read, now) = (version.fetch_add(1, Ordering::Relaxed), Clock::system().now());
                let query = match step {
                    Step::Update => sqlx::query::<$database>(self.update.clone())
                        .bind(read + 1)
                        .bind(blob.sealed(read + 1))
                        .bind(blob.expires_at)
                        .bind(blob.expires_at)
                        .bind(&blob.subject)
                        .bind(&blob.provider_session)
                        .bind(&blob.name)
                        .bind(read),
                    _ => {
                        // Each later than the one before.
                        version.fetch_sub(1, Ordering::Relaxed);
                        let deadline = (now + crate::stores::records::IDLE).unix_millis();
                        sqlx::query::<$database>(self.touch.clone())
                            .bind(deadline)
                            .bind(deadline)
                            .bind(&blob.name)
                    }
                };
                let query = query.bind(Timestamp::unix_millis(now)).bind(Timestamp::unix_millis(now));
                match query.execute(&self.pool).await?.rows_affected() {
                    0 => Err("nothing was changed".into()),
                    _ => Ok(()),
                }
            }
        }
    };
}

by_driver!(Sqlite, SQLITE);
by_driver!(Postgres, POSTGRES);
by_driver!(MySql, MYSQL);
