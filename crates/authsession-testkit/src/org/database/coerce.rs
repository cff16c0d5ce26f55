//! What was sent for a field, as it is kept; or why it cannot be.

use crate::org::api_error::ApiError;
use crate::org::calendar::read_day;
use crate::org::calendar::read_instant;
use crate::org::calendar::written_day;
use crate::org::calendar::written_instant;
use crate::org::field::Kind;
use crate::org::field::OrgField;
use crate::org::identifier::whole;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rusqlite::types::Value as Sql;
use serde_json::Value;

/// The value to keep. Empty text is none.
pub(crate) fn coerce(field: &OrgField, value: &Value) -> Result<Sql, ApiError> {
    let text = match value {
        Value::Null if field.kind == Kind::Boolean => {
            let message = format!("{}: value not of required type: null", field.name);
            return Err(ApiError::new(400, "INVALID_TYPE_ON_FIELD_IN_RECORD", message).about([&field.name]));
        }
        Value::Null => return Ok(Sql::Null),
        Value::String(text) if text.is_empty() => return Ok(Sql::Null),
        Value::String(text) => Some(text.as_str()),
        _ => None,
    };
    let kept = match &field.kind {
        Kind::Boolean => value
            .as_bool()
            .or_else(|| match text?.to_ascii_lowercase().as_str() {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            })
            .map(|value| Sql::Integer(i64::from(value))),
        Kind::Integer => value.as_i64().or_else(|| text?.parse().ok()).map(Sql::Integer),
        Kind::Number | Kind::Currency => {
            let number = value.as_f64().or_else(|| text?.parse().ok());
            number.filter(|number: &f64| number.is_finite()).map(Sql::Real)
        }
        Kind::Date => text.and_then(|text| read_day(text.get(..10)?)).map(|day| Sql::Text(written_day(day))),
        Kind::DateTime => text
            .and_then(|text| {
                read_instant(text).or_else(|| read_day(text).map(|day| day * crate::org::calendar::DAY))
            })
            .map(|at| Sql::Text(written_instant(at))),
        Kind::Blob { .. } => text.and_then(|text| STANDARD.decode(text).ok()).map(Sql::Blob),
        Kind::Id | Kind::Reference { .. } => return reference(field, text.unwrap_or_default()),
        _ => return plain(field, value),
    };
    kept.ok_or_else(|| undecodable(field, value))
}

fn reference(field: &OrgField, text: &str) -> Result<Sql, ApiError> {
    let wrong = || {
        let name = field.name.strip_suffix("Id").unwrap_or(&field.name);
        let message = format!("{name} ID: id value of incorrect type: {text}");
        ApiError::new(400, "MALFORMED_ID", message).about([&field.name])
    };
    whole(text).map(Sql::Text).ok_or_else(wrong)
}

fn plain(field: &OrgField, value: &Value) -> Result<Sql, ApiError> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        _ => return Err(undecodable(field, value)),
    };
    let length = field.kind.length();
    if text.chars().count() > length {
        let shown: String = text.chars().take(length.min(80)).collect();
        let message = format!("{}: data value too large: {shown} (max length={length})", field.name);
        return Err(ApiError::new(400, "STRING_TOO_LONG", message).about([&field.name]));
    }
    if field.kind == Kind::Email && !text.split_once('@').is_some_and(|(_, host)| host.contains('.')) {
        let message = format!("{}: invalid email address: {text}", field.name);
        return Err(ApiError::new(400, "INVALID_EMAIL_ADDRESS", message).about([&field.name]));
    }
    match &field.kind {
        Kind::Picklist { values, restricted: true } if !values.contains(&text) => {
            let message = format!("{}: bad value for restricted picklist field: {text}", field.name);
            Err(ApiError::new(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message).about([&field.name]))
        }
        _ => Ok(Sql::Text(text)),
    }
}

fn undecodable(field: &OrgField, value: &Value) -> ApiError {
    let token = match value {
        Value::String(_) => "VALUE_STRING",
        Value::Number(number) if number.is_f64() => "VALUE_NUMBER_FLOAT",
        Value::Number(_) => "VALUE_NUMBER_INT",
        Value::Bool(true) => "VALUE_TRUE",
        Value::Bool(false) => "VALUE_FALSE",
        Value::Array(_) => "START_ARRAY",
        _ => "START_OBJECT",
    };
    let shown = match value {
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => String::new(),
        other => other.to_string(),
    };
    ApiError::json(format!(
        "Cannot deserialize instance of {} from {token} value {shown} or request may be missing a required field at \
         [line:1, column:1]",
        field.kind.name()
    ))
}
