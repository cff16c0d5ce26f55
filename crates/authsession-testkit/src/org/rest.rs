//! The REST API, as far as it takes to prove a session: versions, resources, limits, queries and records.

pub(crate) mod query;
pub(crate) mod records;

use crate::org::RequestLimit;
use crate::org::books::Purpose;
use crate::org::call::Call;
use crate::org::endpoint::OrgEndpoint;
use crate::org::services;
use crate::org::tenant::Tenant;
use crate::wire::Inquiry;
use crate::wire::Reply;
use http::Method;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

const OLDEST: u32 = 20;

/// An error of the API: status, code, message.
#[derive(Clone, Debug)]
pub(crate) struct ApiError(pub(crate) u16, pub(crate) &'static str, pub(crate) String);

impl ApiError {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self(status, code, message.into())
    }

    pub(crate) fn not_found() -> Self {
        Self(404, "NOT_FOUND", "The requested resource does not exist".to_owned())
    }

    pub(crate) fn method() -> Self {
        Self(405, "METHOD_NOT_ALLOWED", "HTTP Method not allowed".to_owned())
    }

    pub(crate) fn reply(&self) -> Reply {
        Reply::json(self.0, &json!([{ "message": self.2, "errorCode": self.1 }]))
    }
}

pub(crate) fn answer(tenant: &Tenant, inquiry: &Inquiry<OrgEndpoint>) -> Reply {
    limit_info(tenant, route(tenant, inquiry).unwrap_or_else(|error| error.reply()))
}

/// The reply, and how much of the limit is used.
pub(crate) fn limit_info(tenant: &Tenant, reply: Reply) -> Reply {
    let (used, allowed) = (tenant.books().api_requests, tenant.settings.request_limit);
    reply.header("sforce-limit-info", format!("api-usage={used}/{allowed}"))
}

/// The first Bulk API, of which only the session is checked.
pub(crate) fn bulk(tenant: &Tenant, inquiry: &Inquiry<OrgEndpoint>) -> Reply {
    let token = inquiry.header("x-sfdc-session").unwrap_or_default();
    let (code, message) = match tenant.session(token) {
        Some(_) => ("FeatureNotEnabled", "Bulk API is not simulated"),
        None => ("InvalidSessionId", "Invalid session id"),
    };
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><error xmlns=\"http://www.force.com/2009/06/asyncapi/dataload\">\
         <exceptionCode>{code}</exceptionCode><exceptionMessage>{message}</exceptionMessage></error>"
    );
    Reply::text(400, "application/xml", text)
}

fn route(tenant: &Tenant, inquiry: &Inquiry<OrgEndpoint>) -> Result<Reply, ApiError> {
    let path = inquiry.exchange.path.strip_prefix(OrgEndpoint::Rest.path()).unwrap_or_default();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let Some((version, rest)) = parts.split_first() else { return Ok(Reply::json(200, &versions(tenant))) };
    let purpose = authorize(tenant, inquiry)?;
    let number = version.strip_prefix('v').and_then(|version| version.strip_suffix(".0"));
    let number = number.and_then(|number| number.parse::<u32>().ok());
    let number = number.filter(|number| (OLDEST..=tenant.settings.api_version).contains(number));
    let number = number.ok_or_else(ApiError::not_found)?;
    let base = format!("{}/{version}", OrgEndpoint::Rest.path());
    let call = Call { tenant, inquiry, purpose: &purpose, base: &base, version: number };
    if let Some(answer) = services::answer(&call, rest) {
        return answer;
    }
    let reads = inquiry.exchange.method == Method::GET;
    match rest {
        [] if reads => Ok(Reply::json(200, &resources(tenant, &base, &purpose))),
        ["query" | "queryAll"] if reads => {
            let text = inquiry.exchange.query_value("q").unwrap_or_default();
            let columns = inquiry.exchange.query_value("columns") == Some("true");
            query::run(tenant, &base, text, columns).map(|found| Reply::json(200, &found))
        }
        ["sobjects", object] => match inquiry.exchange.method {
            Method::POST => create(tenant, inquiry, &base, object),
            _ => Err(ApiError::method()),
        },
        ["sobjects", object, id] => record(tenant, inquiry, &base, object, id),
        _ => Err(ApiError::not_found()),
    }
}

pub(crate) fn authorize(tenant: &Tenant, inquiry: &Inquiry<OrgEndpoint>) -> Result<Purpose, ApiError> {
    let header = inquiry.header("authorization").unwrap_or_default();
    let token = header
        .split_once(' ')
        .filter(|(scheme, _)| ["bearer", "oauth"].iter().any(|known| scheme.eq_ignore_ascii_case(known)));
    let Some((_, token)) = token else {
        return Err(ApiError(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE".to_owned()));
    };
    let Some(purpose) = tenant.session(token.trim()) else {
        return Err(ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid".to_owned()));
    };
    if !purpose.has_scope("api") && !purpose.has_scope("full") {
        let message = "This session is not valid for use with the REST API".to_owned();
        return Err(ApiError(401, "INVALID_SESSION_ID", message));
    }
    let limit = tenant.orders().limit;
    let mut books = tenant.books();
    let limit = match limit {
        RequestLimit::Counted if books.api_requests >= tenant.settings.request_limit => RequestLimit::Total,
        limit => limit,
    };
    let message = match limit {
        RequestLimit::Counted => {
            books.api_requests += 1;
            return Ok(purpose);
        }
        RequestLimit::Total => "TotalRequests Limit exceeded.",
        RequestLimit::Concurrent => "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
    };
    Err(ApiError(403, "REQUEST_LIMIT_EXCEEDED", message.to_owned()))
}

fn versions(tenant: &Tenant) -> Value {
    (OLDEST..=tenant.settings.api_version)
        .map(|number| {
            let version = format!("{number}.0");
            let url = format!("{}/v{version}", OrgEndpoint::Rest.path());
            json!({ "label": format!("Release {number}"), "url": url, "version": version })
        })
        .collect()
}

fn resources(tenant: &Tenant, base: &str, purpose: &Purpose) -> Value {
    json!({
        "limits": format!("{base}/limits"),
        "query": format!("{base}/query"),
        "sobjects": format!("{base}/sobjects"),
        "identity": tenant.identity_url(&purpose.username),
    })
}

fn fields(inquiry: &Inquiry<OrgEndpoint>) -> Result<Map<String, Value>, ApiError> {
    serde_json::from_slice(&inquiry.exchange.body).map_err(|_| {
        ApiError(400, "JSON_PARSER_ERROR", "The HTTP entity body is not a JSON object".to_owned())
    })
}

fn create(
    tenant: &Tenant,
    inquiry: &Inquiry<OrgEndpoint>,
    base: &str,
    object: &str,
) -> Result<Reply, ApiError> {
    let id = tenant.records().create(object, fields(inquiry)?)?;
    let location = format!("{base}/sobjects/{object}/{id}");
    let body = json!({ "id": id, "success": true, "errors": [] });
    Ok(Reply::json(201, &body).header("location", location))
}

fn record(
    tenant: &Tenant,
    inquiry: &Inquiry<OrgEndpoint>,
    base: &str,
    object: &str,
    id: &str,
) -> Result<Reply, ApiError> {
    match inquiry.exchange.method {
        Method::GET => query::read(tenant, base, object, id).map(|found| Reply::json(200, &found)),
        Method::PATCH => {
            tenant.records().update(object, id, fields(inquiry)?)?;
            Ok(Reply::empty(204))
        }
        Method::DELETE => {
            tenant.records().delete(object, id)?;
            Ok(Reply::empty(204))
        }
        _ => Err(ApiError::method()),
    }
}
