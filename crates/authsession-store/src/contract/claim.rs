//! A claim: what only one of many processes is to do, and what the others are told of it.

use std::sync::Arc;
use std::time::Duration;

use authsession_core::secret::Secret;

use crate::claim::{Claim, Settled};
use crate::contract::bench::{Bench, new_key, sound};
use crate::key::StoreKey;
use crate::record::Version;
use crate::store::Found;

const TTL: Duration = Duration::from_secs(60);

async fn claim(bench: &Bench, key: &StoreKey) -> Claim {
    sound(bench.store.claim(key, TTL).await)
}

/// A key that was claimed, and by what the claim is settled.
async fn claimed(bench: &Bench) -> (StoreKey, Version) {
    let key = new_key();
    let claim = claim(bench, &key).await;
    let Claim::Ours(ours) = claim else { unreachable!("nobody had it, but: {claim:?}") };
    (key, ours)
}

async fn settle(bench: &Bench, key: &StoreKey, ours: Version, settled: Settled) {
    sound(bench.store.settle(key, ours, settled).await);
}

/// However many ask at once; and it is one's own only once.
pub async fn one_of_many_has_the_claim(bench: &Bench) {
    let key = new_key();
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let store = Arc::clone(&bench.store);
            tokio::spawn(async move { store.claim(&key, TTL).await })
        })
        .collect();
    let mut ours = 0;
    for task in tasks {
        match sound(sound(task.await)) {
            Claim::Ours(_) => ours += 1,
            other => assert_eq!(other, Claim::Theirs),
        }
    }
    assert_eq!(ours, 1, "one has it");
    assert!(matches!(claim(bench, &new_key()).await, Claim::Ours(_)), "another key is another claim");
}

/// Whoever asks later, for as long as it counts.
pub async fn what_came_of_a_claim_is_told(bench: &Bench) {
    let (key, ours) = claimed(bench).await;
    let outcome = Secret::from("what came of it");
    settle(bench, &key, ours, Settled::Done(outcome.clone())).await;
    bench.clock.advance(TTL - Duration::from_secs(1));
    for _ in 0..2 {
        assert_eq!(claim(bench, &key).await, Claim::Settled(outcome.clone()));
    }
}

/// Nothing was done, so the next one does it.
pub async fn a_claim_that_is_given_up_is_the_next_one_s(bench: &Bench) {
    let (key, first) = claimed(bench).await;
    settle(bench, &key, first, Settled::GivenUp).await;
    let next = claim(bench, &key).await;
    let Claim::Ours(second) = next else { unreachable!("it is free, but: {next:?}") };
    assert_eq!(claim(bench, &key).await, Claim::Theirs);
    settle(bench, &key, first, Settled::GivenUp).await;
    assert_eq!(claim(bench, &key).await, Claim::Theirs, "the one before settles nothing any more");
    settle(bench, &key, second, Settled::Done("done".into())).await;
    assert_eq!(claim(bench, &key).await, Claim::Settled("done".into()));
}

/// Nobody knows how far the one who had it got, or nothing came of it: it is not done twice.
pub async fn a_claim_that_was_lost_is_nobody_s(bench: &Bench) {
    let ((died, ours), (failed, theirs)) = (claimed(bench).await, claimed(bench).await);
    settle(bench, &failed, theirs, Settled::InVain).await;
    assert_eq!(claim(bench, &failed).await, Claim::Lost, "in vain");
    bench.clock.advance(TTL);
    assert_eq!(claim(bench, &died).await, Claim::Lost, "its time is over");
    settle(bench, &died, ours, Settled::Done("late".into())).await;
    assert_eq!(claim(bench, &died).await, Claim::Lost, "whatever is said of it then");
}

/// Neither to whoever looks for it, nor to a sweep, nor to a session.
pub async fn a_claim_is_no_session(bench: &Bench) {
    let ((open, _), (done, ours)) = (claimed(bench).await, claimed(bench).await);
    settle(bench, &done, ours, Settled::Done("done".into())).await;
    for key in [&open, &done] {
        assert!(!matches!(bench.store.load(key).await, Ok(Found::Live { .. })), "no session");
    }
    bench.clock.advance(TTL);
    for _ in 0..64 {
        let swept = sound(bench.store.sweep(10).await);
        let is_one = |key: &StoreKey| [open, done].iter().any(|claim| bench.store.is_found_as(claim, key));
        assert!(!swept.iter().any(|ended| is_one(&ended.key)), "a sweep tells of sessions only");
    }
}
