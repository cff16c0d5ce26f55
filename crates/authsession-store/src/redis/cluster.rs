//! A cluster: which node has a key, and one connection to each, so that a node that hangs holds up nobody but its own keys.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use authsession_core::clock::{self, Clock, Timestamp};
use authsession_core::random;
use redis::{Client, Cmd, ConnectionAddr, ErrorKind, RedisError, ServerErrorKind, Value};
use tokio::sync::watch;

use crate::redis::link::{FIRST_PAUSE, LONGEST_PAUSE, Limit, Link, Remedy, Target, host_and_port};
use crate::redis::scripts::{not_understood, read};
use crate::redis::slot::slot_of;

/// How long a node is waited for before another one is asked which node has what.
const ASKING: Duration = Duration::from_secs(1);
/// How long a connection to one is waited for, before it is looked up again who has the key.
const REACHING: Duration = Duration::from_millis(500);
/// That is asked no sooner than so long after the last time.
const BETWEEN_MAPS: Duration = Duration::from_millis(200);

/// The nodes, and which has which keys.
pub(super) struct Cluster {
    seeds: Vec<Client>,
    limit: Limit,
    links: Mutex<HashMap<(String, u16), Arc<Link>>>,
    map: watch::Sender<Map>,
}

#[derive(Default)]
struct Map {
    /// First and last slot, and who has them.
    ranges: Vec<(u16, u16, Arc<Link>)>,
    /// Whether a task is about to ask for the next one.
    asking: bool,
    asked_at: Option<Timestamp>,
    error: Option<RedisError>,
}

impl Cluster {
    pub(super) fn new(seeds: Vec<Client>, limit: Limit) -> Arc<Self> {
        Arc::new(Self { seeds, limit, links: Mutex::default(), map: watch::Sender::default() })
    }

    /// Sends a command to the node that has that key, until it is answered.
    pub(super) async fn ask(self: &Arc<Self>, key: &str, command: &Cmd) -> Result<Value, RedisError> {
        let (slot, mut pause, mut moved) = (slot_of(key.as_bytes()), FIRST_PAUSE, None::<(Arc<Link>, bool)>);
        loop {
            let (link, is_asking) = match moved.take() {
                Some(moved) => moved,
                None => (self.node_of(slot).await?, false),
            };
            let answer =
                if is_asking { link.once_after_asking(command).await } else { link.once(command).await };
            let error = match answer {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let asking = error.kind() == ErrorKind::Server(ServerErrorKind::Ask);
            if let Some(node) = self.redirected(&error, &link) {
                moved = Some((node, asking));
                if asking {
                    continue;
                }
                self.ask_behind();
            } else {
                // A node that has been away for long, and still has the key as far as the others know, is not waited for.
                if matches!(Remedy::of(&error), Remedy::GiveUp)
                    || (link.is_away_for_long() && pause > FIRST_PAUSE)
                {
                    return Err(error);
                }
                self.ask_behind();
                clock::wait(pause).await;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// A node's client, to hear of changes by: any, for each tells of all.
    pub(super) fn teller(&self, attempt: usize) -> Option<Client> {
        let links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        let clients: Vec<_> = links.values().filter_map(|link| link.client()).chain(&self.seeds).collect();
        clients.get(attempt % clients.len().max(1)).copied().cloned()
    }

    async fn node_of(self: &Arc<Self>, slot: u16) -> Result<Arc<Link>, RedisError> {
        if let Some(link) = self.map.borrow().node_of(slot) {
            return Ok(link);
        }
        let mut changed = self.map.subscribe();
        loop {
            self.ask_behind();
            {
                let map = changed.borrow_and_update();
                if let Some(link) = map.node_of(slot) {
                    return Ok(link);
                }
                if let Some(error) = &map.error
                    && matches!(Remedy::of(error), Remedy::GiveUp)
                {
                    return Err(error.clone());
                }
            }
            if changed.changed().await.is_err() {
                return Err(io::Error::from(io::ErrorKind::NotConnected).into());
            }
        }
    }

    fn redirected(&self, error: &RedisError, from: &Link) -> Option<Arc<Link>> {
        let (address, _) = error.redirect_node()?;
        let (host, port) = address.rsplit_once(':')?;
        let host =
            if host.is_empty() { from.host_and_port()?.0 } else { host.trim_matches(['[', ']']).to_owned() };
        self.link_to(&host, port.parse().ok()?)
    }

    /// The one connection to that node.
    fn link_to(&self, host: &str, port: u16) -> Option<Arc<Link>> {
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(link) = links.get(&(host.to_owned(), port)) {
            return Some(Arc::clone(link));
        }
        let seed = self.seeds.first()?.get_connection_info();
        let host = host.to_owned();
        let address = match seed.addr().clone() {
            ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
                ConnectionAddr::TcpTls { host: host.clone(), port, insecure, tls_params }
            }
            _ => ConnectionAddr::Tcp(host.clone(), port),
        };
        let client = Client::open(seed.clone().set_addr(address)).ok()?;
        let link = Link::new(Target::One(Box::new(client)), self.limit.clone(), Some(REACHING));
        links.insert((host, port), Arc::clone(&link));
        Some(link)
    }

    /// Asks who has what in a task of its own, unless one is about to.
    fn ask_behind(self: &Arc<Self>) {
        let mut begins = false;
        self.map.send_if_modified(|map| {
            begins = !map.asking;
            map.asking = true;
            false
        });
        if !begins {
            return;
        }
        let cluster = Arc::downgrade(self);
        let since_the_last = self.map.borrow().asked_at.map(|at| Clock::system().now().since(at));
        tokio::spawn(async move {
            clock::wait(BETWEEN_MAPS.saturating_sub(since_the_last.unwrap_or(BETWEEN_MAPS))).await;
            let Some(cluster) = cluster.upgrade() else { return };
            let outcome = cluster.ask_who_has_what().await;
            cluster.map.send_modify(|map| {
                map.asking = false;
                map.asked_at = Some(Clock::system().now());
                match outcome {
                    Ok(ranges) => (map.ranges, map.error) = (ranges, None),
                    Err(error) => map.error = Some(error),
                }
            });
        });
    }

    /// Every node that is known, not always the same one first, nor in all processes.
    fn nodes(&self) -> Vec<Arc<Link>> {
        let known = self.links.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        let seeds = self.seeds.iter().filter_map(|seed| {
            let (host, port) = host_and_port(seed)?;
            self.link_to(&host, port)
        });
        let mut nodes: Vec<Arc<Link>> = known;
        nodes.extend(seeds);
        let first = random::bytes::<1>().map_or(0, |[byte]| usize::from(byte)) % nodes.len().max(1);
        nodes.rotate_left(first);
        nodes
    }

    /// Asks one node after the other, until one answers.
    pub(super) async fn ask_any(&self, command: &Cmd) -> Result<Value, RedisError> {
        let mut error = io::Error::from(io::ErrorKind::NotConnected).into();
        for node in self.nodes() {
            let answer = clock::within(ASKING, node.once(command)).await;
            match answer.unwrap_or_else(|| Err(io::Error::from(io::ErrorKind::TimedOut).into())) {
                Ok(value) => return Ok(value),
                Err(why) => error = why,
            }
        }
        Err(error)
    }

    async fn ask_who_has_what(&self) -> Result<Vec<(u16, u16, Arc<Link>)>, RedisError> {
        let mut command = redis::cmd("CLUSTER");
        command.arg("SLOTS");
        let mut error = io::Error::from(io::ErrorKind::NotConnected).into();
        for node in self.nodes() {
            let answer = clock::within(ASKING, node.once(&command)).await;
            let answer = answer.unwrap_or_else(|| Err(io::Error::from(io::ErrorKind::TimedOut).into()));
            match answer.and_then(|answer| self.understood(answer, &node)) {
                Ok(ranges) => return Ok(ranges),
                Err(why) => error = why,
            }
        }
        Err(error)
    }

    fn understood(&self, answer: Value, node: &Link) -> Result<Vec<(u16, u16, Arc<Link>)>, RedisError> {
        let mut ranges = Vec::new();
        for range in read::<Vec<Vec<Value>>>(answer)? {
            let [first, last, master, ..] = &*range else { return Err(not_understood()) };
            let master: Vec<Value> = read(master.clone())?;
            let [host, port, ..] = &*master else { return Err(not_understood()) };
            let host: Option<String> = read(host.clone())?;
            let host = match host.filter(|host| !host.is_empty() && host != "?") {
                Some(host) => host,
                None => node.host_and_port().ok_or_else(not_understood)?.0,
            };
            let link = self.link_to(&host, read(port.clone())?).ok_or_else(not_understood)?;
            ranges.push((read(first.clone())?, read(last.clone())?, link));
        }
        if ranges.is_empty() {
            return Err(io::Error::from(io::ErrorKind::NotFound).into());
        }
        // Those who have nothing any more are forgotten, with their connections.
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        links.retain(|_, link| ranges.iter().any(|(.., has)| Arc::ptr_eq(link, has)));
        Ok(ranges)
    }
}

impl Map {
    fn node_of(&self, slot: u16) -> Option<Arc<Link>> {
        let range = self.ranges.iter().find(|(first, last, _)| (*first..=*last).contains(&slot))?;
        Some(Arc::clone(&range.2))
    }
}
