//! What can go wrong, told apart by what to do next (RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1, OpenID Connect Core
//! §3.1.2.6).

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The cause beneath an error, for `source()`.
pub type Cause = Arc<dyn StdError + Send + Sync>;

/// An error of the protocol. Each variant is a remedy.
///
/// Nothing we sent and no body the provider sent is in its text.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The provider refused the grant (RFC 6749 §5.2): the user signs in again. Of a grant that worked before,
    /// [`OAuthError::ends_the_grant`] says whether it is dead.
    #[error("the provider refused the grant ({code}): sign in again")]
    GrantRefused {
        /// What it said.
        code: OAuthError,
        /// What it means, where somebody knows more than the code tells.
        #[source]
        cause: Option<Cause>,
    },

    /// The authorization endpoint answered with an error (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6).
    #[error("the provider answered the sign-in with {0}: the user may try again")]
    AuthorizationRefused(OAuthError),

    /// The provider cannot be reached, is overloaded or broken: try later.
    #[error("the provider's {endpoint} is not available ({fault}): try again later")]
    Unavailable {
        /// Which of the provider's endpoints.
        endpoint: Endpoint,
        /// What happened.
        fault: Fault,
        /// How long to wait: what the provider asked for (`Retry-After`), or what is left of our own pause.
        retry_after: Option<Duration>,
        /// The cause, when another library reported it.
        #[source]
        cause: Option<Cause>,
    },

    /// What came back is the provider's word, and about somebody else: whatever it belongs to has to end. The text says
    /// what differs.
    #[error("about someone else: {0}")]
    Mismatch(Cow<'static, str>),

    /// What came back cannot be trusted: it is not used. The text says which check failed.
    #[error("not trusted: {0}")]
    Untrusted(Cow<'static, str>),

    /// The store of a token set failed: try later. What the provider handed out is kept, and saved before anything else is done.
    #[error("the token store cannot {doing}: see that it can be reached and written to, then try again")]
    TokenStore {
        /// What it was asked to do.
        doing: &'static str,
        /// Why it could not.
        #[source]
        cause: Option<Cause>,
    },

    /// The client's registration or our configuration is wrong: fix it. The text says how.
    #[error("fix the configuration: {hint}")]
    Misconfigured {
        /// What to do.
        hint: Cow<'static, str>,
        /// The cause, when another library reported it.
        #[source]
        cause: Option<Cause>,
    },
}

impl Error {
    /// An [`Error::GrantRefused`] without a cause.
    #[must_use]
    pub const fn grant_refused(code: OAuthError) -> Self {
        Self::GrantRefused { code, cause: None }
    }

    /// An [`Error::Untrusted`] naming the check that failed.
    #[must_use]
    pub fn untrusted(check: impl Into<Cow<'static, str>>) -> Self {
        Self::Untrusted(check.into())
    }

    /// An [`Error::Misconfigured`] saying what to fix.
    #[must_use]
    pub fn misconfigured(hint: impl Into<Cow<'static, str>>) -> Self {
        Self::Misconfigured { hint: hint.into(), cause: None }
    }

    /// An [`Error::Unavailable`] without a cause or a `Retry-After`.
    #[must_use]
    pub const fn unavailable(endpoint: Endpoint, fault: Fault) -> Self {
        Self::Unavailable { endpoint, fault, retry_after: None, cause: None }
    }

    /// Whether the same call may succeed later, unchanged.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::TokenStore { .. })
    }

    /// How long to wait, when somebody said so: the provider, or what is left of our own pause.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The same failure, told again while the pause after it lasts.
    pub(crate) fn put_off(&self, wait: Duration) -> Self {
        let mut error = self.clone();
        if let Self::Unavailable { retry_after, .. } = &mut error {
            *retry_after = Some(wait);
        }
        error
    }

    /// Whether a request may have reached the provider and done its work although no usable answer came back.
    ///
    /// A refresh that ended so is not sent again while anything is left to lose: a provider that rotated would take
    /// the second one for theft.
    #[must_use]
    pub const fn may_have_happened(&self) -> bool {
        match self {
            // These are only read: nothing was sent that could be lost.
            Self::Unavailable { endpoint: Endpoint::Discovery | Endpoint::Jwks, .. } => false,
            Self::Unavailable { fault, retry_after, .. } => match fault {
                Fault::NoAnswer
                | Fault::TimedOut
                | Fault::BadAnswer
                | Fault::Reported
                | Fault::AlreadyInProcess => true,
                // A gateway that gave up waiting, or a server that failed half-way; 429 turns away at the door. A 503 may be
                // either; with a Retry-After it is the door.
                Fault::Status(503) => retry_after.is_none(),
                Fault::Status(status) => !matches!(status, 425 | 429),
                Fault::Unreachable | Fault::BackingOff => false,
            },
            Self::Untrusted(_) => true,
            _ => false,
        }
    }
}

/// An endpoint of the provider, for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// The discovery document (OpenID Connect Discovery §4).
    Discovery,
    /// The provider's keys (`jwks_uri`).
    Jwks,
    /// The authorization endpoint (RFC 6749 §3.1), where the browser is sent; programs only look at it.
    Authorization,
    /// The token endpoint (RFC 6749 §3.2).
    Token,
    /// The UserInfo endpoint (OpenID Connect Core §5.3).
    Userinfo,
    /// The revocation endpoint (RFC 7009).
    Revocation,
    /// The introspection endpoint (RFC 7662).
    Introspection,
    /// The device authorization endpoint (RFC 8628 §3.1).
    DeviceAuthorization,
    /// What the access token is for (RFC 6749 §7).
    Api,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Discovery => "discovery document",
            Self::Jwks => "key set",
            Self::Authorization => "authorization endpoint",
            Self::Token => "token endpoint",
            Self::Userinfo => "userinfo endpoint",
            Self::Revocation => "revocation endpoint",
            Self::Introspection => "introspection endpoint",
            Self::DeviceAuthorization => "device authorization endpoint",
            Self::Api => "API",
        })
    }
}

/// How an endpoint failed to serve us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// No connection came about: nothing was sent.
    Unreachable,
    /// The connection broke after the request was sent.
    NoAnswer,
    /// No answer within the time allowed.
    TimedOut,
    /// A status that asks us to come back: 408, 425, 429 or 5xx.
    Status(u16),
    /// An OAuth error that says the provider itself failed: `server_error`, `temporarily_unavailable`.
    Reported,
    /// An answer, but not of the protocol: HTML, truncated, oversized, an odd status, a redirect.
    BadAnswer,
    /// It is working on another request with the same grant: look for what that one got, or ask again.
    AlreadyInProcess,
    /// The last attempts failed and the pause before the next is not over.
    BackingOff,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable => formatter.write_str("no connection"),
            Self::NoAnswer => formatter.write_str("the connection broke"),
            Self::TimedOut => formatter.write_str("no answer in time"),
            Self::Status(status) => write!(formatter, "status {status}"),
            Self::Reported => formatter.write_str("it reports a failure of its own"),
            Self::BadAnswer => formatter.write_str("its answer is not one of the protocol"),
            Self::AlreadyInProcess => formatter.write_str("it is working on another request with this grant"),
            Self::BackingOff => formatter.write_str("waiting after a failure"),
        }
    }
}

macro_rules! oauth_errors {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// An error code the protocol registers. A code we do not know is [`OAuthError::Unknown`]: it is not repeated.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum OAuthError {
            $($(#[$doc])* $name,)*
            /// A code none of the standards above registers.
            Unknown,
            /// No code at all: the status of a refusal, 400, and nothing else. Some providers refuse a dead grant so; a gateway
            /// may say the same of anything.
            Unstated,
        }

        impl OAuthError {
            /// Reads a code; an unregistered one is [`OAuthError::Unknown`].
            #[must_use]
            pub fn from_code(code: &str) -> Self {
                match code { $($code => Self::$name,)* _ => Self::Unknown }
            }

            /// The registered code; for the two that are none, a word that is none either.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                    Self::Unknown => "unknown_error",
                    Self::Unstated => "no_error_code",
                }
            }
        }
    };
}

oauth_errors! {
    /// RFC 6749: the user or the provider said no.
    AccessDenied = "access_denied",
    /// RFC 6749 §5.2: the grant is expired, revoked or not ours.
    InvalidGrant = "invalid_grant",
    /// RFC 6749 §5.2: client authentication failed.
    InvalidClient = "invalid_client",
    /// RFC 6749: the request is malformed.
    InvalidRequest = "invalid_request",
    /// RFC 6749: the scope is unknown or beyond what was granted.
    InvalidScope = "invalid_scope",
    /// RFC 6749: this client may not use this grant.
    UnauthorizedClient = "unauthorized_client",
    /// RFC 6749 §5.2: the provider does not know the grant type.
    UnsupportedGrantType = "unsupported_grant_type",
    /// RFC 6749 §4.1.2.1: the provider does not know the response type.
    UnsupportedResponseType = "unsupported_response_type",
    /// RFC 6749 §4.1.2.1: the provider failed.
    ServerError = "server_error",
    /// RFC 6749 §4.1.2.1: the provider is overloaded.
    TemporarilyUnavailable = "temporarily_unavailable",
    /// OpenID Connect Core §3.1.2.6: the user must interact, and `prompt=none` forbade it.
    InteractionRequired = "interaction_required",
    /// OpenID Connect Core §3.1.2.6: the user must sign in, and `prompt=none` forbade it.
    LoginRequired = "login_required",
    /// OpenID Connect Core §3.1.2.6: the user must choose an account, and `prompt=none` forbade it.
    AccountSelectionRequired = "account_selection_required",
    /// OpenID Connect Core §3.1.2.6: the user must consent, and `prompt=none` forbade it.
    ConsentRequired = "consent_required",
    /// OpenID Connect Unmet Authentication Requirements 1.0.
    UnmetAuthenticationRequirements = "unmet_authentication_requirements",
    /// RFC 6750 §3.1: the access token is expired, revoked or malformed.
    InvalidToken = "invalid_token",
    /// RFC 8628 §3.5: the user has not answered yet.
    AuthorizationPending = "authorization_pending",
    /// RFC 8628 §3.5: the user has not answered yet, and we ask too often.
    SlowDown = "slow_down",
    /// RFC 8628 §3.5: the device code is expired; the user did not answer in time.
    ExpiredToken = "expired_token",
    /// RFC 8693 §2.2.2, RFC 8707 §2: the provider issues no token for that resource or audience.
    InvalidTarget = "invalid_target",
}

impl OAuthError {
    /// Whether it says of a grant that it is dead for good, and not that something else is wrong: `invalid_grant`, or that
    /// the user has to be asked again.
    #[must_use]
    pub const fn ends_the_grant(self) -> bool {
        matches!(
            self,
            Self::InvalidGrant
                | Self::LoginRequired
                | Self::InteractionRequired
                | Self::ConsentRequired
                | Self::AccountSelectionRequired
        )
    }
}

impl fmt::Display for OAuthError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}
