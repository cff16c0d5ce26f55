//! The surfaces under the paths programs written for cirrus import them from.

pub use crate::apex;
pub use crate::composite;
pub use crate::event_monitoring;
pub use crate::limits;
pub use crate::metadata;
pub use crate::query;
pub use crate::search;
pub use crate::tooling;
pub use crate::versions;

/// Bulk API 2.0.
pub mod bulk {
    pub use crate::bulk::ingest::BulkIngestHandler;
    pub use crate::bulk::list::BulkJobListOptions;
    pub use crate::bulk::query::BulkQueryHandler;
    pub use crate::bulk::spec::{BulkIngestSpec, BulkQuerySpec};
    pub use crate::bulk::{BulkHandler, MAX_MULTIPART_JOB_DATA_CHARS};
}

/// Objects and their records.
pub mod sobjects {
    pub use crate::sobjects::blob::BlobUploadSpec;
    pub use crate::sobjects::external_id::UpsertOptions;
    pub use crate::sobjects::{SObjectHandler, SObjectsHandler};
}
