//! Sessions in a real MySQL or MariaDB, at `AUTHSESSION_TEST_MYSQL`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use authsession_store::backend::{Backend, Kept};
use authsession_store::contract;
use authsession_store::mysql::{MysqlBackend, SCHEMA};
use authsession_store::store::StoreError;
use sqlx::{AssertSqlSafe, MySqlPool, Row};

use crate::real_sql::{self, HOUR, NOW, Wire, keep, name, new_table, server, store};

const VARIABLE: &str = "AUTHSESSION_TEST_MYSQL";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_in_mysql_keep_every_promise() {
    let table = new_table();
    let open = async || open(&table).await.danger_leases_by_the_callers_clock();
    contract::keeps_every_promise(async |clock| store(open().await, clock)).await;
    drop_table(&table).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_replicas_that_start_at_once_make_one_table() {
    for _ in 0..5 {
        let table = new_table();
        let starts: Vec<_> = (0..10)
            .map(|_| {
                let table = table.clone();
                tokio::spawn(async move { open(&table).await.load(&name(1)).await })
            })
            .collect();
        for start in starts {
            assert_eq!(start.await.unwrap().unwrap(), Kept::Absent);
        }
        drop_table(&table).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_updates_by_several_replicas_one_is_saved() {
    let (one, another, table) = two().await;
    real_sql::of_many_updates_one_is_saved(one, another).await;
    drop_table(&table).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_replicas_that_sweep_at_once_each_session_is_ended_by_one() {
    let (one, another, table) = two().await;
    real_sql::each_session_is_swept_by_one(one, another).await;
    drop_table(&table).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_write_at_once_all_get_their_turn() {
    let (one, another, table) = two().await;
    real_sql::many_who_write_at_once_all_get_their_turn(one, another).await;
    drop_table(&table).await;
}

#[tokio::test]
async fn what_is_kept_comes_back() {
    let table = new_table();
    real_sql::what_is_kept_comes_back(&open(&table).await).await;
    drop_table(&table).await;
}

#[tokio::test]
async fn an_end_whose_answer_was_lost_is_its_own() {
    let (table, wire) = (new_table(), Wire::to(&server(VARIABLE)).await);
    let backend = open_at(&wire.url, &table).await;
    real_sql::an_end_whose_answer_was_lost_is_its_own(&backend, &wire, 4).await;
    drop_table(&table).await;
}

#[tokio::test]
async fn leases_last_by_the_server_s_clock() {
    let table = new_table();
    real_sql::leases_last_by_the_server_s_clock(&open(&table).await).await;
    drop_table(&table).await;
}

#[tokio::test]
async fn each_step_takes_as_few_messages_as_it_can() {
    let (table, wire) = (new_table(), Wire::to(&server(VARIABLE)).await);
    real_sql::each_step_takes_as_few_messages_as_it_can(&open_at(&wire.url, &table).await, &wire).await;
    drop_table(&table).await;
}

#[tokio::test]
async fn a_server_that_hangs_is_unavailable_in_time_and_serves_again_afterwards() {
    let (table, wire) = (new_table(), Wire::to(&server(VARIABLE)).await);
    let backend = open_at(&wire.url, &table).await.with_time_limit(Duration::from_secs(2));
    real_sql::a_server_that_hangs_is_unavailable_in_time(&backend, &wire).await;
    drop_table(&table).await;
}

/// Whoever makes a backup locks the table against writes. However many wait for it, each is told in time, and afterwards all work.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_to_a_table_that_is_locked_are_over_in_time() {
    let (table, limit) = (new_table(), Duration::from_secs(1));
    let backend = Arc::new(open(&table).await.with_time_limit(limit));
    for number in 0..40 {
        keep(&*backend, number).await;
    }
    let mut lock = admin().acquire().await.unwrap();
    let flush = AssertSqlSafe(format!("FLUSH TABLES {table} WITH READ LOCK"));
    sqlx::raw_sql(flush).execute(&mut *lock).await.unwrap();
    for round in 0..3 {
        let (backend, took) = (Arc::clone(&backend), Arc::new(std::sync::Mutex::new(Vec::new())));
        real_sql::write_at_once(&backend, 40, &took).await;
        let took = took.lock().unwrap();
        let longest = took.iter().max_by_key(|(_, took)| *took).unwrap();
        assert!(longest.1 < limit * 3 / 2, "round {round}: {longest:?}");
    }
    assert!(matches!(backend.load(&name(1)).await.unwrap(), Kept::Session { .. }), "reads go on");
    sqlx::raw_sql("UNLOCK TABLES").execute(&mut *lock).await.unwrap();
    for number in 0..40 {
        backend.touch(&name(number), NOW + HOUR * 2, NOW).await.unwrap();
    }
    drop_table(&table).await;
}

#[tokio::test]
async fn a_pool_survives_that_its_connections_are_cut() {
    let table = new_table();
    let pool = MysqlBackend::pool(&server(VARIABLE)).unwrap();
    let backend =
        MysqlBackend::on_prepared(pool.clone()).with_table(&table).unwrap().create_schema().await.unwrap();
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
    drop_table(&table).await;
}

#[tokio::test]
async fn what_is_looked_for_is_found_by_an_index() {
    let table = new_table();
    let backend = open(&table).await;
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
    drop_table(&table).await;
}

#[tokio::test]
async fn a_schema_of_one_s_own_migrations_serves() {
    let (table, pool) = (new_table(), admin());
    for _ in 0..2 {
        let script = SCHEMA.replace("authsession_sessions", &table);
        sqlx::raw_sql(AssertSqlSafe(script)).execute(&pool).await.unwrap();
    }
    let backend = MysqlBackend::on_prepared(pool).with_table(&table).unwrap();
    keep(&backend, 1).await;
    drop_table(&table).await;
}

#[tokio::test]
async fn no_password_shows_in_an_error_or_a_debug() {
    let url = server(VARIABLE);
    let (scheme_and_user, rest) = url.rsplit_once('@').unwrap();
    let (user, _) = scheme_and_user.rsplit_once(':').unwrap();
    let wrong = format!("{user}:openSesame@{rest}");
    let refused = MysqlBackend::connect(&wrong).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Misconfigured(hint) if hint.contains("password")), "{refused:?}");
    let backend = MysqlBackend::on_prepared(MysqlBackend::pool(&wrong).unwrap());
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

async fn open(table: &str) -> MysqlBackend {
    open_at(&server(VARIABLE), table).await
}

async fn open_at(url: &str, table: &str) -> MysqlBackend {
    let backend = MysqlBackend::on_prepared(MysqlBackend::pool(url).unwrap());
    backend.with_table(table).unwrap().create_schema().await.unwrap()
}

async fn two() -> (Arc<MysqlBackend>, Arc<MysqlBackend>, String) {
    let table = new_table();
    (Arc::new(open(&table).await), Arc::new(open(&table).await), table)
}

fn admin() -> MySqlPool {
    MysqlBackend::pool(&server(VARIABLE)).unwrap()
}

async fn drop_table(table: &str) {
    sqlx::query(AssertSqlSafe(format!("DROP TABLE IF EXISTS {table}"))).execute(&admin()).await.unwrap();
}
