//! How far a job has come.

use serde::{Deserialize, Serialize};

/// How far a job has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum BulkJobState {
    /// It waits for its data.
    Open,
    /// It has its data and waits for its turn.
    UploadComplete,
    /// It is being worked off.
    InProgress,
    /// It was worked off; single rows may have failed.
    JobComplete,
    /// Somebody ended it.
    Aborted,
    /// Salesforce gave it up.
    Failed,
    /// One this version does not know.
    #[serde(other)]
    Unknown,
}

impl BulkJobState {
    /// Whether it stays as it is.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::JobComplete | Self::Aborted | Self::Failed)
    }
}
