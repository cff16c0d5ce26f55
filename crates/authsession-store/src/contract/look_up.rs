//! Sessions found by whose they are: for a logout that the provider announces.

use crate::contract::bench::{Bench, IDLE, assert_found, sound};
use crate::end_reason::EndReason;

/// On every device.
pub async fn all_sessions_of_a_user_are_found(bench: &Bench) {
    let (phone, laptop) = (bench.signed_in().await.0, bench.signed_in().await.0);
    bench.keep(bench.record("bob")).await;
    let found = sound(bench.store.find_by_subject(bench.issuer(), "alice").await);
    assert_found(bench, &found, [phone, laptop]);
    assert_found(bench, &sound(bench.store.find_by_subject(bench.issuer(), "carol").await), []);
}

/// And no other session of the same user.
pub async fn all_sessions_of_a_provider_session_are_found(bench: &Bench) {
    let mut record = bench.record("alice");
    record.provider_session = Some("sid-1".into());
    let (one, another) = (bench.keep(record.clone()).await.0, bench.keep(record.clone()).await.0);
    record.provider_session = None;
    bench.keep(record).await;
    let found = sound(bench.store.find_by_provider_session(bench.issuer(), "sid-1").await);
    assert_found(bench, &found, [one, another]);
    assert_found(bench, &sound(bench.store.find_by_provider_session(bench.issuer(), "").await), []);
}

/// The same `sub` and `sid` at another provider are another user and another session.
pub async fn another_issuer_s_sessions_are_not_found(bench: &Bench) {
    let mut foreign = bench.record("alice");
    foreign.issuer = format!("{}/tenant", bench.issuer()).into();
    let (issuer, sid) = (foreign.issuer.clone(), foreign.provider_session.clone().unwrap_or_default());
    let (here, there) = (bench.signed_in().await.0, bench.keep(foreign).await.0);
    assert_found(bench, &sound(bench.store.find_by_subject(bench.issuer(), "alice").await), [here]);
    assert_found(bench, &sound(bench.store.find_by_subject(&issuer, "alice").await), [there]);
    assert_found(bench, &sound(bench.store.find_by_provider_session(bench.issuer(), &sid).await), [here]);
    assert_found(bench, &sound(bench.store.find_by_provider_session(&issuer, &sid).await), [there]);
}

/// Which is all that who hears of a logout elsewhere has.
pub async fn a_session_that_was_found_ends_by_that_key(bench: &Bench) {
    let (key, _) = bench.signed_in().await;
    let found = sound(bench.store.find_by_subject(bench.issuer(), "alice").await);
    for found in &found {
        assert!(bench.end(found, EndReason::Ended).await.is_some(), "it ends");
    }
    assert_eq!(bench.ended(&key).await, EndReason::Ended);
}

/// Only live ones.
pub async fn ended_and_overdue_sessions_are_not_found(bench: &Bench) {
    let record = bench.record("alice");
    let sid = record.provider_session.clone().unwrap_or_default();
    let (ended, idle, live) =
        (bench.signed_in().await.0, bench.signed_in().await.0, bench.signed_in().await.0);
    bench.end(&ended, EndReason::Logout).await;
    sound(bench.store.touch(&live, bench.clock.now() + IDLE * 2).await);
    bench.clock.advance(IDLE);
    assert_eq!(bench.ended(&idle).await, EndReason::Idle);
    assert_found(bench, &sound(bench.store.find_by_subject(bench.issuer(), "alice").await), [live]);
    assert_found(bench, &sound(bench.store.find_by_provider_session(bench.issuer(), &sid).await), [live]);
}

/// A refresh may bring another `sid`.
pub async fn an_updated_session_is_found_by_what_it_is_now(bench: &Bench) {
    let (key, session) = bench.signed_in().await;
    let before = session.record.provider_session.clone().unwrap_or_default();
    let mut record = bench.record("alice");
    record.provider_session = Some("sid-2".into());
    sound(bench.store.update(&key, session.version, record).await);
    assert_found(bench, &sound(bench.store.find_by_provider_session(bench.issuer(), "sid-2").await), [key]);
    assert_found(bench, &sound(bench.store.find_by_provider_session(bench.issuer(), &before).await), []);
}
