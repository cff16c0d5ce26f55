//! What jobs do to the org's records: rows written, rows found, rows read while they are sent.

use crate::bodies::Chunks;
use crate::org::api_error::ApiError;
use crate::org::database::Database;
use crate::org::database::Fields;
use crate::org::database::store::Store;
use crate::org::jobs::dialect::Dialect;
use crate::org::jobs::load::Outcome;
use crate::org::jobs::load::is_id;
use crate::org::soql::compile::Plan;
use crate::org::soql::compile::Shape;
use crate::org::tenant::Tenant;
use bytes::Bytes;
use serde_json::Value;
use std::ops::Range;
use std::sync::Arc;

/// How many rows are read at a time.
const READ: usize = 500;

/// The exact name of an object.
pub(crate) fn object(tenant: &Tenant, name: &str) -> Option<String> {
    let mut records = tenant.records().ok()?;
    records.store().ok()?.object(name).ok().map(|object| object.name.clone())
}

/// Whether a column names a field: one of its own, or one of a parent, such as `Account.Code__c`.
pub(crate) fn has_field(tenant: &Tenant, object: &str, name: &str) -> bool {
    let known = || -> Result<bool, ApiError> {
        let mut records = tenant.records()?;
        let object = records.store()?.object(object)?;
        let relationship = name.split_once('.').map(|(relationship, _)| relationship);
        Ok(match relationship {
            Some(relationship) => object.parent(relationship).is_some(),
            None => object.find(name).is_some(),
        })
    };
    known().unwrap_or(false)
}

/// Writes rows, each for itself.
pub(crate) fn write(
    tenant: &Tenant,
    operation: &str,
    object: &str,
    external_id: Option<&str>,
    batch: Vec<Fields>,
) -> Vec<Outcome> {
    let mut records = match tenant.records() {
        Ok(records) => records,
        Err(error) => return batch.iter().map(|_| refused(String::new(), &error)).collect(),
    };
    let mut row = |fields: Fields| match records.store() {
        Ok(store) => one(store, operation, object, external_id, fields),
        Err(error) => refused(String::new(), &error),
    };
    batch.into_iter().map(&mut row).collect()
}

fn one(
    store: &mut Store,
    operation: &str,
    object: &str,
    external_id: Option<&str>,
    mut fields: Fields,
) -> Outcome {
    let id = if operation == "upsert" { String::new() } else { taken(&mut fields, "Id") };
    let written = match operation {
        "insert" => store.insert(object, fields).map(|id| (id, true)),
        "update" => store.update(object, &id, fields).map(|()| (id.clone(), false)),
        "upsert" => {
            let name = external_id.unwrap_or("Id");
            let value = taken(&mut fields, name);
            if value.is_empty() && is_id(name) {
                store.insert(object, fields).map(|id| (id, true))
            } else if value.is_empty() {
                let message = format!("{name} not specified");
                Err(ApiError::new(400, "MISSING_ARGUMENT", message))
            } else {
                store.upsert(object, name, &value, fields)
            }
        }
        _ => store.delete(object, &id).map(|()| (id.clone(), false)),
    };
    match written {
        Ok((id, created)) => Outcome::Written { id, created },
        Err(error) => refused(id, &error),
    }
}

/// A field taken out of the record, however its name is written.
fn taken(fields: &mut Fields, name: &str) -> String {
    let key = fields.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned();
    let value = key.and_then(|key| fields.remove(&key)).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

/// `CODE:message:fields --`.
fn refused(id: String, error: &ApiError) -> Outcome {
    let fields = error.fields.as_deref().unwrap_or_default().join(", ");
    let fields = if fields.is_empty() { fields } else { format!("{fields} ") };
    Outcome::Refused { id, error: format!("{}:{}:{fields}--", error.code, error.message) }
}

/// A query a job can run.
pub(crate) fn planned(tenant: &Tenant, text: &str, all: bool) -> Result<Plan, ApiError> {
    let plan = tenant.records()?.store()?.plan(text, all)?;
    let refused = |message: &str| ApiError::new(400, "FUNCTIONALITY_NOT_ENABLED", message);
    if plan.shape != Shape::Records {
        return Err(refused("Aggregate functions not supported in Bulk Query"));
    }
    if !plan.children.is_empty() {
        return Err(refused("Aggregate Relationships not supported in Bulk Query"));
    }
    Ok(plan)
}

pub(crate) fn found(tenant: &Tenant, plan: &Plan) -> Result<Vec<i64>, ApiError> {
    tenant.records()?.store()?.found(plan, None)
}

/// Lines of these rows, read while they are sent.
pub(crate) fn lines(
    database: Arc<Database>,
    plan: Arc<Plan>,
    rows: Arc<Vec<i64>>,
    range: Range<usize>,
    dialect: Dialect,
) -> Chunks {
    let starts = range.clone().step_by(READ);
    let read = move |start: usize| -> Result<Bytes, ApiError> {
        let wanted = rows.get(start..(start + READ).min(range.end)).unwrap_or_default();
        let mut opened = database.open()?;
        let store = opened.store()?;
        let records = store.read(&plan, wanted, "", Store::flat)?;
        drop(opened);
        let columns: Vec<String> = plan.columns.iter().map(|column| column.path()).collect();
        let line = |record: &Fields| dialect.line(columns.iter().map(|column| text(record.get(column))));
        Ok(records.iter().flat_map(line).collect::<Vec<u8>>().into())
    };
    Box::new(starts.map_while(move |start| read(start).ok()))
}

fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
