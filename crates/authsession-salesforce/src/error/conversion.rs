//! How the errors of what is beneath become ours, and how ours get through it.

use std::sync::Arc;

use authsession_core::error::{Cause, Endpoint, Error, Fault};

use crate::error::CirrusError;
use crate::error::json_fault::JsonFault;
use crate::error::refusal::SalesforceRefusal;

/// What core says, in this crate's words. A refusal the token endpoint gave is found again.
impl From<Error> for CirrusError {
    fn from(error: Error) -> Self {
        if let Some(ours) = beneath::<Self>(&error) {
            return ours;
        }
        let refused = beneath::<SalesforceRefusal>(&error).or(match &error {
            Error::GrantRefused { code, .. } | Error::AuthorizationRefused(code) => {
                Some(SalesforceRefusal::from_code(*code))
            }
            Error::Unavailable { fault: Fault::AlreadyInProcess, .. } => {
                Some(SalesforceRefusal::AlreadyBeingProcessed)
            }
            _ => None,
        });
        if let Some(refusal) = refused {
            let retry_after = error.retry_after();
            return Self::OAuth { error: refusal.code().into(), refusal, retry_after };
        }
        match error {
            Error::Unavailable { fault: Fault::Status(status), retry_after, .. } => {
                Self::UnexpectedResponse { status, retry_after }
            }
            Error::Unavailable { .. } => Self::Http(error),
            Error::Untrusted(check) | Error::Mismatch(check) => Self::Untrusted(check),
            Error::Misconfigured { hint, cause } => Self::Misconfigured { hint, cause },
            Error::TokenStore { doing, cause } => Self::TokenStore { doing, cause },
            other => Self::Protocol(other),
        }
    }
}

/// What one of ours put beneath core's error.
fn beneath<T: Clone + std::error::Error + 'static>(error: &Error) -> Option<T> {
    match error {
        Error::Unavailable { cause, .. }
        | Error::Misconfigured { cause, .. }
        | Error::GrantRefused { cause, .. } => cause.as_ref()?.downcast_ref().cloned(),
        _ => None,
    }
}

/// The way through core, from where `From` brings it back.
impl From<CirrusError> for Error {
    fn from(error: CirrusError) -> Self {
        match error {
            CirrusError::Untrusted(check) => Self::Untrusted(check),
            CirrusError::Http(error) | CirrusError::Protocol(error) => error,
            error => Self::Misconfigured { hint: error.to_string().into(), cause: Some(Arc::new(error)) },
        }
    }
}

impl From<url::ParseError> for CirrusError {
    fn from(error: url::ParseError) -> Self {
        Self::Url(error)
    }
}

/// For sessions of one's own that send requests. The URL is left out: there may be secrets in it.
impl From<reqwest::Error> for CirrusError {
    fn from(error: reqwest::Error) -> Self {
        if let Some(status) = error.status() {
            return Self::UnexpectedResponse { status: status.as_u16(), retry_after: None };
        }
        Self::of_request(Endpoint::Token, error)
    }
}

impl CirrusError {
    /// A request for an API that did not come back with an answer.
    pub(crate) fn of_call(error: reqwest::Error) -> Self {
        Self::of_request(Endpoint::Api, error)
    }

    /// A body that ended before all of it was there.
    pub(crate) const fn cut_off() -> Self {
        let (endpoint, fault) = (Endpoint::Api, Fault::NoAnswer);
        Self::Http(Error::Unavailable { endpoint, fault, retry_after: None, cause: None })
    }

    fn of_request(endpoint: Endpoint, error: reqwest::Error) -> Self {
        let is_ours = error.is_builder();
        let fault = match () {
            () if error.is_timeout() => Fault::TimedOut,
            () if error.is_connect() => Fault::Unreachable,
            () if error.is_decode() => Fault::BadAnswer,
            () => Fault::NoAnswer,
        };
        let cause: Option<Cause> = Some(Arc::new(error.without_url()));
        if is_ours {
            let hint = "a request cannot be made: check the URL and the settings of the HTTP client".into();
            return Self::Misconfigured { hint, cause };
        }
        Self::Http(Error::Unavailable { endpoint, fault, retry_after: None, cause })
    }
}

/// Where it went wrong is told, not what was there: the words are the other side's.
impl From<serde_json::Error> for CirrusError {
    fn from(error: serde_json::Error) -> Self {
        Self::Serialization(JsonFault::of(&error))
    }
}
