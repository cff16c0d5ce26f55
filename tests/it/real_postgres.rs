//! Sessions in a real PostgreSQL, at `AUTHSESSION_TEST_POSTGRES`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use authsession_store::backend::{Backend, Labels};
use authsession_store::contract::processes::{self, Processes};
use authsession_store::end_reason::EndReason;
use authsession_store::postgres::{self, PostgresBackend};
use authsession_store::record::Version;
use authsession_store::sql_settings::SqlSettings;
use authsession_store::store::StoreError;
use sqlx::{AssertSqlSafe, PgPool, Row};

use crate::real_sql::{self, HOUR, NOW, Real, content, drop_table, keep, name, new_table, open, server};

const VARIABLE: &str = "AUTHSESSION_TEST_POSTGRES";

/// The server, for the tests of all of them.
struct Postgres;

impl Real for Postgres {
    type Database = sqlx::Postgres;
    type Backend = PostgresBackend;
    const VARIABLE: &str = VARIABLE;
    const SCHEMA: &str = postgres::SCHEMA;

    async fn connect_with(settings: SqlSettings<Self::Database>) -> Result<Self::Backend, StoreError> {
        PostgresBackend::connect_with(settings).await
    }

    async fn run(script: String) {
        sqlx::raw_sql(AssertSqlSafe(script)).execute(&admin()).await.unwrap();
    }
}

real_sql::hold_to! {
    Postgres:
    sessions_keep_every_promise,
    every_promise_among_processes_is_kept,
    replicas_that_start_at_once_make_one_table,
    deadlines_before_the_epoch_are_kept,
    an_ended_session_is_forgotten_in_time,
    a_schema_of_one_s_own_migrations_serves,
    an_end_whose_answer_was_lost_is_its_own,
    each_step_takes_as_few_messages_as_it_can,
    a_call_that_asks_twice_has_the_time_of_one,
    a_server_that_hangs_is_unavailable_in_time_and_serves_again_afterwards,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn databases_of_stricter_transactions_serve() {
    let table = new_table();
    let strict = format!("{}?options[default_transaction_isolation]=serializable", server(VARIABLE));
    let both = Processes::new(&async || open_at(&strict, &table).await).await;
    processes::many_who_write_at_once_all_get_their_turn(&both).await;
    drop_table::<Postgres>(&table).await;
}

#[tokio::test]
async fn a_pool_survives_that_its_connections_are_cut() {
    let table = new_table();
    let backend = open_at(&named(&table), &table).await;
    keep(&backend, 1).await;
    for pause in [Duration::ZERO, Duration::from_millis(1200)] {
        assert!(terminate(&table).await > 0);
        tokio::time::sleep(pause).await;
        assert_eq!(real_sql::failures_until_served_again(&backend).await, 0, "a look-up is asked again");
        assert!(backend.touch(&name(1), NOW + HOUR, NOW).await.unwrap());
    }
    drop_table::<Postgres>(&table).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn saves_and_ends_are_heard_by_the_other_replica_and_touches_are_not() {
    let (one, another, table) = two().await;
    keep(&*one, 1).await;
    until_heard(&another, &one).await;
    for silent in [true, false] {
        let waiting = {
            let another = Arc::clone(&another);
            let at_most = Duration::from_secs(if silent { 2 } else { 30 });
            tokio::spawn(async move { is_told(&another, 1, at_most).await })
        };
        tokio::time::sleep(Duration::from_millis(300)).await;
        one.touch(&name(1), NOW + HOUR * 2, NOW).await.unwrap();
        if !silent {
            one.update(&name(1), Version::FIRST, &content(2), &Labels::default(), NOW).await.unwrap();
        }
        assert_eq!(waiting.await.unwrap(), !silent);
    }
    drop_table::<Postgres>(&table).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_while_the_listening_connection_is_cut_is_told_and_hears_again() {
    let table = new_table();
    let one = Arc::new(open_at(&named(&table), &table).await);
    keep(&*one, 1).await;
    until_heard(&one, &one).await;
    let waiting = {
        let one = Arc::clone(&one);
        tokio::spawn(
            async move { one.changes().unwrap().wait_for(&[name(77)], Duration::from_secs(60)).await },
        )
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(terminate(&table).await > 0);
    tokio::time::timeout(Duration::from_secs(5), waiting).await.unwrap().unwrap();
    until_heard(&one, &one).await;
    drop(one);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(terminate(&table).await, 0, "it is gone with its backend");
    drop_table::<Postgres>(&table).await;
}

#[tokio::test]
async fn what_is_looked_for_is_found_by_an_index() {
    let table = new_table();
    let (backend, pool) = (open::<Postgres>(&table).await, admin());
    keep(&backend, 1).await;
    let mut connection = pool.acquire().await.unwrap();
    sqlx::query("SET enable_seqscan = off").execute(&mut *connection).await.unwrap();
    for (condition, index) in [
        ("name = '\\x00'", "pkey"),
        ("due <= 1 AND ended IS NULL ORDER BY due LIMIT 5", "due"),
        ("subject = '\\x00' AND ended IS NULL AND idle_deadline > 1", "subject"),
        ("provider_session = '\\x00' AND ended IS NULL", "provider_session"),
    ] {
        let explain = format!("EXPLAIN SELECT sealed FROM {table} WHERE {condition}");
        let plan = sqlx::query(AssertSqlSafe(explain)).fetch_all(&mut *connection).await.unwrap();
        let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
        assert!(plan.iter().any(|step| step.contains(&format!("{table}_{index}"))), "{condition}: {plan:?}");
    }
    drop_table::<Postgres>(&table).await;
}

#[tokio::test]
async fn a_table_that_is_there_serves_a_role_that_may_make_no_table() {
    let (table, pool) = (new_table(), admin());
    for _ in 0..2 {
        let script = postgres::SCHEMA.replace("authsession_sessions", &table);
        sqlx::raw_sql(AssertSqlSafe(script)).execute(&pool).await.unwrap();
    }
    let setup = format!(
        "CREATE ROLE r_{table}; GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO r_{table}; GRANT r_{table} TO CURRENT_USER"
    );
    sqlx::raw_sql(AssertSqlSafe(setup)).execute(&pool).await.unwrap();
    let url = format!("{}?options[role]=r_{table}", server(VARIABLE));
    let backend = open_at(&url, &table).await;
    keep(&backend, 1).await;
    backend.end(&name(1), EndReason::Logout, NOW, NOW).await.unwrap();
    let another = SqlSettings::at(&url).with_table(&new_table());
    let refused = PostgresBackend::connect_with(another).await.unwrap_err();
    assert!(
        matches!(&refused, StoreError::Misconfigured(hint) if hint.contains("lacks rights")),
        "{refused:?}"
    );
    drop_table::<Postgres>(&table).await;
    sqlx::raw_sql(AssertSqlSafe(format!("DROP ROLE r_{table}"))).execute(&pool).await.unwrap();
}

#[tokio::test]
async fn no_password_shows_in_an_error_or_a_debug() {
    let url = server(VARIABLE);
    let (scheme_and_user, rest) = url.rsplit_once('@').unwrap();
    let (user, _) = scheme_and_user.rsplit_once(':').unwrap();
    let wrong = format!("{user}:openSesame@{rest}");
    let refused = PostgresBackend::connect(&wrong).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Misconfigured(hint) if hint.contains("password")), "{refused:?}");
    let prepared = SqlSettings::at(&wrong).with_prepared_table();
    let backend = PostgresBackend::connect_with(prepared).await.unwrap();
    let unavailable = backend.load(&name(1)).await.unwrap_err();
    assert!(unavailable.is_transient(), "a request waits for better times: {unavailable:?}");
    for wrong in
        ["", "mysql://a:openSesame@h/d", "postgres://a:open#Sesame@h/d", "postgres://a:openSesame@h:x/d"]
    {
        let refused = PostgresBackend::connect(wrong).await.unwrap_err();
        assert!(matches!(refused, StoreError::Misconfigured(_)), "{wrong}: {refused:?}");
        assert!(!format!("{refused} {refused:?}").contains("Sesame"));
    }
    assert!(
        !format!("{refused} {refused:?} {unavailable} {unavailable:?} {backend:?}").contains("openSesame")
    );
}

#[tokio::test]
async fn what_is_set_up_wrong_is_told_at_the_start() {
    let url = server(VARIABLE);
    let (server, _) = url.rsplit_once('/').unwrap();
    for (wrong, hint) in [
        (format!("{server}/nowhere"), "has no database of that name"),
        (format!("{url}?sslmode=require"), "TLS"),
        (format!("{url}?sslmode=verify-full&sslrootcert=/nowhere.pem"), "TLS"),
    ] {
        let refused = PostgresBackend::connect(&wrong).await.unwrap_err();
        assert!(matches!(&refused, StoreError::Misconfigured(told) if told.contains(hint)), "{refused:?}");
    }
}

#[tokio::test]
async fn a_name_of_another_length_is_refused_by_the_table() {
    let table = new_table();
    keep(&open::<Postgres>(&table).await, 1).await;
    let shorten = AssertSqlSafe(format!("UPDATE {table} SET name = '\\x01'"));
    let refused = sqlx::query(shorten).execute(&admin()).await.unwrap_err();
    assert!(refused.as_database_error().unwrap().is_check_violation(), "{refused:?}");
    drop_table::<Postgres>(&table).await;
}

async fn open_at(url: &str, table: &str) -> PostgresBackend {
    PostgresBackend::connect_with(SqlSettings::at(url).with_table(table)).await.unwrap()
}

async fn two() -> (Arc<PostgresBackend>, Arc<PostgresBackend>, String) {
    let table = new_table();
    (Arc::new(open::<Postgres>(&table).await), Arc::new(open::<Postgres>(&table).await), table)
}

/// The server, as an application of that name.
fn named(table: &str) -> String {
    format!("{}?application_name={table}", server(VARIABLE))
}

fn admin() -> PgPool {
    PgPool::connect_lazy(&server(VARIABLE)).unwrap()
}

/// Cuts the connections of the application of that name; how many there were.
async fn terminate(table: &str) -> usize {
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1";
    sqlx::query(cut).bind(table).fetch_all(&admin()).await.unwrap().len()
}

/// Whether it is told within that time that the session of that number changed.
async fn is_told(backend: &PostgresBackend, number: u8, within: Duration) -> bool {
    let names = [name(number)];
    let wait = backend.changes().unwrap().wait_for(&names, Duration::from_secs(60));
    tokio::time::timeout(within, wait).await.is_ok()
}

/// Until what one ends is heard by the other: it listens.
async fn until_heard(listens: &Arc<PostgresBackend>, tells: &Arc<PostgresBackend>) {
    // What is told when it has connected is not it.
    listens.changes().unwrap().wait_for(&[name(78)], Duration::from_secs(5)).await;
    for attempt in 0..50 {
        let waiting = {
            let listens = Arc::clone(listens);
            tokio::spawn(async move { is_told(&listens, 78, Duration::from_millis(500)).await })
        };
        tokio::time::sleep(Duration::from_millis(100)).await;
        let _may_be_cut = tells.create(&name(78), &content(1), &Labels::default(), NOW + HOUR, NOW).await;
        let read = Version::from_number(attempt + 1);
        let _may_be_cut = tells.update(&name(78), read, &content(attempt + 2), &Labels::default(), NOW).await;
        if waiting.await.unwrap() {
            return;
        }
    }
    unreachable!("nothing was heard");
}
