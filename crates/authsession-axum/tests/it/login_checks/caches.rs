//! A cache between the browser and us: it must never hand one person's cookie to another.

use std::sync::Arc;

use authsession_testkit::browser::Page;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use authsession_testkit::serve::Server;
use axum::body::Body;
use axum::http::Request;
use tower::ServiceExt as _;

use crate::login_checks::stage;
use crate::stage::{Stage, app, application};

/// Whether the page sets a cookie; one that does must not be kept by anybody.
fn sets_a_cookie(page: &Page) -> bool {
    let sets = page.headers.contains_key("set-cookie");
    assert!(!sets || page.header("cache-control") == Some("no-store"), "{page:?}");
    sets
}

async fn open(stage: &Stage, path: &str) -> Page {
    stage.browser.navigate_without_following(stage.url(path)).await.unwrap()
}

#[tokio::test]
async fn whatever_way_a_login_ends_a_cookie_comes_with_no_store() {
    let stage = stage().await;
    assert!(sets_a_cookie(&open(&stage, "/auth").await), "the start");
    assert!(sets_a_cookie(&open(&stage, "/auth/callback?code=old&state=old").await), "the restart");
    assert!(sets_a_cookie(&open(&stage, "/step-up").await), "a login of the application's own");
    for answer in
        [Answer::normal(), Answer::status(503), Answer::error(400, "invalid_grant"), Answer::html(200, "")]
    {
        let callback = stage.to_the_callback("/auth").await;
        stage.provider.enqueue(Endpoint::Token, answer);
        let page = stage.browser.navigate_without_following(callback).await.unwrap();
        assert!(sets_a_cookie(&page), "the callback: {}", page.status);
    }
    stage.provider.deny_next_authorization("access_denied");
    let refused = stage.to_the_callback("/auth").await;
    assert!(sets_a_cookie(&stage.browser.navigate_without_following(refused).await.unwrap()), "a refusal");
}

#[tokio::test]
async fn a_logout_s_cookie_comes_with_no_store_whether_the_provider_is_there_or_not() {
    for provider_is_there in [true, false] {
        let stage = stage().await;
        stage.sign_in().await;
        stage.browser.navigate(stage.url("/auth/logout")).await.unwrap();
        if !provider_is_there {
            stage.provider.shutdown().await;
        }
        let (server, slot) = (stage.server.url().to_owned(), Server::reserve().await.unwrap());
        let builder =
            application(&stage.provider, &slot, &stage.clock).with_post_logout_redirect_uri(&server);
        let builder = builder.with_issuer(stage.provider.issuer()).await.unwrap();
        let request = Request::post("/auth/logout")
            .header("cookie", format!("authsession={}", stage.session_cookie().unwrap()))
            .header("origin", slot.url())
            .body(Body::empty());

        let answer = app(builder, Arc::clone(&stage.store)).oneshot(request.unwrap()).await.unwrap();

        assert!(answer.headers()["set-cookie"].to_str().unwrap().starts_with("authsession=;"));
        assert_eq!(answer.headers()["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn a_page_of_a_session_that_did_not_change_sets_no_cookie() {
    let stage = stage().await;
    for path in ["/public", "/token", "/optional"] {
        assert!(!sets_a_cookie(&stage.browser.fetch(stage.url(path)).await.unwrap()), "nobody: {path}");
    }
    stage.sign_in().await;
    for path in ["/public", "/token", "/session", "/claims", "/optional", "/many", "/inner/page"] {
        assert!(!sets_a_cookie(&open(&stage, path).await), "{path}");
        stage.clock.advance(std::time::Duration::from_secs(120));
    }
    stage.expire_token();
    assert!(!sets_a_cookie(&open(&stage, "/token").await), "a refresh changes no cookie");
}

#[tokio::test]
async fn what_is_refused_is_not_kept_by_a_cache_either() {
    let stage = stage().await;
    for page in [open(&stage, "/token").await, stage.browser.fetch(stage.url("/token")).await.unwrap()] {
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert!(page.header("vary").unwrap().contains("Cookie"));
    }
}
