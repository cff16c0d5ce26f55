//! Providers without ID tokens, such as GitHub, and endpoints given by hand.

use std::sync::Arc;
use std::time::Duration;

use authsession_testkit::browser::Browser;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use authsession_testkit::script::Answer;
use authsession_testkit::serve::Server;
use serde_json::json;

use crate::stage::{CountingStore, TOKEN_LIFETIME, app, application};

#[tokio::test]
async fn a_provider_without_id_tokens_signs_users_in_by_its_userinfo() {
    let clock = VirtualClock::halted();
    let provider = Provider::builder().clock(clock.clone()).plain_oauth2(true).start().await.unwrap();
    let slot = Server::reserve().await.unwrap();
    let builder = application(&provider, &slot, &clock)
        .with_authorization_endpoint(&provider.endpoint(Endpoint::Authorization))
        .with_token_endpoint(&provider.endpoint(Endpoint::Token))
        .with_userinfo_endpoint(&provider.endpoint(Endpoint::Userinfo))
        .with_scopes(vec!["read:user"]);
    let server = slot.serve(app(builder, Arc::new(CountingStore::new(&clock))));
    let browser = Browser::with_clock(clock).unwrap();

    let page = browser.navigate(format!("{}/version", server.url().trim_end_matches('/'))).await.unwrap();

    assert_eq!(page.status, 200, "{}", page.text());
    assert_eq!(page.json().unwrap()["sub"], "alice");
    let id_token = browser.fetch(format!("{}/id-token", server.url().trim_end_matches('/'))).await.unwrap();
    assert_eq!(id_token.text(), "");
}

#[tokio::test]
async fn an_id_token_that_comes_with_a_plain_refresh_is_nobodys_word() {
    let clock = VirtualClock::halted();
    let provider = Provider::builder().clock(clock.clone()).plain_oauth2(true).start().await.unwrap();
    let slot = Server::reserve().await.unwrap();
    let builder = application(&provider, &slot, &clock)
        .with_authorization_endpoint(&provider.endpoint(Endpoint::Authorization))
        .with_token_endpoint(&provider.endpoint(Endpoint::Token))
        .with_userinfo_endpoint(&provider.endpoint(Endpoint::Userinfo))
        .with_scopes(vec!["read:user"]);
    let server = slot.serve(app(builder, Arc::new(CountingStore::new(&clock))));
    let browser = Browser::with_clock(clock.clone()).unwrap();
    let claims = format!("{}/claims", server.url());
    assert_eq!(browser.navigate(&claims).await.unwrap().json().unwrap()["sub"], "alice");
    let forged = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJtYWxsb3J5In0.";
    provider.enqueue(
        Endpoint::Token,
        Answer::json(200, &json!({ "access_token": "next", "token_type": "bearer", "id_token": forged })),
    );

    clock.advance(TOKEN_LIFETIME + Duration::from_secs(1));

    assert_eq!(browser.fetch(&claims).await.unwrap().json().unwrap()["sub"], "alice");
    assert_eq!(browser.fetch(format!("{}/id-token", server.url())).await.unwrap().text(), "");
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
