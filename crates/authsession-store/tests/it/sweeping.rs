//! A memory store full of overdue sessions: swept a part at a time, each session once.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use authsession_core::clock::Timestamp;
use authsession_core::token_set::TokenSet;
use authsession_store::contract::bench::HaltedClock;
use authsession_store::end_reason::EndReason;
use authsession_store::key::StoreKey;
use authsession_store::memory::MemoryStore;
use authsession_store::record::SessionRecord;
use authsession_store::store::{Found, SessionStore as _};

use crate::record::record;

const HOUR: Duration = Duration::from_secs(3600);

/// A small record: what all have in common is shared.
fn small(template: &SessionRecord) -> SessionRecord {
    let tokens = TokenSet::new("t", template.created_at);
    SessionRecord { tokens, userinfo: None, provider_session: None, ..template.clone() }
}

/// The key of that number, spread over all parts as hashes are.
fn key(number: u32) -> StoreKey {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&number.wrapping_mul(0x9e37_79b1).to_le_bytes());
    bytes[31] = number.to_le_bytes()[0] ^ number.to_le_bytes()[1];
    StoreKey::from_bytes(bytes)
}

/// A store of that many sessions; those of odd numbers end in an hour, the others never.
async fn filled(sessions: u32) -> (MemoryStore, HaltedClock) {
    let clock = HaltedClock::new();
    let (store, template) = (MemoryStore::with_clock(clock.clock()), record());
    for number in 0..sessions {
        let end = if number % 2 == 1 { clock.now() + HOUR } else { Timestamp::NEVER };
        store.create(&key(number), small(&template), end).await.unwrap();
    }
    (store, clock)
}

#[tokio::test]
async fn one_sweep_holds_up_one_part_of_the_store_and_ends_no_more_than_it_may() {
    let (store, clock) = filled(64_000).await;
    clock.advance(HOUR);
    for at_most in [1_000, 100, 1, 0] {
        let mut by_part = BTreeMap::<u8, usize>::new();
        for ended in store.sweep(at_most).await.unwrap() {
            *by_part.entry(ended.key.as_bytes()[31] % 64).or_default() += 1;
        }
        assert!(by_part.len() <= 1, "more than one part was locked: {by_part:?}");
        assert!(by_part.values().sum::<usize>() <= at_most, "{by_part:?}");
    }
    assert_eq!(store.sweep_parts(), 64);
}

#[tokio::test]
async fn a_hundred_thousand_sessions_are_swept_in_batches_and_each_overdue_one_is_ended_once() {
    const SESSIONS: u32 = 100_000;
    const BATCH: usize = 500;
    let (store, clock) = filled(SESSIONS).await;
    clock.advance(HOUR);

    let (mut ended, mut short) = (HashSet::new(), 0);
    while short < store.sweep_parts() {
        let swept = store.sweep(BATCH).await.unwrap();
        assert!(swept.len() <= BATCH);
        short = if swept.len() < BATCH { short + 1 } else { 0 };
        for one in swept {
            assert_eq!(one.reason, EndReason::Idle);
            assert!(ended.insert(*one.key.as_bytes()), "ended twice");
        }
    }

    assert_eq!(ended.len(), SESSIONS as usize / 2);
    assert!((1..SESSIONS).step_by(2).all(|number| ended.contains(key(number).as_bytes())));
    let live = async |number| matches!(store.load(&key(number)).await.unwrap(), Found::Live { .. });
    assert!(live(0).await && live(SESSIONS - 2).await && !live(1).await);
}
