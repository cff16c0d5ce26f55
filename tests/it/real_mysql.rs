//! Sessions in a real MySQL or MariaDB, at `AUTHSESSION_TEST_MYSQL`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use authsession_store::backend::{Backend, Kept};
use authsession_store::mysql::{self, MysqlBackend};
use authsession_store::sql_settings::SqlSettings;
use authsession_store::store::StoreError;
use sqlx::mysql::MySqlPoolOptions;
use sqlx::{AssertSqlSafe, MySqlPool, Row};

use crate::real_sql::{self, HOUR, NOW, Real, drop_table, keep, name, new_table, open, server, settings};

const VARIABLE: &str = "AUTHSESSION_TEST_MYSQL";

/// The server, for the tests of all of them.
struct Mysql;

impl Real for Mysql {
    type Database = sqlx::MySql;
    type Backend = MysqlBackend;
    const VARIABLE: &str = VARIABLE;
    const SCHEMA: &str = mysql::SCHEMA;

    async fn connect_with(settings: SqlSettings<Self::Database>) -> Result<Self::Backend, StoreError> {
        MysqlBackend::connect_with(settings).await
    }

    async fn run(script: String) {
        sqlx::raw_sql(AssertSqlSafe(script)).execute(&admin()).await.unwrap();
    }
}

real_sql::hold_to! {
    Mysql:
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

/// Whoever makes a backup locks the table against writes. However many wait for it, each is told in time, and afterwards all work.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_to_a_table_that_is_locked_are_over_in_time() {
    let (table, limit) = (new_table(), Duration::from_secs(1));
    let settings = settings::<Mysql>(&table).with_time_limit(limit);
    let backend = Arc::new(MysqlBackend::connect_with(settings).await.unwrap());
    for number in 0..40 {
        keep(&*backend, number).await;
    }
    let mut lock = admin().acquire().await.unwrap();
    let flush = AssertSqlSafe(format!("FLUSH TABLES {table} WITH READ LOCK"));
    sqlx::raw_sql(flush).execute(&mut *lock).await.unwrap();
    for _ in 0..3 {
        real_sql::write_at_once(&backend, 40, limit).await;
    }
    assert!(matches!(backend.load(&name(1)).await.unwrap(), Kept::Session { .. }), "reads go on");
    sqlx::raw_sql("UNLOCK TABLES").execute(&mut *lock).await.unwrap();
    for number in 0..40 {
        backend.touch(&name(number), NOW + HOUR * 2, NOW).await.unwrap();
    }
    drop_table::<Mysql>(&table).await;
}

#[tokio::test]
async fn a_pool_survives_that_its_connections_are_cut() {
    let table = new_table();
    let pool = MySqlPoolOptions::new().test_before_acquire(false).connect_lazy(&server(VARIABLE)).unwrap();
    let settings = SqlSettings::on(pool.clone()).with_table(&table);
    let backend = MysqlBackend::connect_with(settings).await.unwrap();
    keep(&backend, 1).await;
    for pause in [Duration::ZERO, Duration::from_millis(1200)] {
        // On another one, where that of the round before was cut.
        let number = loop {
            if let Ok(number) = sqlx::query("SELECT connection_id()").fetch_one(&pool).await {
                break number;
            }
        };
        let number: u64 =
            number.try_get(0).or_else(|_| number.try_get::<i64, _>(0).map(i64::cast_unsigned)).unwrap();
        sqlx::raw_sql(AssertSqlSafe(format!("KILL {number}"))).execute(&admin()).await.unwrap();
        tokio::time::sleep(pause).await;
        assert_eq!(real_sql::failures_until_served_again(&backend).await, 0, "a look-up is asked again");
        assert!(backend.touch(&name(1), NOW + HOUR, NOW).await.unwrap());
    }
    drop_table::<Mysql>(&table).await;
}

#[tokio::test]
async fn what_is_looked_for_is_found_by_an_index() {
    let table = new_table();
    let backend = open::<Mysql>(&table).await;
    for number in 0..200 {
        keep(&backend, number).await;
    }
    for (condition, index) in [
        ("name = REPEAT('a', 32)", "PRIMARY"),
        ("due <= 1 AND ended IS NULL ORDER BY due LIMIT 5", "authsession_sessions_due"),
        ("subject = REPEAT('a', 32) AND ended IS NULL AND idle_deadline > 1", "authsession_sessions_subject"),
        ("provider_session = REPEAT('a', 32) AND ended IS NULL", "authsession_sessions_provider_session"),
    ] {
        let explain = format!("EXPLAIN FORMAT=JSON SELECT idle_deadline FROM {table} WHERE {condition}");
        let plan: String = sqlx::query(AssertSqlSafe(explain)).fetch_one(&admin()).await.unwrap().get(0);
        let index = index.replace("authsession_sessions", &table);
        assert!(
            plan.contains(&format!("\"key\": \"{index}\"")) || plan.contains("no matching row"),
            "{condition}: {plan}"
        );
    }
    drop_table::<Mysql>(&table).await;
}

#[tokio::test]
async fn no_password_shows_in_an_error_or_a_debug() {
    let url = server(VARIABLE);
    let (scheme_and_user, rest) = url.rsplit_once('@').unwrap();
    let (user, _) = scheme_and_user.rsplit_once(':').unwrap();
    let wrong = format!("{user}:openSesame@{rest}");
    let refused = MysqlBackend::connect(&wrong).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Misconfigured(hint) if hint.contains("password")), "{refused:?}");
    let prepared = SqlSettings::at(&wrong).with_prepared_table();
    let backend = MysqlBackend::connect_with(prepared).await.unwrap();
    let unavailable = backend.load(&name(1)).await.unwrap_err();
    assert!(unavailable.is_transient(), "a request waits for better times: {unavailable:?}");
    for wrong in
        ["", "postgres://a:openSesame@h/d", "mysql://a:open#Sesame@h/d", "mysql://a:openSesame@h:x/d"]
    {
        let refused = MysqlBackend::connect(wrong).await.unwrap_err();
        assert!(matches!(refused, StoreError::Misconfigured(_)), "{wrong}: {refused:?}");
        assert!(!format!("{refused} {refused:?}").contains("Sesame"));
    }
    assert!(
        !format!("{refused} {refused:?} {unavailable} {unavailable:?} {backend:?}").contains("openSesame")
    );
}

#[tokio::test]
async fn what_is_set_up_wrong_is_told_at_the_start() {
    let (url, user) = (server(VARIABLE), new_table());
    let (server, _) = url.rsplit_once('/').unwrap();
    let create = format!(
        "CREATE USER {user}@'%' IDENTIFIED BY 'openSesame'; GRANT CREATE TEMPORARY TABLES ON authsession.* TO {user}@'%'"
    );
    sqlx::raw_sql(AssertSqlSafe(create)).execute(&admin()).await.unwrap();
    let (_, address) = url.rsplit_once('@').unwrap();
    for (wrong, hint) in [
        (format!("{server}/nowhere"), "has no database of that name"),
        (format!("mysql://{user}:openSesame@{address}"), "lacks rights"),
        (format!("{url}?ssl-mode=REQUIRED"), "TLS"),
    ] {
        let refused = MysqlBackend::connect(&wrong).await.unwrap_err();
        assert!(matches!(&refused, StoreError::Misconfigured(told) if told.contains(hint)), "{refused:?}");
    }
    sqlx::raw_sql(AssertSqlSafe(format!("DROP USER {user}@'%'"))).execute(&admin()).await.unwrap();
}

fn admin() -> MySqlPool {
    MySqlPool::connect_lazy(&server(VARIABLE)).unwrap()
}
