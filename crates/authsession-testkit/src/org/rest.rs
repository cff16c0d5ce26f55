//! The REST API: who may ask, versions, limits, and the way to what has to do with records.

mod blob;
mod child_lists;
mod composite;
mod conditional;
mod graphql;
pub(crate) mod multipart;
mod query;
mod record;
pub(crate) mod request;
pub(crate) mod resources;
mod search;
mod sobjects;
mod ui_api;

use crate::org::RequestLimit;
use crate::org::api_error::ApiError;
use crate::org::books::Purpose;
use crate::org::call::Call;
use crate::org::endpoint::OrgEndpoint;
use crate::org::rest::request::Request;
use crate::org::rest::request::number;
use crate::org::services;
use crate::org::tenant::Tenant;
use crate::wire::Inquiry;
use crate::wire::Reply;
use http::Method;
use serde_json::Value;
use serde_json::json;

const OLDEST: u32 = 20;

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
    let number = number(version).filter(|number| (OLDEST..=tenant.settings.api_version).contains(number));
    let number = number.ok_or_else(ApiError::not_found)?;
    let base = format!("{}/{version}", OrgEndpoint::Rest.path());
    let call = Call { tenant, inquiry, purpose: &purpose, base: &base, version: number };
    if let Some(answer) = services::answer(&call, rest) {
        return answer;
    }
    let reads = matches!(inquiry.exchange.method, Method::GET | Method::HEAD);
    match rest {
        [] if reads => Ok(Reply::json(200, &listed(tenant, &base, &purpose))),
        _ => {
            let request = Request::of(tenant, inquiry, number, rest);
            resources::answer(&request, tenant.records()?.store()?)
        }
    }
}

pub(crate) fn authorize(tenant: &Tenant, inquiry: &Inquiry<OrgEndpoint>) -> Result<Purpose, ApiError> {
    let header = inquiry.header("authorization").unwrap_or_default();
    let token = header
        .split_once(' ')
        .filter(|(scheme, _)| ["bearer", "oauth"].iter().any(|known| scheme.eq_ignore_ascii_case(known)));
    let Some((_, token)) = token else {
        return Err(ApiError::new(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE"));
    };
    let Some(purpose) = tenant.session(token.trim()) else {
        return Err(ApiError::new(401, "INVALID_SESSION_ID", "Session expired or invalid"));
    };
    if !purpose.has_scope("api") && !purpose.has_scope("full") {
        let message = "This session is not valid for use with the REST API";
        return Err(ApiError::new(401, "INVALID_SESSION_ID", message));
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
    Err(ApiError::new(403, "REQUEST_LIMIT_EXCEEDED", message))
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

fn listed(tenant: &Tenant, base: &str, purpose: &Purpose) -> Value {
    json!({
        "composite": format!("{base}/composite"),
        "graphql": format!("{base}/graphql"),
        "limits": format!("{base}/limits"),
        "parameterizedSearch": format!("{base}/parameterizedSearch"),
        "query": format!("{base}/query"),
        "queryAll": format!("{base}/queryAll"),
        "search": format!("{base}/search"),
        "sobjects": format!("{base}/sobjects"),
        "identity": tenant.identity_url(&purpose.username),
    })
}
