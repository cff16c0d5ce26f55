//! What is kept, as it is shown.

use crate::org::field::Kind;
use rusqlite::types::ValueRef;
use serde_json::Value;

/// The value in JSON. A blob is shown as `link`, where it can be fetched.
pub(crate) fn shown(kind: &Kind, value: ValueRef<'_>, link: impl FnOnce() -> String) -> Value {
    match (value, kind) {
        (ValueRef::Null, _) => Value::Null,
        (ValueRef::Blob(_), _) | (_, Kind::Blob { .. }) => Value::String(link()),
        (ValueRef::Integer(value), Kind::Boolean) => Value::Bool(value != 0),
        #[expect(clippy::cast_precision_loss, reason = "no amount of a test is that large")]
        (ValueRef::Integer(value), Kind::Number | Kind::Currency) => Value::from(value as f64),
        (ValueRef::Integer(value), _) => Value::from(value),
        (ValueRef::Real(value), _) => Value::from(value),
        (ValueRef::Text(text), _) => Value::String(String::from_utf8_lossy(text).into_owned()),
    }
}
