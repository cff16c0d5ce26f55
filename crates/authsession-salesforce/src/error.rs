//! What can go wrong, told apart by what to do next.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use authsession_core::error::{Cause, Endpoint, Error, Fault};

use crate::auth::cli_login::CliLoginFault;
use crate::auth::recovery::Recovery;
use crate::auth::refusal::SalesforceRefusal;

/// The result of everything in this crate.
pub type CirrusResult<T> = Result<T, CirrusError>;

/// When nobody said how long to wait.
const DEFAULT_WAIT: Duration = Duration::from_secs(1);

/// An error of this crate. [`recovery`](Self::recovery) says what to do about it, and so does its text.
///
/// Nothing we sent is in its text, and nothing Salesforce wrote.
///
/// ```
/// use authsession_salesforce::CirrusError;
/// use authsession_salesforce::auth::Recovery;
///
/// # fn example(error: CirrusError) {
/// match error.recovery() {
///     Recovery::Reauthorize => println!("sign in again"),
///     Recovery::FixConfig { hint } => println!("change a setting: {hint}"),
///     recovery if recovery.is_transient() => println!("again in {:?}", recovery.wait()),
///     _ => println!("{error}"),
/// }
/// # }
/// # example(CirrusError::StateMismatch);
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CirrusError {
    /// A builder was not told something it needs.
    #[error("{} is missing: {}", .0, how_to_set(.0))]
    MissingField(&'static str),

    /// A setting or an argument cannot be used.
    #[error("{name} {reason}")]
    InvalidArgument {
        /// Which one.
        name: &'static str,
        /// What is wrong with it and how it should be.
        reason: Cow<'static, str>,
    },

    /// A setting of ours or of the org is wrong, or our client is not let in.
    #[error("fix the configuration: {hint}")]
    Misconfigured {
        /// What to change.
        hint: Cow<'static, str>,
        /// The cause, when another library reported it.
        #[source]
        cause: Option<Cause>,
    },

    /// Salesforce's authorization or token endpoint said no (RFC 6749 §4.1.2.1 and §5.2).
    #[error("Salesforce refused the login ({error}): {}", .refusal.hint())]
    OAuth {
        /// The code, if it is a known one; else `unknown_error`.
        error: Cow<'static, str>,
        /// Which refusal it is.
        refusal: SalesforceRefusal,
        /// How long to wait before the next attempt, if somebody said so.
        retry_after: Option<Duration>,
    },

    /// The callback's state is not the one the login began with (RFC 6749 §10.12).
    #[error("the callback does not belong to this login (state differs): begin the login anew")]
    StateMismatch,

    /// The login was begun by a flow with other settings than the one asked to complete it.
    #[error("this login was begun with other settings (consumer key, login or redirect URL): begin it anew")]
    FlowMismatch,

    /// The token is for another instance than the configured one.
    #[error(
        "the token is for another instance than the configured one: set instance_url to the org's My Domain URL, or allow \
         more with InstanceUrlPolicy"
    )]
    InstanceUrlMismatch {
        /// The configured one.
        configured: String,
        /// The one in Salesforce's answer: its origin only.
        returned: String,
    },

    /// An answer that cannot be trusted: it is not used. The text says which check failed.
    #[error("not trusted: {0}")]
    Untrusted(Cow<'static, str>),

    /// A status that says to come back (408, 425, 429, 5xx), or one nobody expects.
    #[error("Salesforce answered with status {status}: {}", advice(.status))]
    UnexpectedResponse {
        /// The HTTP status.
        status: u16,
        /// How long Salesforce asked us to wait (`Retry-After`), or what is left of our own pause.
        retry_after: Option<Duration>,
    },

    /// More than we read.
    #[error("the answer (status {status}) is larger than {limit} bytes: ask for less, or raise the limit")]
    ResponseTooLarge {
        /// The HTTP status.
        status: u16,
        /// The limit, in bytes.
        limit: usize,
    },

    /// A login URL whose secrets anyone on the way could read.
    #[error("the login URL is plain http and not on a loopback host: use https")]
    InsecureLoginUrl {
        /// Its origin.
        url: String,
    },

    /// The assertion could not be signed.
    #[error("the assertion could not be signed: check the private key")]
    Signing(#[source] Cause),

    /// The token store failed: try later. A rotated login that could not be saved is kept, and saved before anything else
    /// is done.
    #[error("the token store cannot {doing}: see that it can be reached and written to, then try again")]
    TokenStore {
        /// What it was asked to do.
        doing: &'static str,
        /// Why it could not.
        #[source]
        cause: Option<Cause>,
    },

    /// A login of the Salesforce CLI could not be taken over.
    #[error("the Salesforce CLI's login cannot be used: {fault}")]
    CliLogin {
        /// What is wrong and what to do.
        fault: CliLoginFault,
        /// The cause, when another library reported it.
        #[source]
        cause: Option<Cause>,
    },

    /// Salesforce cannot be reached, or what answers does not speak the protocol.
    #[error("{}", out_of_reach(.0))]
    Http(#[source] Error),

    /// Not a URL.
    #[error("not a URL: write it with its scheme, as in https://example.my.salesforce.com")]
    Url(#[source] url::ParseError),

    /// Another error of the protocol.
    #[error(transparent)]
    Protocol(Error),

    /// An error of a session that is none of this crate's, in its own words.
    #[error("authentication failed: {0}")]
    Other(String),
}

impl CirrusError {
    /// A [`CirrusError::InvalidArgument`].
    #[must_use]
    pub fn invalid_argument(name: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::InvalidArgument { name, reason: reason.into() }
    }

    /// A [`CirrusError::Misconfigured`] without a cause.
    #[must_use]
    pub fn misconfigured(hint: impl Into<Cow<'static, str>>) -> Self {
        Self::Misconfigured { hint: hint.into(), cause: None }
    }

    /// A [`CirrusError::CliLogin`] without a cause.
    #[must_use]
    pub const fn cli_login(fault: CliLoginFault) -> Self {
        Self::CliLogin { fault, cause: None }
    }

    /// The refusal beneath, if the login was refused.
    #[must_use]
    pub const fn refusal(&self) -> Option<SalesforceRefusal> {
        match self {
            Self::OAuth { refusal, .. } => Some(*refusal),
            _ => None,
        }
    }

    /// Whether the same call may succeed later, unchanged.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.recovery().is_transient()
    }

    /// What to do about it.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        let config = || Recovery::FixConfig { hint: self.to_string().into() };
        match self {
            Self::OAuth { refusal, retry_after, .. } => refusal.recovery(*retry_after),
            Self::Misconfigured { hint, .. } => Recovery::FixConfig { hint: hint.clone() },
            Self::StateMismatch | Self::FlowMismatch => Recovery::Reauthorize,
            Self::Untrusted(_) => Recovery::DoNotTrust,
            Self::UnexpectedResponse { status, retry_after } if come_back(*status) => {
                Recovery::RetryAfter(retry_after.unwrap_or(DEFAULT_WAIT))
            }
            Self::Http(error) | Self::Protocol(error) if error.is_transient() => {
                Recovery::RetryAfter(error.retry_after().unwrap_or(DEFAULT_WAIT))
            }
            Self::TokenStore { .. } => Recovery::RetryAfter(DEFAULT_WAIT),
            _ => config(),
        }
    }
}

fn how_to_set(name: &str) -> &'static str {
    match name {
        "instance_url" => "set it, give the org's My Domain as login_url, or call connect()",
        "private_key" => "set it by private_key_pem_file, private_key_pem_bytes or signer",
        _ => "set it before build()",
    }
}

/// What keeps Salesforce from answering.
fn out_of_reach(error: &Error) -> &'static str {
    match error {
        Error::Unavailable { fault: Fault::BadAnswer, .. } => {
            "what answers is not Salesforce's OAuth endpoint: check login_url, and the proxy in between"
        }
        _ => "Salesforce cannot be reached: check the network, then try again",
    }
}

const fn advice(status: &u16) -> &'static str {
    if come_back(*status) { "try again later" } else { "check the login and instance URL" }
}

const fn come_back(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..)
}

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
        Self::Http(Error::Unavailable { endpoint: Endpoint::Token, fault, retry_after: None, cause })
    }
}

/// For sessions of one's own that read answers. Where it went wrong is left out: the words there are the other side's.
impl From<serde_json::Error> for CirrusError {
    fn from(_: serde_json::Error) -> Self {
        Self::Untrusted("an answer is not the JSON it should be".into())
    }
}
