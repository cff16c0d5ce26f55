//! What operators see: each event is one log line and, with the feature `metrics`, one counter.
//!
//! | counter | labels |
//! |---|---|
//! | `authsession_logins_total` | |
//! | `authsession_refreshes_total` | `outcome`: `refreshed`, `refused`, `failed` |
//! | `authsession_sessions_ended_total` | `reason`: that of the `EndReason` |
//! | `authsession_sweeps_failed_total` | `cause`: `clocks_apart`, `store` |
//!
//! The gauge `authsession_clock_skew_seconds` is how far the provider's clock is ahead of ours; behind when negative.

use authsession_core::skew::Skew;
use authsession_store::end_reason::EndReason;
use authsession_store::key::StoreKey;
use authsession_store::store::StoreError;

pub(crate) fn signed_in(key: StoreKey) {
    tracing::info!(target: "authsession::session", session = ?key, "signed in");
    #[cfg(feature = "metrics")]
    metrics::counter!("authsession_logins_total").increment(1);
}

pub(crate) fn session_ended(key: StoreKey, reason: EndReason) {
    tracing::info!(target: "authsession::session", session = ?key, %reason, "session ended");
    #[cfg(feature = "metrics")]
    metrics::counter!("authsession_sessions_ended_total", "reason" => reason.code()).increment(1);
}

pub(crate) fn not_swept(error: &StoreError) {
    let cause = if matches!(error, StoreError::ClocksApart(_)) { "clocks_apart" } else { "store" };
    tracing::warn!(target: "authsession::session", %error, cause, "the store was not swept");
    #[cfg(feature = "metrics")]
    metrics::counter!("authsession_sweeps_failed_total", "cause" => cause).increment(1);
}

/// What the last token answer said about the clocks. The provider's own module logs it, once.
pub(crate) fn clock_skew(skew: Skew) {
    let seconds = skew.distance().as_secs_f64();
    tracing::trace!(target: "authsession::clock", seconds, behind = skew.millis() < 0, "clock skew");
    #[cfg(feature = "metrics")]
    metrics::gauge!("authsession_clock_skew_seconds").set(if skew.millis() < 0 { -seconds } else { seconds });
}

/// How a refresh went.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outcome {
    Refreshed,
    Refused,
    Failed,
}

pub(crate) fn refresh(key: StoreKey, outcome: Outcome) {
    let code = match outcome {
        Outcome::Refreshed => "refreshed",
        Outcome::Refused => "refused",
        Outcome::Failed => "failed",
    };
    tracing::debug!(target: "authsession::refresh", session = ?key, outcome = code, "refresh");
    #[cfg(feature = "metrics")]
    metrics::counter!("authsession_refreshes_total", "outcome" => code).increment(1);
}
