//! A mint whose every answer waits until the schedule gives it.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use authsession_core::error::{Endpoint, Error, Fault};
use authsession_core::token_cache::Mint;
use authsession_core::token_cache::held_token::HeldToken;
use authsession_core::token_set::TokenSet;
use tokio::sync::oneshot;

#[derive(Debug, Default)]
pub(super) struct GatedMint {
    repeatable: bool,
    asked: AtomicUsize,
    serials: AtomicU64,
    waiting: Mutex<Option<oneshot::Sender<Result<TokenSet, Error>>>>,
    overlapped: AtomicBool,
}

impl GatedMint {
    pub(super) fn new(repeatable: bool) -> Arc<Self> {
        Arc::new(Self { repeatable, ..Self::default() })
    }

    /// How often it was asked.
    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Whether somebody waits for its answer.
    pub(super) fn is_asked(&self) -> bool {
        self.waiting.lock().unwrap().is_some()
    }

    pub(super) fn answers(&self, outcome: Result<TokenSet, Error>) {
        let waiting = self.waiting.lock().unwrap().take();
        waiting.unwrap().send(outcome).unwrap();
    }

    pub(super) fn at_most_one_at_a_time(&self) -> bool {
        !self.overlapped.load(Ordering::SeqCst)
    }

    /// Tokens are numbered in the order in which they land.
    pub(super) fn next_serial(&self) -> u64 {
        self.serials.fetch_add(1, Ordering::SeqCst) + 1
    }
}

#[async_trait]
impl Mint for GatedMint {
    async fn mint(&self) -> Result<TokenSet, Error> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let (sender, answer) = oneshot::channel();
        if self.waiting.lock().unwrap().replace(sender).is_some() {
            self.overlapped.store(true, Ordering::SeqCst);
        }
        answer.await.unwrap_or(Err(Error::unavailable(Endpoint::Token, Fault::NoAnswer)))
    }

    fn is_repeatable(&self) -> bool {
        self.repeatable
    }
}

pub(super) fn serial_of(token: &HeldToken) -> u64 {
    token.expose().trim_start_matches('t').parse().unwrap()
}
