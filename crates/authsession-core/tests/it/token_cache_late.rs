//! What comes too late: tokens that ended on their way, callers who look late, failures of credentials that were replaced.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use authsession_core::clock::Timestamp;
use authsession_core::error::{Error, OAuthError};
use authsession_core::token_cache::snapshot::State;
use authsession_core::token_cache::{Mint, TokenCache};
use authsession_core::token_set::TokenSet;
use authsession_testkit::clock::VirtualClock;

use crate::parties::clock_of;
use crate::scripted_mint::{HOUR, ScriptedMint, settle};

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

fn now(time: &VirtualClock) -> Timestamp {
    clock_of(time).now()
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test]
async fn a_token_that_had_ended_when_it_came_is_a_failure_and_not_asked_for_again_and_again() {
    let (time, mint, cache) = stage();
    let ended = TokenSet::new("ended", now(&time)).expiring_after(Duration::ZERO);
    assert_eq!(token(&cache).await, "t1");
    assert!(matches!(cache.adopt(ended.clone()), Err(Error::Untrusted(_))));
    assert_eq!(token(&cache).await, "t1");
    time.advance(HOUR);
    mint.next(Ok(ended));
    for _ in 0..50 {
        assert!(matches!(cache.token().await, Err(Error::Untrusted(_))));
    }
    assert_eq!(mint.asked(), 2);
}

#[tokio::test]
async fn a_token_refused_before_a_slow_caller_looks_is_not_what_it_gets() {
    let (_time, _mint, cache) = stage();
    let mut slow = Box::pin(token(&cache));
    assert!(poll_once(slow.as_mut()).is_pending());
    settle().await;
    assert!(cache.invalidate("t1"));
    assert_eq!(slow.await, "t2");
}

#[tokio::test]
async fn what_was_under_way_when_all_was_forgotten_is_handed_out_to_nobody() {
    let (_time, mint, cache) = stage();
    mint.shut();
    let mut early = Box::pin(token(&cache));
    assert!(poll_once(early.as_mut()).is_pending());
    mint.until_asked(1).await;
    cache.forget();
    mint.open();
    settle().await;
    assert!(cache.at_once().is_none(), "the token that came was forgotten before");
    assert_eq!(cache.snapshot().state, State::Empty);
    assert_eq!(early.await, "t2", "who waited gets one that was asked for since");
}

#[tokio::test]
async fn tokens_of_a_new_sign_in_stay_when_the_answer_of_the_one_before_comes_late() {
    let (time, mint, cache) = stage();
    mint.shut();
    let mut early = Box::pin(token(&cache));
    assert!(poll_once(early.as_mut()).is_pending());
    mint.until_asked(1).await;
    cache.forget();
    cache.adopt(TokenSet::new("of another user", now(&time)).expiring_after(HOUR)).unwrap();
    mint.open();
    settle().await;
    assert_eq!(early.await, "of another user");
    assert_eq!(mint.asked(), 1);
}

#[tokio::test]
async fn old_credentials_that_fail_after_new_ones_came_stand_in_nobodys_way() {
    let (_time, mint, cache) = stage();
    mint.next_fails(Error::grant_refused(OAuthError::InvalidGrant));
    mint.shut();
    let mut early = Box::pin(token(&cache));
    assert!(poll_once(early.as_mut()).is_pending());
    mint.until_asked(1).await;
    cache.reset_failures();
    mint.open();
    assert_eq!(early.await, "t2");
}

#[tokio::test]
async fn young_tokens_refused_now_and_then_are_no_loop() {
    let (time, _mint, cache) = stage();
    for _ in 0..10 {
        assert!(cache.invalidate(&token(&cache).await));
        token(&cache).await;
        assert_eq!(cache.snapshot().state, State::Fresh);
        time.advance(HOUR);
    }
}

#[tokio::test]
async fn the_successor_of_one_that_slid_to_its_last_end_is_got_ahead_of_time() {
    let (time, mint, _) = stage();
    mint.next(Ok(TokenSet::new("t1", now(&time))));
    let builder = TokenCache::builder(Arc::clone(&mint) as Arc<dyn Mint>, clock_of(&time));
    let cache = builder.assumed_lifetime(HOUR).sliding(true).longest_lifetime(2 * HOUR).build();
    for _ in 0..4 {
        assert_eq!(token(&cache).await, "t1");
        time.advance(HOUR / 2 - MINUTE);
    }
    mint.shut();
    assert_eq!(token(&cache).await, "t1", "four minutes are left, and nobody waits");
    mint.open();
    settle().await;
    assert_eq!(token(&cache).await, "t2");
}
