//! The provider's word on how long a session may last (`session_expiry` of the ID token), at the login and at each refresh.

use std::time::Duration;

use authsession_core::clock::Timestamp;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::habits::Habits;
use authsession_testkit::script::Answer;
use serde_json::{Value, json};

use crate::log;
use crate::pains::scene::{kept, until};
use crate::stage::{Stage, TOKEN_LIFETIME};

const HOUR: u64 = 3600;
/// The application's own limit.
const LIMIT: u64 = 10 * HOUR;

async fn stage() -> Stage {
    Stage::with(|provider| provider, |application| application.with_session_max_age(600)).await
}

/// The next ID token says that sessions end then.
fn says(stage: &Stage, session_expiry: Value) {
    let lie = move |_: &mut Value, claims: &mut Value| claims["session_expiry"] = session_expiry.clone();
    stage.provider.enqueue(Endpoint::Token, Answer::lying_id_token(lie));
}

/// So many seconds from now, as claims count.
fn within(stage: &Stage, seconds: u64) -> u64 {
    stage.clock.unix_seconds() + seconds
}

/// A user signed in with an ID token that says so.
async fn signed_in_until(stage: &Stage, session_expiry: Value) {
    says(stage, session_expiry);
    stage.sign_in().await;
}

/// When the session ends, in seconds from now.
async fn left(stage: &Stage) -> u64 {
    let now = Timestamp::from(stage.clock.now());
    kept(stage).await.unwrap().record.expires_at.since(now).as_secs()
}

/// A refresh whose ID token says so; how a script is answered afterwards.
async fn refreshed(stage: &Stage, session_expiry: Value) -> (u16, Value) {
    stage.expire_token();
    says(stage, session_expiry);
    stage.fetch("/token").await
}

#[tokio::test]
async fn a_session_ends_when_the_provider_says_however_much_it_is_used() {
    let stage = stage().await;
    let end = within(&stage, 2 * HOUR);
    for said in [json!(end), json!(end as f64 + 0.25), json!(end.to_string())] {
        stage.browser.clear_cookies();
        signed_in_until(&stage, said.clone()).await;
        assert_eq!(left(&stage).await, 2 * HOUR, "{said}");
    }
    for _ in 0..3 {
        stage.clock.advance(Duration::from_secs(HOUR / 2));
        assert_eq!(stage.fetch("/token").await.0, 200);
    }
    stage.clock.advance(Duration::from_secs(HOUR / 2 + 1));
    assert_eq!(stage.fetch("/token").await.1["reason"], "too_old");
}

#[tokio::test]
async fn a_provider_that_allows_more_than_the_application_changes_nothing() {
    let stage = stage().await;
    signed_in_until(&stage, json!(within(&stage, LIMIT + 1))).await;
    assert_eq!(left(&stage).await, LIMIT);
}

#[tokio::test]
async fn a_session_expiry_that_cannot_be_meant_locks_nobody_out_and_is_told_of_once() {
    let (log, _listening) = log::kept();
    let stage = stage().await;
    let in_millis = within(&stage, HOUR) * 1000;
    for absurd in [json!(-5), json!(0), json!(3600), json!(in_millis), json!("soon"), json!([]), json!(true)]
    {
        stage.browser.clear_cookies();
        signed_in_until(&stage, absurd.clone()).await;
        assert_eq!(left(&stage).await, LIMIT, "{absurd}");
    }
    assert_eq!(refreshed(&stage, json!(-1)).await.0, 200);
    assert_eq!(log.warnings("session_expiry").len(), 1, "{}", log.text());
}

#[tokio::test]
async fn a_login_whose_session_is_over_already_signs_nobody_in_and_goes_in_no_circle() {
    for ago in [0, 1, 10 * HOUR] {
        let stage = stage().await;
        says(&stage, json!(stage.clock.unix_seconds() - ago));

        let page = stage.browser.navigate(stage.url("/claims?tab=2")).await.unwrap();

        assert_eq!((page.status.as_u16(), page.url.path()), (403, "/auth/callback"), "{}", page.text());
        assert!(
            page.text().contains("/auth?return_to=%2Fclaims%3Ftab%3D2&amp;prompt=login"),
            "{}",
            page.text()
        );
        assert_eq!((stage.session_cookie(), stage.login_cookies(), stage.store.len()), (None, 0, 0));
        let journal = stage.provider.journal();
        assert_eq!(journal.count(Endpoint::Authorization), 1, "no circle");
        assert!(journal.reaches(Endpoint::Revocation, 1).await, "its refresh token is of no use to anyone");

        let again = stage.url("/auth?return_to=%2Fclaims%3Ftab%3D2&prompt=login");
        let page = stage.browser.navigate(again).await.unwrap();

        assert_eq!((page.status.as_u16(), page.url.query()), (200, Some("tab=2")));
        let asked = journal.last(Endpoint::Authorization).unwrap();
        assert_eq!(asked.query_value("prompt"), Some("login"), "the provider asks who it is");
    }
}

#[tokio::test]
async fn a_login_whose_session_is_over_already_leaves_the_session_before_as_it_was() {
    let stage = stage().await;
    stage.sign_in().await;
    says(&stage, json!(stage.clock.unix_seconds()));

    let page = stage.browser.navigate(stage.url("/auth")).await.unwrap();

    assert_eq!((page.status.as_u16(), stage.fetch("/token").await.0), (403, 200));
}

#[tokio::test]
async fn an_earlier_session_expiry_of_a_refresh_shortens_the_session_and_a_later_one_lengthens_it_up_to_our_limit()
 {
    let stage = stage().await;
    signed_in_until(&stage, json!(within(&stage, 2 * HOUR))).await;
    let began = stage.clock.unix_seconds();

    assert_eq!(refreshed(&stage, json!(within(&stage, HOUR))).await.0, 200);
    assert_eq!(left(&stage).await, HOUR - TOKEN_LIFETIME.as_secs() - 1);

    assert_eq!(refreshed(&stage, json!((began + 5 * HOUR).to_string())).await.0, 200);
    assert_eq!(within(&stage, left(&stage).await), began + 5 * HOUR);

    assert_eq!(refreshed(&stage, json!(began + 100 * HOUR)).await.0, 200);
    assert_eq!(within(&stage, left(&stage).await), began + LIMIT, "never beyond our own");
}

#[tokio::test]
async fn a_refresh_that_says_nothing_of_the_end_leaves_it_where_it_is() {
    let stage = stage().await;
    signed_in_until(&stage, json!(within(&stage, HOUR))).await;

    for silent in [Value::Null, json!("never")] {
        let before = left(&stage).await;
        assert_eq!(refreshed(&stage, silent).await.0, 200);
        assert_eq!(left(&stage).await, before - TOKEN_LIFETIME.as_secs() - 1);
    }
    stage.clock.advance(Duration::from_secs(HOUR));
    assert_eq!(stage.fetch("/token").await.1["reason"], "too_old");
}

#[tokio::test]
async fn a_refresh_that_says_the_session_is_over_ends_it_at_once_with_its_tokens() {
    for ago in [0, HOUR] {
        let stage = stage().await;
        stage.sign_in().await;
        let old = stage.fetch("/session").await.1["refresh_token"].as_str().unwrap().to_owned();
        let ended = stage.clock.unix_seconds() + TOKEN_LIFETIME.as_secs() + 1 - ago;

        assert_eq!(refreshed(&stage, json!(ended)).await.1["reason"], "too_old");

        assert_eq!(stage.fetch("/claims").await.1["reason"], "too_old", "and for good");
        let journal = stage.provider.journal();
        assert!(journal.reaches(Endpoint::Revocation, 2).await);
        let revoked = journal.requests(Endpoint::Revocation);
        let revoked: Vec<_> = revoked.iter().filter_map(|one| one.form_value("token")).collect();
        assert!(revoked.contains(&old.as_str()) && revoked.iter().any(|token| *token != old), "{revoked:?}");
        assert_eq!(stage.refreshes(), 1);
    }
}

#[tokio::test]
async fn an_id_token_that_is_not_taken_over_has_no_say_in_the_end() {
    let stage = stage().await;
    stage.sign_in().await;
    let before = left(&stage).await;
    stage.expire_token();
    let past = stage.clock.unix_seconds() - HOUR;
    let lie = move |_: &mut Value, claims: &mut Value| {
        claims["nonce"] = "of another login".into();
        claims["session_expiry"] = past.into();
    };
    stage.provider.enqueue(Endpoint::Token, Answer::lying_id_token(lie));

    assert_eq!(stage.fetch("/token").await.0, 200);

    assert_eq!(left(&stage).await, before - TOKEN_LIFETIME.as_secs() - 1);
}

#[tokio::test]
async fn a_session_expiry_is_kept_though_the_store_takes_nothing_for_a_while() {
    let stage = stage().await;
    stage.sign_in().await;
    stage.store.fail_updates_after(1);
    assert_eq!(refreshed(&stage, json!(within(&stage, HOUR))).await.0, 503);
    stage.store.work_again();
    stage.clock.advance(Duration::from_secs(61));

    assert_eq!(stage.fetch("/claims").await.0, 200);

    assert_eq!(left(&stage).await, HOUR - TOKEN_LIFETIME.as_secs() - 1 - 61);
    assert_eq!(stage.refreshes(), 1);
}

#[tokio::test]
async fn what_the_provider_says_is_over_ends_though_the_store_cannot_end_it_at_first() {
    let stage = stage().await;
    stage.sign_in().await;
    stage.store.away_for(&["end"]);
    assert_eq!(refreshed(&stage, json!(within(&stage, 0))).await.0, 503);
    assert_eq!(stage.fetch("/token").await.0, 503, "nobody is served meanwhile");
    stage.store.away_for(&[]);

    assert_eq!(stage.fetch("/token").await.1["reason"], "too_old");

    assert!(stage.provider.journal().reaches(Endpoint::Revocation, 2).await);
    assert_eq!(stage.refreshes(), 1, "nothing spent was presented");
}

#[tokio::test]
async fn where_one_revocation_ends_the_whole_grant_a_session_that_is_over_ends_alone() {
    let habits = Habits::default().refresh_token_with_consent();
    let stage = Stage::with(|provider| provider.habits(habits), crate::consent::asking).await;
    stage.sign_in().await;

    assert_eq!(refreshed(&stage, json!(within(&stage, 0))).await.1["reason"], "too_old");
    says(&stage, json!(stage.clock.unix_seconds()));
    assert_eq!(stage.browser.navigate(stage.url("/auth?prompt=consent")).await.unwrap().status, 403);

    assert!(!until_revoked(&stage).await);
}

async fn until_revoked(stage: &Stage) -> bool {
    tokio::time::timeout(
        Duration::from_millis(300),
        until(async || stage.provider.journal().count(Endpoint::Revocation) > 0),
    )
    .await
    .unwrap_or(false)
}

#[tokio::test]
async fn an_application_may_do_without_the_providers_session_expiry_if_it_says_danger() {
    let application = |application: authsession_axum::auth_builder::OAuthConfigurationBuilder| {
        application.with_session_max_age(600).danger_ignore_session_expiry()
    };
    let stage = Stage::with(|provider| provider, application).await;
    signed_in_until(&stage, json!(stage.clock.unix_seconds())).await;
    assert_eq!(left(&stage).await, LIMIT);
    assert_eq!(refreshed(&stage, json!(stage.clock.unix_seconds())).await.0, 200);
}
