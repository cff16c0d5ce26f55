//! How sessions end, and that they say why.

use std::time::Duration;

use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::ledger::RefreshTokens;

use crate::stage::Stage;

#[tokio::test]
async fn a_session_nobody_uses_ends_as_idle() {
    let stage = Stage::signed_in().await;

    stage.clock.advance(Duration::from_secs(25 * 3600));

    assert_eq!(stage.fetch("/token").await.1["reason"], "idle");
}

#[tokio::test]
async fn a_session_in_use_does_not_end_as_idle() {
    let stage = Stage::signed_in().await;

    for _ in 0..30 {
        stage.clock.advance(Duration::from_secs(3 * 3600));
        assert_eq!(stage.fetch("/token").await.0, 200);
    }
}

#[tokio::test]
async fn however_much_it_is_used_a_session_ends_at_its_max_age() {
    let stage = Stage::with(|provider| provider, |application| application.with_session_max_age(600)).await;
    stage.sign_in().await;
    let cookie = stage.session_cookie().unwrap();

    for _ in 0..9 {
        stage.clock.advance(Duration::from_secs(3600));
        assert_eq!(stage.fetch("/token").await.0, 200);
    }
    stage.clock.advance(Duration::from_secs(3601));
    stage.browser.set_cookie(stage.url("/"), &format!("authsession={cookie}; Path=/")).unwrap();

    assert_eq!(stage.fetch("/token").await.1["reason"], "too_old");
}

#[tokio::test]
async fn an_application_can_end_a_session() {
    let stage = Stage::signed_in().await;

    assert_eq!(stage.browser.fetch(stage.url("/end")).await.unwrap().text(), "ended");

    assert_eq!(stage.fetch("/token").await.1["reason"], "ended");
}

#[tokio::test]
async fn without_a_refresh_token_the_user_stays_known_and_no_expired_token_is_handed_out() {
    let stage =
        Stage::with(|provider| provider.refresh_tokens(RefreshTokens::None), |application| application).await;
    stage.sign_in().await;

    stage.expire_token();

    assert_eq!(stage.fetch("/claims").await.0, 200);
    assert_eq!(stage.fetch("/token").await.1["reason"], "token_expired");
    assert_eq!(stage.fetch("/session").await.0, 401);
}

#[tokio::test]
async fn however_a_session_ends_its_refresh_token_is_revoked() {
    let stage = Stage::signed_in().await;
    let token = stage.fetch("/session").await.1["refresh_token"].as_str().unwrap().to_owned();

    stage.clock.advance(Duration::from_secs(25 * 3600));
    assert_eq!(stage.fetch("/token").await.0, 401);

    assert!(stage.provider.journal().reaches(Endpoint::Revocation, 1).await);
    assert!(!stage.provider.live_refresh_token(&token));
}

#[tokio::test]
async fn a_session_kept_for_another_provider_is_not_honoured() {
    let one = Stage::signed_in().await;
    let cookie = one.session_cookie().unwrap();
    let other = Stage::sharing_the_store_of(&one).await;

    other.browser.set_cookie(other.url("/"), &format!("authsession={cookie}; Path=/")).unwrap();

    assert_eq!(other.fetch("/token").await.1["reason"], "unknown_session");
    assert_eq!(one.fetch("/token").await.0, 200);
}
