//! A save names the version it read, and counts only if that still is the one.

use std::sync::Arc;

use crate::contract::bench::{Bench, new_key, sound};
use crate::record::Version;
use crate::store::{Found, Updated};

/// What is saved is what the next one reads, under the next version.
pub async fn an_update_is_seen_by_the_next_load(bench: &Bench) {
    let (key, first) = bench.signed_in().await;
    let record = bench.refreshed("alice", "the next access token");
    let updated = sound(bench.store.update(&key, first.version, record.clone()).await);
    let Updated::Saved(saved) = updated else { unreachable!("not saved: {updated:?}") };
    let (session, _) = bench.live(&key).await;
    assert!(saved.record == record && session.record == record, "the record saved is the record read");
    assert_eq!(saved.version, first.version.next());
    assert_eq!(session.version, saved.version);
}

/// Neither an older version nor one that never was.
pub async fn an_update_of_another_version_changes_nothing(bench: &Bench) {
    let (key, first) = bench.signed_in().await;
    sound(bench.store.update(&key, first.version, bench.refreshed("alice", "second")).await);
    for version in [first.version, Version::from_number(7)] {
        let updated = sound(bench.store.update(&key, version, bench.refreshed("alice", "third")).await);
        assert!(matches!(updated, Updated::Changed), "another version was read, but: {updated:?}");
    }
    assert_eq!(bench.live(&key).await.0.record.tokens.access_token.expose(), "second");
}

/// A save is not a creation.
pub async fn an_update_of_nothing_makes_nothing(bench: &Bench) {
    let key = new_key();
    let updated = sound(bench.store.update(&key, Version::FIRST, bench.record("alice")).await);
    assert!(matches!(updated, Updated::Ended), "there is no such session, but: {updated:?}");
    assert!(matches!(bench.load(&key).await, Found::Absent), "nothing came to be");
}

/// A refresh in the background is no use by the user.
pub async fn an_update_keeps_the_idle_deadline(bench: &Bench) {
    let (key, first) = bench.signed_in().await;
    let before = bench.live(&key).await.1;
    sound(bench.store.update(&key, first.version, bench.record("alice")).await);
    assert_eq!(bench.live(&key).await.1, before);
}

/// Of those who read the same version, one saves.
pub async fn one_of_many_updates_at_once_wins(bench: &Bench) {
    let (key, first) = bench.signed_in().await;
    let tasks: Vec<_> = (0..32)
        .map(|number| {
            let (store, read) = (Arc::clone(&bench.store), first.version);
            let record = bench.refreshed("alice", &format!("token {number}"));
            tokio::spawn(async move { store.update(&key, read, record).await })
        })
        .collect();
    let mut winners = Vec::new();
    for task in tasks {
        match sound(sound(task.await)) {
            Updated::Saved(session) => winners.push(session),
            Updated::Changed => {}
            Updated::Ended => unreachable!("nobody ended the session"),
        }
    }
    assert_eq!(winners.len(), 1, "one of them saves");
    let (session, _) = bench.live(&key).await;
    assert!(winners.iter().all(|winner| winner.record == session.record), "the winner's record is kept");
    assert_eq!(session.version, first.version.next());
}
