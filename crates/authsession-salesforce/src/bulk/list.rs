//! The jobs of an org.

use serde::{Deserialize, Deserializer, Serialize};

use crate::bulk::operation::BulkOperation;
use crate::bulk::state::BulkJobState;
use crate::client::Cirrus;
use crate::csv::format::{BulkColumnDelimiter, BulkLineEnding};
use crate::error::CirrusResult;
use crate::exchange::address::parameter;
use crate::exchange::call::Call;

/// Which API a job is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum BulkJobType {
    /// Rows for a big object.
    BigObjectIngest,
    /// Bulk API 1.0.
    Classic,
    /// Bulk API 2.0, rows to load.
    V2Ingest,
    /// Bulk API 2.0, a query.
    V2Query,
    /// One this version does not know.
    #[serde(other)]
    Unknown,
}

impl BulkJobType {
    /// As Salesforce writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BigObjectIngest => "BigObjectIngest",
            Self::Classic => "Classic",
            Self::V2Ingest => "V2Ingest",
            Self::V2Query => "V2Query",
            Self::Unknown => "Unknown",
        }
    }
}

/// Which jobs are listed; all unless said otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct BulkJobListOptions {
    /// Those of this API.
    pub job_type: Option<BulkJobType>,
    /// Those queried in parts, or those that are not.
    pub pk_chunking_enabled: Option<bool>,
    /// From there on: the [`next_locator`](BulkJobList::next_locator) of the list before.
    pub query_locator: Option<String>,
}

impl BulkJobListOptions {
    /// All jobs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Those of this API.
    pub fn job_type(mut self, job_type: BulkJobType) -> Self {
        self.job_type = Some(job_type);
        self
    }

    /// Those queried in parts, or those that are not.
    pub fn pk_chunking_enabled(mut self, enabled: bool) -> Self {
        self.pk_chunking_enabled = Some(enabled);
        self
    }

    /// From there on: the [`next_locator`](BulkJobList::next_locator) of the list before.
    pub fn query_locator(mut self, locator: impl Into<String>) -> Self {
        self.query_locator = Some(locator.into());
        self
    }
}

/// Up to 1,000 jobs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BulkJobList {
    /// Whether these are the last ones.
    pub done: bool,
    /// The jobs.
    pub records: Vec<BulkJobSummary>,
    /// Where further ones are listed.
    #[serde(rename = "nextRecordsUrl", default)]
    pub next_records_url: Option<String>,
}

impl BulkJobList {
    /// What to ask for the further ones with.
    #[must_use]
    pub fn next_locator(&self) -> Option<String> {
        parameter(self.next_records_url.as_deref()?, "queryLocator")
    }
}

/// What a list tells of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BulkJobSummary {
    /// Its id.
    pub id: String,
    /// What it does.
    pub operation: BulkOperation,
    /// The object its rows are of.
    #[serde(default)]
    pub object: String,
    /// How far it has come.
    pub state: BulkJobState,
    /// Which API it is of.
    #[serde(rename = "jobType", default)]
    pub job_type: Option<BulkJobType>,
    /// The API's version it was created with.
    #[serde(rename = "apiVersion", deserialize_with = "api_version_number")]
    pub api_version: f64,
    /// `Parallel` or `Serial`.
    #[serde(rename = "concurrencyMode")]
    pub concurrency_mode: String,
    /// `CSV`, or what else Bulk API 1.0 takes.
    #[serde(rename = "contentType")]
    pub content_type: String,
    /// Where its data goes, while it is open.
    #[serde(rename = "contentUrl", default)]
    pub content_url: Option<String>,
    /// The user who created it.
    #[serde(rename = "createdById")]
    pub created_by_id: String,
    /// When it was created.
    #[serde(rename = "createdDate")]
    pub created_date: String,
    /// When it last changed.
    #[serde(rename = "systemModstamp")]
    pub system_modstamp: String,
    /// What ends its lines.
    #[serde(rename = "lineEnding", default)]
    pub line_ending: Option<BulkLineEnding>,
    /// What parts its columns.
    #[serde(rename = "columnDelimiter", default)]
    pub column_delimiter: Option<BulkColumnDelimiter>,
}

/// Lists write it as a number, or as a text.
fn api_version_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Version {
        Number(f64),
        Text(String),
    }
    match Version::deserialize(deserializer)? {
        Version::Number(number) => Ok(number),
        Version::Text(text) => text.trim_start_matches('v').parse().map_err(serde::de::Error::custom),
    }
}

pub(crate) async fn list(
    client: &Cirrus,
    folder: &'static str,
    options: &BulkJobListOptions,
) -> CirrusResult<BulkJobList> {
    let mut call = Call::get(folder);
    if let Some(job_type) = options.job_type {
        call = call.parameter("jobType", job_type.as_str());
    }
    if let Some(enabled) = options.pk_chunking_enabled {
        call = call.parameter("isPkChunkingEnabled", if enabled { "true" } else { "false" });
    }
    if let Some(locator) = &options.query_locator {
        call = call.parameter("queryLocator", locator);
    }
    client.call_json(call).await
}
