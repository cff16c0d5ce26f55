//! `composite/sobjects`: up to 200 records made, changed, deleted or read in one request.

use crate::org::api_error::ApiError;
use crate::org::database::Fields;
use crate::org::database::references::external;
use crate::org::database::store::Store;
use crate::org::rest::composite::list;
use crate::org::rest::record::fetch;
use crate::org::rest::request::Request;
use crate::org::rest::sobjects::writable;
use crate::wire::Reply;
use http::Method;
use serde_json::Value;
use serde_json::json;

const MOST: usize = 200;
const MOST_READ: usize = 2000;

/// What became of one record: its id and whether it was made.
type Outcome = Result<(String, bool), ApiError>;

/// `composite/sobjects`.
pub(crate) fn answer(request: &Request<'_>, store: &mut Store) -> Result<Reply, ApiError> {
    match request.method {
        Method::POST => {
            each(request, store, |store, object, fields| store.insert(object, fields).map(|id| (id, true)))
        }
        Method::PATCH => each(request, store, |store, object, mut fields| {
            let id = ["id", "Id"].iter().find_map(|name| fields.remove(*name));
            let missing =
                || ApiError::new(400, "MISSING_ARGUMENT", "Id not specified in an update call").about([]);
            let id = id.as_ref().and_then(Value::as_str).ok_or_else(missing)?.to_owned();
            store.update(object, &id, fields).map(|()| (id, false))
        }),
        Method::DELETE => delete(request, store),
        _ => Err(ApiError::method()),
    }
}

/// `composite/sobjects/Account`: these records, each null that is not there.
pub(crate) fn retrieve(request: &Request<'_>, store: &Store, object: &str) -> Result<Reply, ApiError> {
    let (ids, fields) = match request.method {
        Method::GET => (words(request.query_value("ids")), words(request.query_value("fields"))),
        Method::POST => {
            let body = request.json()?;
            (texts(list(&body, "ids")?), texts(list(&body, "fields")?))
        }
        _ => return Err(ApiError::method()),
    };
    within(ids.len(), MOST_READ)?;
    let object = store.object(object)?;
    if fields.is_empty() {
        return Err(ApiError::new(400, "MISSING_ARGUMENT", "fields is required"));
    }
    let mut records = Vec::new();
    for id in &ids {
        let record = match store.row(object, id) {
            Ok(row) => {
                Value::Object(fetch(store, &request.base(), &object.name, row, Some(&fields.join(",")))?)
            }
            Err(error) if error.code == "MALFORMED_ID" => return Err(error),
            Err(_) => Value::Null,
        };
        records.push(record);
    }
    Ok(Reply::json(200, &Value::Array(records)))
}

/// `composite/sobjects/Widget__c/External_Id__c`.
pub(crate) fn upsert(
    request: &Request<'_>,
    store: &mut Store,
    object: &str,
    field: &str,
) -> Result<Reply, ApiError> {
    if request.method != Method::PATCH {
        return Err(ApiError::method());
    }
    let object = writable(store, object)?;
    external(store.object(&object)?, field)?;
    let body = request.json()?;
    let records = list(&body, "records")?;
    let upserted = |store: &mut Store, _: &str, mut fields: Fields| {
        let key = fields.keys().find(|name| name.eq_ignore_ascii_case(field)).cloned();
        let value = key.and_then(|key| fields.remove(&key));
        let missing = || ApiError::new(400, "MISSING_ARGUMENT", format!("{field} not specified")).about([]);
        let value = match value.ok_or_else(missing)? {
            Value::String(text) => text,
            other => other.to_string(),
        };
        store.upsert(&object, field, &value, fields)
    };
    let outcomes = done(store, records, body["allOrNone"] == true, upserted)?;
    Ok(shown(&outcomes, true))
}

fn each(
    request: &Request<'_>,
    store: &mut Store,
    act: impl Fn(&mut Store, &str, Fields) -> Outcome,
) -> Result<Reply, ApiError> {
    let body = request.json()?;
    let outcomes = done(store, list(&body, "records")?, body["allOrNone"] == true, act)?;
    Ok(shown(&outcomes, false))
}

fn done(
    store: &mut Store,
    records: &[Value],
    together: bool,
    act: impl Fn(&mut Store, &str, Fields) -> Outcome,
) -> Result<Vec<Outcome>, ApiError> {
    within(records.len(), MOST)?;
    let one = |store: &mut Store, record: &Value| {
        let named = record["attributes"]["type"].as_str();
        let missing =
            || ApiError::new(400, "INVALID_TYPE", "sObject type is missing from attributes").about([]);
        let known = writable(store, named.ok_or_else(missing)?);
        let unknown = |_| ApiError::no_such_object(named.unwrap_or_default()).about([]);
        act(store, &known.map_err(unknown)?, record.as_object().cloned().unwrap_or_default())
    };
    let act = |store: &mut Store| records.iter().map(|record| one(store, record)).collect();
    transaction(store, together, act)
}

fn delete(request: &Request<'_>, store: &mut Store) -> Result<Reply, ApiError> {
    let ids = words(request.query_value("ids"));
    within(ids.len(), MOST)?;
    let one = |store: &mut Store, id: &String| {
        let object = store.object_of(id).map(|object| object.name.clone());
        let object = writable(store, &object.ok_or_else(|| ApiError::malformed_id(id))?)?;
        store.delete(&object, id).map(|()| (id.clone(), false))
    };
    let act = |store: &mut Store| ids.iter().map(|id| one(store, id)).collect();
    let outcomes = transaction(store, request.is_true("allOrNone"), act)?;
    Ok(shown(&outcomes, false))
}

/// Several steps. If they belong together and one fails, none was done.
fn transaction(
    store: &mut Store,
    together: bool,
    act: impl FnOnce(&mut Store) -> Vec<Outcome>,
) -> Result<Vec<Outcome>, ApiError> {
    store.savepoint("collection")?;
    let mut outcomes = act(store);
    if together && outcomes.iter().any(Result::is_err) {
        store.roll_back("collection")?;
        let message = "Record rolled back because not all records were valid and the request was using AllOrNone header";
        for outcome in outcomes.iter_mut().filter(|outcome| outcome.is_ok()) {
            *outcome = Err(ApiError::new(400, "ALL_OR_NONE_OPERATION_ROLLED_BACK", message).about([]));
        }
        return Ok(outcomes);
    }
    store.release("collection")?;
    Ok(outcomes)
}

fn shown(outcomes: &[Outcome], upserted: bool) -> Reply {
    let one = |outcome: &Outcome| match outcome {
        Ok((id, created)) if upserted => {
            json!({ "id": id, "success": true, "errors": [], "created": created })
        }
        Ok((id, _)) => json!({ "id": id, "success": true, "errors": [] }),
        Err(error) => json!({ "success": false, "errors": [error.result()] }),
    };
    Reply::json(200, &outcomes.iter().map(one).collect())
}

fn within(count: usize, most: usize) -> Result<(), ApiError> {
    if count <= most {
        return Ok(());
    }
    let message = format!("record limit reached. cannot submit more than {most} records in this call");
    Err(ApiError::new(400, "EXCEEDED_ID_LIMIT", message))
}

fn words(list: Option<&str>) -> Vec<String> {
    let words = list.unwrap_or_default().split(',').map(str::trim);
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn texts(list: &[Value]) -> Vec<String> {
    list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}
