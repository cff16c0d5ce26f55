//! Scripted answers, each kind.

use crate::relying_party::refresh;
use crate::relying_party::signed_in;
use crate::relying_party::text;
use crate::relying_party::try_post;
use authsession_testkit::browser::Browser;
use authsession_testkit::browser::BrowserError;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use authsession_testkit::script::Answer;
use serde_json::json;

async fn start() -> (Provider, Browser) {
    (Provider::builder().start().await.unwrap(), Browser::new().unwrap())
}

async fn ask(
    provider: &Provider,
    browser: &Browser,
) -> Result<authsession_testkit::browser::Page, BrowserError> {
    browser.fetch(provider.endpoint(Endpoint::Jwks)).await
}

#[tokio::test]
async fn answers_come_in_the_order_queued_and_then_it_is_normal_again() {
    let (provider, browser) = start().await;
    provider.enqueue(Endpoint::Jwks, Answer::error(429, "slow_down").retry_after(7));
    provider.enqueue(Endpoint::Jwks, Answer::html(502, "<h1>Bad gateway</h1>"));
    provider.enqueue(Endpoint::Jwks, Answer::json(200, &json!({ "keys": 3 })));
    provider.enqueue(Endpoint::Jwks, Answer::raw(200, "text/plain", "plain").header("x-odd", "1"));
    let first = ask(&provider, &browser).await.unwrap();
    assert_eq!((first.status.as_u16(), first.header("retry-after")), (429, Some("7")));
    assert_eq!(first.json().unwrap()["error"], "slow_down");
    assert_eq!(
        ask(&provider, &browser).await.unwrap().header("content-type").unwrap(),
        "text/html; charset=utf-8"
    );
    assert_eq!(ask(&provider, &browser).await.unwrap().json().unwrap()["keys"], 3);
    assert_eq!(ask(&provider, &browser).await.unwrap().header("x-odd"), Some("1"));
    assert!(ask(&provider, &browser).await.unwrap().json().unwrap()["keys"].is_array());
}

#[tokio::test]
async fn always_lasts_until_cleared_and_yields_to_what_is_queued() {
    let (provider, browser) = start().await;
    provider.always(Endpoint::Jwks, Answer::status(500));
    provider.enqueue_many(Endpoint::Jwks, &Answer::status(418), 2);
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(ask(&provider, &browser).await.unwrap().status.as_u16());
    }
    assert_eq!(seen, [418, 418, 500, 500]);
    provider.clear(Endpoint::Jwks);
    assert_eq!(ask(&provider, &browser).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_held_request_is_journalled_and_waits_for_the_gate() {
    let (provider, browser) = start().await;
    let (answer, gate) = Answer::normal().held();
    provider.enqueue(Endpoint::Jwks, answer);
    let url = provider.endpoint(Endpoint::Jwks);
    let tab = browser.tab();
    let asked = tokio::spawn(async move { tab.fetch(url).await.unwrap().status });
    assert!(gate.reached().await);
    assert_eq!(provider.journal().last(Endpoint::Jwks).unwrap().status, None);
    assert!(!asked.is_finished());
    gate.open();
    assert_eq!(asked.await.unwrap(), 200);
    assert_eq!(provider.journal().last(Endpoint::Jwks).unwrap().status, Some(200));
}

#[tokio::test]
async fn an_answer_held_after_has_rotated_already() {
    let (provider, browser) = start().await;
    let tokens = signed_in(&browser, &provider).await;
    let old = text(&tokens, "refresh_token").to_owned();
    let (answer, gate) = Answer::normal().held_after();
    provider.enqueue(Endpoint::Token, answer);
    let refreshed = async {
        let answered = refresh(&browser, &provider, &old).await;
        answered.json().unwrap()
    };
    let watched = async {
        assert!(gate.reached().await);
        let rotated = !provider.live_refresh_token(&old);
        gate.open();
        rotated
    };
    let (refreshed, rotated) = tokio::join!(refreshed, watched);
    assert!(rotated);
    assert!(provider.live_refresh_token(text(&refreshed, "refresh_token")));
}

#[tokio::test]
async fn a_connection_dropped_before_has_changed_nothing() {
    let (provider, browser) = start().await;
    let tokens = signed_in(&browser, &provider).await;
    provider.enqueue(Endpoint::Token, Answer::dropped_before());
    let old = text(&tokens, "refresh_token");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", old)];
    assert!(try_post(&browser, &provider, Endpoint::Token, &fields).await.is_err());
    assert!(provider.live_refresh_token(old));
    assert_eq!(provider.journal().grants("refresh_token"), 1);
}

#[tokio::test]
async fn a_connection_dropped_after_has_rotated() {
    let (provider, browser) = start().await;
    let tokens = signed_in(&browser, &provider).await;
    provider.enqueue(Endpoint::Token, Answer::dropped_after());
    let old = text(&tokens, "refresh_token");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", old)];
    assert!(try_post(&browser, &provider, Endpoint::Token, &fields).await.is_err());
    assert!(!provider.live_refresh_token(old));
    assert!(provider.refresh_family_alive(old));
}

#[tokio::test]
async fn a_tampered_answer_is_the_normal_one_edited() {
    let (provider, browser) = start().await;
    provider.enqueue(Endpoint::Token, Answer::tampered(|body| body["expires_in"] = json!("soon")));
    let tokens = signed_in(&browser, &provider).await;
    assert_eq!(tokens["expires_in"], "soon");
    assert!(provider.live_access_token(text(&tokens, "access_token")));
}

#[tokio::test]
async fn a_truncated_answer_breaks_off() {
    let (provider, browser) = start().await;
    provider.enqueue(Endpoint::Jwks, Answer::truncated());
    assert!(matches!(ask(&provider, &browser).await, Err(BrowserError::Request(_))));
}

#[tokio::test]
async fn endless_oversized_and_exploding_bodies_go_beyond_what_a_browser_reads() {
    let (provider, browser) = start().await;
    for answer in [Answer::endless(), Answer::oversized(20 << 20), Answer::gzip_bomb()] {
        provider.enqueue(Endpoint::Jwks, answer);
        assert!(matches!(ask(&provider, &browser).await, Err(BrowserError::TooLarge)));
    }
}

#[tokio::test]
async fn a_redirect_leads_elsewhere() {
    let (provider, browser) = start().await;
    provider.enqueue(Endpoint::Jwks, Answer::redirect(provider.endpoint(Endpoint::Discovery)));
    let page = ask(&provider, &browser).await.unwrap();
    assert_eq!(page.json().unwrap()["issuer"], provider.issuer());
}

#[tokio::test]
async fn the_journal_shows_what_was_sent_and_its_debug_no_secret() {
    let (provider, browser) = start().await;
    let tokens = signed_in(&browser, &provider).await;
    refresh(&browser, &provider, text(&tokens, "refresh_token")).await;
    let last = provider.journal().last(Endpoint::Token).unwrap();
    assert_eq!(last.form_value("refresh_token"), tokens["refresh_token"].as_str());
    let shown = format!("{:?} {last:?}", provider.journal());
    assert!(shown.contains("refresh_token"));
    assert!(!shown.contains(text(&tokens, "refresh_token")));
    assert!(!shown.contains(provider.client_secret()));
    provider.journal().clear();
    assert_eq!(provider.journal().count(Endpoint::Token), 0);
}
