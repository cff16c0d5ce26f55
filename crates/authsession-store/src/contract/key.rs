//! One key, one session, once.

use crate::contract::bench::{Bench, IDLE, assert_taken, new_key, sound};
use crate::end_reason::EndReason;
use crate::record::Version;
use crate::store::Found;

/// What was kept comes back, to the last field.
pub async fn a_session_is_found_as_it_was_kept(bench: &Bench) {
    let mut record = bench.record("alice");
    record.refresh_sent_at = Some(bench.clock.now());
    let (key, created) = bench.keep(record.clone()).await;
    let (session, idle_deadline) = bench.live(&key).await;
    assert!(created.record == record && session.record == record, "the record comes back as it was");
    assert_eq!(created.version, Version::FIRST);
    assert_eq!(session.version, Version::FIRST);
    assert_eq!(idle_deadline, bench.clock.now() + IDLE);
}

/// Absent is not an error.
pub async fn an_unknown_key_is_absent(bench: &Bench) {
    let found = bench.load(&new_key()).await;
    assert!(matches!(found, Found::Absent), "nobody has this key, but: {found:?}");
}

/// A live session is never overwritten.
pub async fn a_taken_key_is_refused_while_its_session_lives(bench: &Bench) {
    let (key, _) = bench.signed_in().await;
    let second = bench.store.create(&key, bench.record("mallory"), bench.clock.now() + IDLE).await;
    assert_taken(&second);
    assert_eq!(&*bench.live(&key).await.0.record.subject, "alice", "the first session stays");
}

/// The key of an ended session is not used again.
pub async fn a_taken_key_is_refused_after_its_session_ended(bench: &Bench) {
    let (key, _) = bench.signed_in().await;
    bench.end(&key, EndReason::Logout).await;
    let second = bench.store.create(&key, bench.record("mallory"), bench.clock.now() + IDLE).await;
    assert_taken(&second);
    assert_eq!(bench.ended(&key).await, EndReason::Logout);
}

/// However many create at once, one does.
pub async fn one_of_many_creating_the_same_key_wins(bench: &Bench) {
    let key = new_key();
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let (store, record) = (bench.store.clone(), bench.record("alice"));
            let deadline = bench.clock.now() + IDLE;
            tokio::spawn(async move { store.create(&key, record, deadline).await.is_ok() })
        })
        .collect();
    let mut winners = 0;
    for task in tasks {
        winners += usize::from(sound(task.await));
    }
    assert_eq!(winners, 1, "one creates the session");
}
