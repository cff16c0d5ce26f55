//! Backends at a Redis: those that the environment names, which all tests share, and servers of a test's own.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its stage too"
)]

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use authsession_core::clock::{Clock, Timestamp};
use authsession_core::random;
use authsession_store::backend::{Backend, Content, Labels};
use authsession_store::keyed_hash::KeyedHash;
use authsession_store::record::Version;
use authsession_store::redis::RedisBackend;

pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// The URL in that variable.
pub(crate) fn url(variable: &str) -> String {
    std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} is missing: run me with tests/real/servers run COMMAND"))
}

/// A prefix nobody used yet.
pub(crate) fn new_prefix() -> String {
    format!("test:{}:", random::text::<9>().unwrap())
}

/// A backend there, as a process of its own would have it.
pub(crate) async fn at(url: &str, prefix: &str) -> RedisBackend {
    RedisBackend::connect(url).await.unwrap().with_prefix(prefix)
}

pub(crate) fn new_name() -> KeyedHash {
    KeyedHash(random::bytes().unwrap())
}

pub(crate) fn now() -> Timestamp {
    Clock::system().now()
}

/// Something nobody else keeps, at that version.
pub(crate) fn content(version: Version) -> Content {
    Content { version, sealed: random::bytes::<1500>().unwrap().to_vec(), expires_at: now() + HOUR * 10 }
}

/// Keeps a session.
pub(crate) async fn keep(backend: &RedisBackend, labels: &Labels, idle_deadline: Timestamp) -> KeyedHash {
    let name = new_name();
    assert!(backend.create(&name, &content(Version::FIRST), labels, idle_deadline, now()).await.unwrap());
    name
}

/// A Redis of the test's own, which it may stop and start.
pub(crate) struct OwnRedis {
    pub(crate) port: u16,
    folder: PathBuf,
    process: Option<Child>,
}

static FOLDERS: AtomicU64 = AtomicU64::new(0);

impl OwnRedis {
    pub(crate) async fn start() -> Self {
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("authsession-redis-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut own = Self { port, folder, process: None };
        own.start_again().await;
        own
    }

    pub(crate) async fn start_again(&mut self) {
        self.kill();
        let process = Command::new("redis-server")
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--appendonly", "yes"])
            .args(["--appendfsync", "always", "--save", "", "--dir"])
            .arg(&self.folder)
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is missing: tests/real/servers installs it");
        self.process = Some(process);
        for _ in 0..100 {
            if RedisBackend::connect(&self.url()).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("redis-server did not come up on port {}", self.port);
    }

    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    pub(crate) fn signal(&self, signal: &str) {
        let process = self.process.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([signal, &process]).status().unwrap().success());
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// What it says to a command on a connection that is not the backend's.
    pub(crate) async fn ask(&self, command: &str) -> String {
        let client = redis::Client::open(self.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let mut words = command.split(' ');
        let mut command = redis::cmd(words.next().unwrap());
        words.for_each(|word| {
            command.arg(word);
        });
        let answer: redis::Value = command.query_async(&mut connection).await.unwrap();
        redis::from_redis_value(answer.clone()).unwrap_or_else(|_| format!("{answer:?}"))
    }

    /// How often each command was called.
    pub(crate) async fn calls(&self, command: &str) -> u64 {
        let statistics = self.ask("INFO commandstats").await;
        let line = statistics.lines().find(|line| line.starts_with(&format!("cmdstat_{command}:")));
        line.and_then(|line| line.split_once("calls=")?.1.split(',').next()?.parse().ok()).unwrap_or(0)
    }
}

impl Drop for OwnRedis {
    fn drop(&mut self) {
        self.kill();
        let _gone = std::fs::remove_dir_all(&self.folder);
    }
}
