//! What became of records that were created with their children (REST API Developer Guide, "sObject Tree").

use serde::{Deserialize, Serialize};

use crate::composite::composite_error::CompositeError;
use crate::nullable;

/// What became of a tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompositeTreeResponse {
    /// Whether a record failed; then none was created.
    #[serde(rename = "hasErrors")]
    pub has_errors: bool,
    /// One a record.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub results: Vec<CompositeTreeResult>,
}

/// What became of one of its records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompositeTreeResult {
    /// What the request called it.
    #[serde(rename = "referenceId")]
    pub reference_id: String,
    /// Its id, if it was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What is wrong with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<CompositeError>>,
}

impl CompositeTreeResult {
    /// Whether it was created.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.id.is_some() && self.errors.as_ref().is_none_or(Vec::is_empty)
    }
}
