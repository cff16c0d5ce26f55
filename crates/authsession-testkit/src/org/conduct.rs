//! What the test tells the org's services: how fast jobs go, what becomes of them, and when a session ends.

use crate::org::Org;
use crate::org::actions::Action;
use crate::script::Answer;
use std::sync::Arc;

/// Requests told apart by their path.
impl Org {
    /// The next request that fits the pattern gets this answer; patterns are told of at [`Script`](crate::script::Script).
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

/// Jobs of Bulk API 2.0.
impl Org {
    /// How many polls find a job in each of `UploadComplete` and `InProgress`; one unless stated. With none, a job is over at
    /// the first poll.
    pub fn bulk_pace(&self, polls: usize) {
        self.tenant.jobs().pace.polls = polls;
    }

    /// How many rows a page of a query's result has when the request does not say; 50,000 unless stated.
    pub fn bulk_result_rows(&self, rows: usize) {
        self.tenant.jobs().pace.result_rows = rows.max(1);
    }

    /// How many jobs a page of their list has; 1000 unless stated.
    pub fn bulk_jobs_listed(&self, jobs: usize) {
        self.tenant.jobs().pace.listed = jobs.max(1);
    }

    /// The next job made fails with this message, when half of its rows are processed.
    pub fn fail_next_bulk_job(&self, message: &str) {
        self.tenant.jobs().failures.push_back(message.to_owned());
    }

    /// The next query job finds that many rows of that many bytes each, made up while they are sent: a result of a gigabyte
    /// costs no memory.
    pub fn make_up_next_bulk_result(&self, rows: usize, bytes: usize) {
        self.tenant.jobs().made_up.push_back((rows, bytes));
    }
}

/// Deployments and actions.
impl Org {
    /// The next deployment fails: its first component has this problem.
    pub fn fail_next_deployment(&self, problem: &str) {
        self.tenant.deployments().problems.push_back(problem.to_owned());
    }

    /// Adds an action to invoke: of a folder, which is `standard`, `custom/flow` or `custom/apex`, with a name and the inputs it
    /// cannot be without. It gives back what it is given.
    pub fn add_action(&self, folder: &str, name: &str, inputs: &[&str]) {
        self.tenant.actions().push(Action::new(folder, name, inputs));
    }
}
