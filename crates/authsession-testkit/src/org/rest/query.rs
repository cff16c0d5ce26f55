//! `query` and `queryAll`: pages of records.

use crate::org::api_error::ApiError;
use crate::org::database::Fields;
use crate::org::database::cursor::Cursor;
use crate::org::database::cursor::Holder;
use crate::org::database::store::Store;
use crate::org::field::Kind;
use crate::org::rest::child_lists;
use crate::org::rest::request::Request;
use crate::org::soql::columns::Column;
use crate::org::soql::compile::Plan;
use crate::org::soql::compile::Shape;
use crate::wire::Reply;
use http::Method;
use serde_json::Value;
use serde_json::json;
use std::sync::Arc;

/// How many records a page has unless the client says otherwise, and the most it may say.
const PAGE: usize = 2000;
const SMALLEST_PAGE: usize = 200;

/// The first page.
pub(crate) fn first(
    request: &Request<'_>,
    store: &mut Store,
    include_deleted: bool,
) -> Result<Reply, ApiError> {
    only_get(request)?;
    if let Some(text) = request.query_value("explain") {
        return explain(store, text, include_deleted);
    }
    let text = request.query_value("q").unwrap_or_default();
    if text.trim().is_empty() {
        return Err(ApiError::malformed_query("SOQL query string is required, in the parameter q"));
    }
    let plan = store.plan(text, include_deleted)?;
    let metadata = request.is_true("columns").then(|| metadata(&plan));
    let mut answer = page_of(request, store, plan)?;
    if let Some(metadata) = metadata {
        answer["columnMetadata"] = metadata;
    }
    Ok(Reply::json(200, &answer))
}

fn page_of(request: &Request<'_>, store: &mut Store, plan: Plan) -> Result<Value, ApiError> {
    match plan.shape {
        Shape::Count => {
            let count = store.counted(&plan)?;
            Ok(json!({ "totalSize": count, "done": true, "records": [] }))
        }
        Shape::Groups => {
            let mut groups = store.groups(&plan)?;
            if groups.len() > PAGE {
                let message =
                    "Aggregate query does not support queryMore(), use LIMIT to restrict the results";
                return Err(ApiError::new(400, "EXCEEDED_ID_LIMIT", message));
            }
            for group in &mut groups {
                group.insert("attributes".to_owned(), json!({ "type": "AggregateResult" }));
            }
            Ok(json!({ "totalSize": groups.len(), "done": true, "records": groups }))
        }
        Shape::Records => {
            let rows = store.found(&plan, None)?;
            if rows.len() <= page_size(request) {
                let mut records = store.read(&plan, &rows, &request.base(), Store::nested)?;
                child_lists::cut(request, store, &plan, &mut records, "")?;
                return Ok(told(rows.len(), true, records));
            }
            let (locator, cursor) = store.keep(Arc::new(plan), rows, holder(request, None));
            page(request, store, &cursor, &locator, 0)
        }
    }
}

/// A later page: `<locator>-<offset>`.
pub(crate) fn more(request: &Request<'_>, store: &mut Store, locator: &str) -> Result<Reply, ApiError> {
    only_get(request)?;
    let (id, offset) = locator.split_once('-').unwrap_or((locator, "0"));
    let cursor = store.cursor(id)?;
    if request.tenant.orders().locators_end_with_session && cursor.holder.session != session(request) {
        return Err(ApiError::new(401, "INVALID_SESSION_ID", "Session expired or invalid"));
    }
    store.close_children(id);
    let offset = offset.parse().ok().filter(|offset| *offset < cursor.rows.len());
    let invalid = || ApiError::new(400, "INVALID_QUERY_LOCATOR", "invalid query locator");
    let answer = page(request, store, &cursor, id, offset.ok_or_else(invalid)?)?;
    Ok(Reply::json(200, &answer))
}

fn page(
    request: &Request<'_>,
    store: &mut Store,
    cursor: &Cursor,
    locator: &str,
    offset: usize,
) -> Result<Value, ApiError> {
    let size = if cursor.holder.parent.is_some() { children_size(request) } else { page_size(request) };
    let end = (offset + size).min(cursor.rows.len());
    let rows = cursor.rows.get(offset..end).unwrap_or_default();
    let mut records = store.read(&cursor.plan, rows, &request.base(), Store::nested)?;
    child_lists::cut(request, store, &cursor.plan, &mut records, locator)?;
    let done = end == cursor.rows.len();
    let mut answer = told(cursor.rows.len(), done, records);
    if !done {
        answer["nextRecordsUrl"] = json!(next_url(request, locator, end));
    }
    Ok(answer)
}

fn told(total: usize, done: bool, records: Vec<Fields>) -> Value {
    let mut answer = json!({ "totalSize": total, "done": done });
    // Moved, not written out again: a page may be large.
    answer["records"] = Value::Array(records.into_iter().map(Value::Object).collect());
    answer
}

/// `Sforce-Query-Options: batchSize=n`, within what Salesforce allows.
fn page_size(request: &Request<'_>) -> usize {
    let options = request.header("sforce-query-options").unwrap_or_default();
    let wanted = options.split([',', ';']).find_map(|option| {
        let (name, value) = option.split_once('=')?;
        name.trim().eq_ignore_ascii_case("batchSize").then(|| value.trim().parse().ok())?
    });
    wanted.map_or(PAGE, |size: usize| size.clamp(SMALLEST_PAGE, PAGE))
}

/// How many records a page of a list within a record has.
pub(super) fn children_size(request: &Request<'_>) -> usize {
    request.tenant.orders().children_a_page.unwrap_or_else(|| page_size(request))
}

/// Where a list goes on.
pub(super) fn next_url(request: &Request<'_>, locator: &str, offset: usize) -> String {
    format!("{}/query/{locator}-{offset}", request.base())
}

/// Who keeps a cursor open.
pub(super) fn holder(request: &Request<'_>, parent: Option<String>) -> Holder {
    Holder { session: session(request).to_owned(), parent }
}

fn session<'a>(request: &'a Request<'_>) -> &'a str {
    request.header("authorization").unwrap_or_default()
}

fn only_get(request: &Request<'_>) -> Result<(), ApiError> {
    if matches!(request.method, Method::GET | Method::HEAD) { Ok(()) } else { Err(ApiError::method()) }
}

fn explain(store: &Store, text: &str, include_deleted: bool) -> Result<Reply, ApiError> {
    let plan = store.plan(text, include_deleted)?;
    let count = match plan.shape {
        Shape::Records => store.found(&plan, None)?.len(),
        Shape::Count => store.counted(&plan)?,
        Shape::Groups => store.groups(&plan)?.len(),
    };
    let plan = json!({
        "cardinality": count,
        "fields": [],
        "leadingOperationType": "TableScan",
        "notes": [],
        "relativeCost": 1.0,
        "sobjectCardinality": count,
        "sobjectType": plan.object,
    });
    Ok(Reply::json(200, &json!({ "plans": [plan], "sourceQuery": text })))
}

/// What is said of the columns: a parent's are joined to one.
fn metadata(plan: &Plan) -> Value {
    let mut all: Vec<Value> = Vec::new();
    for column in &plan.columns {
        join(&mut all, &column.relationships, described(column));
    }
    for children in &plan.children {
        let name = &children.relationship;
        let columns = metadata(&children.plan);
        all.push(
            json!({ "columnName": name, "displayName": name, "aggregate": true, "joinColumns": columns }),
        );
    }
    Value::Array(all)
}

fn join(all: &mut Vec<Value>, relationships: &[String], column: Value) {
    let Some((name, further)) = relationships.split_first() else { return all.push(column) };
    let at = all.iter().position(|one| one["columnName"] == *name).unwrap_or_else(|| {
        all.push(json!({ "columnName": name, "displayName": name, "aggregate": false, "joinColumns": [] }));
        all.len() - 1
    });
    if let Some(Value::Array(joined)) = all.get_mut(at).and_then(|one| one.get_mut("joinColumns")) {
        join(joined, further, column);
    }
}

fn described(column: &Column) -> Value {
    json!({
        "aggregate": column.is_aggregate,
        "apexType": column.kind.name(),
        "booleanType": column.kind == Kind::Boolean,
        "columnName": column.name,
        "custom": column.name.ends_with("__c"),
        "displayName": column.name,
        "foreignKeyName": null,
        "insertable": !column.is_aggregate,
        "joinColumns": [],
        "numberType": column.kind.is_number(),
        "textType": column.kind.is_text(),
        "updatable": !column.is_aggregate,
    })
}
