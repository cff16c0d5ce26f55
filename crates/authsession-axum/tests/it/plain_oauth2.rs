//! Providers without ID tokens, such as GitHub, and endpoints given by hand.

use std::sync::Arc;

use authsession_testkit::browser::Browser;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use authsession_testkit::script::Answer;
use authsession_testkit::serve::Server;
use serde_json::json;

use crate::stage::{CountingStore, Stage, app, application};

#[tokio::test]
async fn a_provider_without_id_tokens_signs_users_in_by_its_userinfo() {
    let stage = Stage::plain_oauth2().await;

    let page = stage.browser.navigate(stage.url("/version")).await.unwrap();

    assert_eq!(page.status, 200, "{}", page.text());
    assert_eq!(page.json().unwrap()["sub"], "alice");
    assert_eq!(stage.browser.fetch(stage.url("/id-token")).await.unwrap().text(), "");
}

#[tokio::test]
async fn an_id_token_that_comes_with_a_plain_refresh_is_nobodys_word() {
    let stage = Stage::plain_oauth2().await;
    stage.sign_in().await;
    let forged = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJtYWxsb3J5In0.";
    let answer = json!({ "access_token": "next", "token_type": "bearer", "id_token": forged });
    stage.provider.enqueue(Endpoint::Token, Answer::json(200, &answer));

    stage.expire_token();

    assert_eq!(stage.fetch("/claims").await.1["sub"], "alice");
    assert_eq!(stage.token().await, "next");
    assert_eq!(stage.browser.fetch(stage.url("/id-token")).await.unwrap().text(), "");
}

#[tokio::test]
async fn every_endpoint_can_be_given_by_hand() {
    let clock = VirtualClock::halted();
    let provider = Provider::builder().clock(clock.clone()).start().await.unwrap();
    let slot = Server::reserve().await.unwrap();
    let builder = application(&provider, &slot, &clock)
        .with_issuer_by_hand(provider.issuer())
        .with_authorization_endpoint(&provider.endpoint(Endpoint::Authorization))
        .with_token_endpoint(&provider.endpoint(Endpoint::Token))
        .with_jwks_uri(&provider.endpoint(Endpoint::Jwks))
        .with_revocation_endpoint(&provider.endpoint(Endpoint::Revocation))
        .with_end_session_endpoint(&provider.endpoint(Endpoint::EndSession));
    let server = slot.serve(app(builder, Arc::new(CountingStore::new(&clock))));
    let browser = Browser::with_clock(clock).unwrap();

    let page = browser.navigate(format!("{}/claims", server.url().trim_end_matches('/'))).await.unwrap();

    assert_eq!(page.json().unwrap()["sub"], "alice");
    assert_eq!(provider.journal().count(Endpoint::Discovery), 0);
}
