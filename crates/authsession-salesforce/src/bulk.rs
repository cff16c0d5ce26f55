//! Bulk API 2.0: rows by the million, in jobs that Salesforce works off by itself (Bulk API 2.0 and Bulk API Developer Guide).

mod hand_over;
pub mod ingest;
pub mod job;
pub mod list;
pub mod load;
pub mod operation;
pub mod outcome;
pub mod position;
pub mod progress;
pub mod query;
pub mod result_pages;
pub mod results;
pub mod row;
pub mod source;
pub mod spec;
pub mod state;
mod upload;
pub mod wait;

use crate::bulk::ingest::BulkIngestHandler;
use crate::bulk::query::BulkQueryHandler;
use crate::client::Cirrus;

/// How much CSV comes along with the request that creates a job, in characters.
pub const MAX_MULTIPART_JOB_DATA_CHARS: usize = 100_000;
/// How much CSV one job takes, in bytes: Salesforce allows 150 MB once it is base64, and advises 100 MB before. There is no limit
/// of rows.
pub const MAX_BULK_JOB_BYTES: usize = 100_000_000;

impl Cirrus {
    /// Bulk API 2.0: jobs that load rows, and jobs that query them.
    #[must_use]
    pub const fn bulk(&self) -> BulkHandler<'_> {
        BulkHandler { client: self }
    }
}

/// The two kinds of jobs.
#[derive(Clone, Copy, Debug)]
pub struct BulkHandler<'a> {
    client: &'a Cirrus,
}

impl<'a> BulkHandler<'a> {
    /// Jobs that insert, update, upsert and delete rows.
    #[must_use]
    pub const fn ingest(&self) -> BulkIngestHandler<'a> {
        BulkIngestHandler { client: self.client }
    }

    /// Jobs that query.
    #[must_use]
    pub const fn query(&self) -> BulkQueryHandler<'a> {
        BulkQueryHandler { client: self.client }
    }
}
