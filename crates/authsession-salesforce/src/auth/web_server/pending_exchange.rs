//! A sign-in between its two halves: what has to be kept while the user is away.

use authsession_core::authorization::PendingAuthorization;
use serde::{Deserialize, Serialize};

/// Goes into whatever the program keeps between the two requests, bound to the user's browser; it is secret. Serialisable.
#[derive(Clone, Serialize, Deserialize)]
pub struct PendingExchange {
    pub(crate) pending: PendingAuthorization,
    pub(crate) nonce_was_sent: bool,
    /// Of the flow that began it.
    pub(crate) flow: String,
}

impl PendingExchange {
    /// The `state` the callback has to bring back.
    #[must_use]
    pub fn state(&self) -> &str {
        self.pending.state.expose()
    }

    /// The nonce the ID token will be held against, if one was sent.
    #[must_use]
    pub fn nonce(&self) -> Option<&str> {
        self.nonce_was_sent.then(|| self.pending.nonce.expose())
    }
}

impl std::fmt::Debug for PendingExchange {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("PendingExchange")
            .field("started_at", &self.pending.started_at)
            .finish_non_exhaustive()
    }
}
