//! How a job ended.

use crate::bulk::job::BulkJob;
use crate::bulk::state::BulkJobState;
use crate::error::bulk_fault::BulkFault;
use crate::error::{CirrusError, CirrusResult};

/// A job that is over. Rows it had worked off stay worked off, however it ended.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub enum BulkOutcome<J> {
    /// It was worked off; single rows may have failed.
    Complete(J),
    /// Salesforce gave it up; its `error_message` says why.
    Failed(J),
    /// Somebody aborted it.
    Aborted(J),
}

impl<J: BulkJob> BulkOutcome<J> {
    /// The job, if it is over.
    pub(crate) fn of(job: J) -> Result<Self, J> {
        match job.state() {
            BulkJobState::JobComplete => Ok(Self::Complete(job)),
            BulkJobState::Failed => Ok(Self::Failed(job)),
            BulkJobState::Aborted => Ok(Self::Aborted(job)),
            _ => Err(job),
        }
    }

    /// The job, if it was worked off.
    ///
    /// # Errors
    /// [`CirrusError::Bulk`] of one that failed or was aborted.
    pub fn completed(self) -> CirrusResult<J> {
        match self {
            Self::Complete(job) => Ok(job),
            Self::Failed(job) => Err(CirrusError::Bulk(BulkFault::Failed { job_id: job.id().to_owned() })),
            Self::Aborted(job) => Err(CirrusError::Bulk(BulkFault::Aborted { job_id: job.id().to_owned() })),
        }
    }
}

impl<J> BulkOutcome<J> {
    /// The job, however it ended.
    pub const fn job(&self) -> &J {
        match self {
            Self::Complete(job) | Self::Failed(job) | Self::Aborted(job) => job,
        }
    }
}
