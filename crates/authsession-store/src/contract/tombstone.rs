//! An end is for good, and is remembered.

use std::sync::Arc;

use crate::contract::bench::{Bench, IDLE, assert_found, new_key, sound};
use crate::end_reason::EndReason;
use crate::store::{EndedSession, Found, Updated};

/// A store may sweep a part of itself a call.
const SWEEPS: usize = 256;

/// For every reason there is.
pub async fn an_ended_session_says_why(bench: &Bench) {
    for reason in [
        EndReason::Logout,
        EndReason::Replaced,
        EndReason::RefreshRefused,
        EndReason::RefreshLost,
        EndReason::ProviderMismatch,
        EndReason::Idle,
        EndReason::TooOld,
        EndReason::Ended,
    ] {
        let (key, _) = bench.signed_in().await;
        if reason == EndReason::Idle {
            // For that it must be.
            bench.clock.advance(IDLE);
        }
        bench.end(&key, reason).await;
        assert_eq!(bench.ended(&key).await, reason);
    }
}

/// So that its tokens are revoked once.
pub async fn an_end_gives_out_the_session_once(bench: &Bench) {
    let (key, session) = bench.signed_in().await;
    let given = bench.end(&key, EndReason::Logout).await;
    let Some(EndedSession { reason: EndReason::Logout, session: Some(given), .. }) = given else {
        unreachable!("not given out: {given:?}")
    };
    assert!(given.record == session.record, "the session that ended is given out");
    assert!(bench.end(&key, EndReason::Logout).await.is_none(), "only once");
}

/// A second end does not rewrite history.
pub async fn the_first_reason_stays(bench: &Bench) {
    let (key, _) = bench.signed_in().await;
    bench.end(&key, EndReason::RefreshRefused).await;
    bench.end(&key, EndReason::Logout).await;
    assert_eq!(bench.ended(&key).await, EndReason::RefreshRefused);
}

/// A logout with a made-up cookie costs the store nothing.
pub async fn an_end_of_nothing_leaves_nothing(bench: &Bench) {
    let key = new_key();
    assert!(bench.end(&key, EndReason::Logout).await.is_none(), "there was none");
    assert!(matches!(bench.load(&key).await, Found::Absent), "and there is none");
}

/// Over by the clock, it is ended once by whoever finds it: for its deadline's reason, and its tokens are revoked.
pub async fn an_overdue_session_is_ended_once_for_its_own_reason(bench: &Bench) {
    let (key, _) = bench.signed_in().await;
    bench.clock.advance(IDLE);
    assert!(matches!(bench.load(&key).await, Found::Overdue(EndReason::Idle)), "found before it was ended");
    let given = bench.end(&key, EndReason::Logout).await;
    assert!(given.is_some_and(|given| given.reason == EndReason::Idle), "given out, to be revoked");
    assert!(bench.end(&key, EndReason::Logout).await.is_none(), "only once");
    assert!(matches!(bench.load(&key).await, Found::Ended(EndReason::Idle)), "the deadline's reason");
}

/// Sessions nobody asks for end too, each once, with its reason.
pub async fn a_sweep_ends_what_is_overdue_and_nothing_else(bench: &Bench) {
    let ((old, _), (ended, _)) = (bench.signed_in().await, bench.signed_in().await);
    bench.end(&ended, EndReason::Logout).await;
    bench.clock.advance(IDLE);
    let (young, _) = bench.signed_in().await;
    let mut swept = Vec::new();
    for _ in 0..SWEEPS {
        swept.extend(sound(bench.store.sweep(10).await));
    }
    swept.retain(|one| [old, ended, young].iter().any(|key| bench.store.is_found_as(key, &one.key)));
    assert!(swept.iter().all(|one| one.reason == EndReason::Idle), "each for its own reason: {swept:?}");
    assert_found(bench, &swept.iter().map(|one| one.key).collect::<Vec<_>>(), [old]);
    assert!(matches!(bench.load(&old).await, Found::Ended(EndReason::Idle)), "and leaves its tombstone");
    bench.live(&young).await;
}

/// A refresh that lands after a logout saves nothing.
pub async fn a_logout_wins_over_an_update_in_flight(bench: &Bench) {
    let (key, read) = bench.signed_in().await;
    bench.end(&key, EndReason::Logout).await;
    let updated = sound(bench.store.update(&key, read.version, bench.record("alice")).await);
    assert!(matches!(updated, Updated::Ended), "the logout wins, but: {updated:?}");
    assert_eq!(bench.ended(&key).await, EndReason::Logout);
}

/// Whatever the order in which they arrive.
pub async fn a_logout_wins_over_many_updates_at_once(bench: &Bench) {
    let (key, _) = bench.signed_in().await;
    let savers: Vec<_> = (0..16)
        .map(|_| {
            let (store, record) = (Arc::clone(&bench.store), bench.record("alice"));
            tokio::spawn(async move {
                while let Found::Live { session, .. } = sound(store.load(&key).await) {
                    sound(store.update(&key, session.version, record.clone()).await);
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    tokio::task::yield_now().await;
    assert!(bench.end(&key, EndReason::Logout).await.is_some(), "the logout ends it");
    for saver in savers {
        sound(saver.await);
    }
    assert_eq!(bench.ended(&key).await, EndReason::Logout);
}
