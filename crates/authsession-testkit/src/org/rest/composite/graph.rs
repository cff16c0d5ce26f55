//! `composite/graph`: several composite requests, each of which is done whole or not at all.

use crate::org::api_error::ApiError;
use crate::org::database::store::Store;
use crate::org::rest::composite;
use crate::org::rest::request::Request;
use crate::wire::Reply;
use serde_json::json;

const MOST_NODES: usize = 500;

pub(crate) fn answer(request: &Request<'_>, store: &mut Store) -> Result<Reply, ApiError> {
    composite::posts(request)?;
    let body = request.json()?;
    let graphs = composite::list(&body, "graphs")?;
    let mut parts = Vec::new();
    for graph in graphs {
        parts.push((graph["graphId"].clone(), composite::list(graph, "compositeRequest")?));
    }
    if parts.iter().map(|(_, parts)| parts.len()).sum::<usize>() > MOST_NODES {
        let message = format!("The graphs have more than {MOST_NODES} nodes");
        return Err(ApiError::new(400, "LIMIT_EXCEEDED", message));
    }
    let mut answers = Vec::new();
    for (id, parts) in parts {
        let (responses, successful) = composite::all(request, store, parts, true)?;
        answers.push(json!({
            "graphId": id,
            "graphResponse": { "compositeResponse": responses },
            "isSuccessful": successful,
        }));
    }
    Ok(Reply::json(200, &json!({ "graphs": answers })))
}
