//! Which resource answers what.

use crate::org::api_error::ApiError;
use crate::org::database::store::Store;
use crate::org::rest::query;
use crate::org::rest::record;
use crate::org::rest::request::Request;
use crate::org::rest::sobjects;
use crate::wire::Reply;

/// The answer of a resource that has to do with records.
pub(crate) fn answer(request: &Request<'_>, store: &mut Store) -> Result<Reply, ApiError> {
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
        ["sobjects", object, id] => record::answer(request, store, object, "Id", id),
        ["sobjects", object, field, value] => record::named(request, store, object, field, value),
        _ => Err(ApiError::not_found()),
    }
}
