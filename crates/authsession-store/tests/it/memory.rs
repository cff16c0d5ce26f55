//! The backend for one process.

use std::time::Duration;

use authsession_store::contract::bench::{Bench, HaltedClock};
use authsession_store::contract::{self, tombstone, version};
use authsession_store::end_reason::EndReason;
use authsession_store::key::{SessionId, StoreKey};
use authsession_store::memory::MemoryStore;
use authsession_store::store::{Found, SessionStore, StoreError};

use crate::record::record;

const HOUR: Duration = Duration::from_secs(3600);
const SWEEPS: usize = 64;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_memory_store_keeps_every_promise() {
    contract::keeps_every_promise(async |clock| MemoryStore::with_clock(clock)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn races_are_decided_the_same_way_every_time() {
    for _ in 0..200 {
        let bench = Bench::new(&async |clock| MemoryStore::with_clock(clock)).await;
        version::one_of_many_updates_at_once_wins(&bench).await;
        tombstone::a_logout_wins_over_many_updates_at_once(&bench).await;
    }
}

#[tokio::test]
async fn a_session_is_shared_not_copied() {
    let (store, key) = (MemoryStore::new(), new_key());
    let kept = store.create(&key, record(), authsession_core::clock::Timestamp::NEVER).await.unwrap();
    let Found::Live { session, .. } = store.load(&key).await.unwrap() else { panic!("not live") };
    assert!(std::sync::Arc::ptr_eq(&kept, &session));
}

#[tokio::test]
async fn a_load_is_answered_at_once() {
    let store = MemoryStore::new();
    assert!(matches!(store.load_at_once(&new_key()), Some(Found::Absent)));
}

#[tokio::test]
async fn sweeping_forgets_ended_sessions_after_a_day() {
    let clock = HaltedClock::new();
    let store = MemoryStore::with_clock(clock.clock());
    for _ in 0..100 {
        let key = new_key();
        store.create(&key, record(), clock.now() + HOUR).await.unwrap();
        store.end(&key, EndReason::Logout).await.unwrap();
    }
    sweep_all(&store).await;
    assert_eq!(store.len(), 100, "an end is remembered, for whoever asks why");
    clock.advance(24 * HOUR);
    sweep_all(&store).await;
    assert!(store.is_empty());
}

#[tokio::test]
async fn sweeping_forgets_overdue_sessions_but_first_tells_why() {
    let clock = HaltedClock::new();
    let store = MemoryStore::with_clock(clock.clock());
    let key = new_key();
    store.create(&key, record(), clock.now() + HOUR).await.unwrap();
    clock.advance(HOUR);
    sweep_all(&store).await;
    assert!(matches!(store.load(&key).await.unwrap(), Found::Ended(EndReason::Idle)));
    clock.advance(24 * HOUR);
    sweep_all(&store).await;
    assert!(matches!(store.load(&key).await.unwrap(), Found::Absent));
}

#[tokio::test]
async fn sweeping_leaves_live_sessions_alone() {
    let clock = HaltedClock::new();
    let store = MemoryStore::with_clock(clock.clock());
    let key = new_key();
    store.create(&key, record(), clock.now() + 1000 * HOUR).await.unwrap();
    sweep_all(&store).await;
    assert!(matches!(store.load(&key).await.unwrap(), Found::Live { .. }));
}

#[tokio::test]
async fn debug_shows_how_many_and_nothing_else() {
    let store = MemoryStore::new();
    store.create(&new_key(), record(), authsession_core::clock::Timestamp::NEVER).await.unwrap();
    assert_eq!(format!("{store:?}"), "MemoryStore { len: 1, .. }");
}

/// As often as sweeps every part of the store.
async fn sweep_all(store: &MemoryStore) {
    for _ in 0..SWEEPS {
        store.sweep(1_000).await.unwrap();
    }
}

fn new_key() -> StoreKey {
    StoreKey::of(&SessionId::generate().unwrap())
}

#[test]
fn the_code_of_a_reason_is_read_back_as_that_reason() {
    for reason in [EndReason::Logout, EndReason::Idle, EndReason::TooOld, EndReason::RefreshLost] {
        assert_eq!(EndReason::from_code(reason.code()), Some(reason));
    }
    for nobodys in ["", "LOGOUT", "logout ", "of a later version"] {
        assert_eq!(EndReason::from_code(nobodys), None, "{nobodys}");
    }
}

#[test]
fn a_store_that_is_away_may_be_asked_again_and_a_key_that_is_taken_stays_taken() {
    let away = StoreError::Unavailable(std::sync::Arc::new(std::io::Error::other("away")));
    assert!(away.is_transient() && !StoreError::KeyTaken.is_transient());
}

#[tokio::test]
async fn a_default_store_is_a_new_one() {
    let store = MemoryStore::default();
    assert!(matches!(store.load(&new_key()).await.unwrap(), Found::Absent));
}
