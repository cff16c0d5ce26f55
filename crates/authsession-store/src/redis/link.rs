//! The one connection to a node: shared by all calls of the process, replaced by one task when it breaks.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use authsession_core::clock::{self, Clock, Timestamp};
use authsession_core::random;
use redis::aio::MultiplexedConnection;
use redis::sentinel::SentinelClient;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ErrorKind, RedisError, RetryMethod, ServerErrorKind,
    Value,
};
use tokio::sync::{Mutex, watch};

use crate::redis::error::is_our_fault;

/// How long an attempt to connect may take.
const CONNECTING: Duration = Duration::from_secs(4);
/// Between attempts, doubling from the one to the other.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(50);
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// However often it breaks, it is replaced no sooner than that after the last time.
const BETWEEN_CONNECTIONS: Duration = Duration::from_millis(200);
/// So many calls may wait for the socket before further ones wait for those.
const BUFFERED: usize = 1_024;

/// How long a call may take, in milliseconds, as its backend says.
#[derive(Clone)]
pub(super) struct Limit(Arc<AtomicU64>);

/// Where a link leads.
pub(super) enum Target {
    One(Box<Client>),
    /// The master that Sentinels name. They are asked by two tasks at most, each within a time limit.
    Sentinel(Box<Mutex<SentinelClient>>),
}

/// The way to a node.
pub(super) struct Link {
    target: Target,
    limit: Limit,
    /// How long a connection is waited for, if not for all of a call's time.
    reaching: Option<Duration>,
    state: watch::Sender<State>,
}

#[derive(Default)]
struct State {
    wire: Option<MultiplexedConnection>,
    /// Which connection it is or was, counted from 1.
    generation: u64,
    /// Whether a task is about to open the next one.
    opening: bool,
    opened_at: Option<Timestamp>,
    /// Since when there is none to be had, and why.
    away: Option<(Timestamp, RedisError)>,
}

/// What to do about an error.
pub(super) enum Remedy {
    /// Connect anew: this one is broken, or no longer the master's.
    Reconnect,
    /// Ask again in a moment.
    Wait,
    /// Nothing.
    GiveUp,
}

impl Limit {
    pub(super) fn new(limit: Duration) -> Self {
        let this = Self(Arc::default());
        this.set(limit);
        this
    }

    pub(super) fn set(&self, limit: Duration) {
        self.0.store(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(super) fn duration(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

impl Link {
    pub(super) fn new(target: Target, limit: Limit, reaching: Option<Duration>) -> Arc<Self> {
        Arc::new(Self { target, limit, reaching, state: watch::Sender::default() })
    }

    /// Sends a command, until it is answered. One whose answer was lost with its connection may happen twice.
    pub(super) async fn ask(self: &Arc<Self>, command: &Cmd) -> Result<Value, RedisError> {
        let mut pause = Duration::ZERO;
        loop {
            let error = match self.once(command).await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            match Remedy::of(&error) {
                _ if self.is_away_for_long() => return Err(error),
                Remedy::GiveUp => return Err(error),
                Remedy::Reconnect => {}
                Remedy::Wait => pause = pause.max(FIRST_PAUSE),
            }
            clock::wait(pause).await;
            pause = (pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        }
    }

    /// Sends a command once.
    pub(super) async fn once(self: &Arc<Self>, command: &Cmd) -> Result<Value, RedisError> {
        let (generation, mut wire) = self.wire().await?;
        self.answered(generation, command.query_async(&mut wire)).await
    }

    /// Sends a command for a key that is about to move here.
    pub(super) async fn once_after_asking(self: &Arc<Self>, command: &Cmd) -> Result<Value, RedisError> {
        let (generation, mut wire) = self.wire().await?;
        let mut both = redis::pipe();
        both.cmd("ASKING").ignore().add_command(command.clone());
        let answers: Vec<Value> = self.answered(generation, both.query_async(&mut wire)).await?;
        answers.into_iter().next_back().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData).into())
    }

    /// Waits for an answer. A connection that gives none for the better part of a call's time is not trusted any more: the
    /// server may hang, or be behind a network that forgot us.
    async fn answered<T>(
        self: &Arc<Self>,
        generation: u64,
        answer: impl Future<Output = Result<T, RedisError>>,
    ) -> Result<T, RedisError> {
        let patience = self.limit.duration() * 3 / 5;
        let answer = clock::within(patience, answer).await.unwrap_or_else(|| Err(timed_out()));
        if let Err(error) = &answer
            && matches!(Remedy::of(error), Remedy::Reconnect)
        {
            self.replace(generation, error);
        }
        answer
    }

    /// Whether it has been away for longer than a call may take.
    pub(super) fn is_away_for_long(&self) -> bool {
        self.state.borrow().is_away_for_long(self.limit.duration())
    }

    pub(super) fn host_and_port(&self) -> Option<(String, u16)> {
        self.client().and_then(host_and_port)
    }

    pub(super) const fn client(&self) -> Option<&Client> {
        match &self.target {
            Target::One(client) => Some(client),
            Target::Sentinel(_) => None,
        }
    }

    /// A client of the node, to hear of changes by.
    pub(super) async fn teller(&self) -> Result<Client, RedisError> {
        match &self.target {
            Target::One(client) => Ok(Client::clone(client)),
            Target::Sentinel(sentinel) => sentinel.lock().await.async_get_client().await,
        }
    }

    /// The connection; while there is none, the next one. A node that has been away for long is not waited for.
    async fn wire(self: &Arc<Self>) -> Result<(u64, MultiplexedConnection), RedisError> {
        {
            let state = self.state.borrow();
            if let Some(wire) = &state.wire {
                return Ok((state.generation, wire.clone()));
            }
        }
        let waits = clock::within(self.reaching.unwrap_or(self.limit.duration()), self.next_wire());
        waits.await.unwrap_or_else(|| Err(timed_out()))
    }

    async fn next_wire(self: &Arc<Self>) -> Result<(u64, MultiplexedConnection), RedisError> {
        let mut changed = self.state.subscribe();
        loop {
            self.open_behind();
            {
                let state = changed.borrow_and_update();
                if let Some(wire) = &state.wire {
                    return Ok((state.generation, wire.clone()));
                }
                if let Some((_, error)) = &state.away
                    && (is_our_fault(error) || state.is_away_for_long(self.limit.duration()))
                {
                    return Err(error.clone());
                }
            }
            if changed.changed().await.is_err() {
                return Err(io::Error::from(io::ErrorKind::NotConnected).into());
            }
        }
    }

    /// Replaces that connection, unless somebody did.
    fn replace(self: &Arc<Self>, generation: u64, error: &RedisError) {
        let replaced = self.state.send_if_modified(|state| {
            let current = state.generation == generation && state.wire.is_some();
            if current {
                state.wire = None;
                state.away = Some((Clock::system().now(), error.clone()));
            }
            current
        });
        if replaced {
            self.open_behind();
        }
    }

    /// Opens a connection in a task of its own, unless there is one or another task is about to.
    fn open_behind(self: &Arc<Self>) {
        let mut begins = false;
        self.state.send_if_modified(|state| {
            begins = !state.opening && state.wire.is_none();
            state.opening |= begins;
            false
        });
        if begins {
            let opening = Opening(Arc::downgrade(self));
            tokio::spawn(async move { opening.run().await });
        }
    }

    async fn open(&self) -> Result<MultiplexedConnection, RedisError> {
        // The calls have their own time limit.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECTING))
            .set_response_timeout(None)
            .set_pipeline_buffer_size(BUFFERED);
        let opening =
            async { self.teller().await?.get_multiplexed_async_connection_with_config(&config).await };
        clock::within(CONNECTING, opening).await.unwrap_or_else(|| Err(timed_out()))
    }
}

impl State {
    fn is_away_for_long(&self, limit: Duration) -> bool {
        self.away.as_ref().is_some_and(|(since, _)| *since + limit <= Clock::system().now())
    }
}

/// The task that opens the next connection: until it is there, or nobody can use it any more.
struct Opening(Weak<Link>);

impl Opening {
    async fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        let since_the_last = self.0.upgrade().and_then(|link| {
            let opened_at = link.state.borrow().opened_at?;
            Some(Clock::system().now().since(opened_at))
        });
        clock::wait(BETWEEN_CONNECTIONS.saturating_sub(since_the_last.unwrap_or(BETWEEN_CONNECTIONS))).await;
        while let Some(link) = self.0.upgrade() {
            match link.open().await {
                Ok(wire) => {
                    link.state.send_modify(|state| {
                        let generation = state.generation + 1;
                        let opened_at = Some(Clock::system().now());
                        *state = State { wire: Some(wire), generation, opened_at, ..State::default() };
                    });
                    // It is no longer about to: another task may be already.
                    self.0 = Weak::new();
                    return;
                }
                Err(error) => link.state.send_modify(|state| {
                    let since = state.away.take().map_or_else(|| Clock::system().now(), |(since, _)| since);
                    state.away = Some((since, error));
                }),
            }
            drop(link);
            clock::wait(spread(pause)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        if let Some(link) = self.0.upgrade() {
            link.state.send_if_modified(|state| {
                state.opening = false;
                false
            });
        }
    }
}

/// Half of it to all of it, so that processes which lost Redis together do not come back together.
pub(super) fn spread(pause: Duration) -> Duration {
    pause.mul_f64(0.5 + random::fraction() / 2.0)
}

impl Remedy {
    pub(super) fn of(error: &RedisError) -> Self {
        use ServerErrorKind::{BusyLoading, ClusterDown, MasterDown, ReadOnly, TryAgain};
        match (error.kind(), error.retry_method()) {
            _ if is_our_fault(error) => Self::GiveUp,
            (ErrorKind::Server(ReadOnly | MasterDown) | ErrorKind::Io, _) | (_, RetryMethod::Reconnect) => {
                Self::Reconnect
            }
            (ErrorKind::Server(BusyLoading | TryAgain | ClusterDown), _) => Self::Wait,
            _ => Self::GiveUp,
        }
    }
}

/// Where a client connects to, if not by a file.
pub(super) fn host_and_port(client: &Client) -> Option<(String, u16)> {
    match client.get_connection_info().addr() {
        ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
            Some((host.clone(), *port))
        }
        _ => None,
    }
}

fn timed_out() -> RedisError {
    io::Error::from(io::ErrorKind::TimedOut).into()
}
