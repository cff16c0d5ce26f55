//! Sessions in Redis or Valkey: a single node, a cluster, or a master that Sentinels name.
//!
//! A session is one key, and each step on it one command: a load is a `GET`, everything else a script, so it happens whole or
//! not at all. All calls of a process share one connection, to a node; a further one hears what other processes change, once somebody waits
//! for that ([`SessionStore::wait_for_change`](crate::store::SessionStore::wait_for_change)).
//!
//! **What Redis must be told.** Sessions are lost when Redis evicts keys to save memory: set `maxmemory-policy noeviction`.
//! How much a crash or a failover may lose is up to its persistence and replication; an end that is lost revives its session until
//! its deadline. The user needs, besides connecting, the keys and channels of the prefix and the commands `GET`, `EVALSHA`,
//! `EVAL`, what the scripts call (`SET`, `GETRANGE`, `SETRANGE`, `PTTL`, `PEXPIRE`, `PUBLISH`, `TIME`), `ZADD`, `ZREM`, `ZRANGEBYSCORE`,
//! `ZREMRANGEBYSCORE`, `PING` and `SUBSCRIBE`; on a cluster, `CLUSTER SLOTS` and `ASKING`.

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use authsession_core::clock::Timestamp;
use redis::sentinel::SentinelClient;
use redis::{Client, RedisError};
use tokio::runtime::Handle;
use tokio::sync::Mutex;

use crate::backend::{Backend, Content, EndOutcome, Kept, Label, Labels, UpdateOutcome, lasting};
use crate::changes::Changes;
use crate::end_reason::EndReason;
use crate::keyed_hash::KeyedHash;
use crate::record::Version;
use crate::redis::address::{Address, Nodes};
use crate::redis::cluster::Cluster;
use crate::redis::ending::{Ended, Ending};
use crate::redis::error::{at_the_start, unavailable};
use crate::redis::index::Index;
use crate::redis::keys::Keys;
use crate::redis::link::{Limit, Link, Target};
use crate::redis::listener::Listener;
use crate::redis::route::{Destination, Route};
use crate::redis::scripts::{not_understood, read};
use crate::redis::value::{kept, padded, written};
use crate::store::{LeaseOwner, StoreError};

mod address;
mod cluster;
mod ending;
mod error;
mod index;
mod keys;
mod link;
mod listener;
mod route;
mod scripts;
mod slot;
mod value;

const PREFIX: &str = "authsession:";
const LIMIT: Duration = Duration::from_secs(5);

/// Keeps sessions in Redis.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use authsession_store::sealed_store::SealedStore;
/// use authsession_store::redis::RedisBackend;
/// use authsession_store::seal::KeyRing;
///
/// # async fn open(ring: KeyRing) -> Result<SealedStore, Box<dyn std::error::Error>> {
/// let backend = RedisBackend::connect("rediss://app:password@redis.example:6380/").await?;
/// let store = SealedStore::new(Arc::new(backend.with_prefix("shop:sessions:")), ring);
/// # Ok(store) }
/// ```
pub struct RedisBackend {
    index: Index,
    address: Box<str>,
    by_callers_clock: bool,
    listener: OnceLock<Listener>,
}

impl RedisBackend {
    /// Connects to the Redis at that URL:
    ///
    /// | | |
    /// |---|---|
    /// | `redis://host:6379/0` | one node, and its database; `rediss://` by TLS, against the system's roots of trust |
    /// | `redis://a:6379,b:6379,c:6379` | a cluster, by some of its nodes; by a single one: `redis+cluster://a:6379` |
    /// | `redis://s1:26379,s2:26379/0?master=NAME` | the master of that name, as Sentinels know it; `redis+sentinel://` is the same |
    ///
    /// `user:password@` before the hosts is for the nodes; Sentinels that want a password of their own are given
    /// `&sentinel_username=…&sentinel_password=…`. What is special in a URL is percent-encoded. `valkey` may stand for `redis`.
    ///
    /// # Errors
    /// [`StoreError::Misconfigured`] for any other URL, or when the password, the database's number or the user's rights must
    /// be set right, [`StoreError::Unavailable`] when Redis does not answer.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let backend = Self::open(url)?;
        let ping = redis::cmd("PING");
        backend.route().in_time(backend.route().ask("", &ping)).await.map_err(at_the_start)?;
        Ok(backend)
    }

    /// The same, connecting when first needed: for a program that starts while Redis is away.
    ///
    /// # Errors
    /// [`StoreError::Misconfigured`].
    ///
    /// ```
    /// use authsession_store::redis::RedisBackend;
    ///
    /// assert!(RedisBackend::open("redis://127.0.0.1:7001,127.0.0.1:7002").is_ok());
    /// assert!(RedisBackend::open("http://127.0.0.1").is_err());
    /// ```
    pub fn open(url: &str) -> Result<Self, StoreError> {
        Address::parse(url).map(Self::at)
    }

    /// By a client of the caller's: for a certificate authority or a client certificate of one's own
    /// (`redis::Client::build_with_tls`), a Unix socket, …
    ///
    /// ```no_run
    /// # fn open() -> Result<(), Box<dyn std::error::Error>> {
    /// use authsession_store::redis::RedisBackend;
    ///
    /// let backend = RedisBackend::from_client(redis::Client::open("unix:///run/redis/redis.sock")?);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn from_client(client: Client) -> Self {
        Self::at(Address::of_client(client))
    }

    /// By clients of some of a cluster's nodes. The others are connected to as the first one is: same user, password and TLS.
    ///
    /// # Errors
    /// [`StoreError::Misconfigured`] without a node.
    pub fn from_cluster(nodes: Vec<Client>) -> Result<Self, StoreError> {
        Address::of_cluster(nodes).map(Self::at)
    }

    /// By a Sentinel client of the caller's, made for the master.
    #[must_use]
    pub fn from_sentinel(client: SentinelClient) -> Self {
        Self::at(Address::of_sentinel(client, "master named by Sentinel".to_owned(), true))
    }

    fn at(address: Address) -> Self {
        if address.tls {
            // rustls takes the cryptography of the process; where none was chosen, it is ours. An error says that one was.
            let _chosen_before = rustls::crypto::aws_lc_rs::default_provider().install_default();
        }
        let limit = Limit::new(LIMIT);
        let to = match address.nodes {
            Nodes::One(client) => Destination::Node(Link::new(Target::One(client), limit.clone(), None)),
            Nodes::Sentinel(client) => {
                let target = Target::Sentinel(Box::new(Mutex::new(*client)));
                Destination::Node(Link::new(target, limit.clone(), None))
            }
            Nodes::Cluster(seeds) => Destination::Cluster(Cluster::new(seeds, limit.clone())),
        };
        let index = Index { route: Route { to, limit }, keys: Keys(PREFIX.into()) };
        let address = address.text.into();
        Self { index, address, by_callers_clock: false, listener: OnceLock::new() }
    }

    const fn route(&self) -> &Route {
        &self.index.route
    }

    /// Begins every key, and the channel, with that, in place of `authsession:`. The same on every replica.
    #[must_use]
    pub fn with_prefix(mut self, prefix: &str) -> Self {
        self.index.keys = Keys(prefix.into());
        self
    }

    /// Gives up on a call after that long, in place of five seconds.
    #[must_use]
    pub fn with_time_limit(self, limit: Duration) -> Self {
        self.route().limit.set(limit);
        self
    }

    /// Has leases last by the clock of whoever asks for them, in place of Redis's: for tests whose clock stands still.
    #[must_use]
    pub fn danger_leases_by_the_callers_clock(self) -> Self {
        Self { by_callers_clock: true, ..self }
    }

    async fn update_once(
        &self,
        name: &KeyedHash,
        read_version: Version,
        value: &[u8],
        now: Timestamp,
        is_noted: bool,
    ) -> Result<String, RedisError> {
        let (key, channel) = (self.index.keys.session(name), self.index.keys.channel());
        let (read_version, now, is_noted) = (read_version.number(), now.unix_millis(), i32::from(is_noted));
        let arguments: [&dyn scripts::Argument; 6] =
            [&read_version, &value, &now, &channel, &&name.0, &is_noted];
        read(self.route().run(&scripts::UPDATE, &key, &arguments).await?)
    }
}

#[async_trait]
impl Backend for RedisBackend {
    async fn create(
        &self,
        name: &KeyedHash,
        content: &Content,
        labels: &Labels,
        idle_deadline: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let due = idle_deadline.min(content.expires_at);
        let (key, value) = (self.index.keys.session(name), written(content, labels, idle_deadline));
        let create = async {
            self.index.announce(name, labels, due, content.expires_at, now).await?;
            read(self.route().run(&scripts::CREATE, &key, &[&&*value, &now.unix_millis()]).await?)
        };
        self.route().within_limit(create).await
    }

    async fn load(&self, name: &KeyedHash) -> Result<Kept, StoreError> {
        let (key, mut command) = (self.index.keys.session(name), redis::cmd("GET"));
        command.arg(&key);
        let load = async { kept(read(self.route().ask(&key, &command).await?)?).ok_or_else(not_understood) };
        self.route().within_limit(load).await
    }

    async fn update(
        &self,
        name: &KeyedHash,
        read_version: Version,
        content: &Content,
        labels: &Labels,
        now: Timestamp,
    ) -> Result<UpdateOutcome, StoreError> {
        // The idle deadline is the one that is kept.
        let value = written(content, labels, Timestamp::NEVER);
        let update = async {
            let mut outcome = self.update_once(name, read_version, &value, now, false).await?;
            if outcome == "unknown" {
                self.index.note(name, labels, content.expires_at, now).await?;
                outcome = self.update_once(name, read_version, &value, now, true).await?;
            }
            match &*outcome {
                "saved" => Ok(UpdateOutcome::Saved),
                "changed" => Ok(UpdateOutcome::Changed),
                "over" => Ok(UpdateOutcome::Ended),
                "absent" => Ok(UpdateOutcome::Absent),
                _ => Err(not_understood()),
            }
        };
        self.route().within_limit(update).await
    }

    async fn touch(
        &self,
        name: &KeyedHash,
        idle_deadline: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let key = self.index.keys.session(name);
        let (idle, now) = (padded(idle_deadline.unix_millis()), now.unix_millis());
        let touch = async { read(self.route().run(&scripts::TOUCH, &key, &[&idle, &now]).await?) };
        self.route().within_limit(touch).await
    }

    async fn end(
        &self,
        name: &KeyedHash,
        reason: EndReason,
        now: Timestamp,
        forget_at: Timestamp,
    ) -> Result<EndOutcome, StoreError> {
        let ending = Ending { index: &self.index, now, forget_at };
        Ok(match self.route().within_limit(ending.end(name, reason)).await? {
            Ended::Now(reason, content, labels) => {
                // It ended, whatever becomes of that.
                let (index, name) = (self.index.clone(), *name);
                tokio::spawn(async move { index.clear(&name, &labels).await });
                EndOutcome::Now(reason, content)
            }
            Ended::Absent => EndOutcome::Absent,
            Ended::Before | Ended::NotDue(_) | Ended::Ours(_) | Ended::Changed => EndOutcome::Before,
        })
    }

    async fn sweep(
        &self,
        at_most: usize,
        now: Timestamp,
        forget_at: Timestamp,
    ) -> Result<Vec<(KeyedHash, EndReason, Content)>, StoreError> {
        let ending = Ending { index: &self.index, now, forget_at };
        ending.sweep(at_most).await.map_err(unavailable)
    }

    async fn find(&self, label: &Label, now: Timestamp) -> Result<Vec<KeyedHash>, StoreError> {
        self.route().within_limit(self.index.find(label, now)).await
    }

    async fn lease(
        &self,
        name: &KeyedHash,
        owner: LeaseOwner,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let key = self.index.keys.session(name);
        let (now, ttl) = (now.unix_millis(), lasting(ttl));
        let clock = if self.by_callers_clock { now.to_string() } else { String::new() };
        let arguments: [&dyn scripts::Argument; 4] = [&&owner.0, &now, &ttl, &clock];
        let lease = async { read(self.route().run(&scripts::LEASE, &key, &arguments).await?) };
        self.route().within_limit(lease).await
    }

    /// On a cluster, that of one of its nodes: any that answers.
    async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        if self.by_callers_clock {
            return Ok(None);
        }
        let time = async { read(self.route().ask_any(&redis::cmd("TIME")).await?) };
        let (seconds, micros): (i64, i64) = self.route().within_limit(time).await?;
        Ok(Some(Timestamp::from_unix_millis(seconds.saturating_mul(1000) + micros / 1000)))
    }

    async fn release(&self, name: &KeyedHash, owner: LeaseOwner) -> Result<(), StoreError> {
        let key = self.index.keys.session(name);
        let release = async { self.route().run(&scripts::RELEASE, &key, &[&&owner.0]).await.map(drop) };
        self.route().within_limit(release).await
    }

    fn changes(&self) -> Option<&Changes> {
        if self.listener.get().is_none() {
            Handle::try_current().ok()?;
        }
        let start = || Listener::start(self.route().clone(), self.index.keys.channel());
        Some(self.listener.get_or_init(start).changes())
    }
}

impl fmt::Debug for RedisBackend {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RedisBackend")
            .field("address", &self.address)
            .field("prefix", &self.index.keys.0)
            .field("time_limit", &self.route().limit.duration())
            .field("listener", &self.listener.get())
            .finish()
    }
}
