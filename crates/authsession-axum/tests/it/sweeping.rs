//! Sessions nobody asks for end too: in bounded batches, one sweep at a time, and nobody waits for it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use authsession_core::clock::Timestamp;
use authsession_core::token_set::TokenSet;
use authsession_store::key::{SessionId, StoreKey};
use authsession_store::record::{Later, SessionRecord};
use authsession_store::store::{EndedSession, SessionStore as _, StoreError};
use authsession_testkit::endpoint::Endpoint;
use tokio::sync::Semaphore;

use crate::pains::scene::{kept, until};
use crate::stage::Stage;

/// What was asked of a store's sweep, and a gate before it.
#[derive(Debug)]
pub(crate) struct Sweeps {
    begun: AtomicUsize,
    under_way: AtomicUsize,
    at_once: AtomicUsize,
    largest: AtomicUsize,
    ended: AtomicUsize,
    gate: Semaphore,
}

impl Default for Sweeps {
    fn default() -> Self {
        let zero = AtomicUsize::default;
        let gate = Semaphore::new(Semaphore::MAX_PERMITS);
        Self { begun: zero(), under_way: zero(), at_once: zero(), largest: zero(), ended: zero(), gate }
    }
}

impl Sweeps {
    pub(crate) async fn watch(
        &self,
        at_most: usize,
        sweep: impl Future<Output = Result<Vec<EndedSession>, StoreError>>,
    ) -> Result<Vec<EndedSession>, StoreError> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        self.largest.fetch_max(at_most, Ordering::SeqCst);
        let under_way = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.at_once.fetch_max(under_way, Ordering::SeqCst);
        self.gate.acquire().await.unwrap().forget();
        let swept = sweep.await;
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        self.ended.fetch_add(swept.as_ref().map_or(0, Vec::len), Ordering::SeqCst);
        swept
    }

    fn begun(&self) -> usize {
        self.begun.load(Ordering::SeqCst)
    }

    fn ended(&self) -> usize {
        self.ended.load(Ordering::SeqCst)
    }

    /// From now on no sweep ends.
    fn hold(&self) {
        self.gate.forget_permits(Semaphore::MAX_PERMITS);
    }
}

/// Keeps that many sessions which end in an hour.
async fn keep(stage: &Stage, sessions: usize) {
    let now = Timestamp::from(stage.clock.now());
    for _ in 0..sessions {
        let record = SessionRecord {
            tokens: TokenSet::new("token", now),
            issuer: stage.provider.issuer().into(),
            client_id: stage.provider.client_id().into(),
            subject: "somebody".into(),
            provider_session: None,
            userinfo: None,
            userinfo_is_newer: false,
            id_token_refused: false,
            created_at: now,
            expires_at: Timestamp::NEVER,
            remembered: false,
            refresh_sent_at: None,
            refused: None,
            later: Later::default(),
        };
        let key = StoreKey::of(&SessionId::generate().unwrap());
        stage.store.create(&key, record, now + Duration::from_secs(3600)).await.unwrap();
    }
}

/// Waits until the sweep that is under way is over: it looks at every part of the store.
async fn swept(stage: &Stage, begun_before: usize) {
    let parts = stage.store.sweep_parts();
    assert!(until(async || stage.store.sweeps.begun() >= begun_before + parts).await);
    tokio::time::sleep(Duration::from_millis(50)).await;
}

#[tokio::test]
async fn a_login_has_what_is_overdue_swept_in_bounded_batches_until_all_of_it_is() {
    let stage = Stage::new().await;
    keep(&stage, 1_500).await;
    stage.clock.advance(Duration::from_secs(3601));

    stage.sign_in().await;

    let sweeps = &stage.store.sweeps;
    assert!(until(async || sweeps.ended() == 1_500).await, "{}", sweeps.ended());
    assert!(sweeps.largest.load(Ordering::SeqCst) <= 500);
    assert_eq!(sweeps.at_once.load(Ordering::SeqCst), 1);
    assert!(kept(&stage).await.is_some(), "and nothing else");
}

#[tokio::test]
async fn use_has_what_is_overdue_swept_too() {
    let stage = Stage::signed_in().await;
    swept(&stage, 0).await;
    keep(&stage, 100).await;
    stage.clock.advance(Duration::from_secs(3601));

    assert_eq!(stage.fetch("/token").await.0, 200);

    assert!(until(async || stage.store.sweeps.ended() == 100).await);
}

#[tokio::test]
async fn one_sweep_is_under_way_at_a_time_and_nobody_waits_for_it() {
    let stage = Stage::signed_in().await;
    swept(&stage, 0).await;
    let sweeps = &stage.store.sweeps;
    let before = sweeps.begun();
    sweeps.hold();

    for _ in 0..20 {
        stage.clock.advance(Duration::from_secs(600));
        assert_eq!(stage.fetch("/token").await.0, 200);
        assert_eq!(stage.browser.navigate(stage.url("/auth?return_to=/token")).await.unwrap().status, 200);
    }

    assert_eq!(sweeps.begun(), before + 1);
    assert_eq!(sweeps.under_way.load(Ordering::SeqCst), 1, "it still is");
}

#[tokio::test]
async fn the_next_sweep_comes_a_minute_later_give_or_take_a_quarter() {
    let stage = Stage::signed_in().await;
    swept(&stage, 0).await;
    let before = stage.store.sweeps.begun();

    for _ in 0..4 {
        stage.clock.advance(Duration::from_secs(11));
        stage.browser.navigate(stage.url("/auth?return_to=/token")).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(stage.store.sweeps.begun(), before, "after 44 s");

    stage.clock.advance(Duration::from_secs(32));
    stage.browser.navigate(stage.url("/auth?return_to=/token")).await.unwrap();
    assert!(until(async || stage.store.sweeps.begun() > before).await, "after 76 s");
}

#[tokio::test]
async fn a_clock_set_back_by_a_day_does_not_stop_sweeping_for_a_day() {
    let stage = Stage::signed_in().await;
    swept(&stage, 0).await;
    let before = stage.store.sweeps.begun();
    stage.clock.set(stage.clock.now() - Duration::from_secs(24 * 3600));

    stage.browser.clear_cookies();
    stage.browser.navigate(stage.url("/public")).await.unwrap();
    stage.browser.navigate(stage.url("/auth?return_to=/public")).await.unwrap();

    assert!(until(async || stage.store.sweeps.begun() > before).await);
}

#[tokio::test]
async fn of_what_a_sweep_ends_the_refresh_tokens_are_revoked() {
    let stage = Stage::signed_in().await;
    let token = stage.fetch("/session").await.1["refresh_token"].as_str().unwrap().to_owned();
    swept(&stage, 0).await;
    stage.clock.advance(Duration::from_secs(25 * 3600));
    stage.browser.clear_cookies();

    stage.sign_in().await;

    assert!(until(async || !stage.provider.live_refresh_token(&token)).await);
    assert!(stage.provider.journal().count(Endpoint::Revocation) <= 1);
}
