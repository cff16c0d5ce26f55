//! The store hangs, dies, comes back, takes no writes: nobody is signed out, nothing is lost, and nothing has to be restarted. What
//! each fault does is a table in `docs/stores.md`.
//!
//! These tests stop the servers, so nothing else may use them at the time: `tests/real/run stores` runs them one by one.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its scenes too")]

use std::process::Command;
use std::time::Duration;

use authsession_testkit::browser::Page;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::replicas::fleet::{Fleet, PROCESSES};
use crate::stores::server;

type Unblock = Box<dyn FnOnce() + Send>;

/// A server that can be stopped.
#[derive(Clone, Copy)]
struct Server {
    name: &'static str,
    variable: &'static str,
    /// Its URL for the application.
    application: fn() -> String,
    /// Has it take no writes, until what this gives is called.
    block_writes: fn(&str) -> Unblock,
    /// How many connections it was asked for since it started.
    connections: fn() -> usize,
    /// How many a process has at most.
    of_a_process: usize,
}

const POSTGRES: Server = Server {
    name: "postgres",
    variable: "AUTHSESSION_TEST_POSTGRES",
    application: || server("AUTHSESSION_TEST_POSTGRES"),
    block_writes: postgres_is_read_only,
    connections: postgres_connections,
    of_a_process: 11,
};
const MYSQL: Server = Server {
    name: "mysql",
    variable: "AUTHSESSION_TEST_MYSQL",
    application: mysql_application,
    block_writes: mysql_is_read_only,
    connections: mysql_connections,
    of_a_process: 10,
};
const REDIS: Server = Server {
    name: "redis",
    variable: "AUTHSESSION_TEST_REDIS",
    application: || server("AUTHSESSION_TEST_REDIS"),
    block_writes: redis_is_full,
    connections: redis_connections,
    of_a_process: 2,
};

impl Server {
    fn url(self) -> String {
        (self.application)()
    }

    /// `SIGSTOP`: connections stay, and nobody answers.
    fn hangs(self) {
        self.signal("STOP");
    }

    fn goes_on(self) {
        self.signal("CONT");
    }

    fn signal(self, signal: &str) {
        let pid = std::fs::read_to_string(server(&format!("{}_PID_FILE", self.variable))).unwrap();
        // Its children too: they answer for PostgreSQL.
        let script = format!("kill -{signal} {pid} $(pgrep -P {pid})", pid = pid.trim());
        run("bash", &["-c", &script]);
    }

    /// Killed at once, and started again on the same data.
    fn dies_and_comes_back(self) {
        run(&format!("{}/restart-{}", server("AUTHSESSION_TEST_SERVERS"), self.name), &[]);
    }
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The number at the end of that line.
fn number_behind(text: &str, name: &str) -> usize {
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim_matches([':', ' ', '\t', '\r']).parse().unwrap()
}

fn postgres_connections() -> usize {
    let statement = "SELECT 'sessions', sessions FROM pg_stat_database WHERE datname = current_database()";
    let text = run("psql", &[&server("AUTHSESSION_TEST_POSTGRES"), "-qAtF:", "-c", statement]);
    number_behind(&text, "sessions")
}

fn mysql_connections() -> usize {
    number_behind(
        &mysql(&server("AUTHSESSION_TEST_MYSQL"), "SHOW GLOBAL STATUS LIKE 'Connections'"),
        "Connections\t",
    )
}

fn redis_connections() -> usize {
    let (password, port) = redis_login(&server("AUTHSESSION_TEST_REDIS"));
    let text = run("redis-cli", &["--no-auth-warning", "-a", &password, "-p", &port, "INFO", "stats"]);
    number_behind(&text, "total_connections_received")
}

fn postgres_is_read_only(url: &str) -> Unblock {
    let set = |url: &str, setting: &str| {
        let statement = format!("ALTER SYSTEM SET default_transaction_read_only = {setting}");
        let writes = "SET default_transaction_read_only = off";
        run("psql", &[url, "-q", "-c", writes, "-c", &statement, "-c", "SELECT pg_reload_conf()"]);
    };
    set(url, "on");
    let url = url.to_owned();
    Box::new(move || set(&url, "off"))
}

/// As after a failover to a replica. Who has every right may still write, so the application has less.
fn mysql_is_read_only(url: &str) -> Unblock {
    mysql(url, "SET GLOBAL read_only = ON");
    let url = url.to_owned();
    Box::new(move || drop(mysql(&url, "SET GLOBAL read_only = OFF")))
}

/// The URL of an application with no more rights than it needs.
fn mysql_application() -> String {
    let url = server("AUTHSESSION_TEST_MYSQL");
    let rights = "CREATE, SELECT, INSERT, UPDATE, DELETE";
    mysql(
        &url,
        &format!(
            "CREATE USER IF NOT EXISTS application IDENTIFIED BY 'application'; GRANT {rights} ON authsession.* TO application"
        ),
    );
    let (_, rest) = url.split_once('@').unwrap();
    format!("mysql://application:application@{rest}")
}

/// Tells the server, by its administrator.
fn mysql(url: &str, statement: &str) -> String {
    let administrator = server("AUTHSESSION_TEST_MYSQL");
    let (login, _) = administrator.trim_start_matches("mysql://").split_once('@').unwrap();
    let (user, password) = login.split_once(':').unwrap();
    let (_, rest) = url.split_once('@').unwrap();
    let (host, port) = rest.split_once('/').unwrap().0.split_once(':').unwrap();
    let password = format!("-p{password}");
    run(
        "mariadb",
        &["--no-defaults", "--protocol=tcp", "-h", host, "-P", port, "-u", user, &password, "-e", statement],
    )
}

fn redis_login(url: &str) -> (String, String) {
    let (password, address) = url.trim_start_matches("redis://:").split_once('@').unwrap();
    let port = address.trim_end_matches('/').rsplit(':').next().unwrap();
    (password.to_owned(), port.to_owned())
}

/// No memory is left for anything new.
fn redis_is_full(url: &str) -> Unblock {
    let (password, port) = redis_login(url);
    let set = move |bytes: &str| {
        let login = ["--no-auth-warning", "-a", password.as_str(), "-p", port.as_str()];
        run("redis-cli", &[&login[..], &["CONFIG", "SET", "maxmemory", bytes]].concat());
    };
    set("1");
    Box::new(move || set("0"))
}

async fn all_ask(fleet: &Fleet) -> Vec<Page> {
    let mut asked = JoinSet::new();
    for replica in 0..PROCESSES {
        fleet.ask(&mut asked, replica);
    }
    asked.join_all().await
}

fn assert_later(pages: &[Page]) {
    for page in pages {
        assert_eq!(page.status, 503, "{}", page.text());
        assert!(page.headers.contains_key("retry-after"), "it says when to come back");
        assert!(!page.headers.contains_key("set-cookie"), "and signs nobody out");
    }
}

/// Within a while, everybody is served: connections that died are replaced, and nothing is restarted.
async fn all_are_served_again(fleet: &Fleet) {
    let mut last = Vec::new();
    for _ in 0..300 {
        last = all_ask(fleet).await;
        if last.iter().all(|page| page.status == 200) {
            return;
        }
        assert!(last.iter().all(|page| page.status == 200 || page.status == 503), "nobody is signed out");
        sleep(Duration::from_millis(100)).await;
    }
    unreachable!("not served again: {:?}", last.iter().map(|page| page.status).collect::<Vec<_>>());
}

async fn a_store_that_hangs(store: Server) {
    let fleet = Fleet::on(&store.url(), false).await;
    store.hangs();
    assert_later(&all_ask(&fleet).await);
    store.goes_on();
    all_are_served_again(&fleet).await;
    assert_eq!(fleet.provider.refreshes().await, 0);
}

async fn a_store_that_hangs_when_the_token_is_over(store: Server) {
    let fleet = Fleet::on(&store.url(), false).await;
    fleet.expire().await;
    store.hangs();
    assert_later(&all_ask(&fleet).await);
    assert_eq!(fleet.provider.refreshes().await, 0, "nothing is spent that cannot be saved");
    store.goes_on();
    all_are_served_again(&fleet).await;
    assert_eq!(fleet.provider.refreshes().await, 1);
}

async fn a_store_that_dies_between_the_provider_s_answer_and_the_save(store: Server) {
    let fleet = Fleet::on(&store.url(), false).await;
    fleet.expire().await;
    let (answer, gate) = Answer::normal().held_after();
    fleet.provider.script().enqueue(Endpoint::Token, answer);
    let mut asked = JoinSet::new();
    fleet.ask(&mut asked, 0);
    assert!(gate.reached().await);
    store.hangs();
    gate.open();
    // It waits, or it is told to come back: whichever, the tokens are kept.
    sleep(Duration::from_secs(2)).await;
    store.dies_and_comes_back();
    let first = asked.join_next().await.unwrap().unwrap();
    assert!(first.status == 200 || first.status == 503, "{}", first.text());
    fleet.token_within(0, Duration::from_secs(60)).await;
    all_are_served_again(&fleet).await;
    assert_eq!(fleet.provider.refreshes().await, 1, "the rotated token was not lost");
}

async fn a_store_that_dies_and_comes_back(store: Server) {
    let fleet = Fleet::on(&store.url(), false).await;
    for _ in 0..3 {
        store.dies_and_comes_back();
        all_are_served_again(&fleet).await;
    }
    fleet.expire().await;
    all_are_served_again(&fleet).await;
    assert_eq!(fleet.provider.refreshes().await, 1);
}

/// However many ask meanwhile, a process connects as often as it has connections.
async fn a_store_that_comes_back_is_not_run_over(store: Server) {
    let fleet = Fleet::on(&store.url(), false).await;
    store.hangs();
    let mut asked = JoinSet::new();
    for number in 0..300 {
        fleet.ask(&mut asked, number % PROCESSES);
    }
    store.dies_and_comes_back();
    asked.join_all().await;
    all_are_served_again(&fleet).await;
    // Beside theirs are those of who looks whether it is up.
    let (connections, at_most) = ((store.connections)(), PROCESSES * store.of_a_process + 10);
    assert!(connections <= at_most, "{connections} connections, not {at_most}");
}

async fn a_store_that_takes_no_writes(store: Server) {
    let fleet = Fleet::on(&store.url(), false).await;
    let unblock = (store.block_writes)(&store.url());
    assert!(all_ask(&fleet).await.iter().all(|page| page.status == 200), "who needs no refresh is served");
    fleet.expire().await;
    let refused = all_ask(&fleet).await;
    unblock();
    assert_later(&refused);
    assert_eq!(fleet.provider.refreshes().await, 0, "nothing is spent that cannot be saved");
    all_are_served_again(&fleet).await;
    assert_eq!(fleet.provider.refreshes().await, 1);
}

macro_rules! on_each_server {
    ($($name:ident = $server:expr,)*) => { $(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn a_store_that_hangs_is_503_and_no_sign_out() {
                super::a_store_that_hangs($server).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn a_store_that_hangs_when_the_token_is_over_costs_no_refresh_token() {
                super::a_store_that_hangs_when_the_token_is_over($server).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn a_store_that_dies_between_the_provider_s_answer_and_the_save_loses_no_token() {
                super::a_store_that_dies_between_the_provider_s_answer_and_the_save($server).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn a_store_that_dies_and_comes_back_needs_no_restart_of_anything_else() {
                super::a_store_that_dies_and_comes_back($server).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn a_store_that_comes_back_is_not_run_over_by_those_who_waited() {
                super::a_store_that_comes_back_is_not_run_over($server).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn a_store_that_takes_no_writes_serves_whom_it_can_and_spends_nothing() {
                super::a_store_that_takes_no_writes($server).await;
            }
        }
    )* };
}

on_each_server! {
    postgres = super::POSTGRES,
    mysql = super::MYSQL,
    redis = super::REDIS,
}
