//! What the browser sends along when it navigates, fetches, prefetches and posts.

use authsession_testkit::browser::Browser;
use authsession_testkit::browser::BrowserError;
use authsession_testkit::serve::Server;
use axum::Router;
use axum::response::Html;
use axum::response::Redirect;
use axum::routing::any;
use axum::routing::get;
use http::HeaderMap;
use http::Method;
use serde_json::json;

async fn echo(method: Method, headers: HeaderMap, body: String) -> String {
    let mut seen = json!({ "method": method.as_str(), "body": body });
    for (name, value) in &headers {
        seen[name.as_str()] = value.to_str().unwrap().into();
    }
    seen.to_string()
}

async fn serve() -> Server {
    let form = "<p>x<form action=/echo method=POST><input type=hidden name=a value=\"1 &amp; 2\">\
                <input name='b' value=''><button name=go value=yes><b>Do</b> it</button></form>";
    let router = Router::new()
        .route("/echo", any(echo))
        .route("/form", get(move || async move { Html(form) }))
        .route("/see-other", any(|| async { Redirect::to("/echo") }))
        .route("/again", any(|| async { Redirect::temporary("/echo") }))
        .route("/loop", get(|| async { Redirect::to("/loop") }));
    Server::serve(router).await.unwrap()
}

fn at(server: &Server, path: &str) -> String {
    format!("{}{path}", server.url())
}

#[tokio::test]
async fn a_typed_navigation_says_so() {
    let server = serve().await;
    let seen = Browser::new().unwrap().navigate(at(&server, "/see-other")).await.unwrap();
    assert!(seen.went_through("/see-other"));
    let seen = seen.json().unwrap();
    assert_eq!(seen["sec-fetch-mode"], "navigate");
    assert_eq!(seen["sec-fetch-dest"], "document");
    assert_eq!(seen["sec-fetch-site"], "none");
    assert!(seen["accept"].as_str().unwrap().starts_with("text/html"));
    assert!(seen.get("origin").is_none());
}

#[tokio::test]
async fn a_fetch_and_a_prefetch_are_told_apart() {
    let server = serve().await;
    let browser = Browser::new().unwrap();
    let fetched = browser.fetch(at(&server, "/echo")).await.unwrap().json().unwrap();
    assert_eq!((&fetched["sec-fetch-mode"], &fetched["sec-fetch-dest"]), (&json!("cors"), &json!("empty")));
    assert_eq!(fetched["sec-fetch-site"], "same-origin");
    let prefetched = browser.prefetch(at(&server, "/echo")).await.unwrap().json().unwrap();
    assert_eq!(prefetched["sec-purpose"], "prefetch");
}

#[tokio::test]
async fn strict_cookies_stay_home_and_lax_ones_follow_links_only() {
    let server = serve().await;
    let browser = Browser::new().unwrap();
    for cookie in ["strict=1; SameSite=Strict", "lax=1", "none=1; SameSite=None; Secure"] {
        assert!(browser.set_cookie(server.url(), &format!("{cookie}; Path=/")).unwrap());
    }
    let echo = at(&server, "/echo");
    let evil = "https://evil.example";
    let sent = async |seen: Result<authsession_testkit::browser::Page, BrowserError>| {
        seen.unwrap().json().unwrap()["cookie"].as_str().unwrap().to_owned()
    };
    assert_eq!(sent(browser.navigate(&echo).await).await, "strict=1; lax=1; none=1");
    assert_eq!(sent(browser.click(&echo).await).await, "strict=1; lax=1; none=1");
    assert_eq!(sent(browser.cross_site_get(&echo, evil).await).await, "lax=1; none=1");
    let posted = browser.cross_site_post(&echo, evil, &[("a", "1")]).await.unwrap().json().unwrap();
    assert_eq!(posted["cookie"], "none=1");
    assert_eq!((&posted["origin"], &posted["sec-fetch-site"]), (&json!(evil), &json!("cross-site")));
}

#[tokio::test]
async fn a_form_is_sent_with_its_hidden_fields_and_the_button_pressed() {
    let server = serve().await;
    let browser = Browser::new().unwrap();
    browser.navigate(at(&server, "/form")).await.unwrap();
    let seen = browser.press("Do it").await.unwrap().json().unwrap();
    assert_eq!(seen["body"], "a=1+%26+2&b=&go=yes");
    assert_eq!((&seen["origin"], &seen["sec-fetch-site"]), (&json!(server.url()), &json!("same-origin")));
    browser.navigate(at(&server, "/form")).await.unwrap();
    let seen = browser.submit_form(&[("b", "3")]).await.unwrap().json().unwrap();
    assert_eq!(seen["body"], "a=1+%26+2&b=3");
    assert!(matches!(browser.submit_form(&[]).await, Err(BrowserError::NoForm)));
}

#[tokio::test]
async fn a_post_becomes_a_get_unless_the_redirect_keeps_it() {
    let server = serve().await;
    let browser = Browser::new().unwrap();
    browser.navigate(at(&server, "/form")).await.unwrap();
    assert_eq!(browser.submit("/see-other", &[("a", "1")]).await.unwrap().json().unwrap()["method"], "GET");
    let kept = browser.submit("/again", &[("a", "1")]).await.unwrap().json().unwrap();
    assert_eq!((&kept["method"], &kept["body"]), (&json!("POST"), &json!("a=1")));
}

#[tokio::test]
async fn redirects_end_after_twenty() {
    let server = serve().await;
    let browser = Browser::new().unwrap();
    assert!(matches!(browser.navigate(at(&server, "/loop")).await, Err(BrowserError::TooManyRedirects(_))));
    let first = browser.navigate_without_following(at(&server, "/loop")).await.unwrap();
    assert_eq!(first.location().unwrap().path(), "/loop");
}

#[tokio::test]
async fn a_server_stops_when_it_is_dropped() {
    let slot = Server::reserve().await.unwrap();
    let url = slot.url().to_owned();
    let server = slot.serve(Router::new());
    let browser = Browser::new().unwrap();
    assert_eq!(browser.navigate(&url).await.unwrap().status, 404);
    server.stop().await;
    assert!(browser.navigate(&url).await.is_err());
}
