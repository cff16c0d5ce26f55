//! A process whose clock is wrong, at a store whose server knows the time: it ends nobody's session by a deadline.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use authsession_core::clock::{Clock, Timestamp};
use authsession_store::claim::{Claim, Settled};
use authsession_store::end_reason::EndReason;
use authsession_store::key::{SessionId, StoreKey};
use authsession_store::seal::KeyRing;
use authsession_store::sealed_store::SealedStore;
use authsession_store::store::{Found, SessionStore as _, StoreError};

use crate::record::record;
use crate::shelf::Shelf;

const SERVER: Timestamp = Timestamp::from_unix_seconds(1_900_000_000);
const HOUR: Duration = Duration::from_secs(3600);

/// A process at a server where it is always the same time, and its clock: by how many seconds it is ahead.
struct Process {
    shelf: Arc<Shelf>,
    store: SealedStore,
    ahead: Arc<AtomicI64>,
}

impl Process {
    fn starts() -> Self {
        let (shelf, ahead) = (Arc::new(Shelf::default()), Arc::new(AtomicI64::new(0)));
        *shelf.time.lock().unwrap() = Some(SERVER);
        let by = Arc::clone(&ahead);
        let clock = Clock::from_fn(move || {
            let seconds = SERVER.unix_seconds() + by.load(Ordering::SeqCst);
            UNIX_EPOCH + Duration::from_secs(seconds.cast_unsigned())
        });
        let ring = KeyRing::random().unwrap();
        let store = SealedStore::new(Arc::clone(&shelf) as Arc<_>, ring).with_clock(clock);
        Self { shelf, store, ahead }
    }

    fn is_ahead_by(&self, seconds: i64) {
        self.ahead.store(seconds, Ordering::SeqCst);
    }

    /// Keeps a session that is idle an hour from now, as the server reckons.
    async fn keeps(&self) -> StoreKey {
        let key = StoreKey::of(&SessionId::generate().unwrap());
        let record = authsession_store::record::SessionRecord { expires_at: SERVER + HOUR * 10, ..record() };
        self.store.create(&key, record, SERVER + HOUR).await.unwrap();
        key
    }

    async fn is_live(&self, key: &StoreKey) -> bool {
        self.is_ahead_by(0);
        matches!(self.store.load(key).await.unwrap(), Found::Live { .. })
    }
}

#[tokio::test]
async fn a_process_whose_clock_is_wrong_sweeps_nothing_and_says_so() {
    let process = Process::starts();
    let key = process.keeps().await;
    for wrong in [2 * 3600, -2 * 3600, 61, -61] {
        process.is_ahead_by(wrong);

        let refused = process.store.sweep(10).await.unwrap_err();

        let apart = Duration::from_secs(wrong.unsigned_abs());
        assert!(matches!(refused, StoreError::ClocksApart(by) if by == apart), "{refused:?}");
        assert!(refused.to_string().contains("synchronise"), "{refused}");
    }
    assert!(process.is_live(&key).await);
}

#[tokio::test]
async fn a_session_that_seems_over_to_a_wrong_clock_is_not_ended() {
    let process = Process::starts();
    let key = process.keeps().await;
    process.is_ahead_by(2 * 3600);
    let Found::Overdue(reason) = process.store.load(&key).await.unwrap() else { unreachable!() };

    let refused = process.store.end(&key, reason).await;

    assert!(matches!(refused, Err(StoreError::ClocksApart(_))), "{refused:?}");
    assert!(process.is_live(&key).await);
}

#[tokio::test]
async fn a_logout_counts_whatever_the_clock_says() {
    let process = Process::starts();
    let key = process.keeps().await;
    process.is_ahead_by(-2 * 3600);

    assert!(process.store.end(&key, EndReason::Logout).await.unwrap().is_some());
}

#[tokio::test]
async fn clocks_that_are_seconds_apart_and_one_that_was_put_right_sweep() {
    let process = Process::starts();
    let key = process.keeps().await;
    process.is_ahead_by(2 * 3600);
    process.store.sweep(10).await.unwrap_err();

    for right in [59, 0, -59] {
        process.is_ahead_by(right);
        assert!(process.store.sweep(10).await.unwrap().is_empty(), "it is not overdue");
    }
    *process.shelf.time.lock().unwrap() = Some(SERVER + HOUR);
    process.is_ahead_by(3600);
    let swept = process.store.sweep(10).await.unwrap();
    assert_eq!(swept.len(), 1, "an hour later it is");
    process.store.load(&key).await.unwrap();
}

#[tokio::test]
async fn claims_and_ends_are_forgotten_though_the_server_s_clock_is_wrong() {
    let process = Process::starts();
    let key = process.keeps().await;
    *process.shelf.time.lock().unwrap() = Some(SERVER + HOUR * 24);
    for settled in [Settled::InVain, Settled::GivenUp] {
        let claim = StoreKey::of(&SessionId::generate().unwrap());
        let Claim::Ours(ours) = process.store.claim(&claim, HOUR / 10).await.unwrap() else { unreachable!() };
        process.store.settle(&claim, ours, settled).await.unwrap();
    }
    process.is_ahead_by(3600 / 2);

    for _ in 0..2 {
        let refused = process.store.sweep(10).await.unwrap_err();
        assert!(matches!(refused, StoreError::ClocksApart(_)), "it says so: {refused:?}");
    }

    assert_eq!(process.shelf.rows().len(), 1, "the session");
    assert!(process.is_live(&key).await);
}

#[tokio::test]
async fn a_server_that_does_not_tell_the_time_keeps_nothing_from_being_swept_and_is_not_asked_at_once_again()
{
    let process = Process::starts();
    process.keeps().await;
    process.shelf.hides_the_time.store(true, Ordering::SeqCst);
    process.is_ahead_by(3600);

    let swept = process.store.sweep(10).await.unwrap();

    assert_eq!(swept.len(), 1);
    process.store.sweep(10).await.unwrap();
    assert_eq!(process.shelf.times_asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn that_a_clock_is_wrong_counts_on_while_the_server_does_not_tell_the_time() {
    let process = Process::starts();
    let key = process.keeps().await;
    process.is_ahead_by(2 * 3600);
    process.store.sweep(10).await.unwrap_err();
    process.shelf.hides_the_time.store(true, Ordering::SeqCst);
    process.is_ahead_by(2 * 3600 + 60);

    process.store.sweep(10).await.unwrap_err();

    assert!(process.is_live(&key).await);
}
