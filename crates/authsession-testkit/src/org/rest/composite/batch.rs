//! `composite/batch`: several requests in one, of which none knows of the others.

use crate::org::api_error::ApiError;
use crate::org::database::store::Store;
use crate::org::rest::composite::answered;
use crate::org::rest::composite::list;
use crate::org::rest::composite::method;
use crate::org::rest::composite::posts;
use crate::org::rest::request::Request;
use crate::org::rest::resources;
use crate::wire::Reply;
use serde_json::Value;
use serde_json::json;

const MOST: usize = 25;

pub(crate) fn answer(request: &Request<'_>, store: &mut Store) -> Result<Reply, ApiError> {
    posts(request)?;
    let body = request.json()?;
    let parts = list(&body, "batchRequests")?;
    if parts.len() > MOST {
        let message = format!("The batch has {} subrequests; at most {MOST} are allowed", parts.len());
        return Err(ApiError::new(400, "LIMIT_EXCEEDED", message));
    }
    let halts = body["haltOnError"] == true;
    let mut results: Vec<Value> = Vec::new();
    let mut failed = false;
    for part in parts {
        if halts && failed {
            let error = ApiError::new(412, "BATCH_PROCESSING_HALTED", "Batch processing halted per request.");
            results.push(json!({ "statusCode": 412, "result": [error.value()] }));
            continue;
        }
        let reply = one(request, store, part).unwrap_or_else(|error| error.reply());
        failed |= reply.status >= 400;
        results.push(json!({ "statusCode": reply.status, "result": answered(&reply) }));
    }
    Ok(Reply::json(200, &json!({ "hasErrors": failed, "results": results })))
}

fn one(request: &Request<'_>, store: &mut Store, part: &Value) -> Result<Reply, ApiError> {
    let url = part["url"].as_str().unwrap_or_default();
    let part = request.part(method(part)?, url, part.get("richInput"), None)?;
    if part.parts.first().is_some_and(|first| first == "composite") {
        return Err(ApiError::new(400, "INVALID_REQUEST", "Composite requests cannot be nested"));
    }
    resources::answer(&part, store)
}
