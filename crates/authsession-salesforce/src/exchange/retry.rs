//! When a call is made again by itself: which failures, how often and after how long (RFC 9110 §9.2.2, §10.2.3).

use std::time::Duration;

use authsession_core::random;
use http::{Method, StatusCode};

use crate::error::CirrusError;

/// How often a call is made again, and after which failures.
///
/// Always made again, whatever the method: a call whose connection never came about, and (but for [`Replay::Never`]) one that was put
/// off with 429. After a 5xx or a broken connection Salesforce may have done its work, so only calls that may be repeated are (see [`Replay`]).
/// A wait the answer asks for (`Retry-After`) is kept; if it is longer than `max_delay`, the error comes at once and tells it.
///
/// ```
/// use std::time::Duration;
///
/// use authsession_salesforce::RetryPolicy;
///
/// let patient = RetryPolicy { max_retries: 6, max_delay: Duration::from_secs(120), ..RetryPolicy::default() };
/// assert_eq!(patient.base_delay, Duration::from_millis(100));
/// assert_eq!(RetryPolicy::none().max_retries, 0);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often at most, after the first time. 3 by default.
    pub max_retries: u32,
    /// The first wait; each further one is twice as long. 100 ms by default.
    pub base_delay: Duration,
    /// The longest wait. 30 s by default.
    pub max_delay: Duration,
    /// Whether a wait is a random part of its length, so that many callers do not come back together. Yes by default.
    pub jitter: bool,
    /// Whether calls that may be repeated are, after a 5xx. Yes by default.
    pub retry_idempotent_5xx: bool,
    /// Whether calls that may be repeated are, after a read that took too long. No by default: what was slow once is slow again.
    pub retry_read_timeouts: bool,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_retries: 3,
            base_delay: Duration::from_millis(100),
            max_delay: Duration::from_secs(30),
            jitter: true,
            retry_idempotent_5xx: true,
            retry_read_timeouts: false,
        }
    }
}

impl RetryPolicy {
    /// Every call is made once. A token that was refused is still replaced, and the call made with the new one.
    #[must_use]
    pub fn none() -> Self {
        Self { max_retries: 0, ..Self::default() }
    }

    /// The wait before retry number `retry` (from 0), if there is to be one after this failure of such a call.
    pub(crate) fn wait(
        &self,
        retry: u32,
        failure: Failure,
        replay: Replay,
        method: &Method,
    ) -> Option<Duration> {
        let repeatable = replay.allows(method);
        let again = retry < self.max_retries
            && match failure {
                Failure::NeverSent => true,
                Failure::Status(StatusCode::TOO_MANY_REQUESTS, _) => replay != Replay::Never,
                Failure::Status(status, _) => {
                    repeatable && self.retry_idempotent_5xx && status.is_server_error()
                }
                Failure::TimedOut => repeatable && self.retry_read_timeouts,
                Failure::Broken => repeatable,
            };
        if !again {
            return None;
        }
        if let Failure::Status(_, Some(asked)) = failure {
            return (asked <= self.max_delay).then_some(asked);
        }
        let longest = self.base_delay.saturating_mul(1 << retry.min(16)).min(self.max_delay);
        Some(if self.jitter { longest.mul_f64(random::fraction()) } else { longest })
    }
}

impl RetryPolicy {
    /// The wait before retry number `retry` (from 0) of work that goes on after this error, or is begun anew, without doing anything
    /// twice; if there is to be one.
    pub(crate) fn wait_after(&self, retry: u32, error: &CirrusError) -> Option<Duration> {
        if !error.is_transient() {
            return None;
        }
        let failure = match error {
            CirrusError::Api { status, retry_after, .. } => {
                Failure::Status(StatusCode::from_u16(*status).ok()?, *retry_after)
            }
            _ => Failure::Broken,
        };
        let asked_for = wait_asked_for(error);
        self.wait(retry, failure, Replay::Always, &Method::GET)
            .filter(|_| asked_for <= self.max_delay)
            .map(|wait| wait.max(asked_for))
    }
}

/// How long somebody asked us to wait, if it was longer than the second that is assumed.
pub(crate) fn wait_asked_for(error: &CirrusError) -> Duration {
    error.recovery().wait().filter(|wait| *wait > Duration::from_secs(1)).unwrap_or_default()
}

/// How an attempt failed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Failure {
    /// No connection: nothing has left.
    NeverSent,
    /// The connection broke; Salesforce may have done its work.
    Broken,
    /// The answer, or its next part, did not come in time.
    TimedOut,
    /// An answer with this status, and the wait it asks for.
    Status(StatusCode, Option<Duration>),
}

/// Whether a call may reach Salesforce twice.
///
/// A token that Salesforce itself refused is no matter of this: such a call has done nothing, and is made again with a new token.
/// Where twice is not as good as once, the refusal has to name itself (`INVALID_SESSION_ID`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Replay {
    /// As the method says: GET, HEAD, OPTIONS, PUT and DELETE may, POST and PATCH may not.
    #[default]
    ByMethod,
    /// It may not: code of the org's own may be behind it, whose 401 or 429 says nothing about what was done.
    Never,
    /// It may: the caller knows that twice is as good as once.
    Always,
}

impl Replay {
    pub(crate) fn allows(self, method: &Method) -> bool {
        match self {
            Self::ByMethod => method.is_idempotent(),
            Self::Never => false,
            Self::Always => true,
        }
    }
}
