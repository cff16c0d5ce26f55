//! What can go wrong for an application, told apart by what to do next.

use std::borrow::Cow;
use std::time::Duration;

use authsession_core::error::Error as ProtocolError;
use authsession_store::end_reason::EndReason;
use authsession_store::seal::SealError;
use authsession_store::store::StoreError;

/// An error of sign-in or of a session. Each variant is a remedy; nothing the browser or the provider sent is in its text.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nobody is signed in: the user signs in.
    #[error("not signed in ({0})")]
    NotSignedIn(NotSignedIn),

    /// The provider answered the sign-in with an error, or what came back is not trusted: the user may try again.
    #[error("the sign-in failed")]
    SignInFailed(#[source] ProtocolError),

    /// The provider or the session store is not available: try again later. The session is kept.
    #[error("not available: try again later")]
    Unavailable {
        /// How long to wait.
        retry_after: Duration,
        /// What is not available.
        #[source]
        cause: Unavailable,
    },

    /// The configuration is wrong: fix it. The text says how.
    #[error("fix the configuration: {hint}")]
    Misconfigured {
        /// What to do.
        hint: Cow<'static, str>,
        /// The cause, if the protocol found it.
        #[source]
        cause: Option<ProtocolError>,
    },
}

/// Why nobody is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotSignedIn {
    /// The request carries no session.
    NoSession,
    /// It carries one the store does not know: forged, or long over.
    UnknownSession,
    /// Its session ended.
    Ended(EndReason),
    /// The access token is expired and the provider issued no refresh token.
    TokenExpired,
}

/// What is not available.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unavailable {
    /// The provider.
    #[error(transparent)]
    Provider(#[from] ProtocolError),
    /// The session store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl NotSignedIn {
    /// The code the browser's script is told: `no_session`, `unknown_session`, `token_expired`, or that of the
    /// [`EndReason`].
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoSession => "no_session",
            Self::UnknownSession => "unknown_session",
            Self::TokenExpired => "token_expired",
            Self::Ended(reason) => reason.code(),
        }
    }
}

impl std::fmt::Display for NotSignedIn {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.code())
    }
}

impl Error {
    /// Whether the same call may succeed later, unchanged.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    pub(crate) fn misconfigured(hint: impl Into<Cow<'static, str>>) -> Self {
        Self::Misconfigured { hint: hint.into(), cause: None }
    }
}

const RETRY_AFTER: Duration = Duration::from_secs(5);

impl From<ProtocolError> for Error {
    fn from(error: ProtocolError) -> Self {
        match error {
            ProtocolError::Unavailable { retry_after, .. } => {
                Self::Unavailable { retry_after: retry_after.unwrap_or(RETRY_AFTER), cause: error.into() }
            }
            ProtocolError::Misconfigured { ref hint, .. } => {
                Self::Misconfigured { hint: hint.clone(), cause: Some(error) }
            }
            error => Self::SignInFailed(error),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::TooLarge | StoreError::Misconfigured(_) => Self::misconfigured(error.to_string()),
            error => Self::Unavailable { retry_after: RETRY_AFTER, cause: error.into() },
        }
    }
}

impl From<SealError> for Error {
    fn from(error: SealError) -> Self {
        Self::misconfigured(error.to_string())
    }
}
