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
