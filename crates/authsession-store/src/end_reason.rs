//! Why a session ended: what the user, the log and the metric are told.

use std::fmt;
use std::time::Duration;

use authsession_core::clock::Timestamp;

/// How long a session's end is remembered, so that its user can be told why.
pub(crate) const REMEMBERED: Duration = Duration::from_secs(24 * 3600);

macro_rules! end_reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// Why a session ended.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum EndReason { $($(#[$doc])* $name,)* }

        impl EndReason {
            /// The code by which it is stored, logged and sent: `logout`, `refresh_refused`, …
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The reason of that code.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$name),)* _ => None }
            }
        }
    };
}

end_reasons! {
    /// The user signed out here.
    Logout = "logout",
    /// The user signed in again from the same browser; the new session replaced this one.
    Replaced = "replaced",
    /// The provider no longer honours the refresh token: revoked, expired, or the user is gone.
    RefreshRefused = "refresh_refused",
    /// A refresh reached the provider, its answer was lost, and the token is spent.
    RefreshLost = "refresh_lost",
    /// A refresh was answered for someone else; what came was thrown away and revoked.
    ProviderMismatch = "provider_mismatch",
    /// Nobody used it for as long as the policy allows.
    Idle = "idle",
    /// It reached the age the policy allows.
    TooOld = "too_old",
    /// The application ended it.
    Ended = "ended",
}

impl EndReason {
    /// The reason a tombstone gives; one that only a later release knows counts as [`Ended`](Self::Ended).
    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql", feature = "redis"))]
    pub(crate) fn of_a_tombstone(code: &str) -> Self {
        Self::from_code(code).unwrap_or(Self::Ended)
    }

    /// Why a session with these deadlines is over by the clock, if it is.
    #[must_use]
    pub fn by_deadline(expires_at: Timestamp, idle_deadline: Timestamp, now: Timestamp) -> Option<Self> {
        if expires_at <= now {
            Some(Self::TooOld)
        } else if idle_deadline <= now {
            Some(Self::Idle)
        } else {
            None
        }
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}
