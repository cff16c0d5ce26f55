//! A client acting as itself, and what it is told about its token's life.

use crate::relying_party::own_token;
use crate::relying_party::post;
use crate::relying_party::post_bare;
use crate::relying_party::refusal;
use crate::relying_party::signed_in;
use crate::relying_party::text;
use authsession_testkit::browser::Browser;
use authsession_testkit::client::Client;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use authsession_testkit::script::Answer;
use std::time::Duration;

#[tokio::test]
async fn a_client_s_own_token_may_live_longer_than_a_user_s() {
    let clock = VirtualClock::halted();
    let builder = Provider::builder().clock(clock.clone());
    let provider = builder.client_credentials_lifetime(Duration::from_secs(7200)).start().await.unwrap();
    let browser = Browser::with_clock(clock.clone()).unwrap();
    let (own, user_s) = (own_token(&browser, &provider).await, signed_in(&browser, &provider).await);
    assert_eq!((&own["expires_in"], &user_s["expires_in"]), (&7200.into(), &300.into()));
    clock.advance(Duration::from_secs(7199));
    assert!(provider.live_access_token(text(&own, "access_token")));
    clock.advance(Duration::from_secs(1));
    assert!(!provider.live_access_token(text(&own, "access_token")));
}

#[tokio::test]
async fn the_life_of_a_token_can_go_unsaid() {
    let clock = VirtualClock::halted();
    let builder = Provider::builder().clock(clock.clone());
    let provider = builder.expires_in_stated(false).start().await.unwrap();
    let browser = Browser::with_clock(clock.clone()).unwrap();
    let own = own_token(&browser, &provider).await;
    assert!(own.get("expires_in").is_none());
    clock.advance(Duration::from_secs(300));
    assert!(!provider.live_access_token(text(&own, "access_token")));
}

#[tokio::test]
async fn the_life_of_one_token_can_go_unsaid() {
    let provider = Provider::builder().start().await.unwrap();
    let browser = Browser::new().unwrap();
    let silent = Answer::tampered(|body| drop(body.as_object_mut().unwrap().remove("expires_in")));
    provider.enqueue(Endpoint::Token, silent);
    assert!(own_token(&browser, &provider).await.get("expires_in").is_none());
    assert_eq!(own_token(&browser, &provider).await["expires_in"], 300);
}

#[tokio::test]
async fn a_public_client_cannot_act_as_itself() {
    let provider = Provider::builder().client(Client::public("app")).start().await.unwrap();
    let browser = Browser::new().unwrap();
    let fields = [("grant_type", "client_credentials"), ("client_id", "app")];
    let page = post_bare(&browser, &provider, Endpoint::Token, &fields).await;
    assert_eq!(refusal(&page), (400, "unauthorized_client".to_owned()));
}

#[tokio::test]
async fn a_grant_nobody_knows_is_unsupported() {
    let provider = Provider::builder().start().await.unwrap();
    let fields = [("grant_type", "password")];
    let page = post(&Browser::new().unwrap(), &provider, Endpoint::Token, &fields).await;
    assert_eq!(refusal(&page), (400, "unsupported_grant_type".to_owned()));
}
