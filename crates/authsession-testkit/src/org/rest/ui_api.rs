//! `ui-api/records`: records as a user's page shows them.

use crate::org::api_error::ApiError;
use crate::org::database::Fields;
use crate::org::database::store::Store;
use crate::org::field::Kind;
use crate::org::rest::record::fetch;
use crate::org::rest::request::Request;
use crate::org::rest::sobjects::writable;
use crate::wire::Reply;
use http::Method;
use serde_json::Value;
use serde_json::json;

/// `ui-api/records`: a new one.
pub(crate) fn create(request: &Request<'_>, store: &mut Store) -> Result<Reply, ApiError> {
    if request.method != Method::POST {
        return Err(ApiError::method());
    }
    let mut body = request.fields()?;
    let object = body.get("apiName").and_then(Value::as_str).unwrap_or_default().to_owned();
    let object = writable(store, &object).map_err(|_| ApiError::no_such_object(&object))?;
    let id = store.insert(&object, fields(&mut body)?)?;
    let record = shown(request, store, &id)?;
    Ok(Reply::json(201, &record))
}

/// `ui-api/records/<id>`.
pub(crate) fn answer(request: &Request<'_>, store: &mut Store, id: &str) -> Result<Reply, ApiError> {
    let object = store.object_of(id).ok_or_else(ApiError::not_found)?.name.clone();
    match request.method {
        Method::GET => Ok(Reply::json(200, &shown(request, store, id)?)),
        Method::PATCH => {
            let fields = fields(&mut request.fields()?)?;
            store.update(&writable(store, &object)?, id, fields)?;
            Ok(Reply::json(200, &shown(request, store, id)?))
        }
        Method::DELETE => {
            store.delete(&writable(store, &object)?, id)?;
            Ok(Reply::empty(204))
        }
        _ => Err(ApiError::method()),
    }
}

/// `ui-api/records/batch/<id>,<id>`.
pub(crate) fn batch(request: &Request<'_>, store: &Store, ids: &str) -> Result<Reply, ApiError> {
    let mut failed = false;
    let results: Vec<Value> = ids
        .split(',')
        .map(|id| match shown(request, store, id) {
            Ok(record) => json!({ "statusCode": 200, "result": record }),
            Err(error) => {
                failed = true;
                json!({ "statusCode": error.status, "result": [error.value()] })
            }
        })
        .collect();
    Ok(Reply::json(200, &json!({ "hasErrors": failed, "results": results })))
}

fn fields(body: &mut Fields) -> Result<Fields, ApiError> {
    match body.remove("fields") {
        Some(Value::Object(fields)) => Ok(fields),
        _ => Err(ApiError::json("Missing required property: fields at [line:1, column:1]")),
    }
}

fn shown(request: &Request<'_>, store: &Store, id: &str) -> Result<Value, ApiError> {
    let object = store.object_of(id).ok_or_else(ApiError::not_found)?;
    let row = store.row(object, id)?;
    let mut wanted: Vec<&str> = Vec::new();
    for list in ["fields", "optionalFields"] {
        for name in request.query_value(list).unwrap_or_default().split(',').filter(|name| !name.is_empty()) {
            let (of, field) = name.trim().split_once('.').unwrap_or((&object.name, name));
            if !of.eq_ignore_ascii_case(&object.name) {
                return Err(ApiError::no_such_field(&object.name, name));
            }
            match object.find(field.split('.').next().unwrap_or_default()) {
                Some(known) => wanted.push(&known.name),
                None if list == "optionalFields" => {}
                None => return Err(ApiError::no_such_field(&object.name, field)),
            }
        }
    }
    let record = fetch(store, &request.base(), &object.name, row, None)?;
    let mut fields = Fields::new();
    for field in &object.fields {
        let chosen =
            if wanted.is_empty() { field.kind != Kind::Id } else { wanted.contains(&field.name.as_str()) };
        if chosen {
            let value = record.get(&field.name).cloned().unwrap_or_default();
            fields.insert(
                field.name.clone(),
                json!({ "displayValue": displayed(&field.kind, &value), "value": instant(&value) }),
            );
        }
    }
    let own = |name: &str| record.get(name).map_or(Value::Null, instant);
    Ok(json!({
        "apiName": object.name,
        "childRelationships": {},
        "eTag": format!("{:x}", row),
        "fields": fields,
        "id": own("Id"),
        "lastModifiedById": own("LastModifiedById"),
        "lastModifiedDate": own("LastModifiedDate"),
        "recordTypeId": null,
        "recordTypeInfo": null,
        "systemModstamp": own("SystemModstamp"),
    }))
}

/// Instants end in `Z` here.
fn instant(value: &Value) -> Value {
    match value.as_str().and_then(|text| text.strip_suffix(".000+0000")) {
        Some(text) => Value::String(format!("{text}.000Z")),
        None => value.clone(),
    }
}

/// What a page would show where that is not the value itself.
pub(crate) fn displayed(kind: &Kind, value: &Value) -> Value {
    match (kind, value) {
        (_, Value::Null) => Value::Null,
        (Kind::Picklist { .. }, value) => value.clone(),
        (Kind::Currency, Value::Number(number)) => {
            json!(format!("${:.2}", number.as_f64().unwrap_or_default()))
        }
        (Kind::Number | Kind::Integer, Value::Number(number)) => json!(number.to_string()),
        (Kind::Date | Kind::DateTime, value) => value.clone(),
        _ => Value::Null,
    }
}
