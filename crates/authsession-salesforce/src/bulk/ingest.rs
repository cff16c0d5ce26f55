//! Jobs that load rows (Bulk API 2.0 and Bulk API Developer Guide, "Bulk API 2.0 Ingest").

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Method};
use reqwest::multipart::{Form, Part};
use serde::de::DeserializeOwned;

use crate::bulk::MAX_MULTIPART_JOB_DATA_CHARS;
use crate::bulk::job::{BulkIngestJob, BulkJobStateChange};
use crate::bulk::list::{BulkJobList, BulkJobListOptions, list};
use crate::bulk::load::BulkLoad;
use crate::bulk::results::BulkResults;
use crate::bulk::row::{BulkFailure, BulkSuccess, failure, success};
use crate::bulk::source::BulkSource;
use crate::bulk::spec::BulkIngestSpec;
use crate::bulk::upload::Upload;
use crate::bulk::wait::BulkWait;
use crate::client::Cirrus;
use crate::csv::format::{BulkColumnDelimiter, BulkLineEnding, CsvFormat};
use crate::csv::rows::CsvRows;
use crate::error::{CirrusError, CirrusResult};
use crate::exchange::address::segment;
use crate::exchange::byte_stream::ByteStream;
use crate::exchange::call::Call;
use crate::exchange::retry::Replay;

const FOLDER: &str = "jobs/ingest";
const CSV: HeaderValue = HeaderValue::from_static("text/csv");
const SUCCESSFUL: &str = "successfulResults";
const FAILED: &str = "failedResults";
const UNPROCESSED: &str = "unprocessedrecords";

/// Jobs that insert, update, upsert and delete rows: create one, upload its CSV, close it, wait for it, see what became of the rows.
/// [`load`](Self::load) does all of it.
///
/// Nothing is worked off before a job is closed. A job is created, and its data uploaded, once: after a broken connection they are not
/// sent again by themselves, since Salesforce may have them; [abort](Self::abort) the job then and create another.
///
/// # Errors
/// As [`Cirrus::get`]. An id that is none fails before anything is sent.
#[derive(Clone, Copy, Debug)]
pub struct BulkIngestHandler<'a> {
    pub(crate) client: &'a Cirrus,
}

impl<'a> BulkIngestHandler<'a> {
    /// A new job, which waits for its data.
    pub async fn create(&self, spec: &BulkIngestSpec) -> CirrusResult<BulkIngestJob> {
        self.client.call_json(Call::post(FOLDER).json(spec)?).await
    }

    /// A new job with its data, which runs by itself. Where no line ending was declared, it declares the one the header has.
    ///
    /// # Errors
    /// [`CirrusError::InvalidInput`] for more than [`MAX_MULTIPART_JOB_DATA_CHARS`]; [`CirrusError::Csv`] for a row that ends otherwise
    /// than the others, and for a quote that is not closed.
    pub async fn create_with_data(&self, spec: &BulkIngestSpec, csv: Bytes) -> CirrusResult<BulkIngestJob> {
        let invalid = |message: &str| CirrusError::invalid_input("csv", message);
        let text = std::str::from_utf8(&csv).map_err(|_| invalid("is not UTF-8: convert it"))?;
        if text.chars().count() > MAX_MULTIPART_JOB_DATA_CHARS {
            return Err(invalid("has more than 100,000 characters: create the job without, and upload it"));
        }
        let looked_at = upload_of(csv.clone().into(), spec.column_delimiter, spec.line_ending);
        looked_at.next_job().await?;
        let spec = BulkIngestSpec { line_ending: looked_at.line_ending(), ..spec.clone() };
        let spec = serde_json::to_string(&spec)?;
        let call = Call::post(FOLDER).form(move || {
            let length = csv.len() as u64;
            let content = Part::stream_with_length(csv.clone(), length).file_name("content");
            Ok(Form::new()
                .part("job", Part::text(spec.clone()).mime_str("application/json")?)
                .part("content", content.mime_str("text/csv")?))
        });
        self.client.call_json(call).await
    }

    /// Uploads a job's data as it is; [`upload_from`](Self::upload_from) looks at it first. A job takes data once.
    pub async fn upload(&self, job_id: &str, csv: Bytes) -> CirrusResult<()> {
        let call = Call::new(Method::PUT, batches(job_id)?).bytes(csv, CSV).replay(Replay::Never);
        self.client.call(call).await.map(drop)
    }

    /// Uploads a job's data, read piece by piece. The job is asked for first, so that a session that has ended is noticed before the
    /// data is on its way; one that ends right then is survived if the source can be read again.
    ///
    /// # Errors
    /// [`BulkFault::SourceSpent`](crate::error::bulk_fault::BulkFault::SourceSpent) when it has to be sent again and cannot be read
    /// again, and [`BulkFault::SourceFailed`](crate::error::bulk_fault::BulkFault::SourceFailed) when it cannot be read at all;
    /// [`CirrusError::Csv`] for a row that ends otherwise than the job declares, and for a quote that is not closed: before anything is
    /// sent, or for a stream as soon as it has come. The job stays open.
    pub async fn upload_from(&self, job_id: &str, source: impl Into<BulkSource>) -> CirrusResult<()> {
        // Whatever replaces a token that has ended.
        let job = self.get(job_id).await?;
        let upload = Arc::new(upload_of(source.into(), Some(job.column_delimiter), Some(job.line_ending)));
        let has_rows = upload.next_job().await?;
        self.put(job_id, &upload).await?;
        // Something on the way may answer before it has all of it.
        if has_rows { upload.is_sent() } else { Ok(()) }
    }

    /// Uploads what is this job's part of it.
    pub(crate) async fn put(&self, job_id: &str, upload: &Arc<Upload>) -> CirrusResult<()> {
        let data = Arc::clone(upload);
        let call =
            Call::new(Method::PUT, batches(job_id)?).stream(CSV, move || data.body()).replay(Replay::Never);
        self.client.call(call).await.map(drop).map_err(|error| upload.fault().unwrap_or(error))
    }

    /// Says that a job's data is complete: it is put in the queue.
    pub async fn close(&self, job_id: &str) -> CirrusResult<BulkJobStateChange> {
        self.set(job_id, "UploadComplete").await
    }

    /// Ends a job. Rows it has worked off stay worked off.
    pub async fn abort(&self, job_id: &str) -> CirrusResult<BulkJobStateChange> {
        self.set(job_id, "Aborted").await
    }

    async fn set(&self, job_id: &str, state: &'static str) -> CirrusResult<BulkJobStateChange> {
        let call = Call::patch(path(job_id)?).json(&serde_json::json!({ "state": state }))?;
        self.client.call_json(call).await
    }

    /// How far a job is.
    pub async fn get(&self, job_id: &str) -> CirrusResult<BulkIngestJob> {
        self.client.call_json(Call::get(path(job_id)?)).await
    }

    /// Waits until a job is over. A job that is open is waited for until somebody closes it.
    pub fn wait(&self, job_id: &str) -> BulkWait<'a, BulkIngestJob> {
        BulkWait::new(self.client, job_id, path(job_id))
    }

    /// Loads rows: creates as many jobs as they need, uploads, closes, waits, and fetches what became of them.
    pub fn load(&self, spec: BulkIngestSpec) -> BulkLoad<'a> {
        BulkLoad::new(*self, spec)
    }

    /// Removes a job that is over, and its results.
    pub async fn delete(&self, job_id: &str) -> CirrusResult<()> {
        self.client.call_json(Call::delete(path(job_id)?)).await
    }

    /// The jobs of the org.
    pub async fn list(&self, options: &BulkJobListOptions) -> CirrusResult<BulkJobList> {
        list(self.client, FOLDER, options).await
    }

    /// The rows that were worked off, in memory: CSV, `sf__Id` and `sf__Created` before the columns of the upload.
    pub async fn successful_results(&self, job_id: &str) -> CirrusResult<Bytes> {
        self.whole(job_id, SUCCESSFUL).await
    }

    /// The rows that were refused, in memory: CSV, `sf__Id` and `sf__Error` before the columns of the upload.
    pub async fn failed_results(&self, job_id: &str) -> CirrusResult<Bytes> {
        self.whole(job_id, FAILED).await
    }

    /// The rows that were not looked at, since the job failed or was aborted, in memory: CSV as it was uploaded.
    pub async fn unprocessed_records(&self, job_id: &str) -> CirrusResult<Bytes> {
        self.whole(job_id, UNPROCESSED).await
    }

    /// [`successful_results`](Self::successful_results) as they come, in whole rows; if they break off, they are asked for again, and
    /// go on.
    pub async fn successful_results_stream(&self, job_id: &str) -> CirrusResult<ByteStream> {
        self.pieces(job_id, SUCCESSFUL)?.begun().await
    }

    /// [`failed_results`](Self::failed_results) as they come.
    pub async fn failed_results_stream(&self, job_id: &str) -> CirrusResult<ByteStream> {
        self.pieces(job_id, FAILED)?.begun().await
    }

    /// [`unprocessed_records`](Self::unprocessed_records) as they come.
    pub async fn unprocessed_records_stream(&self, job_id: &str) -> CirrusResult<ByteStream> {
        self.pieces(job_id, UNPROCESSED)?.begun().await
    }

    /// The rows that were worked off as they come, with what they were made of. The format is the job's.
    pub fn successes<T: DeserializeOwned>(
        &self,
        job_id: &str,
        format: CsvFormat,
    ) -> CirrusResult<CsvRows<BulkSuccess<T>>> {
        Ok(CsvRows::made_by(self.pieces(job_id, SUCCESSFUL)?, format, success))
    }

    /// The rows that were refused as they come.
    pub fn failures<T: DeserializeOwned>(
        &self,
        job_id: &str,
        format: CsvFormat,
    ) -> CirrusResult<CsvRows<BulkFailure<T>>> {
        Ok(CsvRows::made_by(self.pieces(job_id, FAILED)?, format, failure))
    }

    /// The rows that were not looked at as they come.
    pub fn unprocessed<T: DeserializeOwned>(
        &self,
        job_id: &str,
        format: CsvFormat,
    ) -> CirrusResult<CsvRows<T>> {
        Ok(CsvRows::new(self.pieces(job_id, UNPROCESSED)?, format))
    }

    async fn whole(&self, job_id: &str, which: &str) -> CirrusResult<Bytes> {
        let call = Call::get(format!("{}/{which}", path(job_id)?)).header(http::header::ACCEPT, CSV);
        Ok(self.client.call(call).await?.body)
    }

    fn pieces(&self, job_id: &str, which: &str) -> CirrusResult<BulkResults> {
        Ok(BulkResults::new(self.client, format!("{}/{which}", path(job_id)?)).only_one_page())
    }
}

/// Data of one job.
fn upload_of(
    source: BulkSource,
    delimiter: Option<BulkColumnDelimiter>,
    line_ending: Option<BulkLineEnding>,
) -> Upload {
    Upload::new(source, delimiter.unwrap_or_default().byte(), line_ending, usize::MAX)
}

fn path(job_id: &str) -> CirrusResult<String> {
    Ok(format!("{FOLDER}/{}", segment("job_id", job_id)?))
}

fn batches(job_id: &str) -> CirrusResult<String> {
    Ok(format!("{}/batches", path(job_id)?))
}
