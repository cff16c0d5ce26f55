//! A program's own login on the backends of the sessions.

use std::sync::Arc;
use std::time::Duration;

use authsession_core::clock::Timestamp;
use authsession_core::error::Error;
use authsession_core::token_set::TokenSet;
use authsession_core::token_store::{TokenStore as _, contract};
use authsession_store::contract::bench::HaltedClock;
use authsession_store::seal::KeyRing;
use authsession_store::sealed_token_store::SealedTokenStore;

use crate::shelf::Shelf;

const KEY: &str = "9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c1d0e9f8a";
const NEXT_KEY: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f1";

fn ring() -> KeyRing {
    KeyRing::new(&KEY.into()).unwrap()
}

fn tokens(access_token: &str) -> TokenSet {
    TokenSet::new(access_token, Timestamp::from_unix_seconds(1_893_456_000))
}

#[tokio::test]
async fn every_promise_is_kept() {
    contract::keeps_every_promise(async || {
        let shelf = Arc::new(Shelf::default());
        [(); 2].map(|()| SealedTokenStore::new(shelf.clone(), ring(), "a login"))
    })
    .await;
}

#[tokio::test]
async fn two_logins_on_one_backend_do_not_see_each_other() {
    let shelf = Arc::new(Shelf::default());
    let [one, other] = ["one", "other"].map(|login| SealedTokenStore::new(shelf.clone(), ring(), login));
    one.compare_and_swap(None, &tokens("canary")).await.unwrap().unwrap();
    assert!(other.load().await.unwrap().is_none());
    let (_, row) = shelf.only();
    assert!(
        !row.content.sealed.windows(6).any(|window| window == b"canary"),
        "and what is kept tells nothing"
    );
}

#[tokio::test]
async fn a_login_goes_on_after_the_key_was_changed() {
    let shelf = Arc::new(Shelf::default());
    let before = SealedTokenStore::new(shelf.clone(), ring(), "a login");
    let seen = before.compare_and_swap(None, &tokens("before")).await.unwrap();
    let next_ring = KeyRing::new(&NEXT_KEY.into()).unwrap().with_old_key(&KEY.into()).unwrap();
    let after = SealedTokenStore::new(shelf, next_ring, "a login");
    let _lock = after.lock().await.unwrap();
    assert!(after.compare_and_swap(seen, &tokens("after")).await.unwrap().is_some());
    assert_eq!(after.load().await.unwrap().unwrap().tokens.access_token.expose(), "after");
}

#[tokio::test]
async fn a_login_that_is_begun_after_the_key_was_changed_does_without_the_old_one() {
    let shelf = Arc::new(Shelf::default());
    let next_ring = KeyRing::new(&NEXT_KEY.into()).unwrap();
    let while_both =
        SealedTokenStore::new(shelf.clone(), next_ring.clone().with_old_key(&KEY.into()).unwrap(), "a login");
    while_both.compare_and_swap(None, &tokens("begun")).await.unwrap();
    let afterwards = SealedTokenStore::new(shelf, next_ring, "a login");
    assert_eq!(afterwards.load().await.unwrap().unwrap().tokens.access_token.expose(), "begun");
}

#[tokio::test]
async fn a_login_that_was_changed_in_the_store_is_an_error_and_not_overwritten() {
    let shelf = Arc::new(Shelf::default());
    let store = SealedTokenStore::new(shelf.clone(), ring(), "a login");
    store.compare_and_swap(None, &tokens("ours")).await.unwrap();
    for row in shelf.rows().values_mut() {
        *row.content.sealed.last_mut().unwrap() ^= 1;
    }
    assert!(matches!(store.load().await, Err(Error::TokenStore { .. })));
    assert!(matches!(store.compare_and_swap(None, &tokens("new")).await, Err(Error::TokenStore { .. })));
}

#[tokio::test]
async fn the_lock_of_a_process_that_died_falls_free() {
    let (shelf, clock) = (Arc::new(Shelf::default()), HaltedClock::new());
    let open = || SealedTokenStore::new(shelf.clone(), ring(), "a login").with_clock(clock.clock());
    // Kept for ever, as by a process that stands still and renews nothing.
    std::mem::forget(open().lock().await.unwrap());
    let other = open();
    let waiting = tokio::spawn(async move { other.lock().await.is_ok() });
    tokio::task::yield_now().await;
    clock.advance(Duration::from_secs(15));
    assert!(waiting.await.unwrap());
}
