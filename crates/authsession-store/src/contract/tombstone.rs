//! An end is for good, and is remembered.

use std::sync::Arc;

use crate::contract::bench::{Bench, IDLE, new_key, sound};
use crate::end_reason::EndReason;
use crate::store::{Found, Updated};

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
        bench.end(&key, reason).await;
        assert_eq!(bench.ended(&key).await, reason);
    }
}

/// So that its tokens are revoked once.
pub async fn an_end_gives_out_the_session_once(bench: &Bench) {
    let (key, session) = bench.signed_in().await;
    let given = bench.end(&key, EndReason::Logout).await;
    assert!(given.is_some_and(|given| given.record == session.record), "the session that ended is given out");
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

/// It is over already, by the clock, and stays so for that reason.
pub async fn an_overdue_session_is_not_given_out_at_its_end(bench: &Bench) {
    let (key, _) = bench.signed_in().await;
    bench.clock.advance(IDLE);
    assert!(bench.end(&key, EndReason::Logout).await.is_none(), "there was no live session");
    assert_eq!(bench.ended(&key).await, EndReason::Idle);
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
