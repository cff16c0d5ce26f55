//! `composite/tree/<object>`: records with their children, made together or not at all.

use crate::org::api_error::ApiError;
use crate::org::database::Fields;
use crate::org::database::store::Store;
use crate::org::rest::composite::list;
use crate::org::rest::composite::posts;
use crate::org::rest::request::Request;
use crate::org::rest::sobjects::writable;
use crate::wire::Reply;
use serde_json::Value;
use serde_json::json;

const MOST: usize = 200;
const DEEPEST: usize = 5;

/// What became of one record: its reference, and its id or why there is none.
type Outcome = (Value, Result<String, ApiError>);

pub(crate) fn answer(request: &Request<'_>, store: &mut Store, object: &str) -> Result<Reply, ApiError> {
    posts(request)?;
    let body = request.json()?;
    let records = list(&body, "records")?;
    if count(records) > MOST {
        let message = "record limit reached. cannot submit more than 200 records in this call";
        return Err(ApiError::new(400, "EXCEEDED_ID_LIMIT", message));
    }
    let object = writable(store, object)?;
    let mut outcomes = Vec::new();
    store.savepoint("tree")?;
    plant(store, &object, records, None, 1, &mut outcomes);
    let failed: Vec<Value> = outcomes
        .iter()
        .filter_map(|(reference, outcome)| {
            let error = outcome.as_ref().err()?;
            Some(json!({ "referenceId": reference, "errors": [error.result()] }))
        })
        .collect();
    if !failed.is_empty() {
        store.roll_back("tree")?;
        return Ok(Reply::json(400, &json!({ "hasErrors": true, "results": failed })));
    }
    store.release("tree")?;
    let made = |(reference, id): &Outcome| json!({ "referenceId": reference, "id": id.as_ref().ok() });
    let results: Vec<Value> = outcomes.iter().map(made).collect();
    Ok(Reply::json(201, &json!({ "hasErrors": false, "results": results })))
}

fn plant(
    store: &mut Store,
    object: &str,
    records: &[Value],
    parent: Option<(&str, &str)>,
    depth: usize,
    outcomes: &mut Vec<Outcome>,
) {
    for record in records {
        let reference = record["attributes"]["referenceId"].clone();
        let (mut fields, children) = split(record);
        if let Some((foreign_key, id)) = parent {
            fields.insert(foreign_key.to_owned(), json!(id));
        }
        let made = if reference.is_string() {
            store.insert(object, fields)
        } else {
            let message = "Include a reference ID for each record in the request.";
            Err(ApiError::new(400, "INVALID_INPUT", message).about([]))
        };
        outcomes.push((reference.clone(), made.clone()));
        let Ok(id) = made else { continue };
        for (name, records) in children {
            match store.child(object, &name).filter(|_| depth < DEEPEST) {
                Some((child, key)) => plant(store, &child, &records, Some((&key, &id)), depth + 1, outcomes),
                None => outcomes.push((reference.clone(), Err(ApiError::no_such_field(object, &name)))),
            }
        }
    }
}

/// A record's own fields, and its children by relationship.
fn split(record: &Value) -> (Fields, Vec<(String, Vec<Value>)>) {
    let mut fields = record.as_object().cloned().unwrap_or_default();
    let mut children = Vec::new();
    fields.retain(|name, value| match value.get("records").and_then(Value::as_array) {
        Some(records) => {
            children.push((name.clone(), records.clone()));
            false
        }
        None => true,
    });
    (fields, children)
}

fn count(records: &[Value]) -> usize {
    let below = |record| split(record).1.iter().map(|(_, children)| count(children)).sum::<usize>();
    records.iter().map(|record| 1 + below(record)).sum()
}
