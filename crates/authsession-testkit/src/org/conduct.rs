//! What the test tells the org's services: how fast jobs go, and what becomes of them.

use crate::org::Org;
use crate::org::actions::Action;
use crate::org::event_logs;
use std::io;

/// Queries.
impl Org {
    /// How many records a page of a list within a record has, such as of `(SELECT Id FROM Contacts)`; as many as any page
    /// unless stated.
    pub fn children_a_page(&self, records: usize) {
        self.tenant.orders().children_a_page = Some(records.max(1));
    }

    /// Whether the rest of a query can be had by the session that asked it only: another one's gets `INVALID_SESSION_ID`, on
    /// that page and nowhere else. It can be had by every session unless stated.
    pub fn locators_end_with_session(&self, end: bool) {
        self.tenant.orders().locators_end_with_session = end;
    }
}

/// Jobs of Bulk API 2.0.
///
/// ```
/// use authsession_testkit::browser::Browser;
/// use authsession_testkit::org::Org;
/// use http::Method;
/// use serde_json::Value;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let org = Org::builder().start().await?;
/// org.bulk_pace(0);
/// org.make_up_next_bulk_result(1000, 64);
///
/// let (browser, token) = (Browser::new()?, org.open_session(&org.username())?);
/// let jobs = format!("{}/services/data/v66.0/jobs/query", org.instance_url());
/// let authorization = format!("Bearer {token}");
/// let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
/// let query = r#"{"operation":"query","query":"SELECT Id, Name FROM Account"}"#;
/// let job: Value = browser.fetch_with(Method::POST, &jobs, &headers, query).await?.json()?;
/// let job = format!("{jobs}/{}", job["id"].as_str().unwrap_or_default());
/// let polled = browser.fetch_with(Method::GET, &job, &headers, "").await?.json()?;
/// assert_eq!(polled["state"], "JobComplete");
/// let results = browser.fetch_with(Method::GET, format!("{job}/results"), &headers, "").await?;
/// assert_eq!(results.header("sforce-numberofrecords"), Some("1000"));
/// # Ok(()) }
/// ```
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

/// Event monitoring.
impl Org {
    /// Adds an event log file of yesterday with that many lines, made up while they are sent; its id.
    ///
    /// # Errors
    ///
    /// When the record cannot be written.
    pub fn add_event_log(&self, event_type: &str, lines: usize) -> io::Result<String> {
        let added = event_logs::add(&self.tenant, event_type, lines);
        added.map_err(|error| io::Error::other(error.message))
    }
}
