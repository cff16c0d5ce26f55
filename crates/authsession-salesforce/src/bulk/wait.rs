//! Waiting for a job.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::bulk::job::BulkJob;
use crate::bulk::outcome::BulkOutcome;
use crate::bulk::progress::BulkProgress;
use crate::bulk::state::BulkJobState;
use crate::client::Cirrus;
use crate::error::bulk_fault::BulkFault;
use crate::error::{CirrusError, CirrusResult};
use crate::exchange::call::Call;
use crate::poll::Polling;

pub(crate) type Report<'a> = Box<dyn FnMut(&BulkProgress) + Send + 'a>;

/// Waits until a job is over, by asking for it after 1 s, and then less and less often, up to every 30 s. Awaiting it gives a
/// [`BulkOutcome`]: a job that failed or was aborted is no error.
///
/// A session that ends meanwhile, and a Salesforce that is away for some minutes, do not end it. It can be dropped; the job goes on,
/// and can be waited for again, by another process too: the id is all it takes.
///
/// ```no_run
/// # async fn example(salesforce: authsession_salesforce::Cirrus) -> authsession_salesforce::CirrusResult<()> {
/// use std::time::Duration;
///
/// let job = salesforce
///     .bulk()
///     .ingest()
///     .wait("7505fEXAMPLE4C2AAM")
///     .deadline(Duration::from_secs(3600))
///     .on_progress(|progress| println!("{} rows, {} failed", progress.records_processed, progress.records_failed))
///     .await?
///     .completed()?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// What [`Cirrus::get`] fails with, once it does not pass, or Salesforce asks us to wait for more than an hour;
/// [`CirrusError::StillRunning`] at the deadline.
#[must_use = "it does nothing unless awaited"]
pub struct BulkWait<'a, J> {
    client: &'a Cirrus,
    job_id: String,
    path: CirrusResult<String>,
    polling: Polling,
    refuses_open: bool,
    report: Option<Report<'a>>,
    kind: PhantomData<fn() -> J>,
}

impl<'a, J: BulkJob + DeserializeOwned> BulkWait<'a, J> {
    pub(crate) fn new(client: &'a Cirrus, job_id: &str, path: CirrusResult<String>) -> Self {
        Self {
            client,
            job_id: job_id.to_owned(),
            path,
            polling: Polling::default(),
            refuses_open: false,
            report: None,
            kind: PhantomData,
        }
    }

    /// The first and the longest pause between two polls; 1 s and 30 s unless set.
    pub fn poll_every(mut self, first: Duration, longest: Duration) -> Self {
        self.polling = self.polling.every(first, longest);
        self
    }

    /// How long to wait at most; as long as it takes unless set.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.polling.deadline = Some(deadline);
        self
    }

    /// Whether to fail with [`BulkFault::Open`] for a job that waits for its data, which may never come; it is waited for unless set.
    pub fn refuse_open(mut self, refuse: bool) -> Self {
        self.refuses_open = refuse;
        self
    }

    /// Is told how far it is whenever that has changed.
    pub fn on_progress(mut self, report: impl FnMut(&BulkProgress) + Send + 'a) -> Self {
        self.report = Some(Box::new(report));
        self
    }

    async fn over(mut self) -> CirrusResult<BulkOutcome<J>> {
        let path = self.path?;
        let ask = || self.client.call_json::<J>(Call::get(path.as_str()));
        let over = until_over(ask, self.polling, self.refuses_open, &mut self.report);
        self.polling.until_deadline(&self.job_id, over).await
    }
}

impl<'a, J: BulkJob + DeserializeOwned + Send + 'a> IntoFuture for BulkWait<'a, J> {
    type Output = CirrusResult<BulkOutcome<J>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.over())
    }
}

/// Asks for a job until it is over.
pub(crate) async fn until_over<J: BulkJob, F: Future<Output = CirrusResult<J>>>(
    ask: impl FnMut() -> F,
    polling: Polling,
    refuses_open: bool,
    report: &mut Option<Report<'_>>,
) -> CirrusResult<BulkOutcome<J>> {
    let mut last = None;
    let see = |job: J| {
        let at = BulkProgress::of(&job);
        if refuses_open && at.state == BulkJobState::Open {
            return Err(CirrusError::Bulk(BulkFault::Open { job_id: at.job_id }));
        }
        if let Some(report) = report
            && last.as_ref() != Some(&at)
        {
            report(&at);
            last = Some(at);
        }
        Ok(BulkOutcome::of(job).ok())
    };
    polling.until(ask, see).await
}

impl<J> fmt::Debug for BulkWait<'_, J> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BulkWait")
            .field("job_id", &self.job_id)
            .field("polling", &self.polling)
            .finish_non_exhaustive()
    }
}
