//! What the org answers because the test says so, and what it saw.

use crate::journal::Journal;
use crate::org::Org;
use crate::org::endpoint::OrgEndpoint;
use crate::script::Answer;
use crate::script::Script;
use std::sync::Arc;

/// What it answers next, and what it saw.
impl Org {
    /// The answers queued.
    #[must_use]
    pub fn script(&self) -> Script<OrgEndpoint> {
        self.tenant.script.clone()
    }

    /// The requests received.
    #[must_use]
    pub fn journal(&self) -> Journal<OrgEndpoint> {
        self.tenant.journal.clone()
    }

    /// The next request to this endpoint that is not yet spoken for gets this answer.
    pub fn enqueue(&self, endpoint: OrgEndpoint, answer: Answer) {
        self.tenant.script.enqueue(endpoint, answer);
    }

    /// The next `times` requests to this endpoint get this answer.
    pub fn enqueue_many(&self, endpoint: OrgEndpoint, answer: &Answer, times: usize) {
        self.tenant.script.enqueue_many(endpoint, answer, times);
    }

    /// Every request to this endpoint for which nothing is queued gets this answer, until [`clear`](Self::clear).
    pub fn always(&self, endpoint: OrgEndpoint, answer: Answer) {
        self.tenant.script.always(endpoint, answer);
    }

    /// Forgets all scripted answers of this endpoint.
    pub fn clear(&self, endpoint: OrgEndpoint) {
        self.tenant.script.clear(endpoint);
    }
}

/// Requests told apart by their path.
impl Org {
    /// The next request that fits the pattern gets this answer; patterns are told of at [`Script`].
    pub fn enqueue_at(&self, pattern: &str, answer: Answer) {
        self.tenant.script.enqueue_at(pattern, answer);
    }

    /// Every request that fits the pattern and for which nothing is queued gets this answer.
    pub fn always_at(&self, pattern: &str, answer: Answer) {
        self.tenant.script.always_at(pattern, answer);
    }

    /// All sessions end just before this request is looked at. To end them before the third of a kind, queue two
    /// [`Answer::normal`] first.
    #[must_use]
    pub fn session_ends(&self) -> Answer {
        let tenant = Arc::clone(&self.tenant);
        Answer::normal().doing(move || tenant.expire_sessions())
    }
}
