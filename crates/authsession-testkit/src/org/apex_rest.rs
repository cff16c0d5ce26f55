//! `/services/apexrest`: a class of the org's own, which answers what it was asked.

use crate::org::api_error::ApiError;
use crate::org::endpoint::OrgEndpoint;
use crate::org::rest::authorize;
use crate::org::rest::limit_info;
use crate::org::tenant::Tenant;
use crate::wire::Inquiry;
use crate::wire::Reply;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

pub(crate) fn answer(tenant: &Tenant, inquiry: &Inquiry<OrgEndpoint>) -> Reply {
    let reply = authorize(tenant, inquiry).map(|_| echo(inquiry));
    limit_info(tenant, reply.unwrap_or_else(|error: ApiError| error.reply()))
}

fn echo(inquiry: &Inquiry<OrgEndpoint>) -> Reply {
    let asked = &inquiry.exchange;
    let query: Map<String, Value> =
        asked.query.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
    let body = serde_json::from_slice(&asked.body)
        .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&asked.body).into_owned()));
    Reply::json(
        200,
        &json!({
            "method": asked.method.as_str(),
            "path": asked.path.strip_prefix(OrgEndpoint::ApexRest.path()),
            "query": query,
            "contentType": asked.header("content-type"),
            "body": body,
        }),
    )
}
