//! Mints that hang, panic or stand still with their runtime, and APIs that refuse everything: callers come through.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use authsession_core::error::Error;
use authsession_core::token_cache::snapshot::State;
use authsession_core::token_cache::{Mint, TokenCache};
use authsession_core::token_set::TokenSet;
use authsession_testkit::clock::VirtualClock;
use tokio::runtime::{Builder, Runtime};

use crate::parties::clock_of;
use crate::scripted_mint::{HOUR, ScriptedMint};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn stage() -> (VirtualClock, Arc<ScriptedMint>, TokenCache) {
    let time = VirtualClock::halted();
    let mint = ScriptedMint::new(&time);
    let cache = mint.cache(&time);
    (time, mint, cache)
}

async fn token(cache: &TokenCache) -> String {
    cache.token().await.unwrap().expose().to_owned()
}

/// One whose timers go off as soon as it has nothing else to do.
fn impatient_runtime() -> Runtime {
    Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

#[test]
fn a_refresh_on_a_runtime_nobody_drives_keeps_no_other_runtime_waiting() {
    let (time, mint, cache) = stage();
    let idle = impatient_runtime();
    idle.block_on(token(&cache));
    time.advance(HOUR - 5 * MINUTE);
    // It reads the token in hand, which starts the refresh; then it idles.
    idle.block_on(async { cache.at_once().unwrap() });
    time.advance(HOUR);
    assert_eq!(impatient_runtime().block_on(token(&cache)), "t2");
    idle.block_on(async { tokio::task::yield_now().await });
    assert_eq!(mint.asked(), 2, "what was given up is not taken up again");
}

#[test]
fn a_request_left_behind_half_way_keeps_no_other_runtime_waiting() {
    let (_time, mint, cache) = stage();
    let (idle, other) = (impatient_runtime(), impatient_runtime());
    mint.shut();
    let left = idle.block_on(async { tokio::time::timeout(SECOND, cache.token()).await });
    assert!(left.is_err());
    mint.open();
    assert_eq!(other.block_on(token(&cache)), "t2");
    assert_eq!(idle.block_on(token(&cache)), "t2", "and it goes on itself with what the other got");
    assert_eq!(mint.asked(), 2);
}

#[test]
fn callers_on_another_runtime_who_give_up_early_get_there_all_the_same() {
    let (_time, mint, cache) = stage();
    let (idle, other) = (impatient_runtime(), impatient_runtime());
    mint.shut();
    let left = idle.block_on(async { tokio::time::timeout(SECOND, cache.token()).await });
    assert!(left.is_err());
    mint.open();
    let calls = other.block_on(async {
        let mut calls = 1;
        while tokio::time::timeout(2 * SECOND, cache.token()).await.is_err() {
            calls += 1;
        }
        calls
    });
    assert!((2..=15).contains(&calls), "{calls} calls of two seconds each");
}

#[tokio::test(start_paused = true)]
async fn in_the_mandatory_window_nobody_waits_long_for_a_mint_that_hangs() {
    let (time, mint, cache) = stage();
    assert_eq!(token(&cache).await, "t1");
    time.advance(HOUR - MINUTE);
    mint.shut();
    let before = tokio::time::Instant::now();
    assert_eq!(token(&cache).await, "t1");
    assert_eq!(before.elapsed().as_secs(), 2);
    mint.open();
    assert_eq!(token(&cache).await, "t2");
    assert_eq!(mint.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_ends_while_the_next_one_is_waited_for_is_not_handed_out() {
    let (time, mint, cache) = stage();
    assert_eq!(token(&cache).await, "t1");
    time.advance(HOUR - SECOND);
    mint.shut();
    let opens = async {
        tokio::time::sleep(SECOND).await;
        time.advance(SECOND);
        tokio::time::sleep(10 * SECOND).await;
        mint.open();
    };
    let (got, ()) = tokio::join!(token(&cache), opens);
    assert_eq!(got, "t2");
}

#[derive(Debug, Default)]
struct Panics(AtomicUsize);

#[async_trait]
impl Mint for Panics {
    async fn mint(&self) -> Result<TokenSet, Error> {
        self.0.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        std::panic::resume_unwind(Box::new("the signer's fault"))
    }

    fn is_repeatable(&self) -> bool {
        false
    }
}

#[tokio::test]
async fn a_mint_that_panics_is_a_failure_like_any_other_and_spaced_out() {
    let (time, mint) = (VirtualClock::halted(), Arc::new(Panics::default()));
    let cache = TokenCache::builder(Arc::clone(&mint) as Arc<dyn Mint>, clock_of(&time)).build();
    for _ in 0..100 {
        assert!(matches!(cache.token().await, Err(Error::Unavailable { .. })));
    }
    assert_eq!(mint.0.load(Ordering::SeqCst), 1);
    let told = cache.snapshot();
    assert!(told.state == State::Unavailable && !told.pause.is_zero());
    assert!(told.last_error.unwrap().may_have_happened(), "nobody knows what it did");
    time.advance(SECOND);
    cache.token().await.unwrap_err();
    assert_eq!(mint.0.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_mint_that_panics_costs_no_token_that_serves() {
    let (time, mint) = (VirtualClock::halted(), Arc::new(Panics::default()));
    let cache = TokenCache::builder(Arc::clone(&mint) as Arc<dyn Mint>, clock_of(&time)).build();
    cache.adopt(TokenSet::new("t1", clock_of(&time).now()).expiring_after(HOUR)).unwrap();
    time.advance(HOUR - MINUTE);
    for _ in 0..10 {
        assert_eq!(token(&cache).await, "t1");
        time.advance(5 * SECOND);
    }
    assert_eq!((mint.0.load(Ordering::SeqCst), cache.snapshot().state), (1, State::Failing));
}

#[tokio::test]
async fn an_api_that_refuses_everything_for_an_hour_costs_a_few_tokens() {
    let (time, mint, cache) = stage();
    let mut distances = Vec::new();
    let mut last = 0;
    for second in 0..3_600 {
        let before = mint.asked();
        let token = token(&cache).await;
        if mint.asked() > before {
            distances.push(second - last);
            last = second;
        }
        cache.invalidate(&token);
        time.advance(SECOND);
    }
    assert!(distances.is_sorted() && mint.asked() <= 15, "{distances:?}");
    assert!(distances.last().is_some_and(|last| (600..=602).contains(last)), "{distances:?}");
}

#[tokio::test]
async fn after_a_loop_a_token_that_served_for_long_is_replaced_at_once() {
    let (time, _mint, cache) = stage();
    for _ in 0..600 {
        cache.invalidate(&token(&cache).await);
        time.advance(SECOND);
    }
    cache.forget();
    let good = token(&cache).await;
    time.advance(2 * MINUTE);
    assert!(cache.invalidate(&good));
}

#[tokio::test]
async fn windows_without_measure_are_cut_to_the_lifetime() {
    let time = VirtualClock::halted();
    let mint = ScriptedMint::new(&time);
    let cache = TokenCache::builder(mint, clock_of(&time))
        .advisory_window(Duration::MAX)
        .mandatory_window(Duration::MAX)
        .build();
    assert_eq!(token(&cache).await, "t1");
    assert_eq!(cache.snapshot().state, State::Fresh);
    let endless = TokenCache::builder(ScriptedMint::new(&time), clock_of(&time));
    let endless = endless.advisory_window(Duration::MAX).assumed_lifetime(Duration::MAX).build();
    endless.adopt(TokenSet::new("endless", clock_of(&time).now())).unwrap();
    assert_eq!(token(&endless).await, "endless");
}
