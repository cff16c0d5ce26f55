//! What a composite request's subrequests answered (REST API Developer Guide, "Composite").

use http::HeaderMap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::composite::composite_error::is_undone;
use crate::composite::headers;
use crate::error::CirrusResult;
use crate::error::error_body::read_value;
use crate::error::salesforce_error::SalesforceError;
use crate::nullable;

/// The answers, in the order of the subrequests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CompositeResponse {
    /// One a subrequest.
    #[serde(rename = "compositeResponse", default, deserialize_with = "nullable::or_default")]
    pub composite_response: Vec<CompositeSubresponse>,
}

impl CompositeResponse {
    /// The answer to the subrequest of that name.
    #[must_use]
    pub fn get(&self, reference_id: &str) -> Option<&CompositeSubresponse> {
        self.composite_response.iter().find(|answer| answer.reference_id == reference_id)
    }

    /// Whether all was done: every subrequest, and every record of those that are for several.
    #[must_use]
    pub fn is_success(&self) -> bool {
        !self.has_errors()
    }

    /// Whether something failed. The call itself is a success all the same: Salesforce answers it with status 200.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.composite_response.iter().any(CompositeSubresponse::has_errors)
    }

    /// The first that failed by itself: with `allOrNone`, why all the others were undone.
    #[must_use]
    pub fn root_cause(&self) -> Option<&CompositeSubresponse> {
        let mut failed = self.composite_response.iter().filter(|answer| answer.has_errors());
        let first = failed.clone().next();
        failed.find(|answer| !answer.is_rolled_back()).or(first)
    }
}

/// The answer to one subrequest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompositeSubresponse {
    /// The body; `null` where there is none, a list of errors where it failed.
    #[serde(default)]
    pub body: Value,
    /// The headers, such as `Location`.
    #[serde(rename = "httpHeaders", default, with = "headers")]
    pub http_headers: HeaderMap,
    /// The HTTP status.
    #[serde(rename = "httpStatusCode")]
    pub http_status_code: u16,
    /// The subrequest's name.
    #[serde(rename = "referenceId")]
    pub reference_id: String,
}

impl CompositeSubresponse {
    /// Whether it was done: a 2xx.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.http_status_code >= 200 && self.http_status_code < 300
    }

    /// Whether it failed: a 4xx or 5xx.
    #[must_use]
    pub const fn is_error(&self) -> bool {
        self.http_status_code >= 400
    }

    /// Whether it, or a record of it, failed: a subrequest for several records is a success whatever becomes of them.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        !self.is_success() || self.records_that_failed().next().is_some()
    }

    /// Whether it was undone, or never tried, because of another one (`PROCESSING_HALTED`).
    #[must_use]
    pub fn is_rolled_back(&self) -> bool {
        let mut errors = self.errors().into_iter().peekable();
        errors.peek().is_some() && errors.all(|error| is_undone(&error.error_code))
    }

    /// Whether the same may succeed later, unchanged: somebody else held the record, or Salesforce was too busy.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        let mut errors = self.errors().into_iter().peekable();
        errors.peek().is_some() && errors.all(|error| error.is_transient())
    }

    /// What is wrong, also with single records; empty where all was done.
    #[must_use]
    pub fn errors(&self) -> Vec<SalesforceError> {
        if !self.is_success() {
            return read_value(self.body.clone());
        }
        let errors = self.records_that_failed().filter_map(|record| record.get("errors").cloned());
        errors.flat_map(read_value).collect()
    }

    /// Those of a collection's results that are none.
    fn records_that_failed(&self) -> impl Iterator<Item = &Value> {
        let results = self.body.as_array().into_iter().flatten();
        results.filter(|result| result.get("success") == Some(&Value::Bool(false)))
    }

    /// The body as a type of yours.
    ///
    /// # Errors
    /// When it is of another shape, as where it failed.
    pub fn body_as<R: DeserializeOwned>(&self) -> CirrusResult<R> {
        Ok(R::deserialize(&self.body)?)
    }
}
