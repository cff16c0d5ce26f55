//! The demo: from the signed-out page through the provider and back, and out again.

use authsession_testkit::browser::{Browser, Page};
use http::StatusCode;
use serde_json::Value;

use crate::process::Demo;

/// What every JSON Web Token begins with.
const TOKEN: &str = "eyJ";

async fn signed_in(demo: &Demo, as_whom: &str) -> (Browser, Page) {
    let browser = Browser::new().unwrap();
    browser.navigate(&demo.url).await.unwrap();
    browser.click("/auth").await.unwrap();
    let page = browser.press(as_whom).await.unwrap();
    (browser, page)
}

/// What the element with this test id shows.
fn shown(page: &Page, test_id: &str) -> Option<String> {
    let text = page.text().into_owned();
    let (_, after) = text.split_once(&format!("data-testid=\"{test_id}\""))?;
    let (_, inside) = after.split_once('>')?;
    Some(inside.split_once('<')?.0.to_owned())
}

#[tokio::test]
async fn who_is_not_signed_in_sees_one_button() {
    let demo = Demo::start().await;

    let page = Browser::new().unwrap().navigate(&demo.url).await.unwrap();

    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(shown(&page, "sign-in").as_deref(), Some("Sign in"));
    assert_eq!(shown(&page, "who"), None);
    assert!(page.set_cookies.concat().is_empty());
}

#[tokio::test]
async fn alice_signs_in_and_sees_who_she_is() {
    let demo = Demo::start().await;

    let (browser, page) = signed_in(&demo, "Alice").await;

    assert_eq!(page.url.as_str(), demo.url);
    assert_eq!(shown(&page, "who").as_deref(), Some("Alice Example"));
    let left: u64 = shown(&page, "expires-in").unwrap().parse().unwrap();
    assert!((1..=30).contains(&left), "{left}");
    for claim in ["iss", "sub", "aud", "exp", "email", "auth_time"] {
        assert!(page.text().contains(&format!("data-claim=\"{claim}\"")), "{claim}");
    }
    assert!(page.text().contains("alice@example.test"));
    assert_eq!(browser.cookies_seen_by_scripts(&demo.url).unwrap(), []);
}

#[tokio::test]
async fn a_script_is_told_how_the_session_stands() {
    let demo = Demo::start().await;
    let (browser, page) = signed_in(&demo, "Bob").await;

    let answer = browser.fetch("/session").await.unwrap();

    let session = answer.json().unwrap();
    assert_eq!(session["name"], "Bob Example");
    assert_eq!(session["token_number"].as_str().map(str::to_owned), shown(&page, "token-number"));
    assert_eq!(session["token_number"].as_str().map(str::len), Some(8));
    assert!(session["expires_in_ms"].as_u64().is_some_and(|left| left <= 30_000), "{session}");
    let claims = session["claims"].as_array().unwrap();
    assert!(claims.iter().any(|claim| claim["name"] == "sub" && claim["value"] == "bob"), "{session}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn after_the_sign_out_nothing_of_the_session_is_left() {
    let demo = Demo::start().await;
    let (browser, page) = signed_in(&demo, "Alice").await;
    let tab = browser.tab();
    let cookies = browser.cookies(&demo.url).unwrap();

    let out = browser.press("Sign out").await.unwrap();

    assert_eq!(out.url.path(), "/");
    assert_eq!(shown(&out, "sign-in").as_deref(), Some("Sign in"));
    assert_eq!(page.header("cache-control"), Some("no-store"), "Back shows no page from a cache");
    let answer = tab.fetch(format!("{}session", demo.url)).await.unwrap();
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.json().unwrap()["login_url"].as_str().is_some_and(|url| url.starts_with("/auth")));
    for (name, value) in cookies {
        browser.set_cookie(&demo.url, &format!("{name}={value}; Path=/")).unwrap();
    }
    let answer = browser.fetch("/session").await.unwrap();
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.json().unwrap()["reason"], "logout");
}

#[tokio::test]
async fn no_token_is_in_a_page_an_answer_an_address_or_the_log() {
    let demo = Demo::start().await;

    let (browser, page) = signed_in(&demo, "Alice").await;
    let answer = browser.fetch("/session").await.unwrap();
    let reloaded = browser.navigate(&demo.url).await.unwrap();

    for page in [&page, &answer, &reloaded] {
        assert!(!page.text().contains(TOKEN), "{}", page.text());
        assert!(page.redirects.iter().all(|url| !url.as_str().contains(TOKEN)));
        assert!(page.set_cookies.concat().iter().all(|cookie| !cookie.contains(TOKEN)));
    }
    let fields = ["access_token", "refresh_token", "id_token"];
    let session = answer.json().unwrap();
    assert!(fields.iter().all(|field| session.get(field).is_none_or(Value::is_null)));
    let ended = demo.end().await;
    assert!(ended.log.contains("signed in"), "{}", ended.log);
    assert!(!ended.log.contains(TOKEN) && !ended.out.contains(TOKEN), "{}", ended.log);
}

#[tokio::test]
async fn the_page_runs_its_own_script_and_nothing_else() {
    let demo = Demo::start().await;
    let browser = Browser::new().unwrap();

    let page = browser.navigate(&demo.url).await.unwrap();

    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert!(
        !page.text().contains("<style")
            && !page.text().contains("style=")
            && !page.text().contains("onclick")
    );
    for (file, kind) in [("page.css", "text/css"), ("page.js", "text/javascript"), ("mark.svg", "image/svg")]
    {
        let file = browser.fetch(format!("/assets/{file}")).await.unwrap();
        assert_eq!(file.status, StatusCode::OK);
        assert!(file.header("content-type").unwrap().starts_with(kind));
    }
}

#[tokio::test]
async fn a_provider_that_is_away_signs_nobody_out() {
    let demo = Demo::start().await;
    let (browser, _) = signed_in(&demo, "Alice").await;

    let page = browser.submit("/provider/away", &[]).await.unwrap();
    assert_eq!(shown(&page, "outage").as_deref(), Some("Bring the provider back"));
    assert_eq!(shown(&page, "who").as_deref(), Some("Alice Example"));
    assert_eq!(browser.fetch("/session").await.unwrap().status, StatusCode::OK);
    let page = browser.submit("/provider/back", &[]).await.unwrap();

    assert_eq!(shown(&page, "outage").as_deref(), Some("Take the provider away"));
}

#[tokio::test]
async fn another_site_cannot_take_the_provider_away() {
    let demo = Demo::start().await;
    let browser = Browser::new().unwrap();
    let away = format!("{}provider/away", demo.url);

    let refused = browser.cross_site_post(away, "https://evil.example", &[]).await.unwrap();

    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}
