//! What a composite request's subrequests answered (REST API Developer Guide, "Composite").

use http::HeaderMap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::composite::headers;
use crate::error::CirrusResult;
use crate::nullable;
use crate::salesforce_error::{SalesforceError, read_value};

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

    /// Whether every subrequest was done.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.composite_response.iter().all(CompositeSubresponse::is_success)
    }

    /// The first that failed by itself: with `allOrNone`, why all the others were undone.
    #[must_use]
    pub fn cause(&self) -> Option<&CompositeSubresponse> {
        let mut failed = self.composite_response.iter().filter(|answer| !answer.is_success());
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

    /// Whether it was undone, or never tried, because of another one (`PROCESSING_HALTED`).
    #[must_use]
    pub fn is_rolled_back(&self) -> bool {
        let mut errors = self.errors().into_iter().peekable();
        errors.peek().is_some() && errors.all(|error| error.error_code == "PROCESSING_HALTED")
    }

    /// What is wrong; empty where it was done.
    #[must_use]
    pub fn errors(&self) -> Vec<SalesforceError> {
        if self.is_success() { Vec::new() } else { read_value(self.body.clone()) }
    }

    /// The body as a type of yours.
    ///
    /// # Errors
    /// When it is of another shape, as where it failed.
    pub fn body_as<R: DeserializeOwned>(&self) -> CirrusResult<R> {
        Ok(R::deserialize(&self.body)?)
    }
}
