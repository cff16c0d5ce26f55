//! How a token cache is made.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::Clock;
use crate::random;
use crate::single_flight::SingleFlight;
use crate::token_cache::failures::Failures;
use crate::token_cache::slot::Slot;
use crate::token_cache::windows::ByHand;
use crate::token_cache::{Inner, Mint, TokenCache};

/// The settings of a [`TokenCache`].
#[derive(Clone, Debug)]
#[must_use]
pub struct TokenCacheBuilder {
    pub(super) settings: Settings,
    mint: Arc<dyn Mint>,
    clock: Clock,
}

/// What was set.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Settings {
    pub(super) assumed_lifetime: Option<Duration>,
    pub(super) longest_lifetime: Option<Duration>,
    pub(super) slides: bool,
    pub(super) windows: ByHand,
}

impl TokenCacheBuilder {
    pub(super) fn new(mint: Arc<dyn Mint>, clock: Clock) -> Self {
        Self { settings: Settings::default(), mint, clock }
    }

    /// How long a token lives when the provider does not say; without it, until it is refused.
    pub const fn assumed_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.assumed_lifetime = Some(lifetime);
        self
    }

    /// Tokens are not used longer than this, whatever the provider says.
    pub const fn longest_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.longest_lifetime = Some(lifetime);
        self
    }

    /// Each use puts the end of an assumed lifetime off, as it does at the vendor. An end the provider states stays.
    pub const fn sliding(mut self, slides: bool) -> Self {
        self.settings.slides = slides;
        self
    }

    /// How long before its end a token is replaced ahead of time, while everybody is served the old one. By default between
    /// ten minutes and a quarter of its lifetime. At least half of a lifetime counts as fresh.
    pub const fn advisory_window(mut self, window: Duration) -> Self {
        self.settings.windows.advisory = Some(window);
        self
    }

    /// How long before its end callers wait for the new token. By default between a minute and a twentieth of its lifetime.
    pub const fn mandatory_window(mut self, window: Duration) -> Self {
        self.settings.windows.mandatory = Some(window);
        self
    }

    /// The cache; nothing is asked for yet.
    #[must_use]
    pub fn build(self) -> TokenCache {
        TokenCache {
            inner: Arc::new(Inner {
                slot: Slot::empty(),
                mint: self.mint,
                clock: self.clock,
                settings: self.settings,
                jitter: random::fraction(),
                flight: SingleFlight::new(),
                flying: std::sync::atomic::AtomicBool::new(false),
                failures: Mutex::new(Failures::default()),
                changes: watch::Sender::new(0),
            }),
        }
    }
}
