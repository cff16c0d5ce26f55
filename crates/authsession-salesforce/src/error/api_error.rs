//! What an API's answer means for the session that called it: REST, Bulk, SOAP, identity, CometD and gRPC (Salesforce REST
//! API Developer Guide, "Status Codes and Error Responses"). One table.

use serde_json::Value;

use crate::error::error_body::{self, Told};

/// No error of Salesforce's is longer; what is beyond is not looked at.
const LOOKED_AT: usize = 64 * 1024;

/// What to do about the session after an answer that is about it. Anything else, such as a missing field, is the caller's
/// business and has no verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ApiVerdict {
    /// The token is not accepted any more: invalidate it, get another and send the request once more. If there is no other,
    /// or it is refused as well, the refusal is the caller's.
    Refresh,
    /// As [`ApiVerdict::Refresh`], and the streaming client begins with a new handshake.
    Rehandshake,
    /// The token is refused, and every other one would be: do not refresh.
    DoNotRefresh {
        /// What to change.
        hint: &'static str,
    },
    /// The org's calls of the last 24 hours are used up: make none until some have come back.
    Stop,
    /// Too much at once, a record somebody else holds, or Salesforce is down: the same request later.
    Wait,
    /// A setting of the org or of ours is wrong.
    FixConfig {
        /// What to change.
        hint: &'static str,
    },
    /// The org is deleted or closed.
    Gone,
    /// The rest of a query is not there any more: run the query again, from the last record that came.
    LostCursor,
    /// The org is not at this instance: log in again, and call the instance URL the answer names.
    WrongInstance,
}

struct Row {
    /// Status; 0: any.
    status: u16,
    /// Error code, lower case; empty: any.
    code: &'static str,
    /// Part of the message, lower case; empty: any.
    fragment: &'static str,
    verdict: ApiVerdict,
}

const fn row(status: u16, code: &'static str, fragment: &'static str, verdict: ApiVerdict) -> Row {
    Row { status, code, fragment, verdict }
}

const fn config(hint: &'static str) -> ApiVerdict {
    ApiVerdict::FixConfig { hint }
}

const NO_API: ApiVerdict = ApiVerdict::DoNotRefresh {
    hint: "this kind of token may not call the API: add the scope api to the connected app, and check the user's permission API Enabled, API Access Control and session security level",
};
const NO_AGENT: ApiVerdict =
    ApiVerdict::DoNotRefresh { hint: "attach the connected app to the agent (Agent, Connections)" };

/// Looked through from the top; the first that fits is the verdict.
const TABLE: &[Row] = &[
    row(401, "", "not valid for use with the", NO_API),
    row(401, "", "blacktab users cannot", NO_API),
    row(401, "", "connected app is not attached to agent", NO_AGENT),
    row(0, "", "destination url not reset", ApiVerdict::WrongInstance),
    row(0, "invalid_session_id", "", ApiVerdict::Refresh),
    row(0, "invalid_query_locator", "", ApiVerdict::LostCursor),
    row(0, "invalidsessionid", "", ApiVerdict::Refresh),
    row(403, "", "bad_oauth_token", ApiVerdict::Refresh),
    row(403, "", "wrong_org", ApiVerdict::WrongInstance),
    row(
        403,
        "",
        "missing_oauth_token",
        config("the request had no access token: send the header Authorization"),
    ),
    row(0, "request_limit_exceeded", "concurrent", ApiVerdict::Wait),
    row(0, "request_limit_exceeded", "", ApiVerdict::Stop),
    row(0, "exceededquota", "", ApiVerdict::Stop),
    row(0, "login_rate_exceeded", "", ApiVerdict::Wait),
    row(0, "unable_to_lock_row", "", ApiVerdict::Wait),
    row(0, "server_unavailable", "", ApiVerdict::Wait),
    row(0, "serverunavailable", "", ApiVerdict::Wait),
    row(
        0,
        "invalid_operation",
        "login() is disabled",
        config("the org has switched off logins by SOAP: use an OAuth flow"),
    ),
    row(
        0,
        "invalid_login",
        "",
        config(
            "check the user name (a sandbox's has a suffix), the password with its security token, and the login URL",
        ),
    ),
    row(
        0,
        "login_must_use_security_token",
        "",
        config("append the user's security token to the password, or allow this network in the org"),
    ),
    row(
        0,
        "password_lockout",
        "",
        config("the user is locked out after too many wrong passwords: unlock the user in Setup"),
    ),
    row(
        0,
        "api_disabled_for_org",
        "",
        config("the org's edition has no API, or the user's profile lacks API Enabled"),
    ),
    row(
        0,
        "api_currently_disabled",
        "",
        config("the API is switched off for the org: ask Salesforce support"),
    ),
    row(0, "inactive_org", "", ApiVerdict::Gone),
    row(0, "org_locked", "", ApiVerdict::Gone),
    row(401, "invalid_auth_header", "", config("the header Authorization is not `Bearer` and a token")),
    row(401, "", "", ApiVerdict::Refresh),
    row(420, "", "", ApiVerdict::Gone),
    row(301, "", "", ApiVerdict::WrongInstance),
    row(308, "", "", ApiVerdict::WrongInstance),
    row(429, "", "", ApiVerdict::Wait),
    row(503, "", "", ApiVerdict::Wait),
];

/// What an answer means for the session; `None` when it is not about it.
///
/// The body may be cut off, of any size and not UTF-8: its first 64 KiB are looked at. Of answers with a 2xx status only
/// CometD's refusals are understood.
///
/// ```
/// use authsession_salesforce::error::api_error::{ApiVerdict, classify};
///
/// let body = br#"[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]"#;
/// assert_eq!(classify(401, Some("application/json"), body), Some(ApiVerdict::Refresh));
/// let body = br#"[{"message":"No such column","errorCode":"INVALID_FIELD"}]"#;
/// assert_eq!(classify(400, Some("application/json"), body), None);
/// ```
#[must_use]
pub fn classify(status: u16, content_type: Option<&str>, body: &[u8]) -> Option<ApiVerdict> {
    let text = looked_at(body);
    if (200..300).contains(&status) {
        return (text.contains("401::") && refuses_the_channel(&text)).then_some(ApiVerdict::Rehandshake);
    }
    let reports = reports(content_type, &text);
    if reports.iter().any(|report| report.message.starts_with("401::")) {
        return Some(ApiVerdict::Rehandshake);
    }
    let nothing_said = [Report::default()];
    let reports = if reports.is_empty() { &nothing_said[..] } else { &reports };
    TABLE
        .iter()
        .find(|row| (row.status == 0 || row.status == status) && reports.iter().any(|said| said.fits(row)))
        .map(|row| row.verdict)
}

/// Whether the answer says, by the name Salesforce has for it, that the session is over: so nothing was done. Any other 401 may be
/// the word of code that ran, such as an Apex class.
pub(crate) fn says_that_the_session_is_over(status: u16, content_type: Option<&str>, body: &[u8]) -> bool {
    let text = looked_at(body);
    let is_soap = text.starts_with('<');
    reports(content_type, &text).iter().any(|said| match (status, said.code.as_str()) {
        (401, "invalid_session_id") | (400, "invalidsessionid") => true,
        (500, "invalid_session_id") => is_soap,
        (403, "") => said.message == "bad_oauth_token",
        _ => false,
    })
}

/// The beginning of a body, as text.
fn looked_at(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body.get(..LOOKED_AT).unwrap_or(body));
    text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).to_owned()
}

fn reports(content_type: Option<&str>, text: &str) -> Vec<Report> {
    match error_body::told(text) {
        Some(told) => told.iter().map(Report::of).collect(),
        None if content_type.is_none_or(|media_type| media_type.trim_start().starts_with("text/")) => {
            vec![Report { code: String::new(), message: text.trim().to_lowercase() }]
        }
        None => Vec::new(),
    }
}

/// What a gRPC status of the Pub/Sub API means for the session: its code, and the value of the trailer `error-code`.
///
/// ```
/// use authsession_salesforce::error::api_error::{ApiVerdict, classify_grpc};
///
/// let error_code = Some("sfdc.platform.eventbus.grpc.service.auth.error");
/// assert_eq!(classify_grpc(16, error_code), Some(ApiVerdict::Refresh));
/// ```
#[must_use]
pub fn classify_grpc(code: i32, error_code: Option<&str>) -> Option<ApiVerdict> {
    const UNAUTHENTICATED: i32 = 16;
    const RESOURCE_EXHAUSTED: i32 = 8;
    const UNAVAILABLE: i32 = 14;
    match code {
        UNAUTHENTICATED => Some(ApiVerdict::Refresh),
        _ if error_code.is_some_and(|error| error.contains(".service.auth.error")) => {
            Some(ApiVerdict::Refresh)
        }
        RESOURCE_EXHAUSTED | UNAVAILABLE => Some(ApiVerdict::Wait),
        _ => None,
    }
}

/// One error an answer reports; both in lower case.
#[derive(Default)]
struct Report {
    code: String,
    message: String,
}

impl Report {
    fn of(told: &Told) -> Self {
        let lower = |text: Option<&String>| text.map(|text| text.trim().to_lowercase()).unwrap_or_default();
        Self {
            code: lower(told.code.as_ref()),
            message: lower(told.message.as_ref().or(told.error.as_ref())),
        }
    }

    fn fits(&self, row: &Row) -> bool {
        (row.code.is_empty() || self.code == row.code) && self.message.contains(row.fragment)
    }
}

/// A CometD answer in which a `/meta/` channel was refused for the token.
fn refuses_the_channel(text: &str) -> bool {
    error_body::told(text).unwrap_or_default().iter().any(|told| {
        let channel = told.more.get("channel").and_then(Value::as_str).unwrap_or_default();
        channel.starts_with("/meta/") && told.error.as_ref().is_some_and(|error| error.starts_with("401::"))
    })
}
