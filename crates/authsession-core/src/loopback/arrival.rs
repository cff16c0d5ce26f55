//! The browser that came back, kept waiting until it is told how the sign-in ended.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::within;
use crate::secret::Secret;

/// The answer is small and the way short.
const LONGEST_ANSWER: Duration = Duration::from_secs(2);

/// An authorization response that has come in and is not yet answered. Dropped, it shows the browser that the sign-in failed.
#[derive(Debug)]
#[must_use]
pub struct Arrival {
    query: Secret,
    outcome: watch::Sender<Option<bool>>,
    connections: JoinSet<bool>,
}

impl Arrival {
    pub(crate) const fn new(
        query: Secret,
        outcome: watch::Sender<Option<bool>>,
        connections: JoinSet<bool>,
    ) -> Self {
        Self { query, outcome, connections }
    }

    /// The query of the authorization response, as it came. It has the right `state`; nothing else is checked.
    #[must_use]
    pub const fn query(&self) -> &Secret {
        &self.query
    }

    /// Shows the browser that its user is signed in, or that the sign-in failed, and waits until it has been told.
    pub async fn answer(mut self, signed_in: bool) {
        self.outcome.send_replace(Some(signed_in));
        let told = async {
            while let Some(ended) = self.connections.join_next().await {
                // Those that brought nothing, such as one opened in advance or sent away, are not waited for.
                if ended.unwrap_or_else(|ended| ended.is_panic()) {
                    break;
                }
            }
        };
        within(LONGEST_ANSWER, told).await;
        self.connections.abort_all();
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        // They end by themselves: without an outcome to wait for there is one page left to show.
        self.connections.detach_all();
    }
}
