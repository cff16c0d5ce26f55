//! What other processes change in a store, as far as its backend hears of it.

use std::fmt;
use std::time::Duration;

use authsession_core::clock;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::keyed_hash::KeyedHash;

/// So many may be unread; who falls behind further is told that anything may have changed.
const UNREAD: usize = 1_024;

/// Hands what a backend hears on to whoever waits for it. A backend [`tell`](Changes::tell)s it, or, while it may have missed
/// something, that [anything may have changed](Changes::tell_anything).
pub struct Changes(broadcast::Sender<Option<KeyedHash>>);

impl Changes {
    /// With nobody waiting yet.
    #[must_use]
    pub fn new() -> Self {
        Self(broadcast::Sender::new(UNREAD))
    }

    /// The session of that name was saved, or ended.
    pub fn tell(&self, name: KeyedHash) {
        self.send(Some(name));
    }

    /// Any session may have changed: the connection that tells was away.
    pub fn tell_anything(&self) {
        self.send(None);
    }

    /// Waits until one of these sessions changed, or may have, but never longer than `at_most`.
    pub async fn wait_for(&self, names: &[KeyedHash], at_most: Duration) {
        let mut heard = self.subscribe();
        let changed = async {
            loop {
                match heard.recv().await {
                    Ok(Some(name)) if !names.contains(&name) => {}
                    Ok(_) | Err(RecvError::Lagged(_)) => return,
                    Err(RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        let _time_is_over = clock::within(at_most, changed).await;
    }

    /// What is told from now on.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Option<KeyedHash>> {
        self.0.subscribe()
    }

    fn send(&self, change: Option<KeyedHash>) {
        // An error says that nobody waits, which is fine.
        let _nobody_waits = self.0.send(change);
    }
}

impl Default for Changes {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Changes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Changes").field("waiting", &self.0.receiver_count()).finish()
    }
}
