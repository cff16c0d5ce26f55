//! Row 26: a cache between the application and its users hands one user's session to the next.

use std::collections::HashMap;

use authsession_testkit::browser::{Browser, Page};
use axum::Router;

use crate::pains::scene::Scene;

/// A cache as careless as the standards allow: it keeps what it is not told to leave alone (RFC 9111 §3), by URL alone.
#[derive(Default)]
struct Cache(HashMap<String, Page>);

impl Cache {
    fn sees(&mut self, asked: &str, page: &Page) {
        let told = page.header("cache-control").unwrap_or_default();
        if !told.contains("no-store") && !told.contains("private") {
            self.0.insert(asked.to_owned(), page.clone());
        }
    }
}

/// The whole way, page by page.
async fn goes(browser: &Browser, cache: &mut Cache, url: String) -> Page {
    let mut asked = url;
    for _ in 0..10 {
        let page = browser.navigate_without_following(&asked).await.unwrap();
        cache.sees(&asked, &page);
        match page.location() {
            Some(next) => asked = next.to_string(),
            None => return page,
        }
    }
    unreachable!("a loop")
}

#[tokio::test]
async fn row_26_nothing_a_cache_may_keep_carries_a_cookie() {
    let scene =
        Scene::set(|provider| provider.host("localhost"), |application| application, Router::new()).await;
    let mut cache = Cache::default();
    let places =
        ["/public", "/token", "/", "/auth?return_to=/claims", "/auth/callback?code=c&state=s", "/claims"];
    for place in places {
        goes(&scene.browser, &mut cache, scene.url(place)).await;
    }
    // Started seven times, so that attempts are evicted; then out and in again, and over long times.
    for _ in 0..7 {
        let asked = scene.url("/auth");
        cache.sees(&asked, &scene.browser.navigate_without_following(&asked).await.unwrap());
    }
    for _ in 0..5 {
        scene.clock.advance(std::time::Duration::from_secs(20 * 3600));
        goes(&scene.browser, &mut cache, scene.url("/token")).await;
    }
    let cookie = format!("authsession={}", scene.session_cookie().unwrap());
    let own_link =
        [("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    let out = scene.asked("/auth/logout", &[&own_link[..], &[("cookie", cookie.as_str())]].concat()).await;
    assert!(out.headers().contains_key("set-cookie"));
    assert_eq!(out.headers()["cache-control"], "no-store");

    assert!(cache.0.contains_key(&scene.url("/public")), "what is public may be kept");
    for (url, page) in &cache.0 {
        let cookies: Vec<_> =
            page.set_cookies.iter().flatten().filter(|cookie| cookie.contains("authsession")).collect();
        assert!(cookies.is_empty(), "{url}: {cookies:?}");
    }
}

/// Sessions that slide by a new cookie put one into every page.
#[tokio::test]
async fn row_26_using_a_session_sets_no_cookie_however_long() {
    let scene = Scene::set(|provider| provider, |application| application, Router::new()).await;
    scene.sign_in().await;
    for _ in 0..20 {
        scene.clock.advance(std::time::Duration::from_secs(10 * 3600));
        for place in ["/token", "/claims", "/public"] {
            let page = scene.browser.navigate(scene.url(place)).await.unwrap();
            assert_eq!((page.status.as_u16(), page.set_cookies.concat().len()), (200, 0), "{place}");
        }
    }
}
