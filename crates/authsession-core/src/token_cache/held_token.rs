//! One token as the cache holds it: with its header ready, and the instants at which it is due.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;

use crate::clock::Timestamp;
use crate::error::Error;
use crate::secret::Secret;
use crate::token_cache::slot::Named;
use crate::token_cache::windows::Windows;
use crate::token_set::TokenSet;

/// Counters of who holds the header, so that threads which hand it out do not all count on one.
const STRIPES: usize = 8;
/// Uses move the end of a sliding token on, but no oftener than this share of its lifetime.
const SLIDE_STEP: u32 = 64;

/// The header's text, with a counter on a cache line of its own: whoever holds a copy of the header counts there.
#[repr(align(128))]
struct Stripe(Arc<Secret>);

impl AsRef<[u8]> for Stripe {
    fn as_ref(&self) -> &[u8] {
        self.0.expose().as_bytes()
    }
}

/// An access token, shared by reference.
pub struct HeldToken {
    tokens: TokenSet,
    authorization: [HeaderValue; STRIPES],
    /// Milliseconds: when it was handed out or, where it slides, last used.
    since: AtomicI64,
    /// From then on.
    lifetime: i64,
    /// So long before its end it is replaced ahead of time, and so long callers wait for that.
    advisory: i64,
    mandatory: i64,
    /// How far `since` lags behind before a use moves it; `i64::MAX` where it does not slide.
    step: i64,
    /// Milliseconds: no use moves its end beyond this.
    last_end: i64,
}

/// How due a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Use it.
    No,
    /// Use it; one caller refreshes.
    Advisory,
    /// Wait for the refresh; use it if that fails.
    Mandatory,
    /// Do not use it.
    Ended,
}

impl HeldToken {
    /// `windows` of `None` never end; `slides` moves them with each use, up to `longest` after it was handed out.
    pub(super) fn new(
        tokens: TokenSet,
        windows: Option<Windows>,
        slides: bool,
        longest: Option<Duration>,
    ) -> Result<Self, Error> {
        let text = Arc::new(Secret::from(format!("Bearer {}", tokens.access_token.expose())));
        let mut authorization = [const { HeaderValue::from_static("") }; STRIPES];
        for stripe in &mut authorization {
            let bytes = Bytes::from_owner(Stripe(Arc::clone(&text)));
            *stripe = HeaderValue::from_maybe_shared(bytes)
                .map_err(|_| Error::untrusted("the access token has characters no header can carry"))?;
            stripe.set_sensitive(true);
        }
        let received_at = tokens.received_at.unix_millis();
        let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let (lifetime, advisory, mandatory) =
            windows.map_or((i64::MAX, 0, 0), |Windows { advisory, mandatory, end }| {
                (millis(end), millis(end) - millis(advisory), millis(end) - millis(mandatory))
            });
        Ok(Self {
            authorization,
            since: AtomicI64::new(received_at),
            lifetime,
            advisory,
            mandatory,
            step: if slides { (lifetime / i64::from(SLIDE_STEP)).max(1) } else { i64::MAX },
            last_end: longest.map_or(i64::MAX, |longest| received_at.saturating_add(millis(longest))),
            tokens,
        })
    }

    /// The way out. Every call of it is a place to review.
    #[must_use]
    #[inline]
    pub fn expose(&self) -> &str {
        self.tokens.access_token.expose()
    }

    /// The value of the `Authorization` header (RFC 6750 §2.1), marked as sensitive; shared, not copied.
    #[must_use]
    #[inline]
    pub fn authorization(&self) -> HeaderValue {
        self.authorization[stripe()].clone()
    }

    /// What the provider handed out.
    #[must_use]
    pub const fn tokens(&self) -> &TokenSet {
        &self.tokens
    }

    /// When it ends, as told by the provider or assumed; `None` when it ends only by being refused.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        let end = self.end();
        (end != i64::MAX).then(|| Timestamp::from_unix_millis(end))
    }

    #[inline]
    pub(super) fn due(&self, now: Timestamp) -> Due {
        let left = self.end().saturating_sub(now.unix_millis());
        if left > self.advisory {
            Due::No
        } else if left <= 0 {
            Due::Ended
        } else if left <= self.mandatory {
            Due::Mandatory
        } else {
            Due::Advisory
        }
    }

    #[inline]
    fn end(&self) -> i64 {
        self.since.load(Ordering::Relaxed).saturating_add(self.lifetime).min(self.last_end)
    }

    /// Notes that it is used, which moves the end of a sliding one on.
    #[inline]
    pub(super) fn used(&self, now: Timestamp) {
        let (now, since) = (now.unix_millis(), self.since.load(Ordering::Relaxed));
        if now.saturating_sub(since) >= self.step {
            self.since.fetch_max(now, Ordering::Relaxed);
        }
    }
}

impl Named for HeldToken {
    fn is_named(&self, text: &str) -> bool {
        crate::secret::equal_in_constant_time(self.expose(), text)
    }
}

impl fmt::Debug for HeldToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("HeldToken").field("expires_at", &self.expires_at()).finish_non_exhaustive()
    }
}

/// This thread's copy of the header.
fn stripe() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static STRIPE: Cell<usize> = Cell::new(THREADS.fetch_add(1, Ordering::Relaxed) % STRIPES);
    }
    STRIPE.get()
}
