//! What Salesforce tells of one job.

use serde::{Deserialize, Serialize};

use crate::bulk::operation::BulkOperation;
use crate::bulk::state::BulkJobState;
use crate::csv::format::{BulkColumnDelimiter, BulkLineEnding};

/// What jobs of both kinds tell. There are no others.
pub trait BulkJob: sealed::Sealed {
    /// Its id.
    fn id(&self) -> &str;
    /// How far it has come.
    fn state(&self) -> BulkJobState;
    /// How many rows were worked off, those that failed among them; 0 where Salesforce says nothing.
    fn records_processed(&self) -> u64;
    /// How many of them failed.
    fn records_failed(&self) -> u64;
}

/// A job that loads rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BulkIngestJob {
    /// Its id.
    pub id: String,
    /// What it does.
    pub operation: BulkOperation,
    /// The object its rows are of.
    #[serde(default)]
    pub object: String,
    /// How far it has come.
    pub state: BulkJobState,
    /// The external id an upsert goes by.
    #[serde(rename = "externalIdFieldName", default)]
    pub external_id_field_name: Option<String>,
    /// What ends its lines.
    #[serde(rename = "lineEnding")]
    pub line_ending: BulkLineEnding,
    /// What parts its columns.
    #[serde(rename = "columnDelimiter")]
    pub column_delimiter: BulkColumnDelimiter,
    /// `CSV`.
    #[serde(rename = "contentType")]
    pub content_type: String,
    /// Where its data goes, while it is open.
    #[serde(rename = "contentUrl", default)]
    pub content_url: Option<String>,
    /// The API's version it was created with.
    #[serde(rename = "apiVersion")]
    pub api_version: f64,
    /// `V2Ingest`, `BigObjectIngest` or `Classic`.
    #[serde(rename = "jobType", default)]
    pub job_type: Option<String>,
    /// `Parallel`.
    #[serde(rename = "concurrencyMode")]
    pub concurrency_mode: String,
    /// The user who created it.
    #[serde(rename = "createdById")]
    pub created_by_id: String,
    /// When it was created.
    #[serde(rename = "createdDate")]
    pub created_date: String,
    /// When it last changed.
    #[serde(rename = "systemModstamp")]
    pub system_modstamp: String,
    /// The assignment rule its cases or leads go through.
    #[serde(rename = "assignmentRuleId", default)]
    pub assignment_rule_id: Option<String>,
    /// How many rows were worked off, those that failed among them.
    #[serde(rename = "numberRecordsProcessed", default)]
    pub number_records_processed: Option<i64>,
    /// How many rows failed.
    #[serde(rename = "numberRecordsFailed", default)]
    pub number_records_failed: Option<i64>,
    /// How often Salesforce began anew.
    #[serde(default)]
    pub retries: Option<i32>,
    /// How long it took, in milliseconds.
    #[serde(rename = "totalProcessingTime", default)]
    pub total_processing_time: Option<i64>,
    /// How long it was worked on, in milliseconds.
    #[serde(rename = "apiActiveProcessingTime", default)]
    pub api_active_processing_time: Option<i64>,
    /// How long triggers and the like took, in milliseconds.
    #[serde(rename = "apexProcessingTime", default)]
    pub apex_processing_time: Option<i64>,
    /// Why it failed.
    #[serde(rename = "errorMessage", default)]
    pub error_message: Option<String>,
}

/// A job whose state was changed by the call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BulkJobStateChange {
    /// Its id.
    pub id: String,
    /// What it does.
    pub operation: BulkOperation,
    /// The object its rows are of.
    pub object: String,
    /// Its state now.
    pub state: BulkJobState,
    /// The API's version it was created with.
    #[serde(rename = "apiVersion")]
    pub api_version: f64,
    /// `Parallel`.
    #[serde(rename = "concurrencyMode")]
    pub concurrency_mode: String,
    /// `CSV`.
    #[serde(rename = "contentType")]
    pub content_type: String,
    /// The user who created it.
    #[serde(rename = "createdById")]
    pub created_by_id: String,
    /// When it was created.
    #[serde(rename = "createdDate")]
    pub created_date: String,
    /// When it last changed.
    #[serde(rename = "systemModstamp")]
    pub system_modstamp: String,
    /// The external id an upsert goes by.
    #[serde(rename = "externalIdFieldName", default)]
    pub external_id_field_name: Option<String>,
    /// The assignment rule its cases or leads go through.
    #[serde(rename = "assignmentRuleId", default)]
    pub assignment_rule_id: Option<String>,
}

/// A job that queries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BulkQueryJob {
    /// Its id.
    pub id: String,
    /// What it does.
    pub operation: BulkOperation,
    /// How far it has come.
    pub state: BulkJobState,
    /// The object it queries.
    pub object: String,
    /// What ends its lines.
    #[serde(rename = "lineEnding")]
    pub line_ending: BulkLineEnding,
    /// What parts its columns.
    #[serde(rename = "columnDelimiter")]
    pub column_delimiter: BulkColumnDelimiter,
    /// `CSV`.
    #[serde(rename = "contentType")]
    pub content_type: String,
    /// The API's version it was created with.
    #[serde(rename = "apiVersion")]
    pub api_version: f64,
    /// `V2Query`.
    #[serde(rename = "jobType", default)]
    pub job_type: Option<String>,
    /// `Parallel`.
    #[serde(rename = "concurrencyMode")]
    pub concurrency_mode: String,
    /// The user who created it.
    #[serde(rename = "createdById")]
    pub created_by_id: String,
    /// When it was created.
    #[serde(rename = "createdDate")]
    pub created_date: String,
    /// When it last changed.
    #[serde(rename = "systemModstamp")]
    pub system_modstamp: String,
    /// How many rows were found so far.
    #[serde(rename = "numberRecordsProcessed", default)]
    pub number_records_processed: Option<i64>,
    /// How often Salesforce began anew.
    #[serde(default)]
    pub retries: Option<i32>,
    /// How long it took, in milliseconds.
    #[serde(rename = "totalProcessingTime", default)]
    pub total_processing_time: Option<i64>,
    /// Whether the object can be queried in parts.
    #[serde(rename = "isPkChunkingSupported", default)]
    pub is_pk_chunking_supported: Option<bool>,
    /// Why it failed.
    #[serde(rename = "errorMessage", default)]
    pub error_message: Option<String>,
}

mod sealed {
    #[expect(unnameable_types, reason = "so that nobody else can say that they are a job")]
    pub trait Sealed {}

    impl Sealed for super::BulkIngestJob {}
    impl Sealed for super::BulkQueryJob {}
}

impl BulkJob for BulkIngestJob {
    fn id(&self) -> &str {
        &self.id
    }

    fn state(&self) -> BulkJobState {
        self.state
    }

    fn records_processed(&self) -> u64 {
        count(self.number_records_processed)
    }

    fn records_failed(&self) -> u64 {
        count(self.number_records_failed)
    }
}

impl BulkJob for BulkQueryJob {
    fn id(&self) -> &str {
        &self.id
    }

    fn state(&self) -> BulkJobState {
        self.state
    }

    fn records_processed(&self) -> u64 {
        count(self.number_records_processed)
    }

    fn records_failed(&self) -> u64 {
        0
    }
}

fn count(told: Option<i64>) -> u64 {
    told.and_then(|count| u64::try_from(count).ok()).unwrap_or_default()
}
