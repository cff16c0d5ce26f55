//! What jobs do to the org's records: rows written, rows found.

use crate::org::jobs::load::Outcome;
use crate::org::jobs::load::is_id;
use crate::org::rest::ApiError;
use crate::org::rest::query;
use crate::org::tenant::Tenant;
use serde_json::Map;
use serde_json::Value;

pub(crate) fn has_object(tenant: &Tenant, object: &str) -> bool {
    tenant.records().all(object).is_some()
}

pub(crate) fn has_field(_tenant: &Tenant, _object: &str, _field: &str) -> bool {
    true
}

/// Writes rows, each for itself.
pub(crate) fn write(
    tenant: &Tenant,
    operation: &str,
    object: &str,
    _external_id: Option<&str>,
    batch: Vec<Map<String, Value>>,
) -> Vec<Outcome> {
    let row = |mut fields: Map<String, Value>| {
        let key = fields.keys().find(|name| is_id(name)).cloned();
        let id = key.and_then(|key| fields.remove(&key)).unwrap_or_default();
        let id = id.as_str().unwrap_or_default().to_owned();
        let mut records = tenant.records();
        let written = match operation {
            "insert" => records.create(object, fields).map(|id| (id, true)),
            "update" => records.update(object, &id, fields).map(|()| (id.clone(), false)),
            _ => records.delete(object, &id).map(|()| (id.clone(), false)),
        };
        match written {
            Ok((id, created)) => Outcome::Written { id, created },
            Err(error) => Outcome::Refused { id, error: complaint(&error) },
        }
    };
    batch.into_iter().map(row).collect()
}

/// `CODE:message:fields --`
fn complaint(error: &ApiError) -> String {
    format!("{}:{}:--", error.1, error.2)
}

/// What a query selects: the object, the columns, the rows.
pub(crate) struct Selected {
    pub(crate) object: String,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

pub(crate) fn select(tenant: &Tenant, text: &str, _all: bool) -> Result<Selected, ApiError> {
    let found = query::run(tenant, "", text, true)?;
    let columns: Vec<String> = found["columnMetadata"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|column| column["columnName"].as_str().map(str::to_owned))
        .collect();
    let records = found["records"].as_array().cloned().unwrap_or_default();
    let object =
        records.first().and_then(|one| one["attributes"]["type"].as_str()).unwrap_or_default().to_owned();
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let rows = records.iter().map(|one| columns.iter().map(|column| text(&one[column])).collect()).collect();
    Ok(Selected { object, columns, rows })
}
