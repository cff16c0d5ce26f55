//! Subrequests of one call that are no matter of each other (REST API Developer Guide, "Composite Batch").

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::CirrusResult;
use crate::error::error_body::read_value;
use crate::error::salesforce_error::SalesforceError;
use crate::nullable;

/// Up to 25 subrequests. [`compose_batch`](crate::composite::CompositeHandler::compose_batch) makes one.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct BatchRequest {
    /// In the order they are done.
    #[serde(rename = "batchRequests")]
    pub batch_requests: Vec<BatchSubrequest>,
    /// Whether those after the first failure are left out. Salesforce's default is no.
    #[serde(rename = "haltOnError", skip_serializing_if = "Option::is_none")]
    pub halt_on_error: Option<bool>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BatchSubrequest {
    /// The HTTP method, in capitals.
    pub method: String,
    /// The path below `/services/data`, as in `v66.0/sobjects/Account`.
    pub url: String,
    /// The body.
    #[serde(rename = "richInput", skip_serializing_if = "Option::is_none")]
    pub rich_input: Option<Value>,
}

/// The answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BatchResponse {
    /// Whether one failed.
    #[serde(rename = "hasErrors")]
    pub has_errors: bool,
    /// One a subrequest, in their order.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub results: Vec<BatchSubresult>,
}

/// The answer to one subrequest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BatchSubresult {
    /// The HTTP status; 412 where it was left out after a failure.
    #[serde(rename = "statusCode")]
    pub status_code: u16,
    /// The body; a list of errors where it failed.
    #[serde(default)]
    pub result: Value,
}

impl BatchSubresult {
    /// Whether it was done: a 2xx.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.status_code >= 200 && self.status_code < 300
    }

    /// Whether the same may succeed later, unchanged: somebody else held the record, or Salesforce was too busy.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        let mut errors = self.errors().into_iter().peekable();
        errors.peek().is_some() && errors.all(|error| error.is_transient())
    }

    /// Whether it was left out after an earlier failure (`BATCH_PROCESSING_HALTED`).
    #[must_use]
    pub fn is_halted(&self) -> bool {
        self.errors().iter().any(|error| error.error_code == "BATCH_PROCESSING_HALTED")
    }

    /// What is wrong; empty where it was done.
    #[must_use]
    pub fn errors(&self) -> Vec<SalesforceError> {
        if self.is_success() { Vec::new() } else { read_value(self.result.clone()) }
    }

    /// The body as a type of yours.
    ///
    /// # Errors
    /// When it is of another shape, as where it failed.
    pub fn result_as<R: DeserializeOwned>(&self) -> CirrusResult<R> {
        Ok(R::deserialize(&self.result)?)
    }
}
