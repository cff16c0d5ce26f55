//! A wire to a real server that is listened in on, goes dead, loses answers and is slow.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its stage too")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A wire to the server: counts what the client sends, and goes dead when told to.
pub(crate) struct Wire {
    pub(crate) url: String,
    sent: Arc<AtomicUsize>,
    hangs: Arc<AtomicBool>,
    /// For how many milliseconds an answer is on its way.
    takes: Arc<AtomicU64>,
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
            takes: Arc::default(),
            answers_left: Arc::new(AtomicUsize::new(usize::MAX)),
        };
        let (address, sent, hangs) = (address.to_owned(), Arc::clone(&this.sent), Arc::clone(&this.hangs));
        let (left, takes) = (Arc::clone(&this.answers_left), Arc::clone(&this.takes));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&address).await.unwrap();
                let ((from_client, to_client), (from_server, to_server)) =
                    (client.into_split(), server.into_split());
                let (sent, left, takes) = (Arc::clone(&sent), Arc::clone(&left), Arc::clone(&takes));
                tokio::spawn(pass(from_client, to_server, Arc::clone(&hangs), Arc::default(), move || {
                    sent.fetch_add(1, Ordering::SeqCst);
                    true
                }));
                tokio::spawn(pass(from_server, to_client, Arc::clone(&hangs), takes, move || {
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

    /// Every answer is on its way for that long.
    pub(crate) fn takes(&self, time: Duration) {
        self.takes.store(time.as_millis().try_into().unwrap(), Ordering::SeqCst);
    }

    pub(crate) fn hang(&self, hangs: bool) {
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
    hangs: Arc<AtomicBool>,
    takes: Arc<AtomicU64>,
    passes: impl Fn() -> bool,
) {
    let mut bytes = vec![0; 65536];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        if !passes() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(takes.load(Ordering::SeqCst))).await;
        if hangs.load(Ordering::SeqCst) {
            // For ever: as a cable that was cut.
            std::future::pending::<()>().await;
        }
        if to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}
