//! A session ends by the clock: unused for too long, or too old.

use std::time::Duration;

use authsession_core::clock::Timestamp;

use crate::contract::bench::{AGE, Bench, IDLE, new_key, sound};
use crate::end_reason::EndReason;
use crate::record::Version;
use crate::store::{LeaseOwner, Updated};

const SECOND: Duration = Duration::from_secs(1);

/// Up to its deadline it lives; from then on it is over, and says why.
pub async fn an_idle_session_is_not_shown(bench: &Bench) {
    let (key, _) = bench.signed_in().await;
    bench.clock.advance(IDLE - Duration::from_millis(1));
    bench.live(&key).await;
    bench.clock.advance(Duration::from_millis(1));
    assert_eq!(bench.ended(&key).await, EndReason::Idle);
}

/// However much it is used.
pub async fn a_session_that_is_too_old_is_not_shown(bench: &Bench) {
    let (key, _) = bench.signed_in().await;
    sound(bench.store.touch(&key, bench.clock.now() + AGE * 2).await);
    bench.clock.advance(AGE);
    assert_eq!(bench.ended(&key).await, EndReason::TooOld);
}

/// Over by the clock is over.
pub async fn an_overdue_session_takes_no_update_and_no_lease(bench: &Bench) {
    let (key, session) = bench.signed_in().await;
    bench.clock.advance(IDLE);
    let updated = sound(bench.store.update(&key, session.version, bench.record("alice")).await);
    assert!(matches!(updated, Updated::Ended), "an overdue session is not saved, but: {updated:?}");
    assert!(!bench.lease(&key, LeaseOwner([1; 16]), SECOND).await, "an overdue session has no lease");
    assert_eq!(bench.ended(&key).await, EndReason::Idle);
}

/// Who comes by stays.
pub async fn a_touch_moves_the_idle_deadline_on(bench: &Bench) {
    let (key, _) = bench.signed_in().await;
    let later = bench.clock.now() + IDLE * 2;
    sound(bench.store.touch(&key, later).await);
    assert_eq!(bench.live(&key).await.1, later);
    bench.clock.advance(IDLE);
    bench.live(&key).await;
}

/// A slow request does not shorten what a later one was promised.
pub async fn a_touch_never_moves_it_back(bench: &Bench) {
    let (key, _) = bench.signed_in().await;
    let before = bench.live(&key).await.1;
    sound(bench.store.touch(&key, bench.clock.now() + SECOND).await);
    assert_eq!(bench.live(&key).await.1, before);
}

/// Not what is overdue, not what ended, not what never was.
pub async fn a_touch_never_revives(bench: &Bench) {
    let ((idle, _), (ended, _), never) = (bench.signed_in().await, bench.signed_in().await, new_key());
    bench.end(&ended, EndReason::Logout).await;
    bench.clock.advance(IDLE);
    for key in [&idle, &ended, &never] {
        sound(bench.store.touch(key, bench.clock.now() + IDLE).await);
    }
    assert_eq!(bench.ended(&idle).await, EndReason::Idle);
    assert_eq!(bench.ended(&ended).await, EndReason::Logout);
    assert!(matches!(bench.load(&never).await, crate::store::Found::Absent), "a touch makes nothing");
}

/// So it does not make a save in flight fail.
pub async fn a_touch_is_no_new_version(bench: &Bench) {
    let (key, session) = bench.signed_in().await;
    sound(bench.store.touch(&key, bench.clock.now() + IDLE * 2).await);
    assert_eq!(bench.live(&key).await.0.version, session.version);
    let updated = sound(bench.store.update(&key, session.version, bench.record("alice")).await);
    assert!(matches!(updated, Updated::Saved(_)), "a touch is no version, but: {updated:?}");
}

/// The age is the last word.
pub async fn a_touch_does_not_outlive_the_session_s_age(bench: &Bench) {
    let (key, _) = bench.signed_in().await;
    sound(bench.store.touch(&key, Timestamp::NEVER).await);
    bench.clock.advance(AGE - SECOND);
    bench.live(&key).await;
    bench.clock.advance(SECOND);
    assert_eq!(bench.ended(&key).await, EndReason::TooOld);
}

/// Who ends a session for being idle saw a deadline, which a touch may have moved on since.
pub async fn an_idle_end_of_a_session_that_was_touched_meanwhile_ends_nothing(bench: &Bench) {
    let (key, _) = bench.signed_in().await;
    bench.clock.advance(IDLE - Duration::from_millis(1));
    let later = bench.clock.now() + IDLE;
    sound(bench.store.touch(&key, later).await);
    bench.clock.advance(SECOND);
    let ended = bench.end(&key, EndReason::Idle).await;
    assert!(ended.is_none(), "a live session does not end for being idle, but: {ended:?}");
    assert_eq!(bench.live(&key).await.1, later);
    bench.clock.set(later);
    let ended = bench.end(&key, EndReason::Idle).await;
    assert!(ended.is_some_and(|ended| ended.reason == EndReason::Idle), "an overdue one does");
}

/// The provider may shorten or lengthen a session: what an update says of its age counts, for loads and for sweeps.
pub async fn an_update_moves_the_end_of_a_session(bench: &Bench) {
    let ((shorter, one), (longer, other)) = (bench.signed_in().await, bench.signed_in().await);
    let mut record = bench.record("alice");
    record.expires_at = bench.clock.now() + SECOND;
    assert!(matches!(
        sound(bench.store.update(&shorter, one.version, record.clone()).await),
        Updated::Saved(_)
    ));
    record.expires_at = bench.clock.now() + AGE * 2;
    assert!(matches!(sound(bench.store.update(&longer, other.version, record).await), Updated::Saved(_)));
    bench.clock.advance(SECOND);
    assert_eq!(bench.ended(&shorter).await, EndReason::TooOld);
    sound(bench.store.touch(&longer, Timestamp::NEVER).await);
    bench.clock.advance(AGE);
    bench.live(&longer).await;
    bench.clock.advance(AGE);
    assert_eq!(bench.ended(&longer).await, EndReason::TooOld);
}

/// [`Timestamp::NEVER`] is kept as such.
pub async fn deadlines_that_never_come_do_not_come(bench: &Bench) {
    let mut record = bench.record("alice");
    record.expires_at = Timestamp::NEVER;
    record.tokens.expires_at = Some(Timestamp::NEVER);
    let key = new_key();
    sound(bench.store.create(&key, record.clone(), Timestamp::NEVER).await);
    assert!(bench.lease(&key, LeaseOwner([1; 16]), Duration::MAX).await, "a lease of any length");
    bench.clock.set(Timestamp::from_unix_seconds(253_402_300_799));
    let (session, idle_deadline) = bench.live(&key).await;
    assert!(session.record == record, "the record comes back as it was");
    assert_eq!(idle_deadline, Timestamp::NEVER);
    assert!(
        !bench.lease(&key, LeaseOwner([2; 16]), Duration::MAX).await,
        "a lease that never ends is still held"
    );
}

/// A clock set before 1970 is a clock.
pub async fn deadlines_before_the_epoch_are_deadlines(bench: &Bench) {
    bench.clock.set(Timestamp::from_unix_millis(-86_400_001));
    let (key, session) = bench.signed_in().await;
    assert_eq!(session.version, Version::FIRST);
    let (session, idle_deadline) = bench.live(&key).await;
    assert_eq!(session.record.created_at, Timestamp::from_unix_millis(-86_400_001));
    assert_eq!(idle_deadline, bench.clock.now() + IDLE);
    bench.clock.advance(IDLE);
    assert_eq!(bench.ended(&key).await, EndReason::Idle);
}
