//! A load from beginning to end: as many jobs as the data needs, uploaded, closed, waited for, and what became of the rows.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bulk::MAX_BULK_JOB_BYTES;
use crate::bulk::hand_over::{HandOver, TellJob};
use crate::bulk::ingest::BulkIngestHandler;
use crate::bulk::job::{BulkIngestJob, BulkJob};
use crate::bulk::outcome::BulkOutcome;
use crate::bulk::progress::BulkProgress;
use crate::bulk::row::{BulkFailure, BulkSuccess};
use crate::bulk::source::BulkSource;
use crate::bulk::spec::BulkIngestSpec;
use crate::bulk::state::BulkJobState;
use crate::bulk::upload::Upload;
use crate::bulk::wait::{Report, until_over};
use crate::csv::format::CsvFormat;
use crate::csv::writer::CsvWriter;
use crate::error::bulk_fault::{BulkEnded, BulkFault};
use crate::error::{CirrusError, CirrusResult};
use crate::poll::Polling;

/// Loads rows in one call.
///
/// Data that is too much for one job is cut between two rows, each job with the header. A job whose upload fails is aborted, and if
/// what failed passes and the data can be read again, another one takes its place: no row is loaded twice, since nothing of a job is
/// worked off before it is closed, and a job that may have been closed is never replaced. Dropping it leaves what was closed to go on,
/// and what was not closed open.
///
/// Once a job is handed over, an error is [`BulkFault::Interrupted`] or [`BulkFault::Unfinished`], and tells all jobs: go on with
/// them by [`resume`](Self::resume) or [`resume_jobs`](Self::resume_jobs). The same load made again would load their rows again.
///
/// [`records`](Self::records) holds the CSV of all records, and with [`resume`](Self::resume) all rows that come back, in memory.
/// [`send`](Self::send) and [`resume_jobs`](Self::resume_jobs) hold no more than a piece of the data.
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
    polling: Polling,
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
            polling: Polling::default(),
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

    /// Whether to leave a job open whose upload failed, to be seen to by the caller; [`on_job`](Self::on_job) tells its id.
    pub fn leave_open(mut self, leave: bool) -> Self {
        self.leaves_open = leave;
        self
    }

    /// The first and the longest pause between two polls; 1 s and 30 s unless set.
    pub fn poll_every(mut self, first: Duration, longest: Duration) -> Self {
        self.polling = self.polling.every(first, longest);
        self
    }

    /// How long to wait at most for each job, once all are handed over; as long as it takes unless set.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.polling.deadline = Some(deadline);
        self
    }

    /// Is told the id of each job as soon as there is one: write it down to [`resume`](Self::resume) after a restart.
    pub fn on_job(mut self, tell: impl FnMut(&str) + Send + 'a) -> Self {
        self.tell_job = Some(Box::new(tell));
        self
    }

    /// Is told how far a job is whenever that has changed.
    pub fn on_progress(mut self, report: impl FnMut(&BulkProgress) + Send + 'a) -> Self {
        self.report = Some(Box::new(report));
        self
    }

    /// Loads records. Without any, there is no job.
    ///
    /// # Errors
    /// [`CirrusError::Csv`] for records that cannot be written, or have a text `#N/A`; whatever keeps the data from being handed over,
    /// in [`BulkFault::Interrupted`] when a part of it was; [`BulkFault::Unfinished`] when all of it was, and its jobs or their results
    /// cannot be had, or are not over at the deadline. Jobs that fail and rows that are refused are no error.
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
    /// Where no line ending was declared, the jobs declare the one the header has. Bytes and files are looked through before the first
    /// job is made, and streams as they are sent.
    ///
    /// # Errors
    /// As [`records`](Self::records), and those of the source; [`CirrusError::Csv`] for a row that ends otherwise than the others,
    /// and for a quote that is not closed.
    pub async fn send(
        mut self,
        source: impl Into<BulkSource>,
    ) -> CirrusResult<Vec<BulkOutcome<BulkIngestJob>>> {
        let delimiter = self.spec.column_delimiter.unwrap_or_default();
        let upload =
            Arc::new(Upload::new(source.into(), delimiter.byte(), self.spec.line_ending, self.job_bytes));
        let job_ids = HandOver {
            ingest: self.ingest,
            spec: &self.spec,
            leaves_open: self.leaves_open,
            tell_job: &mut self.tell_job,
        }
        .all(&upload)
        .await?;
        self.wait_for(job_ids).await
    }

    /// Goes on with jobs that were handed over, by this process or another one: waits for them and fetches what became of their rows.
    ///
    /// # Errors
    /// As [`resume_jobs`](Self::resume_jobs).
    pub async fn resume<T: DeserializeOwned>(
        self,
        job_ids: impl IntoIterator<Item = impl Into<String>>,
    ) -> CirrusResult<BulkLoaded<T>> {
        let (ingest, format) = (self.ingest, self.format());
        let jobs = self.resume_jobs(job_ids).await?;
        loaded(ingest, format, jobs).await
    }

    /// Goes on with jobs that were handed over, and says how they ended: [`resume`](Self::resume) without the rows.
    ///
    /// # Errors
    /// [`BulkFault::Open`] for a job that was not closed: whether it has all its data is not known. [`BulkFault::Unfinished`] as after
    /// a load.
    pub async fn resume_jobs(
        mut self,
        job_ids: impl IntoIterator<Item = impl Into<String>>,
    ) -> CirrusResult<Vec<BulkOutcome<BulkIngestJob>>> {
        let job_ids: Vec<String> = job_ids.into_iter().map(Into::into).collect();
        for id in &job_ids {
            let job = self.polling.until(|| self.ingest.get(id), |job| Ok(Some(job))).await?;
            if job.state == BulkJobState::Open {
                return Err(CirrusError::Bulk(BulkFault::Open { job_id: id.clone() }));
            }
        }
        self.wait_for(job_ids).await
    }

    fn format(&self) -> CsvFormat {
        self.spec.format().clear_nulls(self.clear_nulls).refuse_marks()
    }

    async fn wait_for(&mut self, job_ids: Vec<String>) -> CirrusResult<Vec<BulkOutcome<BulkIngestJob>>> {
        let mut outcomes = Vec::with_capacity(job_ids.len());
        for id in &job_ids {
            let over = until_over(|| self.ingest.get(id), self.polling, false, &mut self.report);
            match self.polling.until_deadline(id, over).await {
                Ok(outcome) => outcomes.push(outcome),
                Err(error) => return Err(unfinished(&job_ids, &outcomes, error)),
            }
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
    let mut loaded =
        BulkLoaded { jobs, successes: Vec::new(), failures: Vec::new(), unprocessed: Vec::new() };
    match loaded.fetch(ingest, format).await {
        Ok(()) => Ok(loaded),
        Err(error) => {
            let job_ids: Vec<_> = loaded.jobs.iter().map(|outcome| outcome.job().id.clone()).collect();
            Err(unfinished(&job_ids, &loaded.jobs, error))
        }
    }
}

impl<T: DeserializeOwned> BulkLoaded<T> {
    async fn fetch(&mut self, ingest: BulkIngestHandler<'_>, format: CsvFormat) -> CirrusResult<()> {
        for outcome in &self.jobs {
            let job = outcome.job();
            self.successes.extend(ingest.successes(&job.id, format)?.try_collect::<Vec<_>>().await?);
            let is_complete = matches!(outcome, BulkOutcome::Complete(_));
            if !is_complete || job.records_failed() > 0 {
                self.failures.extend(ingest.failures(&job.id, format)?.try_collect::<Vec<_>>().await?);
            }
            if !is_complete {
                self.unprocessed.extend(ingest.unprocessed(&job.id, format)?.try_collect::<Vec<_>>().await?);
            }
        }
        Ok(())
    }
}

/// All jobs are handed over, and this keeps us from seeing them to their end.
fn unfinished(job_ids: &[String], ended: &[BulkOutcome<BulkIngestJob>], cause: CirrusError) -> CirrusError {
    let ended = ended.iter().map(|outcome| BulkEnded {
        job_id: outcome.job().id.clone(),
        is_complete: matches!(outcome, BulkOutcome::Complete(_)),
        records_processed: outcome.job().records_processed(),
        records_failed: outcome.job().records_failed(),
    });
    CirrusError::Bulk(BulkFault::Unfinished {
        job_ids: job_ids.to_vec(),
        ended: ended.collect(),
        cause: Box::new(cause),
    })
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
