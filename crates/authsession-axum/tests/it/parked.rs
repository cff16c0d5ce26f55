//! Refreshed tokens the store would not take: what becomes of them though nobody asks for their session any more.

use std::sync::Arc;
use std::time::Duration;

use authsession_core::clock::Timestamp;
use authsession_store::end_reason::EndReason;
use authsession_store::key::StoreKey;
use authsession_store::store::{LeaseOwner, SessionStore as _};
use authsession_store::waiting::LEASE;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::habits::Habits;
use authsession_testkit::ledger::RefreshTokens;
use authsession_testkit::script::Answer;
use futures_util::future::join_all;

use crate::consent::asking;
use crate::pains::scene::{kept, minutes, replica_of, until};
use crate::stage::{Stage, TOKEN_LIFETIME};

const FOR_EVER: Duration = Duration::from_secs(400 * 24 * 3600);

fn key(stage: &Stage) -> StoreKey {
    StoreKey::from_cookie(&stage.session_cookie().unwrap()).unwrap()
}

/// The store takes the mark of a refresh, and not the tokens it brought.
async fn park(stage: &Stage) {
    stage.browser.navigate(stage.url("/public")).await.unwrap();
    stage.expire_token();
    stage.store.fail_updates_after(1);
    assert_eq!(stage.fetch("/token").await.0, 503);
}

async fn parked() -> Stage {
    let stage = Stage::signed_in().await;
    park(&stage).await;
    stage
}

/// The same where to revoke one refresh token ends all the user's.
async fn parked_with_consent() -> Stage {
    let habits = Habits::default().refresh_token_with_consent();
    let stage = Stage::with(|provider| provider.habits(habits), asking).await;
    stage.sign_in().await;
    park(&stage).await;
    stage
}

/// Waits until the store has been looked at once more, and for what comes of that.
async fn looked_again(stage: &Stage) {
    let before = stage.store.reads();
    assert!(until(async || stage.store.reads() > before).await);
    tokio::time::sleep(Duration::from_millis(100)).await;
}

fn revocations(stage: &Stage) -> usize {
    stage.provider.journal().count(Endpoint::Revocation)
}

#[tokio::test]
async fn tokens_that_could_not_be_saved_are_saved_though_nobody_asks_again() {
    let stage = parked().await;
    let spent = kept(&stage).await.unwrap().record.tokens.refresh_token.clone();
    stage.store.work_again();

    let saved = async || kept(&stage).await.unwrap().record.refresh_sent_at.is_none();

    assert!(until(saved).await);
    let rotated = kept(&stage).await.unwrap().record.tokens.refresh_token.clone();
    assert!(rotated != spent && stage.provider.live_refresh_token(rotated.unwrap().expose()));
    assert_eq!((stage.fetch("/token").await.0, stage.refreshes()), (200, 1));
}

/// The store was away for longer than a lease lasts.
#[tokio::test]
async fn parked_tokens_are_saved_though_another_replica_has_the_lease_by_now() {
    let stage = parked().await;
    let another = LeaseOwner([7; 16]);
    stage.clock.advance(LEASE);
    assert!(stage.store.lease(&key(&stage), another, LEASE).await.unwrap());
    stage.store.work_again();

    let saved = async || kept(&stage).await.unwrap().record.refresh_sent_at.is_none();

    assert!(until(saved).await);
    assert_eq!((stage.fetch("/token").await.0, stage.refreshes()), (200, 1));
}

/// As where two replicas refresh by a refresh token that does not rotate.
#[tokio::test]
async fn parked_tokens_that_are_older_than_what_the_store_has_by_now_are_not_saved() {
    let stage = Stage::with(|provider| provider.refresh_tokens(RefreshTokens::Static), |own| own).await;
    stage.sign_in().await;
    park(&stage).await;
    let before = kept(&stage).await.unwrap();
    let mut record = before.record.clone();
    record.tokens.access_token = "theirs".into();
    record.tokens.received_at = Timestamp::from(stage.clock.now()) + Duration::from_secs(1);
    record.tokens.expires_at = Some(record.tokens.received_at + TOKEN_LIFETIME);
    stage.store.work_again();
    stage.store.update(&key(&stage), before.version, record).await.unwrap();

    looked_again(&stage).await;

    let held = kept(&stage).await.unwrap();
    assert_eq!(held.record.tokens.access_token.expose(), "theirs");
}

/// By this process's clock alone, that is, which may be wrong; or nobody can say so.
#[tokio::test]
async fn tokens_of_a_session_that_seems_to_be_over_are_revoked_only_once_it_is() {
    let stage = Arc::new(Stage::signed_in().await);
    stage.expire_token();
    let (answer, gate) = Answer::normal().held_after();
    stage.provider.enqueue(Endpoint::Token, answer);
    let asks = Arc::clone(&stage);
    let asked = tokio::spawn(async move { asks.fetch("/token").await.0 });
    assert!(gate.reached().await);
    let now = stage.clock.now();
    stage.clock.advance(minutes(60 * 24 * 2));
    stage.store.away_for(&["end"]);
    gate.open();
    assert_eq!(asked.await.unwrap(), 503);

    stage.clock.set(now);
    stage.store.away_for(&[]);

    let saved = async || kept(&stage).await.is_some_and(|kept| kept.record.refresh_sent_at.is_none());
    assert!(until(saved).await, "it lives, and has its new tokens");
    assert_eq!((stage.fetch("/token").await.0, stage.refreshes(), revocations(&stage)), (200, 1, 0));
}

#[tokio::test]
async fn a_logout_that_another_replica_handles_has_the_parked_refresh_token_revoked_too() {
    let stage = parked().await;
    let replica = replica_of(&stage).await;
    let family = kept(&stage).await.unwrap().record.tokens.refresh_token.clone().unwrap();

    stage.browser.navigate(format!("{}/public", replica.url())).await.unwrap();
    stage.browser.submit(format!("{}/auth/logout", replica.url()), &[]).await.unwrap();

    assert!(stage.provider.journal().reaches(Endpoint::Revocation, 1).await, "what the store kept");
    assert!(until(async || revocations(&stage) == 2).await, "and what was parked");
    let revoked = stage.provider.journal().last(Endpoint::Revocation).unwrap();
    assert_ne!(revoked.form_value("token"), Some(family.expose()));
    assert!(!stage.provider.live_refresh_token(revoked.form_value("token").unwrap()));
    let reads = stage.store.reads();
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(stage.store.reads(), reads, "it is kept no longer");
}

#[tokio::test]
async fn parked_tokens_are_tried_again_until_the_store_answers() {
    let stage = parked().await;
    stage.store.away_for(&["load"]);
    looked_again(&stage).await;
    stage.store.away_for(&["lease"]);
    looked_again(&stage).await;
    stage.store.away_for(&[]);
    stage.store.end(&key(&stage), EndReason::Logout).await.unwrap();

    assert!(until(async || revocations(&stage) == 1).await);
}

#[tokio::test]
async fn parked_tokens_are_revoked_once_their_session_can_live_no_longer_whatever_the_store_does() {
    let stage = parked().await;
    stage.store.away_for(&["load", "end", "lease"]);
    stage.clock.advance(FOR_EVER);

    assert!(until(async || revocations(&stage) == 1).await);
    let reads = stage.store.reads();
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(stage.store.reads(), reads, "and kept no longer");
}

#[tokio::test]
async fn a_session_that_idles_away_takes_its_parked_tokens_along() {
    let stage = parked().await;
    stage.clock.advance(minutes(60 * 24 * 2));

    assert!(until(async || revocations(&stage) == 2).await, "the old one and the one parked");
    assert!(kept(&stage).await.is_none());
}

#[tokio::test]
async fn where_to_revoke_one_ends_them_all_a_parked_refresh_token_is_revoked_after_a_logout_alone() {
    let outcomes =
        [(EndReason::TooOld, 0), (EndReason::Replaced, 0), (EndReason::Logout, 1), (EndReason::Ended, 1)]
            .map(|(reason, revoked)| async move {
                let stage = parked_with_consent().await;
                stage.store.end(&key(&stage), reason).await.unwrap();
                looked_again(&stage).await;
                assert!(until(async || revocations(&stage) >= revoked).await, "{reason}");
                assert_eq!(revocations(&stage), revoked, "{reason}");
            });
    join_all(outcomes).await;
}

#[tokio::test]
async fn where_to_revoke_one_ends_them_all_a_parked_one_does_not_end_what_another_replica_got() {
    let stage = parked_with_consent().await;
    stage.store.work_again();
    let before = kept(&stage).await.unwrap();
    let mut record = before.record.clone();
    record.tokens.refresh_token = Some("their refresh token".into());
    stage.store.update(&key(&stage), before.version, record).await.unwrap();

    looked_again(&stage).await;

    assert_eq!(revocations(&stage), 0);
    let left = kept(&stage).await.unwrap().record.tokens.refresh_token.clone().unwrap();
    assert_eq!(left.expose(), "their refresh token");
}

#[tokio::test]
async fn tokens_that_were_saved_though_the_store_s_answer_was_lost_are_not_revoked() {
    let stage = Stage::signed_in().await;
    stage.expire_token();
    stage.store.lose_an_answer_after(1);
    stage.store.fail_updates_after(2);
    assert_eq!(stage.fetch("/token").await.0, 503);
    stage.store.work_again();
    looked_again(&stage).await;

    let token = stage.token().await;

    assert!(stage.provider.live_access_token(&token));
    assert_eq!((stage.refreshes(), revocations(&stage)), (1, 0));
    let refresh_token = kept(&stage).await.unwrap().record.tokens.refresh_token.clone().unwrap();
    assert!(stage.provider.live_refresh_token(refresh_token.expose()));
}

#[tokio::test]
async fn the_refresh_token_of_an_absurd_answer_that_was_saved_though_the_store_s_answer_was_lost_is_not_revoked()
 {
    let stage = Stage::signed_in().await;
    stage.expire_token();
    stage.provider.enqueue(Endpoint::Token, Answer::tampered(|body| body["token_type"] = "mac".into()));
    stage.store.lose_an_answer_after(1);
    assert_eq!(stage.fetch("/token").await.0, 503);

    let refresh_token = kept(&stage).await.unwrap().record.tokens.refresh_token.clone().unwrap();

    assert!(stage.provider.live_refresh_token(refresh_token.expose()));
    assert_eq!(revocations(&stage), 0);
}
