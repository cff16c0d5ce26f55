//! What is the same of sessions in any database server: the promises, and what it costs.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking, its stage too")]

use std::sync::Arc;
use std::time::Duration;

use authsession_core::clock::{self, Clock, Timestamp};
use authsession_core::random;
use authsession_core::secret::Secret;
use authsession_store::backend::{Backend, Content, EndOutcome, Kept, Label, Labels, UpdateOutcome};
use authsession_store::contract;
use authsession_store::end_reason::EndReason;
use authsession_store::keyed_hash::KeyedHash;
use authsession_store::record::Version;
use authsession_store::seal::KeyRing;
use authsession_store::sealed_store::SealedStore;
use authsession_store::sql_settings::SqlSettings;
use authsession_store::store::{LeaseOwner, StoreError};
use sqlx::Database;

use crate::real_wire::Wire;

pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_900_000_000);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// A kind of database server, one of which the environment names.
pub(crate) trait Real {
    type Database: Database;
    type Backend: Backend;
    const VARIABLE: &str;
    /// The statements that make the table.
    const SCHEMA: &str;

    async fn connect_with(settings: SqlSettings<Self::Database>) -> Result<Self::Backend, StoreError>;

    /// Has the server do that, behind the backends' back.
    async fn run(script: String);
}

/// The tests of a server, each of which is one of these functions.
macro_rules! hold_to {
    ($server:ty: $($promise:ident,)*) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $promise() {
            $crate::real_sql::$promise::<$server>().await;
        }
    )* };
}
pub(crate) use hold_to;

/// That table there.
pub(crate) fn settings<S: Real>(table: &str) -> SqlSettings<S::Database> {
    SqlSettings::at(&server(S::VARIABLE)).with_table(table)
}

pub(crate) async fn open<S: Real>(table: &str) -> S::Backend {
    S::connect_with(settings::<S>(table)).await.unwrap()
}

pub(crate) async fn drop_table<S: Real>(table: &str) {
    S::run(format!("DROP TABLE IF EXISTS {table}")).await;
}

/// A backend in a table of its own, by a wire.
async fn by_wire<S: Real>(limit: Duration) -> (S::Backend, String, Wire) {
    let (table, wire) = (new_table(), Wire::to(&server(S::VARIABLE)).await);
    let settings = SqlSettings::at(&wire.url).with_table(&table).with_time_limit(limit);
    (S::connect_with(settings).await.unwrap(), table, wire)
}

pub(crate) async fn sessions_keep_every_promise<S: Real>() {
    let table = new_table();
    contract::keeps_every_promise(async |clock| {
        let settings = settings::<S>(&table).danger_leases_by_the_callers_clock();
        store(S::connect_with(settings).await.unwrap(), clock)
    })
    .await;
    drop_table::<S>(&table).await;
}

pub(crate) async fn every_promise_among_processes_is_kept<S: Real>() {
    let table = new_table();
    contract::keeps_every_promise_among_processes(async || open::<S>(&table).await).await;
    drop_table::<S>(&table).await;
}

pub(crate) async fn replicas_that_start_at_once_make_one_table<S: Real>() {
    for _ in 0..5 {
        let table = new_table();
        contract::processes::any_number_may_open_it_at_once(&async || open::<S>(&table).await).await;
        drop_table::<S>(&table).await;
    }
}

pub(crate) async fn deadlines_before_the_epoch_are_kept<S: Real>() {
    let table = new_table();
    let (backend, deadline) = (open::<S>(&table).await, Timestamp::from_unix_millis(-1));
    assert!(backend.create(&name(1), &content(1), &Labels::default(), deadline, NOW).await.unwrap());
    assert!(!backend.create(&name(1), &content(1), &Labels::default(), deadline, NOW).await.unwrap());
    let kept = Kept::Session { content: content(1), idle_deadline: deadline };
    assert_eq!(backend.load(&name(1)).await.unwrap(), kept);
    let ended = backend.end(&name(1), EndReason::Logout, NOW, NOW).await.unwrap();
    assert_eq!(ended, EndOutcome::Now(EndReason::Idle, content(1)));
    drop_table::<S>(&table).await;
}

pub(crate) async fn an_ended_session_is_forgotten_in_time<S: Real>() {
    let table = new_table();
    let backend = open::<S>(&table).await;
    keep(&backend, 1).await;
    backend.end(&name(1), EndReason::Logout, NOW, NOW + HOUR).await.unwrap();
    assert!(backend.sweep(10, NOW, NOW + HOUR).await.unwrap().is_empty());
    assert_eq!(backend.load(&name(1)).await.unwrap(), Kept::Ended(EndReason::Logout));
    assert!(backend.sweep(10, NOW + HOUR, NOW + HOUR * 2).await.unwrap().is_empty());
    assert_eq!(backend.load(&name(1)).await.unwrap(), Kept::Absent);
    drop_table::<S>(&table).await;
}

pub(crate) async fn a_schema_of_one_s_own_migrations_serves<S: Real>() {
    let table = new_table();
    let prepared = settings::<S>(&table).with_prepared_table();
    let backend = S::connect_with(prepared).await.unwrap();
    assert!(backend.load(&name(1)).await.unwrap_err().is_transient(), "it makes none of its own");
    for _ in 0..2 {
        S::run(S::SCHEMA.replace("authsession_sessions", &table)).await;
    }
    keep(&backend, 1).await;
    drop_table::<S>(&table).await;
}

pub(crate) fn server(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        unreachable!("{variable} is not set to a server's URL: start me with tests/real/run")
    })
}

/// A table nobody else has.
pub(crate) fn new_table() -> String {
    let number: u64 =
        random::text::<8>().unwrap().bytes().fold(0, |sum, byte| sum.wrapping_mul(67) + u64::from(byte));
    format!("sessions_{number:x}")
}

pub(crate) fn store(backend: impl Backend, clock: Clock) -> SealedStore {
    let ring = KeyRing::new(&Secret::new("WZXyNF6PGVNTtb9lcFqjXrAPT3Tc9gYkBLdBwVd3xUQ=")).unwrap();
    SealedStore::new(Arc::new(backend), ring).with_clock(clock)
}

pub(crate) fn name(number: u8) -> KeyedHash {
    KeyedHash([number; 32])
}

pub(crate) fn content(version: u64) -> Content {
    Content {
        version: Version::from_number(version),
        sealed: format!("version {version}").into_bytes(),
        expires_at: NOW + HOUR * 10,
    }
}

pub(crate) async fn keep(backend: &impl Backend, number: u8) {
    let labels = Labels { subject: Some(name(201)), provider_session: Some(name(202)) };
    assert!(backend.create(&name(number), &content(1), &labels, NOW + HOUR, NOW).await.unwrap());
}

/// An update that finds the session changed asks twice, and each answer comes in time, but not both.
pub(crate) async fn a_call_that_asks_twice_has_the_time_of_one<S: Real>() {
    let limit = Duration::from_secs(1);
    let (backend, table, wire) = by_wire::<S>(limit).await;
    keep(&backend, 1).await;
    let (name, labels, read) = (name(1), Labels::default(), Version::FIRST.next());
    let outdated = async || backend.update(&name, read, &content(3), &labels, NOW).await;
    assert_eq!(outdated().await.unwrap(), UpdateOutcome::Changed);
    wire.takes(limit * 7 / 10);

    assert!(outdated().await.unwrap_err().is_transient());

    wire.takes(Duration::ZERO);
    assert_eq!(outdated().await.unwrap(), UpdateOutcome::Changed);
    drop_table::<S>(&table).await;
}

/// Every kind of write, by so many at once, none of which is done, and each of which is over in the time of its steps.
pub(crate) async fn write_at_once(backend: &Arc<impl Backend>, writers: u8, limit: Duration) {
    let tasks = (0..writers).map(|number| {
        let backend = Arc::clone(backend);
        tokio::spawn(async move {
            let (name, labels) = (name(number), Labels::default());
            let write = async {
                match number % 6 {
                    0 => backend.touch(&name, NOW + HOUR, NOW).await.is_err(),
                    1 => backend.lease(&name, LeaseOwner([1; 16]), HOUR, NOW).await.is_err(),
                    2 => backend.update(&name, Version::FIRST, &content(2), &labels, NOW).await.is_err(),
                    3 => backend.end(&name, EndReason::Logout, NOW, NOW).await.is_err(),
                    4 => {
                        let another = KeyedHash([250; 32]);
                        backend.create(&another, &content(1), &labels, NOW, NOW).await.is_err()
                    }
                    _ => backend.sweep(10, NOW + HOUR * 2, NOW + HOUR * 3).await.is_err(),
                }
            };
            // A sweep looks, and then ends.
            let steps = if number % 6 == 5 { 2 } else { 1 };
            assert_eq!(clock::within(limit * steps + limit / 2, write).await, Some(true), "writer {number}");
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

/// Of the answers that an end takes, each is lost once: who ended the session knows it, and what it held.
pub(crate) async fn an_end_whose_answer_was_lost_is_its_own<S: Real>() {
    let (backend, table, wire) = by_wire::<S>(Duration::from_secs(5)).await;
    keep(&backend, 0).await;
    backend.end(&name(0), EndReason::Logout, NOW, NOW).await.unwrap();
    for lost in 1..=4 {
        keep(&backend, lost).await;
        // What looks after the connection is over.
        wire.messages_of(std::future::ready(())).await;
        wire.loses_the_answer(usize::from(lost));
        let ended = backend.end(&name(lost), EndReason::Logout, NOW, NOW + HOUR).await.unwrap();
        assert!(wire.has_lost_it(), "answer {lost}");
        assert_eq!(ended, EndOutcome::Now(EndReason::Logout, content(1)), "answer {lost}");
        let again = backend.end(&name(lost), EndReason::Logout, NOW, NOW + HOUR).await.unwrap();
        assert_eq!(again, EndOutcome::Before, "somebody else's is not");
        assert_eq!(backend.load(&name(lost)).await.unwrap(), Kept::Ended(EndReason::Logout));
    }
    drop_table::<S>(&table).await;
}

/// Loads while the server is taken away, until it serves again; how many loads failed.
pub(crate) async fn failures_until_served_again(backend: &impl Backend) -> usize {
    let mut failures = 0;
    while let Err(error) = backend.load(&name(1)).await {
        assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
        failures += 1;
        assert!(failures < 100, "{error:?}");
    }
    failures
}

pub(crate) async fn a_server_that_hangs_is_unavailable_in_time_and_serves_again_afterwards<S: Real>() {
    let (backend, table, wire) = by_wire::<S>(Duration::from_secs(2)).await;
    keep(&backend, 1).await;
    wire.hang(true);
    for _ in 0..4 {
        let name = name(1);
        let load = tokio::time::timeout(Duration::from_secs(5), backend.load(&name)).await;
        assert!(matches!(load.expect("in time"), Err(StoreError::Unavailable(_))));
    }
    wire.hang(false);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(failures_until_served_again(&backend).await <= 2);
    drop_table::<S>(&table).await;
}

pub(crate) async fn each_step_takes_as_few_messages_as_it_can<S: Real>() {
    let (backend, table, wire) = by_wire::<S>(Duration::from_secs(5)).await;
    let labels = Labels::default();
    let owner = LeaseOwner([1; 16]);
    for number in 1..=2 {
        // The first time statements are prepared.
        let name = name(number);
        let version = Version::FIRST;
        let mut counted = Vec::new();
        wire.messages_of(keep(&backend, number)).await;
        counted.push(("load", wire.messages_of(backend.load(&name)).await));
        counted.push(("touch", wire.messages_of(backend.touch(&name, NOW + HOUR * 2, NOW)).await));
        counted.push(("lease", wire.messages_of(backend.lease(&name, owner, HOUR, NOW)).await));
        counted.push(("release", wire.messages_of(backend.release(&name, owner)).await));
        counted.push((
            "update",
            wire.messages_of(backend.update(&name, version, &content(2), &labels, NOW)).await,
        ));
        counted.push(("find", wire.messages_of(backend.find(&Label::Subject(name), NOW)).await));
        let end = wire.messages_of(backend.end(&name, EndReason::Logout, NOW, NOW + HOUR)).await;
        if number == 2 {
            assert!(
                counted.iter().all(|(_, messages)| *messages == 2),
                "one, and one to look after it: {counted:?}"
            );
            assert_eq!(end, 5, "begin, look, end, commit, and one to look after the connection");
        }
    }
    drop_table::<S>(&table).await;
}
