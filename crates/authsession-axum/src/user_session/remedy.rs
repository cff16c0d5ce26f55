//! An error of a session, for those who call an API with it: the same remedy in their words.

use std::sync::Arc;
use std::time::Duration;

use authsession_core::error::{Cause, Endpoint, Error as ProtocolError, Fault};
use authsession_salesforce::auth::SalesforceRefusal;
use authsession_salesforce::error::CirrusError;

use crate::errors::{Error, Unavailable};

pub(super) fn remedy(error: Error) -> CirrusError {
    match error {
        // The code is the reason: `logout`, `idle`, …
        Error::NotSignedIn(why) => CirrusError::OAuth {
            error: why.code().into(),
            refusal: SalesforceRefusal::TokenExpired,
            retry_after: None,
        },
        Error::Unavailable { retry_after, cause: Unavailable::Provider(cause) } => later(cause, retry_after),
        Error::Unavailable { cause: Unavailable::Store(cause), .. } => {
            CirrusError::TokenStore { doing: "look up the user's session", cause: Some(Arc::new(cause)) }
        }
        Error::Misconfigured { hint, cause } => {
            CirrusError::Misconfigured { hint, cause: cause.map(|cause| Arc::new(cause) as Cause) }
        }
        Error::SignInFailed(cause) => cause.into(),
    }
}

/// The session is kept and tried again later, whatever kept its refresh from happening.
fn later(cause: ProtocolError, wait: Duration) -> CirrusError {
    let retry_after = Some(wait);
    match cause {
        ProtocolError::Unavailable { endpoint, fault, cause, .. } => {
            ProtocolError::Unavailable { endpoint, fault, retry_after, cause }
        }
        // Nothing helps until somebody changes it.
        ProtocolError::Misconfigured { .. } => cause,
        other => ProtocolError::Unavailable {
            endpoint: Endpoint::Token,
            fault: Fault::Reported,
            retry_after,
            cause: Some(Arc::new(other)),
        },
    }
    .into()
}
