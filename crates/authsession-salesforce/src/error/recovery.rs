//! What a caller does next about an error.

use std::borrow::Cow;
use std::time::Duration;

/// The one thing to do about a [`CirrusError`](crate::error::CirrusError).
///
/// ```
/// use std::time::Duration;
///
/// use authsession_salesforce::auth::{Recovery, SalesforceRefusal};
///
/// let refusal = SalesforceRefusal::understand("invalid_grant", Some("token request is already being processed"));
/// assert_eq!(refusal.recovery(None), Recovery::AdoptOrRetry { wait: Duration::from_secs(1) });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recovery {
    /// Make the same call again, not earlier than that from now.
    RetryAfter(Duration),
    /// Somebody else is redeeming this very refresh token: take over the tokens it gets; if there are none after `wait`,
    /// make the same call again. The login is not dead.
    AdoptOrRetry {
        /// How long to give the other one.
        wait: Duration,
    },
    /// Sign a new assertion, or begin the login anew, and try once more. If that is refused too, it is the key or the clock.
    NewAssertion,
    /// The login is dead: the user signs in again.
    Reauthorize,
    /// Nothing helps until somebody changes a setting, here or in the org.
    FixConfig {
        /// What to change.
        hint: Cow<'static, str>,
    },
    /// The user's logins of this hour are used up (3,600 of them): no login for that long. Tokens in hand stay valid.
    LoginBudget {
        /// How long to leave the token endpoint alone.
        wait: Duration,
    },
    /// The rest of a query is not there any more: run the query again, from the last record that came.
    RunAgain,
    /// Rows of a load are with Salesforce by now: go on with the jobs the error names, and do not load the same rows again.
    Resume,
    /// The answer is not to be believed and was not used: find out who is between us and Salesforce.
    DoNotTrust,
}

impl Recovery {
    /// Whether the same call may succeed later, unchanged.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::RetryAfter(_) | Self::AdoptOrRetry { .. } | Self::LoginBudget { .. })
    }

    /// How long to wait at least, where waiting helps.
    #[must_use]
    pub const fn wait(&self) -> Option<Duration> {
        match self {
            Self::RetryAfter(wait) | Self::AdoptOrRetry { wait } | Self::LoginBudget { wait } => Some(*wait),
            _ => None,
        }
    }
}
