//! Which resource answers what.

use crate::org::api_error::ApiError;
use crate::org::api_error::JSON;
use crate::org::database::store::Store;
use crate::org::limits;
use crate::org::rest::composite;
use crate::org::rest::composite::batch;
use crate::org::rest::composite::collections;
use crate::org::rest::composite::graph;
use crate::org::rest::composite::tree;
use crate::org::rest::graphql;
use crate::org::rest::query;
use crate::org::rest::record;
use crate::org::rest::request::Request;
use crate::org::rest::search;
use crate::org::rest::sobjects;
use crate::org::rest::ui_api;
use crate::wire::Reply;

/// The answer of a resource that has to do with records.
pub(crate) fn answer(request: &Request<'_>, store: &mut Store) -> Result<Reply, ApiError> {
    let mut reply = found(request, store)?;
    for (_, value) in reply.headers.iter_mut().filter(|(_, value)| value == "application/json") {
        JSON.clone_into(value);
    }
    Ok(reply)
}

fn found(request: &Request<'_>, store: &mut Store) -> Result<Reply, ApiError> {
    let parts: Vec<&str> = request.parts.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["query"] => query::first(request, store, false),
        ["queryAll"] => query::first(request, store, true),
        ["query" | "queryAll", locator] => query::more(request, store, locator),
        ["sobjects"] => sobjects::all(request, store),
        ["sobjects", object] => sobjects::one(request, store, object),
        ["sobjects", object, "describe"] => sobjects::describe(request, store, object),
        ["sobjects", object, "deleted"] => sobjects::deleted(request, store, object),
        ["sobjects", object, "updated"] => sobjects::updated(request, store, object),
        ["sobjects", object, id] => record::answer(request, store, object, id),
        ["sobjects", object, field, value] => record::named(request, store, object, field, value),
        ["graphql"] => graphql::answer(request, store),
        ["limits"] => limits(request),
        ["search"] => search::answer(request, store),
        ["parameterizedSearch"] => search::parameterized(request, store),
        ["composite"] => composite::answer(request, store),
        ["composite", "batch"] => batch::answer(request, store),
        ["composite", "graph"] => graph::answer(request, store),
        ["composite", "tree", object] => tree::answer(request, store, object),
        ["composite", "sobjects"] => collections::answer(request, store),
        ["composite", "sobjects", object] => collections::retrieve(request, store, object),
        ["composite", "sobjects", object, field] => collections::upsert(request, store, object, field),
        ["ui-api", "records"] => ui_api::create(request, store),
        ["ui-api", "records", id] => ui_api::answer(request, store, id),
        ["ui-api", "records", "batch", ids] => ui_api::batch(request, store, ids),
        _ => Err(ApiError::not_found()),
    }
}

fn limits(request: &Request<'_>) -> Result<Reply, ApiError> {
    sobjects::reads(request)?;
    Ok(Reply::json(200, &limits::told(request.tenant)))
}
