//! Providers without ID tokens, such as GitHub, and endpoints given by hand.

use std::sync::Arc;
use std::time::Duration;

use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_store::key::StoreKey;
use authsession_store::store::SessionStore as _;
use authsession_testkit::browser::Browser;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use authsession_testkit::script::Answer;
use authsession_testkit::serve::Server;
use serde_json::json;

use crate::log;
use crate::pains::scene::{kept, until};
use crate::stage::{COOKIE_KEY, CountingStore, Stage, TOKEN_LIFETIME, app, application};

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

/// A stage at a plain provider whose application says this besides, knowing where its userinfo is.
async fn stage(edit: impl FnOnce(OAuthConfigurationBuilder, &str) -> OAuthConfigurationBuilder) -> Stage {
    let clock = VirtualClock::halted();
    let builder = Provider::builder().clock(clock.clone()).plain_oauth2(true);
    let provider = builder.access_token_lifetime(TOKEN_LIFETIME).start().await.unwrap();
    let slot = Server::reserve().await.unwrap();
    let builder = application(&provider, &slot, &clock)
        .with_authorization_endpoint(&provider.endpoint(Endpoint::Authorization))
        .with_token_endpoint(&provider.endpoint(Endpoint::Token))
        .with_scopes(vec!["read:user"]);
    let builder = edit(builder, &provider.endpoint(Endpoint::Userinfo));
    let store = Arc::new(CountingStore::new(&clock));
    let server = slot.serve(app(builder, Arc::clone(&store)));
    let browser = Browser::with_clock(clock.clone()).unwrap();
    Stage { clock, provider, store, server, browser }
}

#[tokio::test]
async fn the_claim_that_says_who_the_user_is_can_be_named() {
    let stage = stage(|application, userinfo| {
        application.with_userinfo_endpoint(userinfo).with_subject_claim("login")
    })
    .await;
    stage.provider.always(Endpoint::Userinfo, Answer::tampered(|claims| claims["login"] = "octocat".into()));

    stage.browser.navigate(stage.url("/version")).await.unwrap();

    assert_eq!(stage.fetch("/version").await.1["sub"], "octocat");
}

#[tokio::test]
async fn where_there_is_no_userinfo_the_user_is_signed_in_and_nobody_says_who_it_is() {
    let stage = stage(|application, _| application).await;

    stage.sign_in().await;

    assert_eq!(stage.fetch("/version").await.1["sub"], "");
    assert_eq!(stage.provider.journal().count(Endpoint::Userinfo), 0);
}

#[tokio::test]
async fn after_a_refresh_the_userinfo_of_another_user_is_not_taken_over() {
    let stage = stage(|application, userinfo| application.with_userinfo_endpoint(userinfo)).await;
    stage.sign_in().await;
    let mallory = Answer::json(200, &json!({ "sub": "mallory", "role": "admin" }));
    let (answer, gate) = mallory.held_after();
    stage.provider.enqueue(Endpoint::Userinfo, answer);
    let (log, _listening) = log::kept();

    stage.expire_token();
    stage.token().await;
    assert!(gate.reached().await);
    gate.open();

    assert!(until(async || !log.warnings("the userinfo was not renewed").is_empty()).await);
    assert_eq!(stage.fetch("/claims").await.1["sub"], "alice");
}

#[tokio::test]
async fn what_another_replica_saved_while_the_userinfo_was_fetched_stays() {
    for refreshed_again in [false, true] {
        let stage = stage(|application, userinfo| application.with_userinfo_endpoint(userinfo)).await;
        stage.sign_in().await;
        let (answer, gate) = Answer::tampered(|claims| claims["role"] = "admin".into()).held_after();
        stage.provider.enqueue(Endpoint::Userinfo, answer);
        stage.expire_token();
        stage.token().await;
        assert!(gate.reached().await);
        let (before, key) =
            (kept(&stage).await.unwrap(), StoreKey::from_cookie(&stage.session_cookie().unwrap()));
        let mut record = before.record.clone();
        record.provider_session = Some("theirs".into());
        if refreshed_again {
            record.tokens.access_token = "theirs".into();
        }
        stage.store.update(&key.unwrap(), before.version, record).await.unwrap();
        let reads = stage.store.reads();
        gate.open();

        assert!(until(async || stage.store.reads() > reads).await);
        let is_admin = async || stage.fetch("/claims").await.1["role"] == "admin";
        assert_eq!(until_or_not(is_admin).await, !refreshed_again);
        assert_eq!(kept(&stage).await.unwrap().record.provider_session.as_deref(), Some("theirs"));
    }
}

/// Whether it comes to be so within a tenth of a second.
async fn until_or_not(is_so: impl AsyncFn() -> bool) -> bool {
    for _ in 0..20 {
        if is_so().await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    false
}

#[tokio::test]
async fn a_plain_provider_is_ready_once_its_metadata_are_known() {
    let configuration = OAuthConfigurationBuilder::default()
        .with_client_id("client")
        .with_redirect_uri("https://app.example/auth/callback")
        .with_private_cookie_key(COOKIE_KEY)
        .with_authorization_endpoint("https://login.example/authorize")
        .with_token_endpoint("https://login.example/token")
        .with_scopes(vec!["read:user"])
        .build()
        .unwrap();

    assert!(configuration.ready().await.is_ok(), "everything was said by hand: nobody has to be asked");
}
