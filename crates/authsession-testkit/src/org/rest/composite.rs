//! `composite`: several requests in one, each of which may name what those before it answered.

pub(crate) mod batch;
pub(crate) mod collections;
pub(crate) mod graph;
mod references;
pub(crate) mod tree;

use crate::org::api_error::ApiError;
use crate::org::database::store::Store;
use crate::org::rest::composite::references::References;
use crate::org::rest::request::Request;
use crate::org::rest::resources;
use crate::wire::Reply;
use http::Method;
use serde_json::Value;
use serde_json::json;

const MOST: usize = 25;

/// `composite`.
pub(crate) fn answer(request: &Request<'_>, store: &mut Store) -> Result<Reply, ApiError> {
    posts(request)?;
    let body = request.json()?;
    let parts = list(&body, "compositeRequest")?;
    if parts.len() > MOST {
        let message =
            format!("The composite request has {} subrequests; at most {MOST} are allowed", parts.len());
        return Err(ApiError::new(400, "LIMIT_EXCEEDED", message));
    }
    let (responses, _) = all(request, store, parts, body["allOrNone"] == true)?;
    Ok(Reply::json(200, &json!({ "compositeResponse": responses })))
}

/// The answers to parts, and whether all went well. If they belong together and one fails, nothing was done.
fn all(
    request: &Request<'_>,
    store: &mut Store,
    parts: &[Value],
    together: bool,
) -> Result<(Vec<Value>, bool), ApiError> {
    distinct(parts)?;
    let mut references = References::default();
    let mut responses = Vec::new();
    let mut failed = None;
    store.savepoint("composite")?;
    for (at, part) in parts.iter().enumerate() {
        let reply = one(request, store, part, &references).unwrap_or_else(|error| error.reply());
        let response = response(part, &reply);
        if reply.status >= 300 && reply.status != 304 {
            failed = failed.or(Some(at));
        } else {
            references.learn(part["referenceId"].as_str().unwrap_or_default(), response["body"].clone());
        }
        responses.push(response);
        if together && failed.is_some() {
            break;
        }
    }
    if let (true, Some(culprit)) = (together, failed) {
        store.roll_back("composite")?;
        return Ok((halted(parts, culprit, &responses), false));
    }
    store.release("composite")?;
    Ok((responses, failed.is_none()))
}

fn one(
    request: &Request<'_>,
    store: &mut Store,
    part: &Value,
    references: &References,
) -> Result<Reply, ApiError> {
    let method = method(part)?;
    let url = references.in_url(part["url"].as_str().unwrap_or_default())?;
    let body = match part.get("body") {
        Some(body) if !body.is_null() => Some(references.in_value(body)?),
        _ => None,
    };
    let part = request.part(method, &url, body.as_ref(), part.get("httpHeaders"))?;
    if part.parts.first().is_some_and(|first| first == "composite")
        && part.parts.get(1).is_none_or(|second| second != "sobjects")
    {
        let message = "Composite requests cannot be nested";
        return Err(ApiError::new(400, "INVALID_REQUEST", message));
    }
    resources::answer(&part, store)
}

fn response(part: &Value, reply: &Reply) -> Value {
    let location = reply.headers.iter().find(|(name, _)| name == "location");
    let headers = location.map_or_else(|| json!({}), |(_, url)| json!({ "Location": url }));
    json!({
        "body": answered(reply),
        "httpHeaders": headers,
        "httpStatusCode": reply.status,
        "referenceId": part["referenceId"],
    })
}

/// What a part was answered, as JSON.
fn answered(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap_or(Value::Null)
}

/// The failure, and for all others that they were not done.
fn halted(parts: &[Value], culprit: usize, responses: &[Value]) -> Vec<Value> {
    let message = "The transaction was rolled back since another operation in the same transaction failed.";
    let others = ApiError::new(400, "PROCESSING_HALTED", message).reply();
    let answer = |(at, part): (usize, &Value)| match responses.get(at) {
        Some(own) if at == culprit => own.clone(),
        _ => response(part, &others),
    };
    parts.iter().enumerate().map(answer).collect()
}

fn distinct(parts: &[Value]) -> Result<(), ApiError> {
    for (at, part) in parts.iter().enumerate() {
        let Some(id) = part["referenceId"].as_str() else {
            return Err(ApiError::json("Missing required property: referenceId at [line:1, column:1]"));
        };
        if parts.iter().take(at).any(|earlier| earlier["referenceId"] == *id) {
            let message = format!("Duplicate reference ID in request: {id}");
            return Err(ApiError::new(400, "INVALID_INPUT", message));
        }
    }
    Ok(())
}

fn method(part: &Value) -> Result<Method, ApiError> {
    let name = part["method"].as_str().unwrap_or_default();
    name.parse().map_err(|_| ApiError::json("Missing required property: method at [line:1, column:1]"))
}

fn posts(request: &Request<'_>) -> Result<(), ApiError> {
    if request.method == Method::POST { Ok(()) } else { Err(ApiError::method()) }
}

/// A list in a body, which must be there.
fn list<'a>(body: &'a Value, name: &str) -> Result<&'a Vec<Value>, ApiError> {
    let missing = || ApiError::json(format!("Missing required property: {name} at [line:1, column:1]"));
    body[name].as_array().ok_or_else(missing)
}
