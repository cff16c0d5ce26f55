//! Devices that cannot open a browser (RFC 8628).

use crate::relying_party::part;
use crate::relying_party::post;
use crate::relying_party::post_bare;
use crate::relying_party::refresh;
use crate::relying_party::refusal;
use crate::relying_party::text;
use authsession_testkit::browser::Browser;
use authsession_testkit::browser::Page;
use authsession_testkit::builder::ProviderBuilder;
use authsession_testkit::client::Client;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use serde_json::Value;
use std::time::Duration;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";

struct Bench {
    provider: Provider,
    browser: Browser,
    device: Value,
}

async fn bench(tune: impl FnOnce(ProviderBuilder) -> ProviderBuilder) -> Bench {
    let clock = VirtualClock::halted();
    let provider = tune(Provider::builder().clock(clock.clone())).start().await.unwrap();
    let browser = Browser::with_clock(clock).unwrap();
    let fields = [("scope", "openid profile")];
    let device = post(&browser, &provider, Endpoint::DeviceAuthorization, &fields).await.json().unwrap();
    Bench { provider, browser, device }
}

impl Bench {
    fn user_code(&self) -> &str {
        text(&self.device, "user_code")
    }

    fn later(&self, seconds: u64) {
        self.provider.clock().advance(Duration::from_secs(seconds));
    }

    async fn poll(&self) -> Page {
        let fields = [("grant_type", GRANT_TYPE), ("device_code", text(&self.device, "device_code"))];
        post(&self.browser, &self.provider, Endpoint::Token, &fields).await
    }

    async fn polled(&self) -> String {
        refusal(&self.poll().await).1
    }
}

#[tokio::test]
async fn a_device_is_told_what_to_show_and_how_long_to_wait() {
    let bench = bench(|provider| {
        provider.device_interval(Duration::from_secs(2)).device_code_lifetime(Duration::from_secs(90))
    })
    .await;
    let device = &bench.device;
    assert_eq!((&device["interval"], &device["expires_in"]), (&2.into(), &90.into()));
    let complete = format!("{}?user_code={}", text(device, "verification_uri"), bench.user_code());
    assert_eq!(text(device, "verification_uri_complete"), complete);
    assert_eq!(bench.provider.pending_user_codes(), [bench.user_code()]);
}

#[tokio::test]
async fn a_device_waits_until_its_user_approves_and_then_gets_all_the_tokens_once() {
    let bench = bench(|provider| provider).await;
    assert_eq!(bench.polled().await, "authorization_pending");
    bench.provider.sign_in_as("bob");
    assert!(bench.provider.approve_device(&bench.user_code().replace('-', "").to_lowercase()));
    bench.later(5);
    let tokens = bench.poll().await.json().unwrap();
    assert_eq!(part(text(&tokens, "id_token"), 1)["sub"], "bob");
    assert!(bench.provider.live_access_token(text(&tokens, "access_token")));
    let renewed = refresh(&bench.browser, &bench.provider, text(&tokens, "refresh_token")).await;
    assert_eq!(renewed.status, 200);
    bench.later(5);
    assert_eq!(bench.polled().await, "invalid_grant");
}

#[tokio::test]
async fn a_user_may_say_no() {
    let bench = bench(|provider| provider).await;
    assert!(bench.provider.deny_device(bench.user_code()));
    assert_eq!(bench.polled().await, "access_denied");
    assert!(!bench.provider.approve_device(bench.user_code()));
}

#[tokio::test]
async fn polling_too_fast_makes_the_interval_five_seconds_longer() {
    let bench = bench(|provider| provider).await;
    assert_eq!(bench.polled().await, "authorization_pending");
    bench.later(4);
    assert_eq!(bench.polled().await, "slow_down");
    bench.later(9);
    assert_eq!(bench.polled().await, "slow_down");
    bench.later(15);
    assert_eq!(bench.polled().await, "authorization_pending");
}

#[tokio::test]
async fn the_pace_can_be_left_to_the_device() {
    let bench = bench(|provider| provider.device_pace_enforced(false)).await;
    for _ in 0..3 {
        assert_eq!(bench.polled().await, "authorization_pending");
    }
}

#[tokio::test]
async fn a_device_code_expires() {
    let bench = bench(|provider| provider).await;
    bench.later(600);
    assert_eq!(bench.polled().await, "expired_token");
    assert!(bench.provider.pending_user_codes().is_empty());
    assert!(!bench.provider.approve_device(bench.user_code()));
}

#[tokio::test]
async fn a_device_code_is_the_client_s_that_asked_for_it() {
    let bench = bench(|provider| {
        provider.client(Client::confidential("first", "secret")).client(Client::public("television"))
    })
    .await;
    let code = text(&bench.device, "device_code");
    let fields = [("grant_type", GRANT_TYPE), ("device_code", code), ("client_id", "television")];
    let page = post_bare(&bench.browser, &bench.provider, Endpoint::Token, &fields).await;
    assert_eq!(refusal(&page).1, "invalid_grant");
    let fields = [("client_id", "television")];
    let page = post_bare(&bench.browser, &bench.provider, Endpoint::DeviceAuthorization, &fields).await;
    assert_eq!(page.status, 200);
    assert_eq!(bench.provider.pending_user_codes().len(), 2);
}

#[tokio::test]
async fn a_client_nobody_knows_gets_no_user_code() {
    let bench = bench(|provider| provider).await;
    let fields = [("client_id", "nobody")];
    let page = post_bare(&bench.browser, &bench.provider, Endpoint::DeviceAuthorization, &fields).await;
    assert_eq!(refusal(&page), (401, "invalid_client".to_owned()));
}

#[tokio::test]
async fn a_person_approves_on_the_page_the_device_names() {
    let bench = bench(|provider| provider).await;
    let page = bench.browser.navigate(text(&bench.device, "verification_uri_complete")).await.unwrap();
    assert!(page.text().contains(bench.user_code()));
    bench.browser.press("Continue as Bob").await.unwrap();
    let tokens = bench.poll().await.json().unwrap();
    assert_eq!(part(text(&tokens, "id_token"), 1)["sub"], "bob");
}

#[tokio::test]
async fn a_person_types_the_code_and_denies() {
    let bench = bench(|provider| provider).await;
    bench.browser.navigate(text(&bench.device, "verification_uri")).await.unwrap();
    bench.browser.submit_form(&[("user_code", bench.user_code())]).await.unwrap();
    bench.browser.press("Deny").await.unwrap();
    assert_eq!(bench.polled().await, "access_denied");
    let again = bench.browser.navigate(text(&bench.device, "verification_uri_complete")).await.unwrap();
    assert_eq!(again.status, 404);
}
