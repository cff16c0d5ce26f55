//! Tokens that were refused as soon as they were got: the detector of loops in which every 401 brings a new token and every
//! new token a 401.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::retry::{Backoff, Pace};
use crate::secret::Secret;
use crate::token_cache::held_token::HeldToken;

/// A token refused at this age was never good.
const YOUNG: Duration = Duration::from_secs(60);
/// So many may happen: a password changed, an administrator at work.
const FORGIVEN: u32 = 3;
/// After so long without one, the next is not one more in a row. Longer than any pause.
const QUIET: Duration = Duration::from_secs(1200);
const PACE: Pace = Pace { first: Duration::from_secs(10), longest: Duration::from_secs(600) };

/// The memory of refusals in a row.
#[derive(Debug, Default)]
pub(super) struct Refused {
    young: u32,
    /// The token that was refused last, whether it was forgotten or kept: one that is kept grows old, and was never good.
    last: Option<Secret>,
    at: Option<Timestamp>,
    backoff: Backoff,
}

impl Refused {
    /// Whether it makes sense to forget this token and ask for another, after it was refused at `now`.
    pub(super) fn permits_another(&mut self, token: &Arc<HeldToken>, now: Timestamp) -> bool {
        if self.at.is_some_and(|at| now.since(at) > QUIET) {
            *self = Self::default();
        }
        let text = &token.tokens().access_token;
        let again = self.last.as_ref() == Some(text);
        if !again && now.since(token.tokens().received_at) > YOUNG {
            *self = Self { last: Some(text.clone()), at: Some(now), ..Self::default() };
            return true;
        }
        self.last = Some(text.clone());
        if !self.backoff.wait(now).is_zero() {
            return false;
        }
        self.young += 1;
        self.at = Some(now);
        if let Some(paused) = self.young.checked_sub(FORGIVEN) {
            // Not cut short by chance as other pauses are: each of these saves a token.
            let pause = PACE.first.saturating_mul(1 << paused.min(16)).min(PACE.longest);
            self.backoff = self.backoff.after_failure_at(PACE, now, Some(pause));
        }
        true
    }

    /// Whether tokens are at present kept although they are refused.
    pub(super) fn gave_up(&self, now: Timestamp) -> bool {
        !self.backoff.wait(now).is_zero()
    }
}
