//! Why a record of a tree or a collection failed.

use serde::{Deserialize, Serialize};

use crate::error::salesforce_error::passes;
use crate::nullable;

/// What Salesforce says is wrong with one record. Its message may quote what was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompositeError {
    /// A name for programs, such as `REQUIRED_FIELD_MISSING`.
    #[serde(rename = "statusCode")]
    pub status_code: String,
    /// A sentence for people.
    pub message: String,
    /// The fields it is about.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub fields: Vec<String>,
}

impl CompositeError {
    /// Whether the same may succeed later, unchanged: somebody else held the record, or Salesforce was too busy.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        passes(&self.status_code)
    }

    /// Whether the record itself was in order and was undone because of another one.
    #[must_use]
    pub fn is_rolled_back(&self) -> bool {
        is_undone(&self.status_code)
    }
}

/// Whether an error of that name says that another one is the reason.
pub(super) fn is_undone(code: &str) -> bool {
    matches!(code, "ALL_OR_NONE_OPERATION_ROLLED_BACK" | "PROCESSING_HALTED")
}
