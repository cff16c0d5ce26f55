//! What the authorization endpoint and the redemption of a code check.

use crate::relying_party::CALLBACK;
use crate::relying_party::VERIFIER;
use crate::relying_party::code;
use crate::relying_party::form;
use crate::relying_party::login_url;
use crate::relying_party::parameter;
use crate::relying_party::part;
use crate::relying_party::post;
use crate::relying_party::redeem;
use crate::relying_party::sent_back;
use crate::relying_party::signed_in;
use crate::relying_party::text;
use authsession_testkit::browser::Browser;
use authsession_testkit::client::AuthMethod;
use authsession_testkit::client::Client;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use std::time::Duration;

async fn start() -> (Provider, Browser) {
    (Provider::builder().start().await.unwrap(), Browser::new().unwrap())
}

#[tokio::test]
async fn the_browser_is_sent_back_with_code_state_and_issuer() {
    let (provider, browser) = start().await;
    let back = sent_back(&browser, &provider, &[]).await;
    assert!(back.as_str().starts_with(CALLBACK));
    assert!(parameter(&back, "code").is_some());
    assert_eq!(parameter(&back, "state").unwrap(), "the-state");
    assert_eq!(parameter(&back, "iss").unwrap(), provider.issuer());
}

#[tokio::test]
async fn a_wrong_code_verifier_is_refused() {
    let (provider, browser) = start().await;
    let code = code(&browser, &provider).await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", "another-verifier-that-is-long-enough-for-the-rfc"),
    ];
    let page = post(&browser, &provider, Endpoint::Token, &fields).await;
    assert_eq!(page.json().unwrap()["error"], "invalid_grant");
}

#[tokio::test]
async fn a_code_used_twice_kills_the_tokens_it_brought() {
    let (provider, browser) = start().await;
    let code = code(&browser, &provider).await;
    let tokens = redeem(&browser, &provider, &code).await.json().unwrap();
    assert!(provider.live_access_token(text(&tokens, "access_token")));
    assert_eq!(redeem(&browser, &provider, &code).await.status, 400);
    assert!(!provider.live_access_token(text(&tokens, "access_token")));
    assert!(!provider.refresh_family_alive(text(&tokens, "refresh_token")));
}

#[tokio::test]
async fn a_code_expires_after_a_minute() {
    let clock = VirtualClock::halted();
    let provider = Provider::builder().clock(clock.clone()).start().await.unwrap();
    let browser = Browser::with_clock(clock.clone()).unwrap();
    let code = code(&browser, &provider).await;
    clock.advance(Duration::from_secs(60));
    assert_eq!(redeem(&browser, &provider, &code).await.status, 400);
}

#[tokio::test]
async fn a_redirect_uri_that_is_not_registered_gets_a_page_and_no_redirect() {
    let client = Client::confidential("shop", "s3cret").redirect_uri("https://shop.example/callback");
    let provider = Provider::builder().client(client).start().await.unwrap();
    let browser = Browser::new().unwrap();
    let page = browser.navigate_without_following(login_url(&provider, &[])).await.unwrap();
    assert_eq!(page.status, 400);
    assert!(page.location().is_none());
}

#[tokio::test]
async fn a_code_is_not_redeemed_for_another_redirect_uri() {
    let (provider, browser) = start().await;
    let code = code(&browser, &provider).await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", "https://app.example/other"),
        ("code_verifier", VERIFIER),
    ];
    assert_eq!(post(&browser, &provider, Endpoint::Token, &fields).await.status, 400);
}

#[tokio::test]
async fn basic_credentials_are_form_decoded() {
    let client = Client::confidential("a:b c", "p%+:w ü").auth_method(AuthMethod::Basic);
    let provider = Provider::builder().client(client).start().await.unwrap();
    let browser = Browser::new().unwrap();
    let pair = STANDARD.encode("a%3Ab+c:p%25%2B%3Aw+%C3%BC");
    let header = format!("Basic {pair}");
    let headers = [("authorization", header.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let token = provider.endpoint(Endpoint::Token);
    let body = form(&[("grant_type", "client_credentials")]);
    assert_eq!(browser.fetch_with(Method::POST, &token, &headers, &body).await.unwrap().status, 200);
    let posted =
        form(&[("grant_type", "client_credentials"), ("client_id", "a:b c"), ("client_secret", "p%+:w ü")]);
    let refused = browser.fetch_with(Method::POST, &token, &[], &posted).await.unwrap();
    assert_eq!((refused.status.as_u16(), text(&refused.json().unwrap(), "error")), (401, "invalid_client"));
}

#[tokio::test]
async fn a_public_client_needs_a_code_challenge() {
    let provider = Provider::builder().client(Client::public("spa")).start().await.unwrap();
    let browser = Browser::new().unwrap();
    let url = login_url(&provider, &[]).replace("code_challenge", "ignored");
    let back = browser.navigate_without_following(url).await.unwrap().location().unwrap();
    assert_eq!(parameter(&back, "error").unwrap(), "invalid_request");
}

#[tokio::test]
async fn prompt_none_needs_a_session_at_the_provider() {
    let (provider, browser) = start().await;
    let back = sent_back(&browser, &provider, &[("prompt", "none")]).await;
    assert_eq!(parameter(&back, "error").unwrap(), "login_required");
    signed_in(&browser, &provider).await;
    let back = sent_back(&browser, &provider, &[("prompt", "none")]).await;
    assert!(parameter(&back, "code").is_some());
    provider.end_all_sessions();
    let back = sent_back(&browser, &provider, &[("prompt", "none")]).await;
    assert_eq!(parameter(&back, "error").unwrap(), "login_required");
}

#[tokio::test]
async fn prompt_login_and_max_age_renew_the_auth_time() {
    let clock = VirtualClock::halted();
    let provider = Provider::builder().clock(clock.clone()).start().await.unwrap();
    let browser = Browser::with_clock(clock.clone()).unwrap();
    let auth_time = async |extra: &[(&str, &str)]| {
        let code = parameter(&sent_back(&browser, &provider, extra).await, "code").unwrap();
        let tokens = redeem(&browser, &provider, &code).await.json().unwrap();
        part(text(&tokens, "id_token"), 1)["auth_time"].as_u64().unwrap()
    };
    let first = auth_time(&[]).await;
    clock.advance(Duration::from_secs(50));
    assert_eq!(auth_time(&[("max_age", "60")]).await, first);
    assert_eq!(auth_time(&[("max_age", "49")]).await, first + 50);
    clock.advance(Duration::from_secs(5));
    assert_eq!(auth_time(&[("prompt", "login")]).await, first + 55);
}

#[tokio::test]
async fn the_test_says_who_signs_in_and_when_it_is_denied() {
    let (provider, browser) = start().await;
    provider.sign_in_as("bob");
    let tokens = signed_in(&browser, &provider).await;
    assert_eq!(part(text(&tokens, "id_token"), 1)["sub"], "bob");
    provider.deny_next_authorization("access_denied");
    let back = sent_back(&browser, &provider, &[]).await;
    assert_eq!(parameter(&back, "error").unwrap(), "access_denied");
    assert!(parameter(&sent_back(&browser, &provider, &[]).await, "code").is_some());
}

#[tokio::test]
async fn form_post_answers_with_a_form() {
    let (provider, browser) = start().await;
    let url = login_url(&provider, &[("response_mode", "form_post")]);
    let page = browser.navigate(url).await.unwrap();
    assert_eq!(page.status, 200);
    assert!(page.text().contains(&format!("action=\"{CALLBACK}\"")));
    assert!(page.text().contains("name=\"code\""));
}

#[tokio::test]
async fn plain_oauth_has_no_id_token_no_discovery_and_no_iss() {
    let provider = Provider::builder().plain_oauth2(true).start().await.unwrap();
    let browser = Browser::new().unwrap();
    assert!(signed_in(&browser, &provider).await.get("id_token").is_none());
    assert!(parameter(&sent_back(&browser, &provider, &[]).await, "iss").is_none());
    assert_eq!(browser.fetch(provider.endpoint(Endpoint::Discovery)).await.unwrap().status, 404);
}
