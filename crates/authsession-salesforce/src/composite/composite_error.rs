//! Why a record of a tree or a collection failed.

use serde::{Deserialize, Serialize};

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
    /// Whether the record itself was in order and was undone because of another one.
    #[must_use]
    pub fn is_rolled_back(&self) -> bool {
        self.status_code == "ALL_OR_NONE_OPERATION_ROLLED_BACK" || self.status_code == "PROCESSING_HALTED"
    }
}
