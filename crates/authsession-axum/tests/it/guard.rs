//! How who is not signed in is answered.

use axum::http::Method;

use crate::stage::Stage;

#[tokio::test]
async fn a_navigation_is_sent_to_sign_in_with_the_way_back() {
    let stage = Stage::new().await;

    let page = stage.browser.navigate_without_following(stage.url("/token?a=1&b=2")).await.unwrap();

    assert_eq!(page.status, 303);
    assert_eq!(page.location().unwrap().as_str(), stage.url("/auth?return_to=%2Ftoken%3Fa%3D1%26b%3D2"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn a_nested_router_returns_to_the_whole_path() {
    let stage = Stage::new().await;

    let page = stage.browser.navigate(stage.url("/inner/page")).await.unwrap();

    assert_eq!((page.status.as_u16(), page.url.path()), (200, "/inner/page"));
}

#[tokio::test]
async fn a_script_gets_401_problem_json_with_login_url_and_reason() {
    let stage = Stage::new().await;

    let page = stage.browser.fetch(stage.url("/token")).await.unwrap();

    let problem = page.json().unwrap();
    assert_eq!(page.status, 401);
    assert_eq!(page.header("content-type"), Some("application/problem+json"));
    assert_eq!((problem["status"].as_u64(), problem["reason"].as_str()), (Some(401), Some("no_session")));
    assert!(problem["login_url"].as_str().unwrap().starts_with("/auth"));
    assert!(page.header("www-authenticate").is_some());
}

#[tokio::test]
async fn an_old_browsers_script_is_known_by_its_headers() {
    let stage = Stage::new().await;
    let http = stage.browser.tab();

    let page = http
        .fetch_with(
            Method::GET,
            stage.url("/token"),
            &[("x-requested-with", "XMLHttpRequest"), ("accept", "text/html")],
            "",
        )
        .await
        .unwrap();

    assert_eq!(page.status, 401);
}

#[tokio::test]
async fn a_prefetch_of_a_protected_page_starts_nothing() {
    let stage = Stage::new().await;

    let page = stage.browser.prefetch(stage.url("/token")).await.unwrap();

    assert_eq!(page.status, 401);
    assert_eq!(page.location(), None);
    assert_eq!(stage.login_cookies(), 0);
}

#[tokio::test]
async fn a_form_sent_without_a_session_returns_to_the_page_it_was_on() {
    let stage = Stage::new().await;
    stage.browser.navigate(stage.url("/public")).await.unwrap();

    let page = stage.browser.submit(stage.url("/token"), &[("a", "1")]).await.unwrap();

    assert_eq!(page.url.path(), "/public", "{:?}", page.redirects);
}
