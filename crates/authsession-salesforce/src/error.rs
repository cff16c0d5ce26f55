//! What can go wrong, told apart by what to do next.

mod advice;
pub mod api_error;
pub mod bulk_fault;
pub mod cli_login_fault;
mod conversion;
pub mod csv_fault;
pub(crate) mod error_body;
pub mod json_fault;
mod outcome;
pub mod recovery;
pub mod refusal;
pub mod salesforce_error;

use std::borrow::Cow;
use std::time::Duration;

use authsession_core::error::{Cause, Error};
use serde_json::Value;

use crate::error::advice::{
    DEFAULT_WAIT, QUOTA_WAIT, advice, come_back, how_to_set, out_of_reach, to_do, told,
};
use crate::error::api_error::ApiVerdict;
use crate::error::bulk_fault::{BulkFault, shown};
use crate::error::cli_login_fault::CliLoginFault;
use crate::error::csv_fault::CsvFault;
use crate::error::json_fault::JsonFault;
use crate::error::recovery::Recovery;
use crate::error::refusal::SalesforceRefusal;
use crate::error::salesforce_error::SalesforceError;

/// The result of everything in this crate.
pub type CirrusResult<T> = Result<T, CirrusError>;

/// An error of this crate. [`recovery`](Self::recovery) says what to do about it, and so does its text.
///
/// Nothing we sent is in its text, and of what Salesforce wrote only the names of its errors, such as `INVALID_FIELD`. Their
/// sentences are in the field `errors`.
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

    /// An API of Salesforce's said no.
    #[error("{}", told(.status, .errors, .verdict, .repeated))]
    #[non_exhaustive]
    Api {
        /// The HTTP status.
        status: u16,
        /// What is wrong, in Salesforce's words. They may quote what was sent, and are in no text of this error.
        errors: Vec<SalesforceError>,
        /// The answer's first 2 KiB, where no error could be read in it. The token is taken out.
        raw: Option<String>,
        /// How long Salesforce asked us to wait (`Retry-After`).
        retry_after: Option<Duration>,
        /// What it means for the session and the org, where it is about them.
        verdict: Option<ApiVerdict>,
        /// Whether the call was made before and its answer lost: this may be the answer to what was done already.
        repeated: bool,
    },

    /// Several records have this external id (status 300): call one of them by its own id.
    #[error("{} records have this external id: call one of them by its own id", .records.len())]
    #[non_exhaustive]
    MultipleMatches {
        /// What Salesforce tells of each: its path.
        records: Vec<Value>,
    },

    /// What should be JSON is none, or is other JSON than the type that was asked for.
    #[error("not the JSON it should be: {0}")]
    Serialization(JsonFault),

    /// CSV that cannot be read or written.
    #[error("not the CSV it should be: {0}")]
    Csv(CsvFault),

    /// A bulk job has no result.
    #[error(transparent)]
    Bulk(BulkFault),

    /// A header that cannot be sent.
    #[error("{0}")]
    InvalidHeader(String),

    /// An argument that cannot be used; nothing was sent.
    #[error("{field} {message}")]
    InvalidInput {
        /// Which one.
        field: &'static str,
        /// What is wrong with it and how it should be.
        message: String,
    },

    /// More than Salesforce takes in one call; nothing was sent.
    #[error("{count} {of} are too many for one call, which takes {most}: split them")]
    #[non_exhaustive]
    TooMany {
        /// Of what, in the plural: `subrequests`, `records`, `nodes`.
        of: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },

    /// An answer that is not what the API says it answers.
    #[error("{0}")]
    InvalidResponse(String),

    /// The calls that are left of the org's day are kept for others; nothing was sent.
    #[error(
        "{remaining} calls are left of the org's 24 hours, and {reserve} are kept for others: try again later"
    )]
    QuotaReserved {
        /// How many are left.
        remaining: u32,
        /// How many the governor was told to keep.
        reserve: u32,
    },

    /// The call took longer than it was given. It may have been done.
    #[error("no answer within {limit:?}: see whether it was done, or give it longer")]
    TimedOut {
        /// What it was given.
        limit: Duration,
    },

    /// A job or deployment was not over at the deadline. It goes on.
    #[error("the job or deployment{} still runs: wait for it again, its id is enough", shown(.id))]
    StillRunning {
        /// Which one.
        id: String,
    },

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

    /// A [`CirrusError::InvalidInput`].
    pub(crate) fn invalid_input(field: &'static str, message: impl Into<String>) -> Self {
        Self::InvalidInput { field, message: message.into() }
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
            Self::Api { status, retry_after, verdict, .. } => {
                to_do(*status, *retry_after, *verdict).unwrap_or_else(config)
            }
            Self::TokenStore { .. } | Self::TimedOut { .. } | Self::StillRunning { .. } => {
                Recovery::RetryAfter(DEFAULT_WAIT)
            }
            Self::QuotaReserved { .. } => Recovery::RetryAfter(QUOTA_WAIT),
            Self::Bulk(BulkFault::Interrupted { .. } | BulkFault::Unfinished { .. }) => Recovery::Resume,
            _ => config(),
        }
    }
}
