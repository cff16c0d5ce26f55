//! The way to a key: by the one node there is, or by the one of a cluster that has it.

use std::io;
use std::sync::Arc;

use authsession_core::clock;
use redis::{Client, Cmd, ErrorKind, RedisError, ServerErrorKind, Value};

use crate::redis::cluster::Cluster;
use crate::redis::error::unavailable;
use crate::redis::link::{Limit, Link};
use crate::redis::scripts::{Argument, Script};
use crate::store::StoreError;

/// The way to Redis.
#[derive(Clone)]
pub(super) struct Route {
    pub(super) to: Destination,
    pub(super) limit: Limit,
}

#[derive(Clone)]
pub(super) enum Destination {
    Node(Arc<Link>),
    Cluster(Arc<Cluster>),
}

impl Route {
    /// Does `work` within the time limit.
    pub(super) async fn within_limit<T>(
        &self,
        work: impl Future<Output = Result<T, RedisError>>,
    ) -> Result<T, StoreError> {
        self.in_time(work).await.map_err(unavailable)
    }

    /// The same, with Redis's own error.
    pub(super) async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, RedisError>>,
    ) -> Result<T, RedisError> {
        let outcome = clock::within(self.limit.duration(), work).await;
        outcome.unwrap_or_else(|| Err(io::Error::from(io::ErrorKind::TimedOut).into()))
    }

    /// Runs a script on that key.
    pub(super) async fn run(
        &self,
        script: &Script,
        key: &str,
        arguments: &[&dyn Argument],
    ) -> Result<Value, RedisError> {
        match self.ask(key, &script.by_hash(key, arguments)).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                self.ask(key, &script.by_text(key, arguments)).await
            }
            answered => answered,
        }
    }

    /// Sends a command on that key, until it is answered. One whose answer was lost may happen twice.
    pub(super) async fn ask(&self, key: &str, command: &Cmd) -> Result<Value, RedisError> {
        match &self.to {
            Destination::Node(link) => link.ask(command).await,
            Destination::Cluster(cluster) => cluster.ask(key, command).await,
        }
    }

    /// Sends a command that any node can answer, to nodes that are up.
    pub(super) async fn ask_any(&self, command: &Cmd) -> Result<Value, RedisError> {
        match &self.to {
            Destination::Node(link) => link.ask(command).await,
            Destination::Cluster(cluster) => cluster.ask_any(command).await,
        }
    }

    /// A client to hear of changes by.
    pub(super) async fn teller(&self, attempt: usize) -> Result<Client, RedisError> {
        match &self.to {
            Destination::Node(link) => link.teller().await,
            Destination::Cluster(cluster) => {
                cluster.teller(attempt).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound).into())
            }
        }
    }
}
