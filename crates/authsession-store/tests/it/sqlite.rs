//! The backend on SQLite: the promises, and what is its own.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use authsession_core::clock::{Clock, Timestamp};
use authsession_core::secret::Secret;
use authsession_store::backend::{Backend, Content, EndOutcome, Kept, Label, Labels};
use authsession_store::contract;
use authsession_store::end_reason::EndReason;
use authsession_store::keyed_hash::KeyedHash;
use authsession_store::record::Version;
use authsession_store::seal::KeyRing;
use authsession_store::sealed_store::SealedStore;
use authsession_store::sql_settings::SqlSettings;
use authsession_store::sqlite::{SCHEMA, SqliteBackend};
use authsession_store::store::{LeaseOwner, StoreError};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{Sqlite, SqlitePool};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_900_000_000);
const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_in_a_file_keep_every_promise() {
    let file = File::new();
    let url = file.url();
    contract::keeps_every_promise(async |clock| store(&url, clock).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_in_memory_keep_every_promise() {
    contract::keeps_every_promise(async |clock| store("sqlite::memory:", clock).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_keeps_every_promise_among_processes() {
    let file = File::new();
    let url = file.url();
    contract::keeps_every_promise_among_processes(async || SqliteBackend::connect(&url).await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_start_at_once_make_one_table() {
    for _ in 0..5 {
        let file = File::new();
        let url = file.url();
        contract::processes::any_number_may_open_it_at_once(&async || {
            SqliteBackend::connect(&url).await.unwrap()
        })
        .await;
    }
}

#[tokio::test]
async fn a_table_of_another_name_is_another_store() {
    let file = File::new();
    let first = file.open().await;
    let settings = SqlSettings::on(file.pool()).with_table("another");
    let second = SqliteBackend::connect_with(settings).await.unwrap();
    first.create(&name(1), &content(1), &Labels::default(), NOW, NOW).await.unwrap();
    assert!(matches!(second.load(&name(1)).await.unwrap(), Kept::Absent));
    assert!(second.create(&name(1), &content(1), &Labels::default(), NOW, NOW).await.unwrap());
}

#[tokio::test]
async fn a_name_that_is_no_identifier_is_refused() {
    for wrong in ["", "1st", "Sessions", "a b", "a;drop", "a\"b", "schema.table", "ä", &"a".repeat(41)] {
        for settings in
            [SqlSettings::at("sqlite::memory:"), SqlSettings::at("sqlite::memory:").with_prepared_table()]
        {
            let refused = SqliteBackend::connect_with(settings.with_table(wrong)).await;
            assert!(matches!(refused, Err(StoreError::Misconfigured(_))), "{wrong}");
        }
    }
}

#[tokio::test]
async fn a_url_of_something_else_is_refused() {
    for wrong in ["", "sessions.db", "postgres://user:secret@host/db", "sqlite://a.db?mode=nonsense"] {
        let refused = SqliteBackend::connect(wrong).await.unwrap_err();
        assert!(matches!(refused, StoreError::Misconfigured(_)), "{wrong}: {refused:?}");
        let shown = format!("{refused} {refused:?}");
        assert!(shown.contains("sqlite:FILE") && !shown.contains("secret"), "{shown}");
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_made_is_an_error_at_once() {
    let refused = SqliteBackend::connect("sqlite:///nowhere/at/all.db").await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused:?}");
}

#[tokio::test]
async fn a_schema_of_one_s_own_migrations_serves() {
    let file = File::new();
    let pool = file.pool();
    let prepared = SqlSettings::on(pool.clone()).with_prepared_table();
    let backend = SqliteBackend::connect_with(prepared).await.unwrap();
    assert!(
        matches!(backend.load(&name(1)).await, Err(StoreError::Unavailable(_))),
        "it makes none of its own"
    );
    for _ in 0..2 {
        sqlx::raw_sql(SCHEMA).execute(&pool).await.unwrap();
    }
    assert!(backend.create(&name(1), &content(1), &Labels::default(), NOW, NOW).await.unwrap());
}

#[tokio::test]
async fn a_row_that_is_no_session_keeps_no_other_from_being_served() {
    let file = File::new();
    let (backend, pool) = (file.open().await, file.pool());
    let labels = Labels { subject: Some(name(7)), provider_session: None };
    for number in 1..=2 {
        backend
            .create(&name(number), &content(1), &labels, NOW + HOUR * u32::from(number), NOW)
            .await
            .unwrap();
    }
    let mut connection = pool.acquire().await.unwrap();
    let broken = "UPDATE authsession_sessions SET name = x'01', due = 0 WHERE name = ?";
    let refused = sqlx::query(broken).bind(&name(1).0[..]).execute(&mut *connection).await.unwrap_err();
    assert!(refused.as_database_error().unwrap().is_check_violation(), "{refused:?}");
    sqlx::raw_sql("PRAGMA ignore_check_constraints = ON").execute(&mut *connection).await.unwrap();
    sqlx::query(broken).bind(&name(1).0[..]).execute(&mut *connection).await.unwrap();
    assert_eq!(backend.find(&Label::Subject(name(7)), NOW).await.unwrap(), [name(2)]);
    let swept = backend.sweep(1, NOW + HOUR * 3, NOW + HOUR * 4).await.unwrap();
    assert_eq!(swept.iter().map(|(name, ..)| *name).collect::<Vec<_>>(), [name(2)]);
}

#[tokio::test]
async fn a_reason_of_a_later_release_is_an_end() {
    let file = File::new();
    let (backend, pool) = (file.open().await, file.pool());
    backend.create(&name(1), &content(1), &Labels::default(), NOW + HOUR, NOW).await.unwrap();
    backend.end(&name(1), EndReason::Logout, NOW, NOW + HOUR).await.unwrap();
    sqlx::query("UPDATE authsession_sessions SET ended = 'abducted'").execute(&pool).await.unwrap();
    assert_eq!(backend.load(&name(1)).await.unwrap(), Kept::Ended(EndReason::Ended));
    assert_eq!(backend.end(&name(1), EndReason::Logout, NOW, NOW).await.unwrap(), EndOutcome::Before);
}

#[tokio::test]
async fn nothing_is_left_of_a_session_that_ended_but_why() {
    let file = File::new();
    let (backend, pool) = (file.open().await, file.pool());
    let labels = Labels { subject: Some(name(7)), provider_session: Some(name(8)) };
    backend.create(&name(1), &content(1), &labels, NOW + HOUR, NOW).await.unwrap();
    backend.lease(&name(1), LeaseOwner([1; 16]), HOUR, NOW).await.unwrap();
    assert_eq!(backend.find(&Label::Subject(name(7)), NOW).await.unwrap(), [name(1)]);
    backend.end(&name(1), EndReason::Logout, NOW, NOW + HOUR).await.unwrap();
    let left: (i64,) = sqlx::query_as(
        "SELECT count(*) FROM authsession_sessions WHERE sealed IS NULL AND subject IS NULL \
         AND provider_session IS NULL AND lease_until IS NULL AND ended = 'logout' \
         AND length(lease_owner) = 16 AND hex(lease_owner) <> '01010101010101010101010101010101'",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(left.0, 1);
    backend.sweep(10, NOW + HOUR, NOW + HOUR * 2).await.unwrap();
    assert_eq!(backend.load(&name(1)).await.unwrap(), Kept::Absent, "and that is forgotten in time");
}

/// As a full disk is told: who is signed in stays so, and whoever ends a session ends it.
#[tokio::test]
async fn a_database_that_may_not_grow_serves_what_it_has_and_takes_more_when_it_may() {
    let file = File::new();
    drop(file.open().await);
    let options: SqliteConnectOptions = file.url().parse().unwrap();
    let full =
        SqlitePoolOptions::new().max_connections(1).connect_lazy_with(options.pragma("max_page_count", "40"));
    let full = SqlSettings::on(full).with_prepared_table();
    let full = SqliteBackend::connect_with(full).await.unwrap();
    let mut kept = 0;
    let refused = loop {
        let large = Content { sealed: vec![kept; 3_000], ..content(1) };
        match full.create(&name(kept), &large, &Labels::default(), NOW + HOUR, NOW).await {
            Ok(is_new) => assert!(is_new),
            Err(error) => break error,
        }
        kept += 1;
    };
    assert!(kept > 5, "{kept}");
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused:?}");
    assert_eq!(full.load(&name(kept)).await.unwrap(), Kept::Absent, "it is not kept by half");
    for number in 0..kept {
        assert!(matches!(full.load(&name(number)).await.unwrap(), Kept::Session { .. }));
    }
    let ended = full.end(&name(0), EndReason::Logout, NOW, NOW + HOUR).await.unwrap();
    assert!(matches!(ended, EndOutcome::Now(EndReason::Logout, _)), "a logout needs no room");
    let roomy = file.open().await;
    assert!(roomy.create(&name(kept), &content(1), &Labels::default(), NOW + HOUR, NOW).await.unwrap());
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_unavailable_in_time() {
    let file = File::new();
    let limited = |limit| SqliteBackend::connect_with(SqlSettings::at(&file.url()).with_time_limit(limit));
    let backend = limited(Duration::from_millis(300)).await.unwrap();
    backend.create(&name(1), &content(1), &Labels::default(), NOW + HOUR, NOW).await.unwrap();
    let pool = file.pool();
    let other = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let name = name(1);
    let touch = backend.touch(&name, NOW + HOUR, NOW);
    let touched = tokio::time::timeout(Duration::from_secs(2), touch).await.unwrap();
    assert!(matches!(touched, Err(StoreError::Unavailable(_))), "{touched:?}");
    assert!(matches!(backend.load(&name).await.unwrap(), Kept::Session { .. }), "readers wait for no writer");
    other.rollback().await.unwrap();
    let patient = limited(Duration::from_secs(20)).await.unwrap();
    assert!(patient.touch(&name, NOW + HOUR, NOW).await.unwrap());
}

#[tokio::test]
async fn debug_shows_the_table_and_no_path() {
    let file = File::new();
    let (settings, backend) =
        (SqlSettings::<Sqlite>::at(&file.url()), SqliteBackend::connect(&file.url()).await);
    let shown = format!("{settings:?} {:?}", backend.unwrap());
    assert!(shown.contains("authsession_sessions") && !shown.contains("sqlite:"), "{shown}");
}

async fn store(url: &str, clock: Clock) -> SealedStore {
    let ring = KeyRing::new(&Secret::new("WZXyNF6PGVNTtb9lcFqjXrAPT3Tc9gYkBLdBwVd3xUQ=")).unwrap();
    SealedStore::new(std::sync::Arc::new(SqliteBackend::connect(url).await.unwrap()), ring).with_clock(clock)
}

fn name(number: u8) -> KeyedHash {
    KeyedHash([number; 32])
}

fn content(version: u64) -> Content {
    Content {
        version: Version::from_number(version),
        sealed: version.to_string().into_bytes(),
        expires_at: NOW + HOUR * 10,
    }
}

/// A database's file, removed at the end.
struct File(PathBuf);

impl File {
    fn new() -> Self {
        let random = authsession_core::random::text::<12>().unwrap();
        let folder = std::env::temp_dir().join(format!("authsession-{}", &*random));
        std::fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    fn url(&self) -> String {
        format!("sqlite://{}/sessions.db", self.0.display())
    }

    fn pool(&self) -> SqlitePool {
        let options: SqliteConnectOptions = self.url().parse().unwrap();
        SqlitePool::connect_lazy_with(options.create_if_missing(true))
    }

    async fn open(&self) -> Arc<SqliteBackend> {
        Arc::new(SqliteBackend::connect(&self.url()).await.unwrap())
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _left_to_the_system = std::fs::remove_dir_all(&self.0);
    }
}
