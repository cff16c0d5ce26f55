//! What the texts of errors say to do.

use std::borrow::Cow;
use std::time::Duration;

use authsession_core::error::{Endpoint, Error, Fault};

use crate::error::api_error::ApiVerdict;
use crate::error::recovery::Recovery;
use crate::error::salesforce_error::SalesforceError;

/// When nobody said how long to wait.
pub(super) const DEFAULT_WAIT: Duration = Duration::from_secs(1);
/// The org's calls are counted over 24 hours and come back bit by bit.
pub(super) const QUOTA_WAIT: Duration = Duration::from_secs(15 * 60);

pub(super) fn how_to_set(name: &str) -> &'static str {
    match name {
        "instance_url" => "set it, give the org's My Domain as login_url, or call connect()",
        "private_key" => "set it by private_key_pem_file, private_key_pem_bytes or signer",
        _ => "set it before build()",
    }
}

/// What keeps Salesforce from answering.
pub(super) fn out_of_reach(error: &Error) -> &'static str {
    match error {
        Error::Unavailable { endpoint: Endpoint::Api, fault: Fault::Unreachable, .. } => {
            "the instance cannot be reached: check instance_url and the network, then try again"
        }
        Error::Unavailable { endpoint: Endpoint::Api, fault: Fault::TimedOut, .. } => {
            "the instance did not answer in time: it may have done what it was asked; see, then try again"
        }
        Error::Unavailable { endpoint: Endpoint::Api, .. } => {
            "the connection to the instance broke: it may have done what it was asked; see, then try again"
        }
        Error::Unavailable { fault: Fault::BadAnswer, .. } => {
            "what answers is not Salesforce's OAuth endpoint: check login_url, and the proxy in between"
        }
        _ => "Salesforce cannot be reached: check the network, then try again",
    }
}

pub(super) const fn advice(status: &u16) -> &'static str {
    if come_back(*status) { "try again later" } else { "check the login and instance URL" }
}

pub(super) const fn come_back(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..)
}

/// What to do about an API's refusal, where it is not the call itself that is wrong.
pub(super) fn to_do(
    status: u16,
    retry_after: Option<Duration>,
    verdict: Option<ApiVerdict>,
) -> Option<Recovery> {
    Some(match verdict {
        // A new token was tried already.
        Some(ApiVerdict::Refresh | ApiVerdict::Rehandshake) => Recovery::Reauthorize,
        Some(ApiVerdict::DoNotRefresh { hint } | ApiVerdict::FixConfig { hint }) => {
            Recovery::FixConfig { hint: hint.into() }
        }
        Some(ApiVerdict::Stop) => Recovery::RetryAfter(retry_after.unwrap_or(QUOTA_WAIT)),
        Some(ApiVerdict::Wait) => Recovery::RetryAfter(retry_after.unwrap_or(DEFAULT_WAIT)),
        Some(ApiVerdict::Gone) => {
            Recovery::FixConfig { hint: "the org is deleted or closed: use another".into() }
        }
        Some(ApiVerdict::LostCursor) => Recovery::RunAgain,
        Some(ApiVerdict::WrongInstance) => Recovery::Reauthorize,
        None if come_back(status) => Recovery::RetryAfter(retry_after.unwrap_or(DEFAULT_WAIT)),
        None => return None,
    })
}

/// Status, the names of the errors, and what to do.
pub(super) fn told(
    status: &u16,
    errors: &[SalesforceError],
    verdict: &Option<ApiVerdict>,
    repeated: &bool,
) -> String {
    let mut codes: Vec<&str> = errors.iter().filter_map(SalesforceError::name).take(3).collect();
    codes.dedup();
    let codes = if codes.is_empty() { String::new() } else { format!(", {}", codes.join(", ")) };
    let advice = match to_do(*status, None, *verdict) {
        Some(Recovery::RetryAfter(_)) => Cow::Borrowed("try again later"),
        Some(Recovery::Reauthorize) => "sign in again: no token was accepted".into(),
        Some(Recovery::FixConfig { hint }) => hint,
        Some(Recovery::RunAgain) => {
            "the rest of the query is not there any more: run it again, from the last record that came".into()
        }
        _ if matches!(*status, 414 | 431) => {
            "it is too long: ask for fewer ids at a time, or use Bulk".into()
        }
        _ => "correct the call: its `errors` say what is wrong".into(),
    };
    let doubt = if *repeated || *status >= 500 { "; what it changes may have been changed: see" } else { "" };
    format!("Salesforce refused the call (status {status}{codes}): {advice}{doubt}")
}
