//! Jobs that query (Bulk API 2.0 and Bulk API Developer Guide, "Bulk API 2.0 Query").

use std::fmt;

use bytes::Bytes;
use http::HeaderValue;
use http::header::ACCEPT;
use serde::de::DeserializeOwned;

use crate::bulk::job::{BulkJobStateChange, BulkQueryJob};
use crate::bulk::list::{BulkJobList, BulkJobListOptions, list};
use crate::bulk::result_pages::BulkResultPages;
use crate::bulk::results::BulkResults;
use crate::bulk::spec::BulkQuerySpec;
use crate::bulk::wait::BulkWait;
use crate::client::Cirrus;
use crate::csv::format::CsvFormat;
use crate::csv::rows::CsvRows;
use crate::error::CirrusResult;
use crate::exchange::address::segment;
use crate::exchange::answer::text;
use crate::exchange::byte_stream::ByteStream;
use crate::exchange::call::Call;
use crate::query::trail::lost;

const FOLDER: &str = "jobs/query";

/// A page of a result. Its rows are not in its `Debug`.
#[derive(Clone)]
pub struct BulkQueryResults {
    /// The rows, after a line with the names of the columns.
    pub csv: Bytes,
    /// What to ask for the next page with; none after the last one.
    pub locator: Option<String>,
    /// How many rows there are on the page.
    pub number_of_records: Option<i64>,
}

impl fmt::Debug for BulkQueryResults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BulkQueryResults")
            .field("length", &self.csv.len())
            .field("locator", &self.locator)
            .field("number_of_records", &self.number_of_records)
            .finish()
    }
}

/// Jobs that query. A new job runs by itself; once it is complete, its result stays for 7 days.
///
/// ```no_run
/// use authsession_salesforce::{BulkOperation, BulkQuerySpec, CsvFormat};
/// use futures_util::TryStreamExt;
///
/// #[derive(serde::Deserialize)]
/// #[serde(rename_all = "PascalCase")]
/// struct Account {
///     id: String,
///     name: String,
/// }
///
/// # async fn example(salesforce: authsession_salesforce::Cirrus) -> authsession_salesforce::CirrusResult<()> {
/// let queries = salesforce.bulk().query();
/// let job = queries.create(&BulkQuerySpec::new("SELECT Id, Name FROM Account", BulkOperation::Query)).await?;
/// let job = queries.wait(&job.id).await?.completed()?;
/// let mut accounts = queries.rows::<Account>(&job.id, CsvFormat::new())?;
/// while let Some(account) = accounts.try_next().await? {
///     println!("{}: {}", account.id, account.name);
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`Cirrus::get`]. An id that is none fails before anything is sent.
#[derive(Clone, Copy, Debug)]
pub struct BulkQueryHandler<'a> {
    pub(crate) client: &'a Cirrus,
}

impl<'a> BulkQueryHandler<'a> {
    /// Begins a job. It is never sent twice: after a broken connection there may be a job nobody knows, which harms nobody.
    pub async fn create(&self, spec: &BulkQuerySpec) -> CirrusResult<BulkQueryJob> {
        self.client.call_json(Call::post(FOLDER).json(spec)?).await
    }

    /// How far a job is.
    pub async fn get(&self, job_id: &str) -> CirrusResult<BulkQueryJob> {
        self.client.call_json(Call::get(path(job_id)?)).await
    }

    /// Ends a job.
    pub async fn abort(&self, job_id: &str) -> CirrusResult<BulkJobStateChange> {
        let call = Call::patch(path(job_id)?).json(&serde_json::json!({ "state": "Aborted" }))?;
        self.client.call_json(call).await
    }

    /// A page of a result, in memory: the first one, or that of a locator.
    ///
    /// # Errors
    /// What [`Cirrus::get`](crate::client::Cirrus::get) fails with;
    /// [`CirrusError::InvalidResponse`](crate::error::CirrusError::InvalidResponse) when the next page is to be this one.
    pub async fn results(
        &self,
        job_id: &str,
        locator: Option<&str>,
        max_records: Option<u32>,
    ) -> CirrusResult<BulkQueryResults> {
        let mut call = Call::get(results(job_id)?).header(ACCEPT, HeaderValue::from_static("text/csv"));
        if let Some(locator) = locator {
            call = call.parameter("locator", locator);
        }
        if let Some(rows) = max_records {
            call = call.parameter("maxRecords", &rows.to_string());
        }
        let answer = self.client.call(call).await?;
        let next = text(&answer.headers, "sforce-locator");
        if next.is_some() && next == locator {
            return Err(lost());
        }
        Ok(BulkQueryResults {
            locator: next.map(str::to_owned),
            number_of_records: text(&answer.headers, "sforce-numberofrecords")
                .and_then(|count| count.parse().ok()),
            csv: answer.body,
        })
    }

    /// A page of a result as it comes, in whole rows; its header `Sforce-Locator` says what to ask for the next one with. If it breaks off,
    /// it is asked for again, and goes on.
    pub async fn results_stream(
        &self,
        job_id: &str,
        locator: Option<&str>,
        max_records: Option<u32>,
    ) -> CirrusResult<ByteStream> {
        let mut page = self.all_results(job_id)?.only_one_page();
        if let Some(locator) = locator {
            page = page.at_locator(locator);
        }
        if let Some(rows) = max_records {
            page = page.max_records(rows);
        }
        page.begun().await
    }

    /// The whole result as it comes, page after page under one header.
    pub fn all_results(&self, job_id: &str) -> CirrusResult<BulkResults> {
        Ok(BulkResults::new(self.client, results(job_id)?))
    }

    /// The whole result as it comes, as values of one's own type. The format is the job's.
    pub fn rows<T: DeserializeOwned>(&self, job_id: &str, format: CsvFormat) -> CirrusResult<CsvRows<T>> {
        Ok(CsvRows::new(self.all_results(job_id)?, format))
    }

    /// Waits until a job is over.
    pub fn wait(&self, job_id: &str) -> BulkWait<'a, BulkQueryJob> {
        BulkWait::new(self.client, job_id, path(job_id))
    }

    /// Removes a job that is over, and its result.
    pub async fn delete(&self, job_id: &str) -> CirrusResult<()> {
        self.client.call_json(Call::delete(path(job_id)?)).await
    }

    /// The jobs of the org.
    pub async fn list(&self, options: &BulkJobListOptions) -> CirrusResult<BulkJobList> {
        list(self.client, FOLDER, options).await
    }

    /// Where the pages of a result are, for those who fetch several at once; since v58.0.
    pub async fn result_pages(&self, job_id: &str, locator: Option<&str>) -> CirrusResult<BulkResultPages> {
        let mut call = Call::get(format!("{}/resultPages", path(job_id)?));
        if let Some(locator) = locator {
            call = call.parameter("locator", locator);
        }
        self.client.call_json(call).await
    }
}

fn path(job_id: &str) -> CirrusResult<String> {
    Ok(format!("{FOLDER}/{}", segment("job_id", job_id)?))
}

fn results(job_id: &str) -> CirrusResult<String> {
    Ok(format!("{}/results", path(job_id)?))
}
