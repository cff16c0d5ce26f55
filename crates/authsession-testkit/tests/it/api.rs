//! The API that takes the provider's access tokens.

use crate::relying_party::own_token;
use crate::relying_party::signed_in;
use crate::relying_party::text;
use authsession_testkit::browser::Browser;
use authsession_testkit::browser::Page;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use http::Method;
use serde_json::json;
use std::time::Duration;

async fn call(browser: &Browser, provider: &Provider, token: &str) -> Page {
    let bearer = format!("Bearer {token}");
    let url = provider.endpoint(Endpoint::Api);
    browser.fetch_with(Method::GET, url, &[("authorization", bearer.as_str())], "").await.unwrap()
}

#[tokio::test]
async fn the_api_says_what_it_was_asked_and_by_whom() {
    let provider = Provider::builder().start().await.unwrap();
    let browser = Browser::new().unwrap();
    let token = own_token(&browser, &provider).await;
    let bearer = format!("Bearer {}", text(&token, "access_token"));
    let url = format!("{}/accounts?page=2", provider.endpoint(Endpoint::Api));
    let headers = [("authorization", bearer.as_str())];
    let echo = browser.fetch_with(Method::PATCH, url, &headers, "a body").await.unwrap().json().unwrap();
    let expected = json!({
        "method": "PATCH", "path": "/api/accounts", "query": [["page", "2"]], "body": "a body",
        "sub": "client", "client_id": "client", "scope": "read write",
    });
    assert_eq!(echo, expected);
    assert_eq!(provider.journal().count(Endpoint::Api), 1);
}

#[tokio::test]
async fn the_api_refuses_revoked_and_expired_tokens_and_counts_them() {
    let clock = VirtualClock::halted();
    let provider = Provider::builder().clock(clock.clone()).start().await.unwrap();
    let browser = Browser::with_clock(clock.clone()).unwrap();
    let (first, second) = (signed_in(&browser, &provider).await, signed_in(&browser, &provider).await);
    assert_eq!(call(&browser, &provider, text(&first, "access_token")).await.status, 200);
    provider.revoke_access_tokens();
    let refused = call(&browser, &provider, text(&first, "access_token")).await;
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").unwrap().contains("error=\"invalid_token\""));
    assert_eq!(call(&browser, &provider, text(&second, "access_token")).await.status, 401);
    let third = signed_in(&browser, &provider).await;
    clock.advance(Duration::from_secs(300));
    assert_eq!(call(&browser, &provider, text(&third, "access_token")).await.status, 401);
    assert_eq!(provider.journal().count(Endpoint::Api), 4);
}

#[tokio::test]
async fn without_a_token_the_api_only_says_which_kind_it_wants() {
    let provider = Provider::builder().start().await.unwrap();
    let page = Browser::new().unwrap().fetch(provider.endpoint(Endpoint::Api)).await.unwrap();
    assert_eq!((page.status.as_u16(), page.header("www-authenticate")), (401, Some("Bearer realm=\"api\"")));
}
