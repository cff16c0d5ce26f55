//! A logout somebody else wants, and a provider that forgets what it was sent (RP-Initiated Logout 1.0 §2 and §3).

use std::sync::Arc;
use std::time::Duration;

use authsession_testkit::browser::Page;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::script::Answer;
use authsession_testkit::serve::Server;
use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use tower::ServiceExt as _;

use crate::login_checks::stage;
use crate::stage::{Stage, app, application};

async fn sign_out(stage: &Stage) -> Page {
    stage.browser.navigate(stage.url("/public")).await.unwrap();
    stage.browser.submit(stage.url("/auth/logout"), &[]).await.unwrap()
}

#[tokio::test]
async fn a_state_that_does_not_come_back_or_is_another_changes_nothing() {
    for query in ["", "?state=another", "?state=", "?state=a&state=b", "?error=canary"] {
        let stage = stage().await;
        stage.sign_in().await;
        let back = Answer::redirect(stage.url(&format!("/{query}")));
        stage.provider.enqueue(Endpoint::EndSession, back);

        let page = sign_out(&stage).await;

        assert_eq!((page.status.as_u16(), page.url.path()), (200, "/"), "{query}");
        assert_eq!((stage.session_cookie(), stage.fetch("/token").await.0), (None, 401), "{query}");
    }
}

#[tokio::test]
async fn a_provider_whose_logout_fails_has_signed_nobody_in_again() {
    for answer in [Answer::status(500), Answer::html(400, "no such hint"), Answer::dropped_before()] {
        let stage = stage().await;
        stage.sign_in().await;
        stage.provider.enqueue(Endpoint::EndSession, answer);
        stage.browser.navigate(stage.url("/public")).await.unwrap();

        let _whatever_it_said = stage.browser.submit(stage.url("/auth/logout"), &[]).await;

        assert_eq!((stage.session_cookie(), stage.fetch("/token").await.0), (None, 401));
    }
}

#[tokio::test]
async fn a_hint_that_expired_long_ago_is_sent_with_the_client_id_and_a_state() {
    let stage = Stage::with(
        |provider| provider.signing_algorithm(SigningAlgorithm::Es256).id_token_on_refresh(false),
        |application| application,
    )
    .await;
    stage.sign_in().await;
    let of_the_login = stage.fetch("/session").await.1["id_token"].as_str().unwrap().to_owned();
    for _ in 0..5 {
        stage.clock.advance(Duration::from_secs(20 * 3600));
        assert_eq!(stage.fetch("/token").await.0, 200);
    }

    let page = sign_out(&stage).await;

    assert_eq!((page.status.as_u16(), page.url.path()), (200, "/"));
    let sent = stage.provider.journal().last(Endpoint::EndSession).unwrap();
    assert_eq!(sent.query_value("id_token_hint"), Some(of_the_login.as_str()));
    assert_eq!(sent.query_value("client_id"), Some(stage.provider.client_id()));
    assert!(sent.query_value("state").is_some());
}

#[tokio::test]
async fn without_a_hint_the_client_id_and_a_state_make_a_logout_of_it() {
    let stage = stage().await;

    let page = sign_out(&stage).await;

    assert_eq!((page.status.as_u16(), page.url.path()), (200, "/"));
    let sent = stage.provider.journal().last(Endpoint::EndSession).unwrap();
    assert_eq!(sent.query_value("id_token_hint"), None);
    assert_eq!(sent.query_value("client_id"), Some(stage.provider.client_id()));
    assert!(sent.query_value("state").is_some_and(|state| state.len() >= 22));
    assert_eq!(sent.query_value("post_logout_redirect_uri").unwrap(), stage.url("/"));
}

#[tokio::test]
async fn no_two_logouts_have_the_same_state() {
    let stage = stage().await;
    let mut states = std::collections::HashSet::new();
    for _ in 0..3 {
        stage.sign_in().await;
        sign_out(&stage).await;
        let sent = stage.provider.journal().last(Endpoint::EndSession).unwrap();
        assert!(states.insert(sent.query_value("state").unwrap().to_owned()));
    }
}

/// The application answering a GET of its logout with these headers, beside the session's cookie.
async fn asked_to_sign_out(stage: &Stage, headers: &[(&str, &str)]) -> Response {
    let slot = Server::reserve().await.unwrap();
    let builder = application(&stage.provider, &slot, &stage.clock);
    let builder = builder.with_issuer(stage.provider.issuer()).await.unwrap();
    let cookie = format!("authsession={}", stage.session_cookie().unwrap());
    let mut request = Request::get("/auth/logout").header("cookie", cookie).header("accept", "text/html");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let app = app(builder, Arc::clone(&stage.store));
    app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

#[tokio::test]
async fn no_page_signs_out_by_what_it_only_shows_and_no_other_site_at_all() {
    let stage = stage().await;
    stage.sign_in().await;
    for (site, mode, dest) in [
        ("cross-site", "navigate", "document"),
        ("cross-site", "navigate", "iframe"),
        ("cross-site", "no-cors", "image"),
        ("same-site", "navigate", "document"),
        ("same-origin", "navigate", "iframe"),
        ("same-origin", "no-cors", "image"),
        ("none", "navigate", "document"),
    ] {
        let headers = [("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", dest)];
        let answer = asked_to_sign_out(&stage, &headers).await;
        assert_eq!(answer.status(), 403, "{site} {mode} {dest}");
        assert!(!answer.headers().contains_key("set-cookie"), "{site} {mode} {dest}");
    }
    assert_eq!(asked_to_sign_out(&stage, &[]).await.status(), 403, "an old browser's GET");
    assert_eq!(stage.fetch("/token").await.0, 200);
}

#[tokio::test]
async fn a_browser_that_looks_ahead_signs_nobody_out() {
    let stage = stage().await;
    stage.sign_in().await;
    let ours =
        [("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    for ahead in [("sec-purpose", "prefetch"), ("sec-purpose", "prefetch;prerender"), ("purpose", "prefetch")]
    {
        let answer = asked_to_sign_out(&stage, &[&ours[..], &[ahead]].concat()).await;
        assert_eq!(answer.status(), 503, "{ahead:?}");
        assert!(!answer.headers().contains_key("set-cookie"));
    }
    assert_eq!(stage.fetch("/token").await.0, 200);
}
