//! The refresh: one for all who ask, and nothing of it is lost.

use std::sync::Arc;
use std::time::Duration;

use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use serde_json::json;

use crate::stage::{Stage, TOKEN_LIFETIME};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_parallel_requests_on_an_expired_token_make_one_refresh() {
    let stage = Arc::new(Stage::signed_in().await);
    let before = stage.token().await;
    stage.expire_token();
    let (answer, gate) = Answer::normal().held_before();
    stage.provider.enqueue(Endpoint::Token, answer);

    let requests: Vec<_> = (0..50)
        .map(|_| {
            let stage = Arc::clone(&stage);
            tokio::spawn(async move { stage.token().await })
        })
        .collect();
    assert!(gate.reached().await);
    gate.open();
    let mut tokens = Vec::new();
    for request in requests {
        tokens.push(request.await.unwrap());
    }

    assert_eq!(stage.refreshes(), 1);
    assert!(tokens.iter().all(|token| *token == tokens[0] && *token != before));
    assert!(stage.provider.live_access_token(&tokens[0]), "the family is alive");
}

#[tokio::test]
async fn a_stale_token_is_served_at_once_while_one_refresh_runs_behind() {
    let stage = Stage::signed_in().await;
    let before = stage.token().await;
    stage.clock.advance(TOKEN_LIFETIME - Duration::from_secs(30));
    let (answer, gate) = Answer::normal().held_before();
    stage.provider.enqueue(Endpoint::Token, answer);

    for _ in 0..10 {
        assert_eq!(stage.token().await, before, "nobody waits");
    }
    assert!(gate.reached().await);
    gate.open();
    let mut looks = 0;
    while stage.token().await == before {
        looks += 1;
        assert!(looks < 1000, "the new token never came");
    }

    assert_eq!(stage.refreshes(), 1);
}

#[tokio::test]
async fn a_client_that_disconnects_during_the_refresh_loses_nothing() {
    let stage = Arc::new(Stage::signed_in().await);
    stage.expire_token();
    let (answer, gate) = Answer::normal().held_after();
    stage.provider.enqueue(Endpoint::Token, answer);

    let leaver = Arc::clone(&stage);
    let request = tokio::spawn(async move { leaver.token().await });
    assert!(gate.reached().await);
    request.abort();
    let _gone = request.await;
    gate.open();

    let token = stage.token().await;
    assert_eq!(stage.refreshes(), 1, "the rotated token was kept");
    assert!(stage.provider.live_access_token(&token));
}

#[tokio::test]
async fn a_logout_wins_over_a_refresh_in_flight() {
    let stage = Arc::new(Stage::signed_in().await);
    let cookie = stage.session_cookie().unwrap();
    stage.browser.navigate(stage.url("/public")).await.unwrap();
    stage.expire_token();
    let (answer, gate) = Answer::normal().held_after();
    stage.provider.enqueue(Endpoint::Token, answer);

    let waiter = Arc::clone(&stage);
    let request = tokio::spawn(async move { waiter.fetch("/token").await });
    assert!(gate.reached().await);
    stage.browser.submit(stage.url("/auth/logout"), &[]).await.unwrap();
    gate.open();

    let (status, problem) = request.await.unwrap();
    assert_eq!((status, problem["reason"].as_str()), (401, Some("logout")));
    stage.browser.set_cookie(stage.url("/"), &format!("authsession={cookie}; Path=/")).unwrap();
    assert_eq!(stage.fetch("/token").await.0, 401, "the refresh did not bring the session back");
    // The old token was spent by the refresh; the new one is revoked too, so nothing usable is left at the provider.
    assert!(stage.provider.journal().reaches(Endpoint::Revocation, 2).await);
}

#[tokio::test]
async fn a_refresh_without_new_refresh_or_id_token_keeps_the_old_ones_and_takes_the_narrower_scope() {
    let stage = Stage::signed_in().await;
    let before = stage.fetch("/session").await.1;
    stage.expire_token();
    stage.provider.enqueue(
        Endpoint::Token,
        Answer::json(
            200,
            &json!({ "access_token": "next", "token_type": "bearer", "expires_in": "60", "scope": "openid" }),
        ),
    );

    let after = stage.fetch("/session").await.1;

    assert_eq!(after["access_token"], "next");
    assert_eq!(after["refresh_token"], before["refresh_token"]);
    assert_eq!(after["id_token"], before["id_token"]);
    assert_eq!(after["scope"], "openid");
}

#[tokio::test]
async fn claims_follow_the_refreshed_id_token() {
    let stage = Stage::signed_in().await;
    stage.expire_token();
    stage
        .provider
        .enqueue(Endpoint::Token, Answer::lying_id_token(|_, claims| claims["roles"] = json!(["admin"])));

    let (_, claims) = stage.fetch("/claims").await;

    assert_eq!(claims["roles"], json!(["admin"]));
}

#[tokio::test]
async fn a_refresh_rotates_and_the_next_one_uses_the_new_token() {
    let stage = Stage::signed_in().await;

    for round in 1..=5 {
        stage.expire_token();
        stage.token().await;
        assert_eq!(stage.refreshes(), round);
    }
}

#[tokio::test]
async fn keys_rotated_after_login_do_not_end_the_session() {
    let stage = Stage::signed_in().await;
    stage.provider.rotate_keys().unwrap();
    stage.expire_token();

    assert_eq!(stage.fetch("/claims").await.0, 200);
    assert_eq!(stage.refreshes(), 1);
}

#[tokio::test]
async fn a_refresh_that_names_no_scope_keeps_the_one_granted() {
    let stage = Stage::signed_in().await;
    stage.expire_token();
    let narrower =
        json!({ "access_token": "next", "token_type": "Bearer", "expires_in": 60, "scope": "openid" });
    stage.provider.enqueue(Endpoint::Token, Answer::json(200, &narrower));
    assert_eq!(stage.fetch("/session").await.1["scope"], "openid");

    stage.expire_token();
    let silent = json!({ "access_token": "last", "token_type": "Bearer", "expires_in": 60 });
    stage.provider.enqueue(Endpoint::Token, Answer::json(200, &silent));

    assert_eq!(stage.fetch("/session").await.1["scope"], "openid");
}
