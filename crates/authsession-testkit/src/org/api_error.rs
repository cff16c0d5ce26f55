//! An error of the API, in Salesforce's words.

use crate::wire::Reply;
use serde_json::Value;
use serde_json::json;

/// The kind of every answer of the API that is JSON.
pub(crate) const JSON: &str = "application/json;charset=UTF-8";

/// Its status, its code, what it says, and the fields it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) fields: Option<Vec<String>>,
}

impl ApiError {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), fields: None }
    }

    /// The same, with the fields it is about, of which there may be none.
    pub(crate) fn about<const N: usize>(mut self, fields: [&str; N]) -> Self {
        self.fields = Some(fields.map(str::to_owned).to_vec());
        self
    }

    pub(crate) fn not_found() -> Self {
        Self::new(404, "NOT_FOUND", "The requested resource does not exist")
    }

    pub(crate) fn method() -> Self {
        Self::new(
            405,
            "METHOD_NOT_ALLOWED",
            "HTTP Method not allowed. Allowed are GET,HEAD,POST,PATCH,DELETE",
        )
    }

    pub(crate) fn deleted() -> Self {
        Self::new(404, "ENTITY_IS_DELETED", "entity is deleted").about([])
    }

    pub(crate) fn no_such_record() -> Self {
        Self::new(404, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id").about([])
    }

    pub(crate) fn malformed_id(id: &str) -> Self {
        Self::new(400, "MALFORMED_ID", format!("malformed id {id}")).about([])
    }

    pub(crate) fn wrong_kind(object: &str, id: &str) -> Self {
        let message = format!("{object} ID: id value of incorrect type: {id}");
        Self::new(400, "MALFORMED_ID", message).about(["Id"])
    }

    pub(crate) fn json(message: impl Into<String>) -> Self {
        Self::new(400, "JSON_PARSER_ERROR", message)
    }

    pub(crate) fn malformed_query(message: impl Into<String>) -> Self {
        Self::new(400, "MALFORMED_QUERY", message)
    }

    pub(crate) fn no_such_object(name: &str) -> Self {
        let message = format!(
            "sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append the \
             '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names."
        );
        Self::new(400, "INVALID_TYPE", message)
    }

    pub(crate) fn no_such_field(object: &str, field: &str) -> Self {
        let message = format!("No such column '{field}' on sobject of type {object}");
        Self::new(400, "INVALID_FIELD", message)
    }

    /// As it stands in a list of errors.
    pub(crate) fn value(&self) -> Value {
        let mut value = json!({ "message": self.message, "errorCode": self.code });
        if let Some(fields) = &self.fields {
            value["fields"] = json!(fields);
        }
        value
    }

    /// As it stands in the results of collections, which say `statusCode`.
    pub(crate) fn result(&self) -> Value {
        json!({ "message": self.message, "statusCode": self.code, "fields": self.fields.clone().unwrap_or_default() })
    }

    pub(crate) fn reply(&self) -> Reply {
        Reply::text(self.status, JSON, json!([self.value()]).to_string())
    }
}

impl From<rusqlite::Error> for ApiError {
    fn from(error: rusqlite::Error) -> Self {
        Self::new(500, "UNKNOWN_EXCEPTION", format!("An unexpected error occurred: {error}"))
    }
}
