//! The lease on a session: who refreshes it now, among all processes.

use std::sync::Arc;
use std::time::Duration;

use crate::contract::bench::{Bench, new_key, sound};
use crate::end_reason::EndReason;
use crate::store::{LeaseOwner, Updated};

const OURS: LeaseOwner = LeaseOwner([1; 16]);
const THEIRS: LeaseOwner = LeaseOwner([2; 16]);
const TTL: Duration = Duration::from_secs(10);

/// Whoever asked first.
pub async fn a_lease_has_one_owner(bench: &Bench) {
    let ((key, _), (other, _)) = (bench.signed_in().await, bench.signed_in().await);
    assert!(bench.lease(&key, OURS, TTL).await, "a free lease is given");
    assert!(!bench.lease(&key, THEIRS, TTL).await, "a held one is not");
    assert!(bench.lease(&other, THEIRS, TTL).await, "another session has a lease of its own");
}

/// As often as it asks.
pub async fn a_lease_is_renewed_by_its_owner(bench: &Bench) {
    let (key, _) = bench.signed_in().await;
    for _ in 0..3 {
        assert!(bench.lease(&key, OURS, TTL).await, "its owner has it again");
        bench.clock.advance(TTL / 2);
    }
    assert!(!bench.lease(&key, THEIRS, TTL).await, "and longer than one time");
}

/// A process that died does not hold it for ever; nor does it come back to it.
pub async fn a_lease_falls_free_when_its_time_is_over(bench: &Bench) {
    let (key, _) = bench.signed_in().await;
    bench.lease(&key, OURS, TTL).await;
    bench.clock.advance(TTL - Duration::from_millis(1));
    assert!(!bench.lease(&key, THEIRS, TTL).await, "its time is not over");
    bench.clock.advance(Duration::from_millis(1));
    assert!(bench.lease(&key, THEIRS, TTL).await, "its time is over");
    assert!(!bench.lease(&key, OURS, TTL).await, "it has a new owner");
}

/// Which happens to a server's clock, and where another server takes over: nobody waits for as long as that was.
pub async fn a_lease_does_not_outlast_a_clock_that_is_set_back(bench: &Bench) {
    let key = bench.signed_in().await.0;
    let began = bench.clock.now();
    bench.clock.set(began + TTL * 60);
    assert!(bench.lease(&key, OURS, TTL).await);
    bench.clock.set(began + TTL * 56);
    assert!(!bench.lease(&key, THEIRS, TTL).await, "clocks differ by a little");
    bench.clock.set(began);
    assert!(bench.lease(&key, THEIRS, TTL).await, "it was to end in an hour");
    assert!(!bench.lease(&key, OURS, TTL).await, "it has a new owner");
}

/// Not by one whose time was over.
pub async fn a_lease_is_released_only_by_its_owner(bench: &Bench) {
    let (key, _) = bench.signed_in().await;
    bench.lease(&key, OURS, TTL).await;
    sound(bench.store.release(&key, THEIRS).await);
    assert!(!bench.lease(&key, THEIRS, TTL).await, "a stranger releases nothing");
    sound(bench.store.release(&key, OURS).await);
    assert!(bench.lease(&key, THEIRS, TTL).await, "its owner does");
    sound(bench.store.release(&new_key(), OURS).await);
}

/// The version decides, not the lease: a holder that was too slow cannot undo what came after it.
pub async fn a_lease_does_not_keep_others_from_saving(bench: &Bench) {
    let (key, session) = bench.signed_in().await;
    bench.lease(&key, OURS, TTL).await;
    let updated = sound(bench.store.update(&key, session.version, bench.record("alice")).await);
    assert!(matches!(updated, Updated::Saved(_)), "a lease is no lock, but: {updated:?}");
    let late = sound(bench.store.update(&key, session.version, bench.record("alice")).await);
    assert!(matches!(late, Updated::Changed), "the version fences the late one, but: {late:?}");
}

/// A holder marks what it is about to do, and goes on holding.
pub async fn an_update_keeps_the_lease(bench: &Bench) {
    let (key, session) = bench.signed_in().await;
    bench.lease(&key, OURS, TTL).await;
    sound(bench.store.update(&key, session.version, bench.record("alice")).await);
    assert!(!bench.lease(&key, THEIRS, TTL).await, "the lease outlives a save");
}

/// There is nothing left to refresh.
pub async fn there_is_no_lease_on_an_ended_or_unknown_session(bench: &Bench) {
    let (key, _) = bench.signed_in().await;
    bench.lease(&key, OURS, TTL).await;
    bench.end(&key, EndReason::Logout).await;
    assert!(!bench.lease(&key, OURS, TTL).await, "its end took the lease, even from its owner");
    assert!(!bench.lease(&new_key(), OURS, TTL).await, "what never was has none");
}

/// However many ask at once.
pub async fn one_of_many_asking_for_the_lease_gets_it(bench: &Bench) {
    let (key, _) = bench.signed_in().await;
    let tasks: Vec<_> = (0..32)
        .map(|number| {
            let store = Arc::clone(&bench.store);
            tokio::spawn(async move { store.lease(&key, LeaseOwner([number; 16]), TTL).await })
        })
        .collect();
    let mut owners = 0;
    for task in tasks {
        owners += usize::from(sound(sound(task.await)));
    }
    assert_eq!(owners, 1, "one owner");
}
