//! What is the same of sessions in any database server: two processes at one table, and a wire that is listened in on.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking, its stage too")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use authsession_core::clock::{Clock, Timestamp};
use authsession_core::random;
use authsession_core::secret::Secret;
use authsession_store::backend::{Backend, Content, EndOutcome, Kept, Label, Labels, UpdateOutcome};
use authsession_store::end_reason::EndReason;
use authsession_store::keyed_hash::KeyedHash;
use authsession_store::record::Version;
use authsession_store::seal::KeyRing;
use authsession_store::sealed_store::SealedStore;
use authsession_store::store::{LeaseOwner, StoreError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_900_000_000);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

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

pub(crate) async fn of_many_updates_one_is_saved(one: Arc<impl Backend>, another: Arc<impl Backend>) {
    keep(&*one, 1).await;
    let update = |backend: Arc<dyn Backend>| {
        tokio::spawn(async move {
            backend.update(&name(1), Version::FIRST, &content(2), &Labels::default(), NOW).await.unwrap()
        })
    };
    let updates: Vec<_> = (0..32)
        .map(|number| {
            update(if number % 2 == 0 { Arc::clone(&one) as Arc<dyn Backend> } else { another.clone() })
        })
        .collect();
    let mut saved = 0;
    for updated in updates {
        match updated.await.unwrap() {
            UpdateOutcome::Saved => saved += 1,
            other => assert_eq!(other, UpdateOutcome::Changed),
        }
    }
    assert_eq!(saved, 1);
}

pub(crate) async fn each_session_is_swept_by_one(one: Arc<impl Backend>, another: Arc<impl Backend>) {
    for number in 0..100 {
        keep(&*one, number).await;
    }
    let later = NOW + HOUR;
    one.touch(&name(99), later + HOUR, NOW).await.unwrap();
    let sweep = |backend: Arc<dyn Backend>| {
        tokio::spawn(async move {
            let mut swept = Vec::new();
            for _ in 0..40 {
                swept.extend(backend.sweep(10, later, later + HOUR).await.unwrap());
            }
            swept
        })
    };
    let (first, second) = (sweep(one.clone()), sweep(another));
    let mut swept = first.await.unwrap();
    swept.extend(second.await.unwrap());
    let mut names: Vec<_> = swept.iter().map(|(name, ..)| *name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!((swept.len(), names.len()), (99, 99), "each once");
    assert!(swept.iter().all(|(_, reason, kept)| *reason == EndReason::Idle && *kept == content(1)));
    assert!(matches!(one.load(&name(99)).await.unwrap(), Kept::Session { .. }));
    while !one.sweep(100, later + HOUR * 2, later + HOUR * 3).await.unwrap().is_empty() {}
    assert_eq!(one.load(&name(1)).await.unwrap(), Kept::Absent, "forgotten in time");
}

pub(crate) async fn many_who_write_at_once_all_get_their_turn(
    one: Arc<impl Backend>,
    another: Arc<impl Backend>,
) {
    let write = |number: u8, backend: Arc<dyn Backend>| {
        tokio::spawn(async move {
            let name = name(number);
            keep_dyn(&*backend, number).await;
            for version in 1..10 {
                let (read, next) = (Version::from_number(version), content(version + 1));
                let labels = Labels { subject: Some(KeyedHash([number; 32])), provider_session: None };
                assert_eq!(backend.update(&name, read, &next, &labels, NOW).await?, UpdateOutcome::Saved);
                assert!(backend.touch(&name, NOW + HOUR + Duration::from_secs(version), NOW).await?);
                assert!(backend.lease(&name, LeaseOwner([1; 16]), HOUR, NOW).await?);
                backend.sweep(3, NOW, NOW).await?;
            }
            assert!(matches!(
                backend.end(&name, EndReason::Logout, NOW, NOW).await?,
                EndOutcome::Now(EndReason::Logout, _)
            ));
            Ok::<_, StoreError>(())
        })
    };
    let writers: Vec<_> = (0..32)
        .map(|number| {
            let backend =
                if number % 2 == 0 { Arc::clone(&one) as Arc<dyn Backend> } else { another.clone() };
            write(number, backend)
        })
        .collect();
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
}

async fn keep_dyn(backend: &dyn Backend, number: u8) {
    assert!(backend.create(&name(number), &content(1), &Labels::default(), NOW + HOUR, NOW).await.unwrap());
}

/// Every kind of write, by so many at once, none of which is done; how long each took.
pub(crate) async fn write_at_once(
    backend: &Arc<impl Backend>,
    writers: u8,
    took: &Arc<std::sync::Mutex<Vec<(&'static str, Duration)>>>,
) {
    let tasks = (0..writers).map(|number| {
        let (backend, took) = (Arc::clone(backend), Arc::clone(took));
        tokio::spawn(async move {
            let (name, labels, began) = (name(number), Labels::default(), tokio::time::Instant::now());
            let (step, failed) = match number % 6 {
                0 => ("touch", backend.touch(&name, NOW + HOUR, NOW).await.is_err()),
                1 => ("lease", backend.lease(&name, LeaseOwner([1; 16]), HOUR, NOW).await.is_err()),
                2 => (
                    "update",
                    backend.update(&name, Version::FIRST, &content(2), &labels, NOW).await.is_err(),
                ),
                3 => ("end", backend.end(&name, EndReason::Logout, NOW, NOW).await.is_err()),
                4 => (
                    "create",
                    backend.create(&KeyedHash([250; 32]), &content(1), &labels, NOW, NOW).await.is_err(),
                ),
                _ => ("sweep", backend.sweep(10, NOW + HOUR * 2, NOW + HOUR * 3).await.is_err()),
            };
            assert!(failed, "{step}");
            took.lock().unwrap().push((step, began.elapsed()));
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

/// Of so many answers that an end takes, each is lost once: who ended the session knows it, and what it held.
pub(crate) async fn an_end_whose_answer_was_lost_is_its_own(
    backend: &impl Backend,
    wire: &Wire,
    answers: u8,
) {
    keep(backend, 0).await;
    backend.end(&name(0), EndReason::Logout, NOW, NOW).await.unwrap();
    for lost in 1..=answers {
        keep(backend, lost).await;
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
}

/// Whatever the processes' own clocks say.
pub(crate) async fn leases_last_by_the_server_s_clock(backend: &impl Backend) {
    let (ours, theirs, later) = (LeaseOwner([1; 16]), LeaseOwner([2; 16]), NOW + HOUR * 5);
    keep(backend, 1).await;
    assert!(backend.touch(&name(1), NOW + HOUR * 9, NOW).await.unwrap());
    assert!(backend.lease(&name(1), ours, HOUR, NOW).await.unwrap());
    assert!(
        !backend.lease(&name(1), theirs, HOUR, later).await.unwrap(),
        "a clock that is ahead takes nothing"
    );
    assert!(backend.lease(&name(1), ours, Duration::from_millis(1), later).await.unwrap());
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(backend.lease(&name(1), theirs, HOUR, NOW).await.unwrap(), "it fell free by the server's");
    let (ours, told) = (Clock::system().now(), backend.time().await.unwrap().unwrap());
    assert!(ours.since(told).max(told.since(ours)) < Duration::from_secs(5), "{ours:?} {told:?}");
}

pub(crate) async fn what_is_kept_comes_back(backend: &impl Backend) {
    let labels = Labels { subject: Some(name(7)), provider_session: Some(name(8)) };
    let sealed: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    let content = Content { version: Version::from_number(u64::MAX), sealed, expires_at: Timestamp::NEVER };
    let idle_deadline = Timestamp::from_unix_millis(-1);
    assert!(backend.create(&name(1), &content, &labels, idle_deadline, NOW).await.unwrap());
    assert!(!backend.create(&name(1), &content, &labels, idle_deadline, NOW).await.unwrap());
    assert_eq!(
        backend.load(&name(1)).await.unwrap(),
        Kept::Session { content: content.clone(), idle_deadline }
    );
    let then = Timestamp::from_unix_millis(-2);
    for label in [Label::Subject(name(7)), Label::ProviderSession(name(8))] {
        assert_eq!(backend.find(&label, then).await.unwrap(), [name(1)]);
        assert_eq!(backend.find(&label, idle_deadline).await.unwrap(), []);
    }
    assert_eq!(
        backend.end(&name(1), EndReason::Logout, NOW, NOW).await.unwrap(),
        EndOutcome::Now(EndReason::Idle, content)
    );
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

pub(crate) async fn a_server_that_hangs_is_unavailable_in_time(backend: &impl Backend, wire: &Wire) {
    keep(backend, 1).await;
    wire.hang(true);
    for _ in 0..4 {
        let name = name(1);
        let load = tokio::time::timeout(Duration::from_secs(5), backend.load(&name)).await;
        assert!(matches!(load.expect("in time"), Err(StoreError::Unavailable(_))));
    }
    wire.hang(false);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(failures_until_served_again(backend).await <= 2);
}

/// A wire to the server: counts what the client sends, and goes dead when told to.
pub(crate) struct Wire {
    pub(crate) url: String,
    sent: Arc<AtomicUsize>,
    hangs: Arc<std::sync::atomic::AtomicBool>,
    /// How many more of the server's answers arrive.
    answers_left: Arc<AtomicUsize>,
}

impl Wire {
    /// To the server of that URL.
    pub(crate) async fn to(url: &str) -> Self {
        let (before, after) = url.rsplit_once('@').unwrap();
        let (address, path) = after.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let this = Self {
            url: format!("{before}@{}/{path}", listener.local_addr().unwrap()),
            sent: Arc::default(),
            hangs: Arc::default(),
            answers_left: Arc::new(AtomicUsize::new(usize::MAX)),
        };
        let (address, sent, hangs) = (address.to_owned(), Arc::clone(&this.sent), Arc::clone(&this.hangs));
        let left = Arc::clone(&this.answers_left);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&address).await.unwrap();
                let ((from_client, to_client), (from_server, to_server)) =
                    (client.into_split(), server.into_split());
                let (sent, left) = (Arc::clone(&sent), Arc::clone(&left));
                tokio::spawn(pass(from_client, to_server, Arc::clone(&hangs), move || {
                    sent.fetch_add(1, Ordering::SeqCst);
                    true
                }));
                tokio::spawn(pass(from_server, to_client, Arc::clone(&hangs), move || {
                    left.fetch_sub(1, Ordering::SeqCst) != 1
                }));
            }
        });
        this
    }

    pub(crate) fn sent(&self) -> usize {
        self.sent.load(Ordering::SeqCst)
    }

    /// The connection is cut in place of that answer, counted from now.
    pub(crate) fn loses_the_answer(&self, number: usize) {
        self.answers_left.store(number, Ordering::SeqCst);
    }

    pub(crate) fn has_lost_it(&self) -> bool {
        self.answers_left.load(Ordering::SeqCst) > usize::MAX / 2
    }

    fn hang(&self, hangs: bool) {
        self.hangs.store(hangs, Ordering::SeqCst);
    }

    /// How many messages a step takes: those that it waits for, and one by which the pool looks after the connection.
    pub(crate) async fn messages_of<T>(&self, step: impl Future<Output = T>) -> usize {
        let before = self.sent();
        step.await;
        // What looks after the connection is sent behind the step's back: counted once it is quiet again.
        let mut seen = usize::MAX;
        while seen != self.sent() {
            seen = self.sent();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        seen - before
    }
}

async fn pass(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    hangs: Arc<std::sync::atomic::AtomicBool>,
    passes: impl Fn() -> bool,
) {
    let mut bytes = vec![0; 65536];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        if !passes() {
            return;
        }
        if hangs.load(Ordering::SeqCst) {
            // For ever: as a cable that was cut.
            std::future::pending::<()>().await;
        }
        if to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}

pub(crate) async fn each_step_takes_as_few_messages_as_it_can(backend: &impl Backend, wire: &Wire) {
    let labels = Labels::default();
    let owner = LeaseOwner([1; 16]);
    for number in 1..=2 {
        // The first time statements are prepared.
        let name = name(number);
        let version = Version::FIRST;
        let mut counted = Vec::new();
        wire.messages_of(keep(backend, number)).await;
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
}
