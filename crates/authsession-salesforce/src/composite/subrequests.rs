//! What a composite request and its subrequests are (REST API Developer Guide, "Composite").

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// Up to 25 subrequests of one call. [`compose`](crate::composite::CompositeHandler::compose) makes one.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CompositeRequest {
    /// In the order they are done, unless they are collated.
    #[serde(rename = "compositeRequest")]
    pub composite_request: Vec<CompositeSubrequest>,
    /// Whether one that fails undoes all. Salesforce's default is no.
    #[serde(rename = "allOrNone", skip_serializing_if = "Option::is_none")]
    pub all_or_none: Option<bool>,
    /// Whether Salesforce may do those together that are alike and do not refer to each other. Its default is no.
    #[serde(rename = "collateSubrequests", skip_serializing_if = "Option::is_none")]
    pub collate_subrequests: Option<bool>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CompositeSubrequest {
    /// The HTTP method, in capitals.
    pub method: String,
    /// The path from the root, as in `/services/data/v66.0/sobjects/Account`.
    pub url: String,
    /// Its name: what others refer to it by, and what its answer is found by. Letters, digits and `_`.
    #[serde(rename = "referenceId")]
    pub reference_id: String,
    /// The body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// Headers. Not those of the call: `Authorization`, `Accept`, `Content-Type`.
    #[serde(rename = "httpHeaders", skip_serializing_if = "Option::is_none")]
    pub http_headers: Option<BTreeMap<String, String>>,
}
