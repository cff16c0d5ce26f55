//! What operators see of a token cache: each event is one log line and, with the feature `metrics`, one counter.
//!
//! | counter | labels |
//! |---|---|
//! | `authsession_token_refreshes_total` | `outcome`: `refreshed`, `failed` (later), `dead` (never, until somebody does something) |
//! | `authsession_tokens_refused_total` | `outcome`: `forgotten`, `kept` (it was refused as soon as it was got, again and again) |

use crate::error::Error;

pub(super) fn refreshed() {
    tracing::debug!(target: "authsession::token_cache", "a new token");
    #[cfg(feature = "metrics")]
    metrics::counter!("authsession_token_refreshes_total", "outcome" => "refreshed").increment(1);
}

/// `serves`: there still is a token that does.
pub(super) fn not_refreshed(error: &Error, serves: bool) {
    tracing::warn!(target: "authsession::token_cache", %error, serves, "no new token");
    #[cfg(feature = "metrics")]
    {
        let outcome = if error.is_transient() { "failed" } else { "dead" };
        metrics::counter!("authsession_token_refreshes_total", "outcome" => outcome).increment(1);
    }
}

/// The API refused the current token.
pub(super) fn refused(forgotten: bool) {
    if forgotten {
        tracing::debug!(target: "authsession::token_cache", "a token was refused and is forgotten");
    } else {
        tracing::warn!(
            target: "authsession::token_cache",
            "tokens are refused as fast as they are got: the last one is kept for now; look at its permissions"
        );
    }
    #[cfg(feature = "metrics")]
    {
        let outcome = if forgotten { "forgotten" } else { "kept" };
        metrics::counter!("authsession_tokens_refused_total", "outcome" => outcome).increment(1);
    }
}
