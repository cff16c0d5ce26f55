//! Hears what other processes change, by a connection of its own.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use authsession_core::clock;
use futures_util::StreamExt as _;
use redis::RedisError;
use redis::aio::{PubSubSink, PubSubStream};
use tokio::task::AbortHandle;

use crate::changes::Changes;
use crate::keyed_hash::KeyedHash;
use crate::redis::link::{FIRST_PAUSE, spread};
use crate::redis::route::Route;

/// A connection on which nothing was heard for so long is asked whether it still is one, and has as long to answer.
const SILENCE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Listens until it is dropped.
pub(super) struct Listener {
    changes: Arc<Changes>,
    task: AbortHandle,
}

impl Listener {
    /// Starts to, within a runtime.
    pub(super) fn start(route: Route, channel: String) -> Self {
        let changes = Arc::new(Changes::new());
        let hears = Arc::clone(&changes);
        let task = tokio::spawn(async move { listen(&route, &channel, &hears).await });
        Self { changes, task: task.abort_handle() }
    }

    pub(super) fn changes(&self) -> &Changes {
        &self.changes
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Listener").field(&self.changes).finish()
    }
}

async fn listen(route: &Route, channel: &str, changes: &Changes) {
    let (mut attempt, mut pause) = (0, FIRST_PAUSE);
    loop {
        let subscribed = clock::within(SILENCE, subscribe(route, channel, attempt)).await;
        if let Some(Ok((sink, heard))) = subscribed {
            pause = FIRST_PAUSE;
            // What happened before is known to nobody here.
            changes.tell_anything();
            tell(sink, heard, changes).await;
        }
        attempt = attempt.wrapping_add(1);
        clock::wait(spread(pause)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn subscribe(
    route: &Route,
    channel: &str,
    attempt: usize,
) -> Result<(PubSubSink, PubSubStream), RedisError> {
    let mut heard = route.teller(attempt).await?.get_async_pubsub().await?;
    heard.subscribe(channel).await?;
    Ok(heard.split())
}

/// Tells what is heard, until the connection is gone.
async fn tell(mut sink: PubSubSink, mut heard: PubSubStream, changes: &Changes) {
    loop {
        match clock::within(SILENCE, heard.next()).await {
            Some(Some(message)) => match message.get_payload_bytes().try_into() {
                Ok(name) => changes.tell(KeyedHash(name)),
                Err(_) => changes.tell_anything(),
            },
            Some(None) => return,
            None => {
                let answered = clock::within(SILENCE, sink.ping::<redis::Value>()).await;
                if !matches!(answered, Some(Ok(_))) {
                    return;
                }
            }
        }
    }
}
