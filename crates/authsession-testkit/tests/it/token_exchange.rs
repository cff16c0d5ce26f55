//! Tokens exchanged for others (RFC 8693).

use crate::relying_party::own_token;
use crate::relying_party::part;
use crate::relying_party::post;
use crate::relying_party::refresh;
use crate::relying_party::refusal;
use crate::relying_party::signed_in;
use crate::relying_party::text;
use authsession_testkit::browser::Browser;
use authsession_testkit::browser::Page;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use serde_json::json;
use std::time::Duration;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
const REFRESH: &str = "urn:ietf:params:oauth:token-type:refresh_token";
const ID: &str = "urn:ietf:params:oauth:token-type:id_token";

async fn start() -> (Provider, Browser) {
    let clock = VirtualClock::halted();
    let provider = Provider::builder().clock(clock.clone()).audience("billing").start().await.unwrap();
    (provider, Browser::with_clock(clock).unwrap())
}

async fn exchange(
    browser: &Browser,
    provider: &Provider,
    (token, kind): (&str, &str),
    extra: &[(&str, &str)],
) -> Page {
    let mut fields = vec![("grant_type", GRANT_TYPE), ("subject_token", token), ("subject_token_type", kind)];
    fields.extend_from_slice(extra);
    post(browser, provider, Endpoint::Token, &fields).await
}

fn invalid_request() -> (u16, String) {
    (400, "invalid_request".to_owned())
}

#[tokio::test]
async fn each_kind_of_living_token_is_exchanged_for_an_access_token_of_the_same_user() {
    let (provider, browser) = start().await;
    let tokens = signed_in(&browser, &provider).await;
    for (member, kind) in [("access_token", ACCESS), ("refresh_token", REFRESH), ("id_token", ID)] {
        let subject = (text(&tokens, member), kind);
        let page = exchange(&browser, &provider, subject, &[("audience", "billing")]).await;
        let exchanged = page.json().unwrap();
        assert_eq!(
            (&exchanged["issued_token_type"], &exchanged["token_type"]),
            (&json!(ACCESS), &json!("Bearer"))
        );
        assert!(exchanged.get("refresh_token").is_none());
        let fields = [("token", text(&exchanged, "access_token"))];
        let said = post(&browser, &provider, Endpoint::Introspection, &fields).await.json().unwrap();
        assert_eq!((&said["sub"], &said["aud"]), (&json!("alice"), &json!(["billing"])), "{member}");
    }
}

#[tokio::test]
async fn dead_and_foreign_tokens_are_not_exchanged() {
    let (provider, browser) = start().await;
    let tokens = signed_in(&browser, &provider).await;
    let access = text(&tokens, "access_token");
    for subject in [("made up", ACCESS), (access, REFRESH), (access, ID), (access, "urn:odd")] {
        assert_eq!(refusal(&exchange(&browser, &provider, subject, &[]).await), invalid_request());
    }
    provider.clock().advance(Duration::from_secs(300));
    for (member, kind) in [("access_token", ACCESS), ("id_token", ID)] {
        let page = exchange(&browser, &provider, (text(&tokens, member), kind), &[]).await;
        assert_eq!(refusal(&page), invalid_request());
    }
    provider.revoke_everything();
    let page = exchange(&browser, &provider, (text(&tokens, "refresh_token"), REFRESH), &[]).await;
    assert_eq!(refusal(&page), invalid_request());
}

#[tokio::test]
async fn an_audience_or_resource_nobody_registered_is_an_invalid_target() {
    let (provider, browser) = start().await;
    let tokens = own_token(&browser, &provider).await;
    let subject = (text(&tokens, "access_token"), ACCESS);
    for target in [("audience", "unknown"), ("resource", "https://unknown.example"), ("resource", "billing")]
    {
        let page = exchange(&browser, &provider, subject, &[target]).await;
        assert_eq!(refusal(&page), (400, "invalid_target".to_owned()), "{target:?}");
    }
    let page = exchange(&browser, &provider, subject, &[("audience", provider.client_id())]).await;
    assert_eq!(page.status, 200);
}

#[tokio::test]
async fn an_exchange_may_narrow_the_scope_but_not_widen_it() {
    let (provider, browser) = start().await;
    let tokens = own_token(&browser, &provider).await;
    let subject = (text(&tokens, "access_token"), ACCESS);
    let narrow = exchange(&browser, &provider, subject, &[("scope", "read")]).await;
    assert_eq!(narrow.json().unwrap()["scope"], "read");
    let wide = exchange(&browser, &provider, subject, &[("scope", "read admin")]).await;
    assert_eq!(refusal(&wide), (400, "invalid_scope".to_owned()));
}

#[tokio::test]
async fn a_refresh_token_can_be_asked_for_and_renews() {
    let (provider, browser) = start().await;
    let tokens = signed_in(&browser, &provider).await;
    let subject = (text(&tokens, "access_token"), ACCESS);
    let wanted = [("requested_token_type", REFRESH)];
    let exchanged = exchange(&browser, &provider, subject, &wanted).await.json().unwrap();
    assert_eq!((&exchanged["issued_token_type"], &exchanged["token_type"]), (&json!(REFRESH), &json!("N_A")));
    assert_eq!(refresh(&browser, &provider, text(&exchanged, "access_token")).await.status, 200);
}

#[tokio::test]
async fn an_id_token_can_be_asked_for_where_there_is_a_user() {
    let (provider, browser) = start().await;
    let (user_s, own) = (signed_in(&browser, &provider).await, own_token(&browser, &provider).await);
    let wanted = [("requested_token_type", ID)];
    let page = exchange(&browser, &provider, (text(&user_s, "access_token"), ACCESS), &wanted).await;
    assert_eq!(part(text(&page.json().unwrap(), "access_token"), 1)["sub"], "alice");
    let page = exchange(&browser, &provider, (text(&own, "access_token"), ACCESS), &wanted).await;
    assert_eq!(refusal(&page), invalid_request());
}

#[tokio::test]
async fn tokens_and_their_types_come_together() {
    let (provider, browser) = start().await;
    let tokens = own_token(&browser, &provider).await;
    let token = text(&tokens, "access_token");
    let lone = [("grant_type", GRANT_TYPE), ("subject_token", token)];
    let page = post(&browser, &provider, Endpoint::Token, &lone).await;
    assert_eq!(refusal(&page), invalid_request());
    for actor in [("actor_token", token), ("actor_token_type", ACCESS)] {
        let page = exchange(&browser, &provider, (token, ACCESS), &[actor]).await;
        assert_eq!(refusal(&page), invalid_request());
    }
    let both = [("actor_token", token), ("actor_token_type", ACCESS)];
    assert_eq!(exchange(&browser, &provider, (token, ACCESS), &both).await.status, 200);
}
