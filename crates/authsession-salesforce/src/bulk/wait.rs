//! Waiting for a job.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use authsession_core::clock;
use serde::de::DeserializeOwned;

use crate::bulk::job::BulkJob;
use crate::bulk::outcome::BulkOutcome;
use crate::bulk::progress::BulkProgress;
use crate::client::Cirrus;
use crate::error::bulk_fault::BulkFault;
use crate::error::{CirrusError, CirrusResult};
use crate::exchange::call::Call;

/// So many polls in a row may fail of what passes: with the longest pause, a quarter of an hour.
const PATIENCE: u32 = 30;

pub(crate) type Report<'a> = Box<dyn FnMut(&BulkProgress) + Send + 'a>;

/// The pauses between polls: the first, and the longest; each is half as long again as the one before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pauses {
    pub(crate) first: Duration,
    pub(crate) longest: Duration,
}

impl Default for Pauses {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(30) }
    }
}

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
/// What [`Cirrus::get`] fails with, once it does not pass; [`BulkFault::StillRunning`] at the deadline.
#[must_use = "it does nothing unless awaited"]
pub struct BulkWait<'a, J> {
    client: &'a Cirrus,
    job_id: String,
    path: CirrusResult<String>,
    pauses: Pauses,
    deadline: Option<Duration>,
    report: Option<Report<'a>>,
    kind: PhantomData<fn() -> J>,
}

impl<'a, J: BulkJob + DeserializeOwned> BulkWait<'a, J> {
    pub(crate) fn new(client: &'a Cirrus, job_id: &str, path: CirrusResult<String>) -> Self {
        Self {
            client,
            job_id: job_id.to_owned(),
            path,
            pauses: Pauses::default(),
            deadline: None,
            report: None,
            kind: PhantomData,
        }
    }

    /// The first and the longest pause between two polls; 1 s and 30 s unless set.
    pub fn poll_every(mut self, first: Duration, longest: Duration) -> Self {
        self.pauses = Pauses { first, longest };
        self
    }

    /// How long to wait at most; as long as it takes unless set.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Is told of every poll.
    pub fn on_progress(mut self, report: impl FnMut(&BulkProgress) + Send + 'a) -> Self {
        self.report = Some(Box::new(report));
        self
    }

    async fn over(mut self) -> CirrusResult<BulkOutcome<J>> {
        let path = self.path?;
        let polled = poll(self.client, &path, self.pauses, &mut self.report);
        match self.deadline {
            None => polled.await,
            Some(deadline) => clock::within(deadline, polled)
                .await
                .unwrap_or(Err(CirrusError::Bulk(BulkFault::StillRunning { job_id: self.job_id }))),
        }
    }
}

impl<'a, J: BulkJob + DeserializeOwned + Send + 'a> IntoFuture for BulkWait<'a, J> {
    type Output = CirrusResult<BulkOutcome<J>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.over())
    }
}

/// How long Salesforce asked us to wait, if it was longer than the second that is assumed.
pub(crate) fn wait_asked_for(error: &CirrusError) -> Duration {
    error.recovery().wait().filter(|wait| *wait > Duration::from_secs(1)).unwrap_or_default()
}

/// Asks for a job until it is over.
pub(crate) async fn poll<J: BulkJob + DeserializeOwned>(
    client: &Cirrus,
    path: &str,
    pauses: Pauses,
    report: &mut Option<Report<'_>>,
) -> CirrusResult<BulkOutcome<J>> {
    let (mut pause, mut failed) = (pauses.first, 0);
    loop {
        let mut asked_for = Duration::ZERO;
        match client.call_json::<J>(Call::get(path)).await {
            Ok(job) => {
                failed = 0;
                if let Some(report) = report {
                    report(&BulkProgress::of(&job));
                }
                if let Ok(outcome) = BulkOutcome::of(job) {
                    return Ok(outcome);
                }
            }
            Err(error) if error.is_transient() && failed < PATIENCE => {
                failed += 1;
                asked_for = wait_asked_for(&error);
                tracing::debug!(target: "authsession::salesforce", %error, "a job cannot be asked for");
            }
            Err(error) => return Err(error),
        }
        clock::wait(pause.max(asked_for)).await;
        pause = pause.mul_f64(1.5).min(pauses.longest);
    }
}

impl<J> fmt::Debug for BulkWait<'_, J> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BulkWait")
            .field("job_id", &self.job_id)
            .field("pauses", &self.pauses)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
