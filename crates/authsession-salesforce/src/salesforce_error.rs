//! One error in an API's answer, in Salesforce's words (REST API Developer Guide, "Status Codes and Error Responses").

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What Salesforce says is wrong. Its message may quote what was sent and what is in the org: show it to who may see both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalesforceError {
    /// A sentence for people.
    pub message: String,
    /// A name for programs, such as `INVALID_FIELD`. Empty where the API gives none.
    #[serde(rename = "errorCode")]
    pub error_code: String,
    /// The fields it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// What else the answer says of it.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl SalesforceError {
    /// Whether the same may succeed later, unchanged: somebody else held the record, or Salesforce was too busy.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        passes(&self.error_code)
    }

    /// The code, if it is one: a name, not a sentence that stands in its place.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        let is_name = |code: &&str| {
            (1..=80).contains(&code.len())
                && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.:".contains(&byte))
        };
        Some(self.error_code.as_str()).filter(is_name)
    }
}

/// Whether an error of that name is gone after a while (SOAP API Developer Guide, "Core Data Types Used in API Calls", StatusCode).
pub(crate) fn passes(code: &str) -> bool {
    matches!(code, "UNABLE_TO_LOCK_ROW" | "SERVER_UNAVAILABLE" | "REQUEST_RUNNING_TOO_LONG")
}

/// The names different APIs have for the code and the message.
const CODES: [&str; 4] = ["errorCode", "statusCode", "exceptionCode", "error"];
const MESSAGES: [&str; 3] = ["message", "exceptionMessage", "error_description"];
/// Nobody reads more.
const MOST: usize = 200;

/// The errors in a body: a list of them, one, or one in XML. None where it is something else.
pub(crate) fn read(text: &str) -> Vec<SalesforceError> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.starts_with('<') {
        return read_xml(text).into_iter().collect();
    }
    serde_json::from_str(text).map_or_else(|_| Vec::new(), read_value)
}

/// The errors in a JSON value: a list of them, one, or those of a tree's records, each with its `referenceId`.
pub(crate) fn read_value(value: Value) -> Vec<SalesforceError> {
    match value {
        Value::Array(items) => items.into_iter().take(MOST).filter_map(read_json).collect(),
        Value::Object(mut members) if members.contains_key("hasErrors") => match members.remove("results") {
            Some(Value::Array(results)) => results.iter().flat_map(of_tree).take(MOST).collect(),
            _ => Vec::new(),
        },
        item => read_json(item).into_iter().collect(),
    }
}

fn of_tree(result: &Value) -> impl Iterator<Item = SalesforceError> {
    const REFERENCE: &str = "referenceId";
    let errors = result.get("errors").and_then(Value::as_array);
    errors.into_iter().flatten().filter_map(|error| {
        let mut error = read_json(error.clone())?;
        let reference = result.get(REFERENCE).cloned().unwrap_or_default();
        error.extra.insert(REFERENCE.to_owned(), reference);
        Some(error)
    })
}

fn read_json(item: Value) -> Option<SalesforceError> {
    let Value::Object(mut members) = item else { return None };
    let mut take = |names: &[&str]| {
        let name = names.iter().find(|name| members.get(**name).is_some_and(Value::is_string))?;
        match members.remove(*name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    };
    let (code, message) = (take(&CODES), take(&MESSAGES));
    if code.is_none() && message.is_none() {
        return None;
    }
    let fields = match members.remove("fields") {
        Some(Value::Array(fields)) => {
            fields.into_iter().filter_map(|field| field.as_str().map(str::to_owned)).collect()
        }
        _ => Vec::new(),
    };
    Some(SalesforceError {
        message: message.unwrap_or_default(),
        error_code: code.unwrap_or_default(),
        fields,
        extra: members,
    })
}

/// `<Errors><Error><errorCode>…`, Bulk's `<error>`, a SOAP fault.
fn read_xml(text: &str) -> Option<SalesforceError> {
    let element = |names: &[&str]| {
        names.iter().find_map(|name| {
            let (_, rest) = text.split_once(&format!("<{name}>"))?;
            Some(rest.split('<').next().unwrap_or(rest).trim().to_owned())
        })
    };
    let code = element(&["errorCode", "exceptionCode", "faultcode"]);
    let message = element(&["message", "exceptionMessage", "faultstring"]);
    if code.is_none() && message.is_none() {
        return None;
    }
    Some(SalesforceError {
        message: message.unwrap_or_default(),
        error_code: code.unwrap_or_default(),
        ..SalesforceError::default()
    })
}
