//! One access token, kept fresh for everybody who calls an API with it (RFC 6750; lifetimes of RFC 6749 §5.1).

pub mod builder;
mod cell;
mod events;
mod failures;
pub mod held_token;
mod mint;
mod refresh;
mod refused;
mod slot;
pub mod snapshot;
pub mod watch;
mod windows;

use std::fmt;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;

use crate::clock::{Clock, Timestamp, within};
use crate::error::{Endpoint, Error, Fault};
use crate::single_flight::SingleFlight;
use crate::token_cache::builder::{Settings, TokenCacheBuilder};
use crate::token_cache::failures::Failures;
use crate::token_cache::held_token::{Due, HeldToken};
pub use crate::token_cache::mint::Mint;
use crate::token_cache::refresh::fly;
use crate::token_cache::refused::Refused;
use crate::token_cache::slot::{Epoch, Slot};
use crate::token_cache::snapshot::{Snapshot, State};
use crate::token_cache::watch::TokenWatch;
use crate::token_cache::windows::Windows;
use crate::token_set::TokenSet;

/// A token that still serves is handed out to callers whom the next one keeps waiting for longer.
const PATIENCE: Duration = Duration::from_secs(2);

/// A token that is got when needed, replaced before it ends, and read without a lock.
///
/// Cheap to clone; clones share the token. A refresh outlives the caller that started it.
///
/// - *Fresh*: served at once.
/// - *Advisory window*, the last part of its lifetime: served at once, while one refresh runs behind.
/// - *Mandatory window*, the very last part: callers wait for that one refresh, and are served the old token if it fails or
///   takes longer than two seconds.
/// - *Ended or refused*: callers wait. A failure is remembered: before its pause is over nobody asks the provider again.
///
/// ```
/// use std::sync::Arc;
///
/// use async_trait::async_trait;
/// use authsession_core::clock::Clock;
/// use authsession_core::error::Error;
/// use authsession_core::token_cache::{Mint, TokenCache};
/// use authsession_core::token_set::TokenSet;
///
/// #[derive(Debug)]
/// struct FromSomewhere(Clock);
///
/// #[async_trait]
/// impl Mint for FromSomewhere {
///     async fn mint(&self) -> Result<TokenSet, Error> {
///         Ok(TokenSet::new("a token", self.0.now()))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Error> {
/// let clock = Clock::system();
/// let cache = TokenCache::builder(Arc::new(FromSomewhere(clock.clone())), clock).build();
/// let token = cache.token().await?;
/// assert_eq!(token.expose(), "a token");
/// assert_eq!(cache.at_once().unwrap().authorization(), "Bearer a token");
/// // The API answered 401: that token is not handed out again.
/// cache.invalidate(token.expose());
/// assert!(cache.read(|token| token.expires_at()).is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TokenCache {
    inner: Arc<Inner>,
}

struct Inner {
    slot: Slot<HeldToken, Refused>,
    mint: Arc<dyn Mint>,
    clock: Clock,
    settings: Settings,
    /// This instance's own, so that it is stable.
    jitter: f64,
    flight: SingleFlight<(), Result<(), Error>>,
    /// Whether a refresh is under way: spares readers the lock of `flight`.
    flying: AtomicBool,
    failures: Mutex<Failures>,
    changes: tokio::sync::watch::Sender<u64>,
}

impl TokenCache {
    /// A cache that asks `mint`.
    pub fn builder(mint: Arc<dyn Mint>, clock: Clock) -> TokenCacheBuilder {
        TokenCacheBuilder::new(mint, clock)
    }

    /// The token, if it can be had without waiting. In the advisory window this starts the refresh (on a tokio runtime).
    #[must_use]
    pub fn at_once(&self) -> Option<Arc<HeldToken>> {
        self.serve(Arc::clone)
    }

    /// What `read` makes of the token, if it can be had without waiting. The token is read in place: nothing is locked,
    /// counted or copied.
    ///
    /// `None` when callers have to wait: ask for the [`token`](Self::token).
    #[inline]
    pub fn read<R>(&self, read: impl FnOnce(&HeldToken) -> R) -> Option<R> {
        self.serve(|held| read(held))
    }

    #[inline]
    fn serve<R>(&self, hand_out: impl FnOnce(&Arc<HeldToken>) -> R) -> Option<R> {
        let (inner, borrowed) = (&self.inner, self.inner.slot.borrow());
        let (held, now) = (borrowed.as_ref()?, inner.clock.now());
        match held.due(now) {
            Due::No => {}
            Due::Advisory => self.refresh_behind(now),
            Due::Mandatory | Due::Ended => return None,
        }
        held.used(now);
        Some(hand_out(held))
    }

    /// The token; a new one if need be, for which all callers wait together.
    ///
    /// # Errors
    /// What the last attempt came to, from memory while the pause after it lasts; then its `Retry-After` says how long that is.
    ///
    /// # Panics
    /// Outside a tokio runtime with time.
    pub async fn token(&self) -> Result<Arc<HeldToken>, Error> {
        if let Some(token) = self.at_once() {
            return Ok(token);
        }
        // Boxed, so that who finds a token does not pay for the size of the wait.
        Box::pin(self.wait_for_token()).await
    }

    async fn wait_for_token(&self) -> Result<Arc<HeldToken>, Error> {
        let inner = &self.inner;
        let now = inner.clock.now();
        let usable = inner.usable(now);
        if let Some(in_the_way) = inner.failures().in_the_way(now) {
            return usable.ok_or(in_the_way);
        }
        if let Some(token) = usable.as_ref().filter(|_| !inner.may_try(now, true)) {
            return Ok(Arc::clone(token));
        }
        let mut came = Error::unavailable(Endpoint::Token, Fault::NoAnswer);
        for _ in 0..2 {
            let mut flight = pin!(inner.flight.run((), || fly(Arc::clone(inner))));
            let soon = match &usable {
                Some(_) => within(PATIENCE, flight.as_mut()).await,
                None => None,
            };
            let flown = match (soon, inner.usable(inner.clock.now())) {
                (Some(flown), _) => flown,
                (None, Some(token)) if usable.is_some() => return Ok(token),
                (None, _) => flight.await,
            };
            match (flown, inner.usable(inner.clock.now())) {
                // Not what the flight brought: until we came to look, that may have been refused or replaced.
                (Ok(_), Some(token)) => return Ok(token),
                (Ok(Err(error)), None) if inner.failures().last().is_some() => return Err(error),
                // What failed was forgiven meanwhile.
                (Ok(Err(error)), None) => came = error,
                // The token is gone again, or all was forgotten before it came; or the flight was lost with the runtime
                // somebody else started it on.
                (Ok(Ok(())), None) | (Err(_), _) => {}
            }
        }
        Err(came)
    }

    /// Forgets the token of that text, which the API refused, unless it has been replaced since. `false`: it had been, or
    /// tokens are refused as fast as they are got, and asking for another would only add to that.
    pub fn invalidate(&self, used: &str) -> bool {
        let inner = &self.inner;
        let now = inner.clock.now();
        let forgotten = inner.slot.forget(used, |refused, token| {
            let permitted = refused.permits_another(token, now);
            events::refused(permitted);
            permitted
        });
        if forgotten {
            inner.mint.note_refusal(used);
            inner.announce();
        }
        forgotten
    }

    /// Forgets the token, whichever it is, and whatever is under way: it was revoked, say. Of an attempt that began before, no
    /// token is handed out any more.
    pub fn forget(&self) {
        self.inner.slot.clear();
        self.inner.announce();
    }

    /// Holds tokens that came by another road, from now on.
    ///
    /// # Errors
    /// [`Error::Untrusted`] when the access token does not fit a header, or had ended by the time it came.
    pub fn adopt(&self, tokens: TokenSet) -> Result<(), Error> {
        self.inner.land(tokens, self.inner.slot.epoch()).map(drop)
    }

    /// Forgets past failures: new credentials are in place, so the next caller may ask at once.
    pub fn reset_failures(&self) {
        self.inner.failures().reset();
        *self.inner.slot.refusals() = Refused::default();
        self.inner.announce();
    }

    /// What is going on.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let (inner, now) = (&self.inner, self.inner.clock.now());
        let (held, failures) = (inner.slot.load(), inner.failures().clone());
        let due = held.as_ref().map_or(Due::Ended, |held| held.due(now));
        let failed = failures.last().map(Error::is_transient);
        let gave_up = inner.slot.refusals().gave_up(now);
        let state = match (due, failed) {
            (Due::Ended, None) => State::Empty,
            (Due::Ended, Some(true)) => State::Unavailable,
            (Due::Ended, Some(false)) => State::Dead,
            _ if gave_up => State::Refused,
            (_, Some(_)) => State::Failing,
            (Due::No, None) => State::Fresh,
            (Due::Advisory | Due::Mandatory, None) => State::Stale,
        };
        let mut snapshot = Snapshot::new(state, held.as_ref().and_then(|held| held.expires_at()));
        snapshot.last_refresh = held.as_ref().map(|held| held.tokens().received_at);
        snapshot.last_error = failures.last().cloned();
        snapshot.pause = failures.wait(now, due != Due::Ended);
        snapshot
    }

    /// A handle that tells when the token changes.
    #[must_use]
    pub fn watch(&self) -> TokenWatch {
        TokenWatch { cache: self.clone(), changes: self.inner.changes.subscribe() }
    }

    fn refresh_behind(&self, now: Timestamp) {
        let inner = &self.inner;
        if inner.flying.load(Ordering::Relaxed) || !inner.may_try(now, true) || Handle::try_current().is_err()
        {
            return;
        }
        inner.flight.start((), || fly(Arc::clone(inner)));
    }
}

impl Inner {
    fn failures(&self) -> MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn may_try(&self, now: Timestamp, usable: bool) -> bool {
        self.failures().wait(now, usable).is_zero()
    }

    /// The token, as long as it has not ended.
    fn usable(&self, now: Timestamp) -> Option<Arc<HeldToken>> {
        self.slot.load().filter(|held| held.due(now) != Due::Ended)
    }

    /// Holds tokens that were asked for in the epoch `begun`. `false`: all was forgotten since, so they are not held.
    fn land(&self, tokens: TokenSet, begun: Epoch) -> Result<bool, Error> {
        let Settings { assumed_lifetime, longest_lifetime, slides, windows } = self.settings;
        let stated = tokens.expires_at.map(|at| at.since(tokens.received_at));
        let lifetime = stated.or(assumed_lifetime);
        let lifetime = match (lifetime, longest_lifetime) {
            (Some(lifetime), Some(longest)) => Some(lifetime.min(longest)),
            (lifetime, longest) => lifetime.or(longest),
        };
        let windows = lifetime.map(|lifetime| Windows::fit(lifetime, windows, self.jitter));
        let slides = slides && stated.is_none();
        let held = HeldToken::new(tokens, windows, slides, longest_lifetime)?;
        if held.due(self.clock.now()) == Due::Ended {
            return Err(Error::untrusted("the access token had ended when it came"));
        }
        let mut failures = self.failures();
        if !self.slot.land(Arc::new(held), begun) {
            return Ok(false);
        }
        failures.end();
        drop(failures);
        self.announce();
        Ok(true)
    }

    /// Remembers an attempt that failed, and began when the memory was as `before`.
    fn failed(&self, error: &Error, before: &Failures) {
        let now = self.clock.now();
        self.failures().add(error, self.mint.is_repeatable(), now, before);
        events::not_refreshed(error, self.usable(now).is_some());
        self.announce();
    }

    fn announce(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TokenCache")
            .field("mint", &self.inner.mint)
            .field("now", &self.snapshot())
            .finish()
    }
}
