//! `graphql`: records by `uiapi { query { … } }`. What is wrong is said in `errors`, under the status 200.

mod document;
mod question;

use crate::org::api_error::ApiError;
use crate::org::database::Fields;
use crate::org::database::store::Store;
use crate::org::field::Kind;
use crate::org::object::OrgObject;
use crate::org::rest::graphql::document::Document;
use crate::org::rest::graphql::document::Node;
use crate::org::rest::graphql::question::query;
use crate::org::rest::record::fetch;
use crate::org::rest::request::Request;
use crate::org::rest::ui_api::displayed;
use crate::wire::Reply;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

/// How many records are shown when the query does not say, and the most it may ask for.
const PAGE: usize = 10;
const MOST: usize = 2000;

/// Why a query is not answered: what kind of fault, and what it is.
pub(crate) struct Fault(pub(crate) &'static str, pub(crate) String);

impl From<ApiError> for Fault {
    fn from(error: ApiError) -> Self {
        Self("DataFetchingException", error.message)
    }
}

pub(crate) fn answer(request: &Request<'_>, store: &Store) -> Result<Reply, ApiError> {
    if request.method != Method::POST {
        return Err(ApiError::method());
    }
    let body = request.json()?;
    let text = body["query"].as_str().unwrap_or_default();
    let answered = Document::parse(text, &body["variables"])
        .and_then(|document| root(store, &request.base(), &document.selected));
    let (data, errors) = match answered {
        Ok(data) => (Value::Object(data), json!([])),
        Err(Fault(kind, message)) => {
            let error = json!({
                "message": message, "locations": [], "paths": [], "extensions": { "ErrorType": kind },
            });
            (Value::Null, json!([error]))
        }
    };
    Ok(Reply::json(200, &json!({ "data": data, "errors": errors })))
}

fn root(store: &Store, base: &str, selected: &[Node]) -> Result<Map<String, Value>, Fault> {
    object(selected, |uiapi| match uiapi.name.as_str() {
        "uiapi" => object(&uiapi.selected, |query| match query.name.as_str() {
            "query" => object(&query.selected, |node| connection(store, base, node, None)).map(Value::Object),
            _ => Err(undefined(&query.name, "UIAPI")),
        })
        .map(Value::Object),
        _ => Err(undefined(&uiapi.name, "Query")),
    })
}

/// `Account(first: 2) { edges { … } pageInfo { … } totalCount }`; of a parent, its children.
fn connection(store: &Store, base: &str, node: &Node, parent: Option<(&str, &str)>) -> Result<Value, Fault> {
    let kind = store.object(&node.name).map_err(|_| undefined(&node.name, "RecordQuery"))?;
    let plan = store.plan_of(&query(node, kind, parent)?, false)?;
    let rows = store.found(&plan, None)?;
    let start = match node.argument("after").as_str() {
        Some(cursor) => {
            offset(cursor).ok_or_else(|| Fault("ValidationError", "invalid cursor".to_owned()))?
        }
        None => 0,
    };
    let first = match node.argument("first") {
        Value::Null => PAGE,
        first => first.as_u64().map_or(MOST, |first| usize::try_from(first).unwrap_or(MOST)),
    };
    if first > MOST {
        return Err(Fault("ValidationError", format!("first must be at most {MOST}")));
    }
    let end = (start + first).min(rows.len());
    let page = rows.get(start..end).unwrap_or_default();
    let records = store.read(&plan, page, base, Store::nested)?;
    let edge = |at: usize, record: &Fields, selected: &[Node]| {
        object(selected, |one| match one.name.as_str() {
            "cursor" => Ok(cursor(start + at + 1)),
            "node" => record_of(store, base, kind, record, &one.selected),
            other => Err(undefined(other, &format!("{}Edge", kind.name))),
        })
        .map(Value::Object)
    };
    object(&node.selected, |one| match one.name.as_str() {
        "totalCount" => Ok(json!(rows.len())),
        "pageInfo" => object(&one.selected, |info| match info.name.as_str() {
            "hasNextPage" => Ok(json!(end < rows.len())),
            "hasPreviousPage" => Ok(json!(start > 0)),
            "startCursor" => Ok(if page.is_empty() { Value::Null } else { cursor(start + 1) }),
            "endCursor" => Ok(if page.is_empty() { Value::Null } else { cursor(end) }),
            other => Err(undefined(other, "PageInfo")),
        })
        .map(Value::Object),
        "edges" => records.iter().enumerate().map(|(at, record)| edge(at, record, &one.selected)).collect(),
        other => Err(undefined(other, &format!("{}Connection", kind.name))),
    })
    .map(Value::Object)
}

/// One record; a field is an object of its value and how it is shown, but for the id.
fn record_of(
    store: &Store,
    base: &str,
    kind: &OrgObject,
    record: &Fields,
    selected: &[Node],
) -> Result<Value, Fault> {
    let id = record.get("Id").and_then(Value::as_str).unwrap_or_default();
    let shown = object(selected, |node| {
        if node.name == "Id" {
            return Ok(json!(id));
        }
        if let Some(field) = kind.find(&node.name) {
            let value = record.get(&field.name).cloned().unwrap_or_default();
            return field_of(&field.kind, &value, node).map(Value::Object);
        }
        if let Some((parent, found)) = parent_of(store, kind, record, &node.name)? {
            return found
                .map_or(Ok(Value::Null), |found| record_of(store, base, parent, &found, &node.selected));
        }
        let (child, key) =
            store.child(&kind.name, &node.name).ok_or_else(|| undefined(&node.name, &kind.name))?;
        connection(store, base, &Node { name: child, ..node.clone() }, Some((&key, id)))
    });
    shown.map(Value::Object)
}

fn field_of(kind: &Kind, value: &Value, node: &Node) -> Result<Map<String, Value>, Fault> {
    object(&node.selected, |one| match one.name.as_str() {
        "value" => Ok(value.clone()),
        "displayValue" | "label" => Ok(displayed(kind, value)),
        other => Err(undefined(other, "StringValue")),
    })
}

type Found<'a> = (&'a OrgObject, Option<Fields>);

/// The parent by this relationship, if there is such a relationship.
fn parent_of<'a>(
    store: &'a Store,
    kind: &OrgObject,
    record: &Fields,
    relationship: &str,
) -> Result<Option<Found<'a>>, Fault> {
    let Some(field) = kind.parent(relationship) else { return Ok(None) };
    let Kind::Reference { to, .. } = &field.kind else { return Ok(None) };
    let parent = store.object(to)?;
    let Some(id) = record.get(&field.name).and_then(Value::as_str) else { return Ok(Some((parent, None))) };
    let Ok(row) = store.row(parent, id) else { return Ok(Some((parent, None))) };
    let found = fetch(store, "", &parent.name, row, None)?;
    Ok(Some((parent, Some(found))))
}

/// What is selected, each under its alias.
fn object(
    selected: &[Node],
    one: impl Fn(&Node) -> Result<Value, Fault>,
) -> Result<Map<String, Value>, Fault> {
    if selected.is_empty() {
        return Err(Fault("ValidationError", "Validation error of type SubSelectionRequired".to_owned()));
    }
    selected
        .iter()
        .map(|node| match node.name.as_str() {
            "__typename" => Ok((node.alias.clone(), json!("Record"))),
            _ => Ok((node.alias.clone(), one(node)?)),
        })
        .collect()
}

fn undefined(field: &str, of: &str) -> Fault {
    let message =
        format!("Validation error of type FieldUndefined: Field '{field}' in type '{of}' is undefined");
    Fault("ValidationError", message)
}

fn cursor(offset: usize) -> Value {
    json!(STANDARD.encode(format!("v1:{offset}")))
}

fn offset(cursor: &str) -> Option<usize> {
    let text = String::from_utf8(STANDARD.decode(cursor).ok()?).ok()?;
    text.strip_prefix("v1:")?.parse().ok()
}
