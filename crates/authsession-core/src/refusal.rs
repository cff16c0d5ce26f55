//! What a provider means by an error of its token endpoint (RFC 6749 §5.2, RFC 8628 §3.5).

use std::fmt;

use serde_json::{Map, Value};

use crate::error::{Endpoint, Error, Fault, OAuthError};
use crate::http::Answer;

/// An error answer of the token endpoint, as the provider wrote it: not for logs, not for users.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Refusal<'a> {
    /// The status it came with; some providers refuse with 200.
    pub status: u16,
    /// `error`; never empty.
    pub code: &'a str,
    /// `error_description`.
    pub description: Option<&'a str>,
}

impl<'a> Refusal<'a> {
    /// A refusal of that code, for the tests of a [`Refusals`].
    #[must_use]
    pub const fn new(status: u16, code: &'a str, description: Option<&'a str>) -> Self {
        Self { status, code, description }
    }
}

impl fmt::Debug for Refusal<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Refusal").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Knows what a vendor means by its codes and descriptions.
///
/// ```
/// use authsession_core::error::{Endpoint, Error, Fault};
/// use authsession_core::refusal::{Refusal, Refusals};
///
/// /// Says `busy` where the standard says `temporarily_unavailable`.
/// #[derive(Debug)]
/// struct Acme;
///
/// impl Refusals for Acme {
///     fn understand(&self, refusal: &Refusal<'_>) -> Option<Error> {
///         (refusal.code == "busy").then(|| Error::unavailable(Endpoint::Token, Fault::Reported))
///     }
/// }
///
/// assert!(Acme.understand(&Refusal::new(400, "busy", None)).is_some_and(|error| error.is_transient()));
/// ```
pub trait Refusals: Send + Sync + fmt::Debug {
    /// What this refusal comes to; `None` leaves it to the standard's reading. The error must repeat nothing of it.
    fn understand(&self, refusal: &Refusal<'_>) -> Option<Error>;
}

/// Whether the endpoint did its work: no refusal, nor anything that keeps it from answering. The vendor's reading goes first.
pub(crate) fn check(
    answer: &Answer,
    body: Option<&Map<String, Value>>,
    vendor: Option<&dyn Refusals>,
) -> Result<(), Error> {
    let text = |name| body?.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    // Some providers refuse with 200.
    let Some(code) = text("error") else { return answer.served() };
    let refusal = Refusal::new(answer.status.as_u16(), code, text("error_description"));
    if let Some(error) = vendor.and_then(|vendor| vendor.understand(&refusal)) {
        return Err(error);
    }
    // Some providers ask for patience with 429.
    if code != OAuthError::SlowDown.code() {
        answer.served()?;
    }
    Err(by_the_standard(answer.endpoint, code))
}

/// The standard's reading.
pub(crate) fn by_the_standard(endpoint: Endpoint, code: &str) -> Error {
    // What some providers say for `invalid_grant` at a refresh.
    let code = match code {
        "bad_refresh_token" | "invalid_refresh_token" | "expired_refresh_token" => "invalid_grant",
        code => code,
    };
    match OAuthError::from_code(code) {
        OAuthError::InvalidClient => Error::misconfigured(
            "the provider refused this client (invalid_client): check the client id, its secret or key and how it authenticates",
        ),
        OAuthError::UnauthorizedClient => Error::misconfigured(
            "the provider does not let this client use this grant (unauthorized_client): allow it in the client's registration",
        ),
        OAuthError::UnsupportedGrantType => Error::misconfigured(
            "the provider does not know this grant (unsupported_grant_type): use another one, or enable it in the client's registration",
        ),
        OAuthError::InvalidScope => {
            Error::misconfigured("the provider refused the scope (invalid_scope): ask for less")
        }
        OAuthError::InvalidTarget => Error::misconfigured(
            "the provider issues no token for that resource or audience (invalid_target): check what is asked for",
        ),
        OAuthError::InvalidRequest => Error::misconfigured(
            "the provider calls the token request malformed (invalid_request): check the endpoint and the redirect URI",
        ),
        OAuthError::ServerError | OAuthError::TemporarilyUnavailable => {
            Error::unavailable(endpoint, Fault::Reported)
        }
        refused => Error::grant_refused(refused),
    }
}
