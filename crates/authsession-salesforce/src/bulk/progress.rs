//! How far a job was at its last poll.

use crate::bulk::job::BulkJob;
use crate::bulk::state::BulkJobState;

/// How far a job was at its last poll.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BulkProgress {
    /// The job.
    pub job_id: String,
    /// Its state.
    pub state: BulkJobState,
    /// How many rows were worked off, those that failed among them.
    pub records_processed: u64,
    /// How many rows failed.
    pub records_failed: u64,
}

impl BulkProgress {
    pub(crate) fn of(job: &impl BulkJob) -> Self {
        Self {
            job_id: job.id().to_owned(),
            state: job.state(),
            records_processed: job.records_processed(),
            records_failed: job.records_failed(),
        }
    }
}
