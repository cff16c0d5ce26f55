//! What Salesforce answers on bad days, to be scripted.

use crate::script::Answer;
use serde_json::json;

/// Answers of Salesforce's APIs, made up: the org does nothing.
impl Answer {
    /// An error of the REST API: `[{"message": …, "errorCode": …}]`.
    #[must_use]
    pub fn api_error(status: u16, code: &str, message: &str) -> Self {
        Self::json(status, &json!([{ "message": message, "errorCode": code }]))
    }

    /// The session has ended: a new one is needed.
    #[must_use]
    pub fn session_expired() -> Self {
        Self::api_error(401, "INVALID_SESSION_ID", "Session expired or invalid")
    }

    /// The session lives, but may not use the API: a new one would not help.
    #[must_use]
    pub fn session_not_for_rest() -> Self {
        Self::api_error(401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API")
    }

    /// `Bad_OAuth_Token` as HTML, which some resources say for a session that has ended: 403 at the identity URL.
    #[must_use]
    pub fn bad_oauth_token(status: u16) -> Self {
        Self::html(status, "Bad_OAuth_Token")
    }
}
