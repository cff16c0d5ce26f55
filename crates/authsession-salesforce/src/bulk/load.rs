//! A load from beginning to end: as many jobs as the data needs, uploaded, closed, waited for, and what became of the rows.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use authsession_core::clock;
use futures_util::TryStreamExt;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bulk::MAX_BULK_JOB_BYTES;
use crate::bulk::ingest::{BulkIngestHandler, path};
use crate::bulk::job::{BulkIngestJob, BulkJob};
use crate::bulk::outcome::BulkOutcome;
use crate::bulk::progress::BulkProgress;
use crate::bulk::row::{BulkFailure, BulkSuccess};
use crate::bulk::source::BulkSource;
use crate::bulk::spec::BulkIngestSpec;
use crate::bulk::state::BulkJobState;
use crate::bulk::upload::Upload;
use crate::bulk::wait::{Pauses, Report, poll, wait_asked_for};
use crate::csv::format::CsvFormat;
use crate::csv::writer::CsvWriter;
use crate::error::bulk_fault::BulkFault;
use crate::error::{CirrusError, CirrusResult};
use crate::retry::Failure;

type TellJob<'a> = Box<dyn FnMut(&str) + Send + 'a>;

/// Loads rows in one call.
///
/// Data that is too much for one job is cut between two rows, each job with the header. A job whose upload fails is aborted, and if
/// what failed passes and the data can be read again, another one takes its place: no row is loaded twice, since nothing of a job is
/// worked off before it is closed. Dropping it leaves what was closed to go on, and what was not closed open.
///
/// ```no_run
/// use authsession_salesforce::{BulkIngestSpec, BulkOperation};
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// #[serde(rename_all = "PascalCase")]
/// struct Contact {
///     last_name: String,
/// }
///
/// # async fn example(salesforce: authsession_salesforce::Cirrus) -> authsession_salesforce::CirrusResult<()> {
/// let contacts = [Contact { last_name: "Curie".into() }, Contact { last_name: "Noether".into() }];
/// let spec = BulkIngestSpec::new("Contact", BulkOperation::Insert);
/// let loaded = salesforce.bulk().ingest().load(spec).records(&contacts).await?;
/// for failure in &loaded.failures {
///     let _: &Contact = &failure.record;
///     println!("{:?}", failure.code());
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "it does nothing until it is given data"]
pub struct BulkLoad<'a> {
    ingest: BulkIngestHandler<'a>,
    spec: BulkIngestSpec,
    clear_nulls: bool,
    job_bytes: usize,
    leaves_open: bool,
    pauses: Pauses,
    deadline: Option<Duration>,
    tell_job: Option<TellJob<'a>>,
    report: Option<Report<'a>>,
}

/// What became of a load. Its rows are not in its `Debug`.
#[non_exhaustive]
pub struct BulkLoaded<T> {
    /// The jobs, and how each ended.
    pub jobs: Vec<BulkOutcome<BulkIngestJob>>,
    /// The rows that were worked off.
    pub successes: Vec<BulkSuccess<T>>,
    /// The rows that were refused.
    pub failures: Vec<BulkFailure<T>>,
    /// The rows that were not looked at, since their job failed or was aborted.
    pub unprocessed: Vec<T>,
}

impl<'a> BulkLoad<'a> {
    pub(crate) fn new(ingest: BulkIngestHandler<'a>, spec: BulkIngestSpec) -> Self {
        Self {
            ingest,
            spec,
            clear_nulls: false,
            job_bytes: MAX_BULK_JOB_BYTES,
            leaves_open: false,
            pauses: Pauses::default(),
            deadline: None,
            tell_job: None,
            report: None,
        }
    }

    /// Whether a record's `None` empties the field; it leaves it as it is unless set.
    pub fn clear_nulls(mut self, clear: bool) -> Self {
        self.clear_nulls = clear;
        self
    }

    /// How many bytes of CSV a job has at most, its header included; [`MAX_BULK_JOB_BYTES`] unless set.
    pub fn job_bytes(mut self, most: usize) -> Self {
        self.job_bytes = most;
        self
    }

    /// Leaves a job open whose upload failed, to be seen to by the caller; [`on_job`](Self::on_job) tells its id.
    pub fn leave_open(mut self, leave: bool) -> Self {
        self.leaves_open = leave;
        self
    }

    /// The first and the longest pause between two polls; 1 s and 30 s unless set.
    pub fn poll_every(mut self, first: Duration, longest: Duration) -> Self {
        self.pauses = Pauses { first, longest };
        self
    }

    /// How long to wait at most for each job, once all are handed over; as long as it takes unless set.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Is told the id of each job as soon as there is one: write it down to [`resume`](Self::resume) after a restart.
    pub fn on_job(mut self, tell: impl FnMut(&str) + Send + 'a) -> Self {
        self.tell_job = Some(Box::new(tell));
        self
    }

    /// Is told of every poll of every job.
    pub fn on_progress(mut self, report: impl FnMut(&BulkProgress) + Send + 'a) -> Self {
        self.report = Some(Box::new(report));
        self
    }

    /// Loads records. Without any, there is no job.
    ///
    /// # Errors
    /// [`CirrusError::Csv`] for records that cannot be written; whatever keeps the data from being handed over, in
    /// [`BulkFault::Interrupted`] when a part of it was; [`BulkFault::StillRunning`] at the deadline. Jobs that fail and rows
    /// that are refused are no error.
    pub async fn records<'r, T>(self, records: impl IntoIterator<Item = &'r T>) -> CirrusResult<BulkLoaded<T>>
    where
        T: Serialize + DeserializeOwned + 'r,
    {
        let mut csv = CsvWriter::new(self.format());
        for record in records {
            csv.write(record)?;
        }
        let (ingest, format) = (self.ingest, self.format());
        let jobs = self.send(csv.into_bytes()).await?;
        loaded(ingest, format, jobs).await
    }

    /// Loads CSV from anywhere, and says how its jobs ended. What became of its rows is for
    /// [`successes`](BulkIngestHandler::successes) and its like.
    ///
    /// # Errors
    /// As [`records`](Self::records), and those of the source.
    pub async fn send(
        mut self,
        source: impl Into<BulkSource>,
    ) -> CirrusResult<Vec<BulkOutcome<BulkIngestJob>>> {
        let job_ids = self.hand_over(source.into()).await?;
        self.wait_for(&job_ids).await
    }

    /// Goes on with jobs that were handed over, by this process or another one: waits for them and fetches what became of their rows.
    ///
    /// # Errors
    /// [`BulkFault::Open`] for a job that was not closed: whether it has all its data is not known.
    pub async fn resume<T: DeserializeOwned>(
        mut self,
        job_ids: impl IntoIterator<Item = impl Into<String>>,
    ) -> CirrusResult<BulkLoaded<T>> {
        let job_ids: Vec<String> = job_ids.into_iter().map(Into::into).collect();
        for id in &job_ids {
            if self.ingest.get(id).await?.state == BulkJobState::Open {
                return Err(CirrusError::Bulk(BulkFault::Open { job_id: id.clone() }));
            }
        }
        let (ingest, format) = (self.ingest, self.format());
        let jobs = self.wait_for(&job_ids).await?;
        loaded(ingest, format, jobs).await
    }

    fn format(&self) -> CsvFormat {
        self.spec.format().clear_nulls(self.clear_nulls)
    }

    /// Puts all of it into jobs, and closes them.
    async fn hand_over(&mut self, source: BulkSource) -> CirrusResult<Vec<String>> {
        let delimiter = self.spec.column_delimiter.unwrap_or_default();
        let upload = Arc::new(Upload::new(source, delimiter.byte(), self.job_bytes));
        let mut job_ids = Vec::new();
        loop {
            let handed_over = match upload.next_job().await {
                Ok(false) => return Ok(job_ids),
                Ok(true) => self.hand_over_job(&upload).await,
                Err(error) => Err(error),
            };
            match handed_over {
                Ok(id) => job_ids.push(id),
                Err(error) if job_ids.is_empty() => return Err(error),
                Err(error) => {
                    return Err(CirrusError::Bulk(BulkFault::Interrupted {
                        job_ids,
                        bytes: upload.handed_over(),
                        cause: Box::new(error),
                    }));
                }
            }
        }
    }

    /// One job's part: a job, and another one in its place where an upload failed and that passes.
    async fn hand_over_job(&mut self, upload: &Arc<Upload>) -> CirrusResult<String> {
        let mut retries = 0;
        loop {
            let job = self.ingest.create(&self.spec).await?;
            if let Some(tell) = &mut self.tell_job {
                tell(&job.id);
            }
            let outcome = match self.ingest.put(&job.id, upload).await {
                Ok(()) => self.close(&job.id).await,
                Err(error) => Err(error),
            };
            let Err(error) = outcome else { return Ok(job.id) };
            if self.leaves_open {
                return Err(error);
            }
            let is_aborted = self.ingest.abort(&job.id).await.is_ok();
            let policy = self.ingest.client.retry_policy();
            let pause = policy.wait(retries, Failure::Broken, is_aborted && error.is_transient());
            let Some(pause) = pause.filter(|_| upload.is_repeatable()) else { return Err(error) };
            tracing::debug!(target: "authsession::salesforce", %error, ?pause, "an upload failed: another job");
            clock::wait(pause.max(wait_asked_for(&error))).await;
            retries += 1;
        }
    }

    /// Closes a job, and knows it afterwards.
    async fn close(&self, job_id: &str) -> CirrusResult<()> {
        let mut retries = 0;
        loop {
            let Err(error) = self.ingest.close(job_id).await else { return Ok(()) };
            // It may have been closed all the same.
            if !error.is_transient() || self.ingest.get(job_id).await?.state != BulkJobState::Open {
                return if error.is_transient() { Ok(()) } else { Err(error) };
            }
            let policy = self.ingest.client.retry_policy();
            let Some(pause) = policy.wait(retries, Failure::Broken, true) else { return Err(error) };
            clock::wait(pause).await;
            retries += 1;
        }
    }

    async fn wait_for(&mut self, job_ids: &[String]) -> CirrusResult<Vec<BulkOutcome<BulkIngestJob>>> {
        let mut outcomes = Vec::with_capacity(job_ids.len());
        for id in job_ids {
            let path = path(id)?;
            let polled = poll(self.ingest.client, &path, self.pauses, &mut self.report);
            outcomes.push(match self.deadline {
                None => polled.await?,
                Some(deadline) => clock::within(deadline, polled).await.unwrap_or_else(|| {
                    Err(CirrusError::Bulk(BulkFault::StillRunning { job_id: id.clone() }))
                })?,
            });
        }
        Ok(outcomes)
    }
}

/// What became of the rows.
async fn loaded<T: DeserializeOwned>(
    ingest: BulkIngestHandler<'_>,
    format: CsvFormat,
    jobs: Vec<BulkOutcome<BulkIngestJob>>,
) -> CirrusResult<BulkLoaded<T>> {
    let (mut successes, mut failures, mut unprocessed) = (Vec::new(), Vec::new(), Vec::new());
    for outcome in &jobs {
        let job = outcome.job();
        successes.extend(ingest.successes(&job.id, format)?.try_collect::<Vec<_>>().await?);
        let is_complete = matches!(outcome, BulkOutcome::Complete(_));
        if !is_complete || job.records_failed() > 0 {
            failures.extend(ingest.failures(&job.id, format)?.try_collect::<Vec<_>>().await?);
        }
        if !is_complete {
            unprocessed.extend(ingest.unprocessed(&job.id, format)?.try_collect::<Vec<_>>().await?);
        }
    }
    Ok(BulkLoaded { jobs, successes, failures, unprocessed })
}

impl fmt::Debug for BulkLoad<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("BulkLoad").field("spec", &self.spec).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for BulkLoaded<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BulkLoaded")
            .field("jobs", &self.jobs.len())
            .field("successes", &self.successes.len())
            .field("failures", &self.failures.len())
            .field("unprocessed", &self.unprocessed.len())
            .finish()
    }
}
