//! One record, by its id or by an external id.

use crate::org::api_error::ApiError;
use crate::org::calendar::read_instant;
use crate::org::database::Fields;
use crate::org::database::coerce::coerce;
use crate::org::database::references::external;
use crate::org::database::store::Store;
use crate::org::field::Kind;
use crate::org::identifier::whole;
use crate::org::object::OrgObject;
use crate::org::rest::blob;
use crate::org::rest::conditional::modified_since;
use crate::org::rest::conditional::unmodified_since;
use crate::org::rest::request::Request;
use crate::org::rest::sobjects::writable;
use crate::wire::Reply;
use http::Method;
use serde_json::Value;
use serde_json::json;

/// The oldest version whose upserts answer 200 and the id when a record was changed.
const UPSERT_TELLS: u32 = 46;

/// `sobjects/Account/<id>`.
pub(crate) fn answer(
    request: &Request<'_>,
    store: &mut Store,
    object: &str,
    id: &str,
) -> Result<Reply, ApiError> {
    let name = store.object(object)?.name.clone();
    match request.method {
        Method::GET | Method::HEAD => read(request, store, &name, id),
        Method::PATCH => {
            let changed = store.row(store.object(&name)?, id).map_err(by_url)?;
            if modified_since(request, modified(store, &name, changed)?) {
                return Ok(Reply::json(412, &precondition()));
            }
            let fields = blob::fields(request, store, &name)?;
            store.update(&writable(store, &name)?, id, fields).map_err(by_url)?;
            Ok(Reply::empty(204))
        }
        Method::DELETE => {
            store.delete(&writable(store, &name)?, id).map_err(by_url)?;
            Ok(Reply::empty(204))
        }
        _ => Err(ApiError::method()),
    }
}

/// `sobjects/Widget__c/External_Id__c/<value>`, or a blob of a record: `sobjects/Attachment/<id>/Body`.
pub(crate) fn named(
    request: &Request<'_>,
    store: &mut Store,
    object: &str,
    field: &str,
    value: &str,
) -> Result<Reply, ApiError> {
    let known = store.object(object)?;
    if whole(field).is_some_and(|id| id.starts_with(&known.prefix)) {
        let holds_bytes = known.find(value).is_some_and(|field| matches!(field.kind, Kind::Blob { .. }));
        return if holds_bytes {
            blob::body(request, store, object, field, value)
        } else {
            related(request, store, known, field, value)
        };
    }
    let (name, key) = (known.name.clone(), external(known, field)?);
    let found = store.ids(known, key, coerce(key, &Value::String(value.to_owned()))?)?;
    if found.len() > 1 {
        let url = |id: &String| json!(format!("{}/sobjects/{name}/{id}", request.base()));
        return Ok(Reply::json(300, &found.iter().map(url).collect()));
    }
    match (&request.method, found.first()) {
        (&Method::PATCH, found) => upsert(request, store, &name, field, value, found.is_some()),
        (_, None) => Err(ApiError::not_found()),
        (_, Some(id)) => answer(request, store, &name, id),
    }
}

/// `sobjects/Contact/<id>/Account`, the parent; or `sobjects/Account/<id>/Contacts`, the children.
fn related(
    request: &Request<'_>,
    store: &Store,
    object: &OrgObject,
    id: &str,
    relationship: &str,
) -> Result<Reply, ApiError> {
    if request.method != Method::GET {
        return Err(ApiError::method());
    }
    let row = store.row(object, id).map_err(by_url)?;
    let wanted = request.query_value("fields").filter(|fields| !fields.is_empty());
    if let Some(field) = object.parent(relationship) {
        let Kind::Reference { to, .. } = &field.kind else { return Err(ApiError::not_found()) };
        let own = fetch(store, &request.base(), &object.name, row, Some(&field.name))?;
        let parent = own.get(&field.name).and_then(Value::as_str).ok_or_else(ApiError::not_found)?;
        let row = store.row(store.object(to)?, parent).map_err(by_url)?;
        return Ok(Reply::json(200, &Value::Object(fetch(store, &request.base(), to, row, wanted)?)));
    }
    let (child, key) = store.child(&object.name, relationship).ok_or_else(ApiError::not_found)?;
    let fields = wanted.unwrap_or("FIELDS(STANDARD)");
    let id = whole(id).unwrap_or_default();
    let plan = store.plan(&format!("SELECT {fields} FROM {child} WHERE {key} = '{id}'"), false)?;
    let rows = store.found(&plan, None)?;
    let records = store.read(&plan, &rows, &request.base(), Store::nested)?;
    Ok(Reply::json(200, &json!({ "totalSize": rows.len(), "done": true, "records": records })))
}

fn upsert(
    request: &Request<'_>,
    store: &mut Store,
    object: &str,
    field: &str,
    value: &str,
    is_there: bool,
) -> Result<Reply, ApiError> {
    let name = writable(store, object)?;
    if !is_there && request.is_true("updateOnly") {
        return Err(ApiError::not_found());
    }
    let (id, created) = store.upsert(&name, field, value, request.fields()?)?;
    let body = json!({ "id": id, "success": true, "errors": [], "created": created });
    Ok(match (created, request.version >= UPSERT_TELLS) {
        (true, _) => {
            let location = format!("{}/sobjects/{name}/{id}", request.base());
            Reply::json(201, &body).header("location", location)
        }
        (false, true) => Reply::json(200, &body),
        (false, false) => Reply::empty(204),
    })
}

fn read(request: &Request<'_>, store: &Store, object: &str, id: &str) -> Result<Reply, ApiError> {
    let row = store.row(store.object(object)?, id).map_err(by_url);
    let row =
        row.map_err(|error| if error.code == "MALFORMED_ID" { ApiError::not_found() } else { error })?;
    if unmodified_since(request, modified(store, object, row)?) {
        return Ok(Reply::empty(304));
    }
    let wanted = request.query_value("fields").filter(|fields| !fields.is_empty());
    let record = fetch(store, &request.base(), object, row, wanted)?;
    Ok(Reply::json(200, &Value::Object(record)))
}

/// A record as it is shown: the fields wanted, separated by commas, or all.
pub(crate) fn fetch(
    store: &Store,
    base: &str,
    object: &str,
    row: i64,
    wanted: Option<&str>,
) -> Result<Fields, ApiError> {
    let known = store.object(object)?;
    let mut names: Vec<String> = match wanted {
        Some(wanted) => wanted.split(',').map(|name| name.trim().to_owned()).collect(),
        None => known.fields.iter().map(|field| field.name.clone()).collect(),
    };
    if !names.iter().any(|name| name.eq_ignore_ascii_case("Id")) {
        names.push("Id".to_owned());
    }
    names.sort_unstable();
    names.dedup_by(|one, other| one.eq_ignore_ascii_case(other));
    let plan = store.plan(&format!("SELECT {} FROM {}", names.join(", "), known.name), true)?;
    let mut found = store.read(&plan, &[row], base, Store::nested)?;
    found.pop().ok_or_else(ApiError::not_found)
}

/// When a record last changed, in seconds since 1970.
fn modified(store: &Store, object: &str, row: i64) -> Result<i64, ApiError> {
    let record = fetch(store, "", object, row, Some("SystemModstamp"))?;
    Ok(record.get("SystemModstamp").and_then(Value::as_str).and_then(read_instant).unwrap_or_default())
}

fn precondition() -> Value {
    json!([{ "message": "The record was modified after the date of If-Unmodified-Since", "errorCode": "PRECONDITION_FAILED" }])
}

/// What is wrong with an id that stands in the URL: there is no such resource.
fn by_url(error: ApiError) -> ApiError {
    match error.code {
        "INVALID_CROSS_REFERENCE_KEY" => ApiError::not_found(),
        "MALFORMED_ID" if error.message.starts_with("malformed") => {
            let id = error.message.trim_start_matches("malformed id ");
            let message = format!("Provided external ID field does not exist or is not accessible: {id}");
            ApiError::new(404, "NOT_FOUND", message)
        }
        _ => error,
    }
}
