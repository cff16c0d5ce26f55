//! A session others are at too: another replica that refreshes, another login, a store that is away for a moment.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use authsession_core::clock::Timestamp;
use authsession_store::end_reason::EndReason;
use authsession_store::key::StoreKey;
use authsession_store::record::SessionRecord;
use authsession_store::store::{LeaseOwner, SessionStore as _, Updated};
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::gate::Gate;
use authsession_testkit::ledger::RefreshTokens;
use authsession_testkit::script::Answer;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::log;
use crate::pains::scene::{Scene, kept, replica_of, until};
use crate::stage::{SESSION_COOKIE, Stage, TOKEN_LIFETIME};

const LEASE: Duration = Duration::from_secs(15);
const ANOTHER: LeaseOwner = LeaseOwner([7; 16]);

fn key(stage: &Stage) -> StoreKey {
    StoreKey::from_cookie(&stage.session_cookie().unwrap()).unwrap()
}

/// Another replica saves something of the session.
async fn edits(stage: &Stage, edit: impl FnOnce(&mut SessionRecord)) {
    let before = kept(stage).await.unwrap();
    let mut record = before.record.clone();
    edit(&mut record);
    let updated = stage.store.update(&key(stage), before.version, record).await.unwrap();
    assert!(matches!(updated, Updated::Saved(_)));
}

/// Another replica refreshes in spite of the lease.
async fn refreshes(stage: &Stage) {
    let now = Timestamp::from(stage.clock.now());
    edits(stage, |record| {
        record.tokens.access_token = "theirs".into();
        record.tokens.refresh_token = Some("their refresh token".into());
        record.tokens.expires_at = Some(now + TOKEN_LIFETIME);
    })
    .await;
}

fn asks(stage: &Arc<Stage>, path: &'static str) -> JoinHandle<(u16, Value)> {
    let stage = Arc::clone(stage);
    tokio::spawn(async move { stage.fetch(path).await })
}

/// A refresh that got this answer, which is held back on its way.
async fn answered(answer: Answer) -> (Arc<Stage>, Gate, JoinHandle<(u16, Value)>) {
    let stage = Arc::new(Stage::signed_in().await);
    stage.expire_token();
    let (answer, gate) = answer.held_after();
    stage.provider.enqueue(Endpoint::Token, answer);
    let asked = asks(&stage, "/session");
    assert!(gate.reached().await);
    (stage, gate, asked)
}

/// An answer that is of no use but for its refresh token.
fn absurd() -> Answer {
    Answer::tampered(|body| body["token_type"] = "mac".into())
}

#[tokio::test]
async fn who_waits_for_another_replica_gets_what_that_one_saved() {
    let stage = Arc::new(Stage::signed_in().await);
    stage.expire_token();
    assert!(stage.store.lease(&key(&stage), ANOTHER, LEASE).await.unwrap());
    let asked = asks(&stage, "/session");
    let reads = stage.store.reads();
    assert!(until(async || stage.store.reads() > reads + 1).await);

    refreshes(&stage).await;

    assert_eq!(asked.await.unwrap().1["access_token"], "theirs");
    assert_eq!(stage.refreshes(), 0);
}

#[tokio::test]
async fn the_lease_of_a_replica_that_died_falls_free() {
    let stage = Arc::new(Stage::signed_in().await);
    stage.expire_token();
    assert!(stage.store.lease(&key(&stage), ANOTHER, LEASE).await.unwrap());
    let asked = asks(&stage, "/token");
    let reads = stage.store.reads();
    assert!(until(async || stage.store.reads() > reads + 1).await);
    assert_eq!(stage.refreshes(), 0);

    stage.clock.advance(LEASE);

    assert_eq!((asked.await.unwrap().0, stage.refreshes()), (200, 1));
}

#[tokio::test]
async fn nobody_waits_for_ever_for_another_replica() {
    let scene = Scene::set(|provider| provider, |application| application, Router::new()).await;
    scene.sign_in().await;
    scene.expire_token();
    assert!(scene.store.lease(&key(&scene), ANOTHER, LEASE).await.unwrap());
    let cookie = format!("{SESSION_COOKIE}={}", scene.session_cookie().unwrap());
    tokio::time::pause();

    let answer = scene.asked("/token", &[("cookie", &cookie), ("accept", "application/json")]).await;

    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()["retry-after"], "1");
    assert!(kept(&scene).await.is_some(), "the session is kept");
}

/// A refresh whose provider takes its time, seen from when five seconds of it are over.
async fn slow(meanwhile: impl AsyncFnOnce(&Stage)) -> Arc<Stage> {
    let patient = |application: authsession_axum::auth_builder::OAuthConfigurationBuilder| {
        application.with_request_timeout(Duration::from_secs(60))
    };
    let stage = Arc::new(Stage::with(|provider| provider, patient).await);
    stage.sign_in().await;
    stage.expire_token();
    let (answer, gate) = Answer::normal().held_before();
    stage.provider.enqueue(Endpoint::Token, answer);
    let asked = asks(&stage, "/token");
    assert!(gate.reached().await);
    stage.clock.advance(LEASE - Duration::from_secs(1));
    meanwhile(&stage).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_millis(5_010)).await;
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    tokio::time::resume();
    stage.store.away_for(&[]);
    stage.clock.advance(Duration::from_secs(2));
    let is_free = stage.store.lease(&key(&stage), ANOTHER, LEASE).await.unwrap();
    assert_eq!(is_free, stage.store.leases_failed() > 0, "it is renewed before it falls free");
    gate.open();
    asked.await.unwrap();
    stage
}

/// A backup locks the table, say: the caller is told in time, and the tokens are saved when the store answers again.
#[tokio::test]
async fn a_store_that_hangs_after_the_provider_s_answer_keeps_its_user_waiting_for_seconds_only() {
    let (stage, gate, asked) = answered(Answer::normal()).await;
    stage.store.hangs_for(&["update", "release"]);
    gate.open();
    stage.store.failed_updates(1).await;
    tokio::time::pause();
    let began = tokio::time::Instant::now();

    assert_eq!(asked.await.unwrap().0, 503);

    assert!(began.elapsed() < Duration::from_millis(5_600), "{:?}", began.elapsed());
    tokio::time::resume();
    stage.store.hangs_for(&[]);
    stage.clock.advance(Duration::from_secs(20));
    assert!(until(async || stage.fetch("/session").await.0 == 200).await);
    assert_eq!(stage.refreshes(), 1, "nothing was spent twice");
}

/// The tokens are in one process then, and any other one has but the refresh token that is spent.
#[tokio::test]
async fn while_refreshed_tokens_cannot_be_saved_no_other_replica_presents_the_spent_refresh_token() {
    let rotates = RefreshTokens::RotatingWithReuseDetection;
    let stage = Arc::new(Stage::with(|provider| provider.refresh_tokens(rotates), |own| own).await);
    stage.sign_in().await;
    let other = replica_of(&stage).await;
    stage.expire_token();
    let (answer, gate) = Answer::normal().held_after();
    stage.provider.enqueue(Endpoint::Token, answer);
    let here = asks(&stage, "/token");
    assert!(gate.reached().await);
    let (tab, url) = (stage.browser.tab(), format!("{}/token", other.url().trim_end_matches('/')));
    let there = tokio::spawn(async move { tab.fetch(url).await.unwrap().status });
    stage.store.hangs_for(&["update"]);
    gate.open();
    stage.store.failed_updates(1).await;
    tokio::time::pause();
    assert_eq!(here.await.unwrap().0, 503);
    stage.store.hangs_for(&[]);

    assert_eq!(there.await.unwrap(), 200, "it waited for what is parked here");

    tokio::time::resume();
    assert_eq!(stage.refreshes(), 1);
    assert!(kept(&stage).await.is_some());
    let is_free = async || stage.store.lease(&key(&stage), ANOTHER, LEASE).await.unwrap();
    assert!(until(is_free).await, "and nobody keeps the lease any longer");
}

#[tokio::test]
async fn a_refresh_that_takes_long_keeps_its_lease() {
    let stage = slow(async |_| {}).await;

    assert_eq!(stage.refreshes(), 1);
}

#[tokio::test]
async fn a_lease_that_cannot_be_renewed_is_logged_and_costs_no_token() {
    let (log, _listening) = log::kept();

    let stage = slow(async |stage| stage.store.away_for(&["lease"])).await;

    assert_eq!(log.warnings("a lease was not renewed").len(), 1);
    assert!(stage.provider.live_access_token(&stage.token().await));
    assert_eq!(stage.refreshes(), 1);
}

#[tokio::test]
async fn a_lease_that_is_not_given_back_is_logged_and_costs_nobody_the_token() {
    let (log, _listening) = log::kept();
    let stage = Stage::signed_in().await;
    stage.expire_token();
    stage.store.away_for(&["release"]);

    assert!(stage.provider.live_access_token(&stage.token().await));

    assert_eq!(log.warnings("falls free by itself").len(), 1);
}

/// A process that stood still since it took the lease, which is another's by now; and what it answers, once that one has refreshed.
async fn stood_still(wakes: impl FnOnce(&Stage, SystemTime)) -> (Value, usize) {
    let stage = Arc::new(Stage::signed_in().await);
    stage.expire_token();
    stage.store.reset();
    let held = stage.store.hold_the_next_update();
    let asked = asks(&stage, "/session");
    assert!(until(async || stage.store.writes() == 1).await);
    let stopped_at = stage.clock.now();
    stage.clock.advance(LEASE);
    assert!(stage.store.lease(&key(&stage), ANOTHER, LEASE).await.unwrap());
    let now = Timestamp::from(stage.clock.now());
    edits(&stage, |record| record.refresh_sent_at = Some(now)).await;
    wakes(&stage, stopped_at);
    let reads = stage.store.reads();
    held.add_permits(1);
    assert!(until(async || stage.store.reads() > reads + 2).await);
    refreshes(&stage).await;
    (asked.await.unwrap().1["access_token"].clone(), stage.refreshes())
}

#[tokio::test]
async fn who_lost_the_lease_sends_nothing_and_gets_what_its_new_owner_saves() {
    let woken = stood_still(|_, _| {}).await;

    assert_eq!(woken, ("theirs".into(), 0));
}

/// As a machine does that is stopped whole: by its clock, no time went by.
#[tokio::test]
async fn whose_clock_stood_still_too_asks_whose_the_lease_is_before_sending() {
    let woken = stood_still(|stage, stopped_at| stage.clock.set(stopped_at)).await;

    assert_eq!(woken, ("theirs".into(), 0));
}

/// Somebody asks for a session whose refresh token another process presented just now.
async fn presented_elsewhere() -> (Arc<Stage>, JoinHandle<(u16, Value)>) {
    let stage = Arc::new(Stage::signed_in().await);
    stage.expire_token();
    let now = Timestamp::from(stage.clock.now());
    edits(&stage, |record| record.refresh_sent_at = Some(now)).await;
    let reads = stage.store.reads();
    let asked = asks(&stage, "/session");
    assert!(until(async || stage.store.reads() > reads + 3).await);
    (stage, asked)
}

/// It may have an answer that it could not save while the store was away: for longer than its lease lasted, say.
#[tokio::test]
async fn a_refresh_token_another_replica_presented_is_not_presented_before_that_one_had_its_time() {
    let (stage, asked) = presented_elsewhere().await;

    refreshes(&stage).await;

    assert_eq!(asked.await.unwrap().1["access_token"], "theirs");
    assert_eq!(stage.refreshes(), 0);
}

/// Two that came by the lease one after the other, and the first presented it when its time was over.
#[tokio::test]
async fn who_waited_for_one_replica_waits_for_the_next_one_that_presents_it_too() {
    let (stage, asked) = presented_elsewhere().await;
    let later = Timestamp::from(stage.clock.now()) + Duration::from_secs(1);
    edits(&stage, |record| record.refresh_sent_at = Some(later)).await;
    let reads = stage.store.reads();
    assert!(until(async || stage.store.reads() > reads + 5).await);

    refreshes(&stage).await;

    assert_eq!(asked.await.unwrap().1["access_token"], "theirs");
    assert_eq!(stage.refreshes(), 0);
}

#[tokio::test]
async fn eight_seconds_later_there_is_nothing_left_to_lose_and_it_is_presented() {
    let scene = Scene::set(|provider| provider, |application| application, Router::new()).await;
    scene.sign_in().await;
    scene.expire_token();
    let now = Timestamp::from(scene.clock.now());
    edits(&scene, |record| record.refresh_sent_at = Some(now)).await;
    let cookie = format!("{SESSION_COOKIE}={}", scene.session_cookie().unwrap());
    let scene = Arc::new(scene);
    let asks = Arc::clone(&scene);
    let asked = tokio::spawn(async move { asks.asked("/token", &[("cookie", &cookie)]).await.status() });
    assert!(until(async || scene.store.reads() > 3).await);
    tokio::time::pause();
    for _ in 0..70 {
        tokio::time::advance(Duration::from_millis(100)).await;
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!((scene.refreshes(), asked.is_finished()), (0, false));
    tokio::time::resume();

    assert_eq!((asked.await.unwrap(), scene.refreshes()), (StatusCode::OK, 1));
}

/// The one that presented it says so: nobody has the answer.
#[tokio::test]
async fn for_who_presented_it_and_got_no_answer_nobody_waits() {
    let stage = Stage::signed_in().await;
    let other = replica_of(&stage).await;
    stage.expire_token();
    stage.provider.enqueue(Endpoint::Token, Answer::dropped_before());
    assert_eq!(stage.fetch("/token").await.0, 503);
    stage.store.reset();

    let token = stage.browser.fetch(format!("{}/token", other.url())).await.unwrap();

    assert_eq!(token.status, 200, "{}", token.text());
    assert!(stage.store.reads() < 5, "{}", stage.store.reads());
}

#[tokio::test]
async fn tokens_another_replica_saved_in_spite_of_the_lease_stay() {
    let (stage, gate, asked) = answered(Answer::normal()).await;
    refreshes(&stage).await;
    gate.open();

    assert_eq!(asked.await.unwrap().1["access_token"], "theirs");
    assert_eq!(kept(&stage).await.unwrap().record.tokens.access_token.expose(), "theirs");
}

#[tokio::test]
async fn a_refused_token_that_another_replica_replaced_ends_nothing() {
    let (stage, gate, asked) = answered(Answer::error(400, "invalid_grant")).await;
    refreshes(&stage).await;
    gate.open();

    let (status, session) = asked.await.unwrap();

    assert_eq!((status, &session["access_token"]), (200, &"theirs".into()), "{session}");
}

#[tokio::test]
async fn a_mark_that_is_another_replicas_by_now_is_not_taken_back() {
    let (stage, gate, asked) = answered(Answer::status(429)).await;
    let later = Timestamp::from(stage.clock.now()) + Duration::from_secs(1);
    edits(&stage, |record| record.refresh_sent_at = Some(later)).await;
    gate.open();

    assert_eq!(asked.await.unwrap().0, 503);

    assert_eq!(kept(&stage).await.unwrap().record.refresh_sent_at, Some(later));
}

#[tokio::test]
async fn the_refresh_token_of_an_absurd_answer_is_kept_beside_what_another_replica_saved() {
    let (stage, gate, asked) = answered(absurd()).await;
    edits(&stage, |record| record.userinfo = Some("{\"shoe_size\":38}".into())).await;
    gate.open();
    assert_eq!(asked.await.unwrap().0, 503);

    let record = &kept(&stage).await.unwrap().record;

    assert_eq!(record.userinfo.as_deref(), Some("{\"shoe_size\":38}"));
    assert!(stage.provider.live_refresh_token(record.tokens.refresh_token.as_ref().unwrap().expose()));
}

/// Sessions that travel are told apart by that: of two processes with the same tokens, one has the live refresh token.
#[tokio::test]
async fn a_session_whose_refresh_token_alone_was_rotated_is_newer_than_the_one_before() {
    let (stage, gate, asked) = answered(absurd()).await;
    let before = kept(&stage).await.unwrap();
    gate.open();
    assert_eq!(asked.await.unwrap().0, 503);

    let after = kept(&stage).await.unwrap();

    assert_ne!(after.record.tokens.refresh_token, before.record.tokens.refresh_token);
    assert!(after.record.tokens.received_at > before.record.tokens.received_at);
}

#[tokio::test]
async fn the_refresh_token_of_an_absurd_answer_is_revoked_where_another_replica_has_a_newer_one() {
    let (stage, gate, asked) = answered(absurd()).await;
    refreshes(&stage).await;
    gate.open();
    asked.await.unwrap();

    assert!(stage.provider.journal().reaches(Endpoint::Revocation, 1).await);
    let tokens = &kept(&stage).await.unwrap().record.tokens;
    assert_eq!(tokens.refresh_token.as_ref().unwrap().expose(), "their refresh token");
}

#[tokio::test]
async fn the_refresh_token_of_an_absurd_answer_is_revoked_after_a_logout() {
    let (stage, gate, asked) = answered(absurd()).await;
    stage.store.end(&key(&stage), EndReason::Logout).await.unwrap();
    gate.open();

    assert_eq!(asked.await.unwrap().0, 503);
    assert!(stage.provider.journal().reaches(Endpoint::Revocation, 1).await);
    let revoked = stage.provider.journal().last(Endpoint::Revocation).unwrap();
    assert!(!stage.provider.live_refresh_token(revoked.form_value("token").unwrap()));
}

#[tokio::test]
async fn tokens_that_could_not_be_saved_are_revoked_where_another_replica_has_newer_ones() {
    let stage = Stage::signed_in().await;
    stage.expire_token();
    stage.store.fail_updates_after(1);
    assert_eq!(stage.fetch("/token").await.0, 503);
    stage.store.work_again();
    refreshes(&stage).await;
    stage.expire_token();

    stage.fetch("/token").await;

    assert!(stage.provider.journal().reaches(Endpoint::Revocation, 2).await);
    let revoked = stage.provider.journal().requests(Endpoint::Revocation);
    let others = revoked.iter().filter(|one| one.form_value("token") != Some("their refresh token"));
    assert_eq!(others.count(), 1, "the one parked, beside theirs that the provider does not know");
}

#[tokio::test]
async fn a_replica_that_never_reached_its_provider_spends_no_refresh_token() {
    let stage = Stage::signed_in().await;
    stage.provider.always(Endpoint::Discovery, Answer::status(503));
    let replica = replica_of(&stage).await;
    stage.expire_token();

    stage.store.reset();

    let page = stage.browser.fetch(format!("{}/token", replica.url())).await.unwrap();

    assert_eq!((page.status.as_u16(), stage.refreshes(), stage.store.writes()), (503, 0, 0));
    assert_eq!(kept(&stage).await.unwrap().record.refresh_sent_at, None, "the next one need not be careful");
    assert!(stage.provider.live_access_token(&stage.token().await), "and the other replica goes on");
}

#[tokio::test]
async fn sessions_nobody_asks_for_any_more_end_and_their_refresh_tokens_are_revoked() {
    let stage = Stage::signed_in().await;
    let left = stage.fetch("/session").await.1["refresh_token"].as_str().unwrap().to_owned();
    stage.browser.clear_cookies();
    stage.sign_in().await;

    for _ in 0..8 {
        stage.clock.advance(Duration::from_secs(3 * 3600));
        assert_eq!(stage.fetch("/claims").await.0, 200);
    }
    // A sweep that began before may have been there already: the next one follows a minute after it, and takes its time.
    let is_revoked = until(async || {
        stage.clock.advance(Duration::from_secs(61));
        stage.fetch("/claims").await.0 == 200 && !stage.provider.live_refresh_token(&left)
    });

    assert!(is_revoked.await);
    assert_eq!(stage.provider.journal().count(Endpoint::Revocation), 1);
    assert!(stage.provider.live_access_token(&stage.token().await));
}

#[tokio::test]
async fn a_store_that_can_be_read_but_not_tidied_up_serves_and_says_so() {
    let (log, _listening) = log::kept();
    let stage = Stage::signed_in().await;
    stage.store.away_for(&["touch", "sweep", "end"]);
    stage.clock.advance(Duration::from_secs(3600));

    assert_eq!(stage.fetch("/token").await.0, 200);

    assert!(until(async || !log.warnings("an idle deadline was not moved on").is_empty()).await);
    assert!(until(async || !log.warnings("the store was not swept").is_empty()).await);
    stage.clock.advance(Duration::from_secs(25 * 3600));
    assert_eq!(stage.fetch("/token").await.1["reason"], "idle");
    assert!(until(async || !log.warnings("a session could not be ended").is_empty()).await);
}

#[tokio::test]
async fn a_store_that_is_away_is_no_sign_out_for_anybody() {
    let stage = Stage::signed_in().await;
    let callback = stage.to_the_callback("/auth").await;
    stage.browser.navigate_without_following(&callback).await.unwrap();
    for answers_at_once in [true, false] {
        stage.store.answers_at_once.store(answers_at_once, Ordering::SeqCst);
        stage.store.away_for(&["load"]);
        let expected = if answers_at_once { 200 } else { 503 };
        for path in ["/optional", "/many"] {
            assert_eq!(stage.fetch(path).await.0, expected, "{path}");
        }
    }
    let again = stage.browser.navigate_without_following(&callback).await.unwrap();
    assert_eq!(again.status, 503, "the callback opened twice");
    assert!(stage.session_cookie().is_some());

    stage.store.away_for(&[]);
    assert_eq!(stage.fetch("/optional").await.1["signed_in"], true);
}

#[tokio::test]
async fn the_refresh_token_of_a_login_that_cannot_be_kept_is_revoked() {
    let stage = Stage::new().await;
    stage.store.away_for(&["create"]);

    let page = stage.browser.navigate(stage.url("/token")).await.unwrap();

    assert_eq!((page.status.as_u16(), stage.session_cookie()), (503, None));
    assert!(stage.provider.journal().reaches(Endpoint::Revocation, 1).await);
}

#[tokio::test]
async fn an_ended_session_is_told_at_once_where_the_store_answers_at_once() {
    let scene = Scene::set(
        |provider| provider,
        |application| application,
        Router::new().route("/plain", get(async || "plain")),
    )
    .await;
    scene.sign_in().await;
    scene.store.answers_at_once.store(true, Ordering::SeqCst);
    scene.store.end(&key(&scene), EndReason::Logout).await.unwrap();

    assert_eq!(scene.fetch("/token").await.1["reason"], "logout");

    assert_eq!(scene.store.reads(), 0);
}

#[tokio::test]
async fn a_session_that_cannot_be_ended_does_not_keep_its_user_from_signing_in_again() {
    let stage = Stage::signed_in().await;
    let (before, token) = (stage.session_cookie(), stage.token().await);
    stage.store.away_for(&["end"]);

    let page = stage.browser.navigate(stage.url("/auth")).await.unwrap();

    assert_eq!(page.status, 200, "{}", page.text());
    assert!(stage.session_cookie().is_some() && stage.session_cookie() != before);
    assert_ne!(stage.token().await, token);
}

#[tokio::test]
async fn a_login_that_brings_no_refresh_token_ends_the_session_before_and_revokes_its_token() {
    let stage = Stage::signed_in().await;
    let held = stage.fetch("/session").await.1["refresh_token"].as_str().unwrap().to_owned();
    let without = |body: &mut Value| drop(body.as_object_mut().unwrap().remove("refresh_token"));
    stage.provider.enqueue(Endpoint::Token, Answer::tampered(without));

    let page = stage.browser.navigate(stage.url("/auth")).await.unwrap();

    assert_eq!(page.status, 200, "{}", page.text());
    assert!(stage.provider.journal().reaches(Endpoint::Revocation, 1).await);
    assert!(!stage.provider.live_refresh_token(&held));
    assert_eq!(stage.fetch("/session").await.1["refresh_token"], "");
}
