//! The memory store that keeps its sessions packed.

use std::sync::Arc;
use std::time::Duration;

use authsession_core::clock::Timestamp;
use authsession_store::claim::Claim;
use authsession_store::contract::bench::{Bench, HaltedClock};
use authsession_store::contract::{self, tombstone, version};
use authsession_store::end_reason::EndReason;
use authsession_store::key::{SessionId, StoreKey};
use authsession_store::memory::MemoryStore;
use authsession_store::record::{StoredSession, Version};
use authsession_store::store::{Found, LeaseOwner, SessionStore, Updated};

use crate::record::record;

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_compact_store_keeps_every_promise() {
    contract::keeps_every_promise(async |clock| MemoryStore::with_clock(clock).compact()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn races_in_a_compact_store_are_decided_the_same_way_every_time() {
    for _ in 0..50 {
        let bench = Bench::new(&async |clock| MemoryStore::with_clock(clock).compact()).await;
        version::one_of_many_updates_at_once_wins(&bench).await;
        tombstone::a_logout_wins_over_many_updates_at_once(&bench).await;
    }
}

#[tokio::test]
async fn what_was_packed_is_read_whole_and_at_once() {
    let (store, key) = (MemoryStore::new().compact(), new_key());
    store.create(&key, record(), Timestamp::NEVER).await.unwrap();
    assert!(live(&store, &key).record == record());
}

#[tokio::test]
async fn sessions_of_many_users_of_many_providers_are_each_read_as_they_were_kept() {
    let (store, mut kept) = (MemoryStore::new().compact(), Vec::new());
    for number in 0..60 {
        let (key, mut record) = (new_key(), record());
        record.issuer = format!("https://login-{}.example.com", number % 3).into();
        record.subject = format!("user {}", number % 7).into();
        record.userinfo = Some(format!(r#"{{"name":"{number}","department":"Research"}}"#).into());
        store.create(&key, record.clone(), Timestamp::NEVER).await.unwrap();
        kept.push((key, record));
    }
    assert!(kept.iter().all(|(key, record)| live(&store, key).record == *record));
}

#[tokio::test]
async fn what_is_derived_in_a_compact_store_is_derived_anew_for_each_load() {
    let (store, key) = (MemoryStore::new().compact(), new_key());
    store.create(&key, record(), Timestamp::NEVER).await.unwrap();
    let (one, another) = (live(&store, &key), live(&store, &key));
    assert_eq!(*one.derived(|_| Ok::<_, ()>(1)).unwrap(), 1);
    assert_eq!(*another.derived(|_| Ok::<_, ()>(2)).unwrap(), 2);
}

#[tokio::test]
async fn what_a_store_held_before_it_was_compact_it_holds_on() {
    let clock = HaltedClock::new();
    let (store, deadline) = (MemoryStore::with_clock(clock.clock()), clock.now() + MINUTE);
    let (saved, ended, claimed) = (new_key(), new_key(), new_key());
    store.create(&saved, record(), deadline).await.unwrap();
    store.update(&saved, Version::FIRST, record()).await.unwrap();
    assert!(store.lease(&saved, LeaseOwner([1; 16]), MINUTE).await.unwrap());
    store.create(&ended, record(), deadline).await.unwrap();
    store.end(&ended, EndReason::Logout).await.unwrap();
    store.claim(&claimed, MINUTE).await.unwrap();

    let store = store.compact();

    assert_eq!(store.len(), 2);
    let session = live(&store, &saved);
    assert!(session.record == record() && session.version == Version::FIRST.next());
    assert!(!store.lease(&saved, LeaseOwner([2; 16]), MINUTE).await.unwrap(), "another one has the lease");
    let updated = store.update(&saved, session.version, record()).await.unwrap();
    assert!(matches!(updated, Updated::Saved(_)), "{updated:?}");
    let found = store.find_by_subject(&record().issuer, &record().subject).await.unwrap();
    assert!(found == [saved], "{found:?}");
    assert!(matches!(store.load(&ended).await.unwrap(), Found::Ended(EndReason::Logout)));
    assert!(matches!(store.claim(&claimed, MINUTE).await.unwrap(), Claim::Theirs));
    clock.advance(MINUTE);
    assert!(matches!(store.load(&saved).await.unwrap(), Found::Overdue(EndReason::Idle)));
}

#[tokio::test]
async fn what_a_compact_store_sweeps_it_hands_over_unpacked() {
    let clock = HaltedClock::new();
    let store = MemoryStore::with_clock(clock.clock()).compact();
    store.create(&new_key(), record(), clock.now() + MINUTE).await.unwrap();
    clock.advance(MINUTE);
    let mut swept = Vec::new();
    for _ in 0..store.sweep_parts() {
        swept.extend(store.sweep(1_000).await.unwrap());
    }
    let sessions: Vec<_> = swept.iter().filter_map(|ended| ended.session.as_ref()).collect();
    assert!(sessions.len() == 1 && sessions[0].record == record(), "{swept:?}");
}

#[tokio::test]
async fn debug_of_a_compact_store_shows_how_many_and_nothing_else() {
    let store = MemoryStore::new().compact();
    store.create(&new_key(), record(), Timestamp::NEVER).await.unwrap();
    assert_eq!(format!("{store:?}"), "MemoryStore { len: 1, .. }");
}

fn live(store: &impl SessionStore, key: &StoreKey) -> Arc<StoredSession> {
    match store.load_at_once(key) {
        Some(Found::Live { session, .. }) => session,
        found => unreachable!("not live at once: {found:?}"),
    }
}

fn new_key() -> StoreKey {
    StoreKey::of(&SessionId::generate().unwrap())
}
