//! A request to the REST API that may be answered: whose it is, and which version it asks.

use crate::org::api_error::ApiError;
use crate::org::books::Purpose;
use crate::org::endpoint::OrgEndpoint;
use crate::org::tenant::Tenant;
use crate::wire::Inquiry;
use http::Method;
use serde_json::Map;
use serde_json::Value;

pub(crate) struct Call<'a> {
    pub(crate) tenant: &'a Tenant,
    pub(crate) inquiry: &'a Inquiry<OrgEndpoint>,
    pub(crate) purpose: &'a Purpose,
    /// Such as `/services/data/v66.0`.
    pub(crate) base: &'a str,
    /// Such as 66.
    pub(crate) version: u32,
}

impl Call<'_> {
    pub(crate) fn method(&self) -> &Method {
        &self.inquiry.exchange.method
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.inquiry.exchange.query_value(name)
    }

    pub(crate) fn json(&self) -> Result<Map<String, Value>, ApiError> {
        let message = "The HTTP entity body is not a JSON object";
        serde_json::from_slice(&self.inquiry.exchange.body)
            .map_err(|_| ApiError::new(400, "JSON_PARSER_ERROR", message))
    }
}
