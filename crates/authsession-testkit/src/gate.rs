//! A gate that holds requests until the test opens it.

use std::fmt;
use std::time::Duration;
use tokio::sync::watch;

/// How long a test waits for a request before it is told that none comes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Holds the requests answered through it until [`open`](Gate::open) is called. Clones are the same gate.
#[derive(Clone)]
pub struct Gate {
    arrived: watch::Sender<usize>,
    open: watch::Sender<bool>,
}

impl Gate {
    pub(crate) fn closed() -> Self {
        Self { arrived: watch::Sender::new(0), open: watch::Sender::new(false) }
    }

    /// Lets every held and every later request pass.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    /// Waits until a request has reached the gate. `false` when none has within a minute: assert it, so that a test fails
    /// and does not hang.
    #[must_use]
    pub async fn reached(&self) -> bool {
        self.reached_by(1).await
    }

    /// Waits until that many requests have reached the gate; as [`reached`](Self::reached).
    #[must_use]
    pub async fn reached_by(&self, requests: usize) -> bool {
        let mut arrivals = self.arrived.subscribe();
        let reached = arrivals.wait_for(|arrived| *arrived >= requests);
        tokio::time::timeout(PATIENCE, reached).await.is_ok_and(|reached| reached.is_ok())
    }

    /// How many requests have reached the gate so far.
    #[must_use]
    pub fn arrivals(&self) -> usize {
        *self.arrived.borrow()
    }

    pub(crate) async fn pass(&self) {
        self.arrived.send_modify(|arrived| *arrived += 1);
        let _ = self.open.subscribe().wait_for(|open| *open).await;
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("arrivals", &self.arrivals())
            .field("open", &*self.open.borrow())
            .finish()
    }
}
