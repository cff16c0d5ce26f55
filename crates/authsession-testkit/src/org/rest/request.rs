//! A request to a resource: from the wire, or as a part of a composite one.

use crate::journal::value_of;
use crate::org::api_error::ApiError;
use crate::org::database::Fields;
use crate::org::endpoint::OrgEndpoint;
use crate::org::tenant::Tenant;
use crate::wire::Inquiry;
use bytes::Bytes;
use http::HeaderMap;
use http::Method;
use serde_json::Value;
use url::form_urlencoded;

/// What is asked of which version of the API.
pub(crate) struct Request<'a> {
    pub(crate) tenant: &'a Tenant,
    pub(crate) method: Method,
    /// What the path has after the version, decoded.
    pub(crate) parts: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Such as 66.
    pub(crate) version: u32,
}

impl<'a> Request<'a> {
    pub(crate) fn of(
        tenant: &'a Tenant,
        inquiry: &Inquiry<OrgEndpoint>,
        version: u32,
        parts: &[&str],
    ) -> Self {
        let exchange = &inquiry.exchange;
        Self {
            tenant,
            method: exchange.method.clone(),
            parts: parts.iter().map(|part| decoded(part)).collect(),
            query: exchange.query.clone(),
            headers: exchange.headers.clone(),
            body: exchange.body.clone(),
            version,
        }
    }

    /// A part of this request, with a method, a path from the root, and a body of its own.
    pub(crate) fn part(&self, method: Method, url: &str, body: Option<&Value>) -> Result<Self, ApiError> {
        let url = if url.starts_with('/') { url.to_owned() } else { format!("/services/data/{url}") };
        let (path, query) = url.split_once('?').unwrap_or((&url, ""));
        let path = path.strip_prefix(OrgEndpoint::Rest.path()).ok_or_else(ApiError::not_found)?;
        let mut parts = path.split('/').filter(|part| !part.is_empty()).map(decoded);
        let version = parts.next().and_then(|version| number(&version)).ok_or_else(ApiError::not_found)?;
        Ok(Self {
            tenant: self.tenant,
            method,
            parts: parts.collect(),
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            headers: HeaderMap::new(),
            body: body.map_or_else(Bytes::new, |body| body.to_string().into()),
            version,
        })
    }

    /// `/services/data/v66.0`.
    pub(crate) fn base(&self) -> String {
        format!("{}/v{}.0", OrgEndpoint::Rest.path(), self.version)
    }

    pub(crate) fn query_value(&self, name: &str) -> Option<&str> {
        value_of(&self.query, name)
    }

    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.query_value(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as JSON. A body of another kind is refused.
    pub(crate) fn json(&self) -> Result<Value, ApiError> {
        let kind = self.header("content-type").unwrap_or("application/json");
        if !kind.to_ascii_lowercase().contains("json") {
            let message = format!("Unsupported content type: {kind}");
            return Err(ApiError::new(415, "UNSUPPORTED_MEDIA_TYPE", message));
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            ApiError::json(format!("Unexpected character or end of input at [line:{line}, column:{column}]"))
        })
    }

    /// The body as a record's fields.
    pub(crate) fn fields(&self) -> Result<Fields, ApiError> {
        match self.json()? {
            Value::Object(fields) => Ok(fields),
            _ => Err(ApiError::json("The HTTP entity body is not a JSON object at [line:1, column:1]")),
        }
    }
}

/// 66 of `v66.0`.
pub(crate) fn number(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.strip_suffix(".0")?.parse().ok()
}

/// A part of a path without its percent signs.
fn decoded(part: &str) -> String {
    let plain = part.replace('+', "%2B");
    form_urlencoded::parse(plain.as_bytes()).next().map_or_else(String::new, |(name, value)| {
        if value.is_empty() { name.into_owned() } else { format!("{name}={value}") }
    })
}
