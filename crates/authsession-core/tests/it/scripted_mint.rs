//! A mint that does what the test says, and counts how often it is asked.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use authsession_core::clock::Clock;
use authsession_core::error::{Endpoint, Error, Fault};
use authsession_core::token_cache::{Mint, TokenCache};
use authsession_core::token_set::TokenSet;
use authsession_testkit::clock::VirtualClock;
use tokio::sync::Semaphore;

use crate::parties::clock_of;

pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// The next outcomes come from the script; after it, tokens `t1`, `t2`, … that live an hour.
#[derive(Debug)]
pub(crate) struct ScriptedMint {
    clock: Clock,
    script: Mutex<VecDeque<Result<TokenSet, Error>>>,
    asked: AtomicUsize,
    /// Answers wait here while the gate is shut.
    gate: Semaphore,
    shut: AtomicBool,
    repeatable: AtomicBool,
}

impl ScriptedMint {
    pub(crate) fn new(time: &VirtualClock) -> Arc<Self> {
        Arc::new(Self {
            clock: clock_of(time),
            script: Mutex::default(),
            asked: AtomicUsize::new(0),
            gate: Semaphore::new(0),
            shut: AtomicBool::new(false),
            repeatable: AtomicBool::new(true),
        })
    }

    pub(crate) fn cache(self: &Arc<Self>, time: &VirtualClock) -> TokenCache {
        let mint: Arc<Self> = Arc::clone(self);
        TokenCache::builder(mint, clock_of(time)).build()
    }

    pub(crate) fn next(&self, outcome: Result<TokenSet, Error>) {
        self.script.lock().unwrap().push_back(outcome);
    }

    pub(crate) fn next_fails(&self, error: Error) {
        self.next(Err(error));
    }

    pub(crate) fn next_is_out_of_order(&self) {
        self.next_fails(Error::unavailable(Endpoint::Token, Fault::Status(503)));
    }

    pub(crate) fn is_repeatable_no_more(&self) {
        self.repeatable.store(false, Ordering::SeqCst);
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Waits until it was asked that often; only the limit of the test runner keeps it from waiting for ever.
    pub(crate) async fn until_asked(&self, times: usize) {
        while self.asked() < times {
            tokio::task::yield_now().await;
        }
    }

    pub(crate) fn shut(&self) {
        self.shut.store(true, Ordering::SeqCst);
    }

    pub(crate) fn open(&self) {
        self.shut.store(false, Ordering::SeqCst);
        self.gate.add_permits(1_000);
    }
}

#[async_trait]
impl Mint for ScriptedMint {
    async fn mint(&self) -> Result<TokenSet, Error> {
        let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        if self.shut.load(Ordering::SeqCst) {
            self.gate.acquire().await.unwrap().forget();
        }
        let scripted = self.script.lock().unwrap().pop_front();
        let now = self.clock.now();
        let plain = || Ok(TokenSet::new(format!("t{number}"), now).expiring_after(HOUR));
        // What was scripted early is received now.
        scripted.unwrap_or_else(plain).map(|tokens| TokenSet {
            expires_at: tokens.expires_at.map(|at| at + now.since(tokens.received_at)),
            received_at: now,
            ..tokens
        })
    }

    fn is_repeatable(&self) -> bool {
        self.repeatable.load(Ordering::SeqCst)
    }
}

/// Lets what was spawned run until nothing moves any more.
pub(crate) async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}
