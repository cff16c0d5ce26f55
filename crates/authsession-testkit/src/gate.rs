//! A gate that holds requests until the test opens it.

use std::fmt;
use tokio::sync::watch;

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

    /// Resolves once a request has reached the gate.
    pub async fn reached(&self) {
        self.reached_by(1).await;
    }

    /// Resolves once that many requests have reached the gate.
    pub async fn reached_by(&self, requests: usize) {
        // Fails only without a sender, and `self` is one.
        let _ = self.arrived.subscribe().wait_for(|arrived| *arrived >= requests).await;
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
