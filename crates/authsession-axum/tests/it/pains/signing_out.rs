//! Rows about signing out: 14, 32.

use authsession_testkit::builder::ProviderBuilder;
use authsession_testkit::client::Client;
use authsession_testkit::endpoint::Endpoint;
use axum::Router;
use axum::http::Method;

use crate::pains::scene::{Scene, minutes};
use crate::stage::Stage;

/// A provider that looks at where it is asked to send people, and renews no ID token.
fn strict(provider: ProviderBuilder) -> ProviderBuilder {
    provider
        .client(Client::confidential("client", "secret-of-the-test-client-32-bytes"))
        .id_token_on_refresh(false)
}

async fn signs_out(scene: &Scene) -> (u16, String) {
    scene.browser.navigate(scene.url("/public")).await.unwrap();
    let page = scene.browser.submit(scene.url("/auth/logout"), &[]).await.unwrap();
    (page.status.as_u16(), page.url.path().to_owned())
}

/// The ID token of the login expired a week ago, and is all there is to show.
#[tokio::test]
async fn row_14_after_a_week_the_hint_of_the_login_still_signs_out_and_leads_back() {
    let scene = Scene::set(strict, |application| application, Router::new()).await;
    scene.sign_in().await;
    for _ in 0..14 {
        scene.clock.advance(minutes(12 * 60));
        assert_eq!(scene.fetch("/token").await.0, 200);
    }

    assert_eq!(signs_out(&scene).await, (200, "/".to_owned()));

    let asked = scene.provider.journal().last(Endpoint::EndSession).unwrap();
    assert_eq!(asked.query_value("id_token_hint").unwrap().split('.').count(), 3);
    assert_eq!(asked.query_value("client_id"), Some("client"));
    assert_eq!(asked.query_value("post_logout_redirect_uri").unwrap(), scene.url("/"));
    assert!(asked.query_value("state").unwrap().len() >= 16);
    assert_eq!((asked.status, scene.provider.sessions()), (Some(303), 0));
}

/// The session ended before its user signed out: there is nothing left to hint with.
#[tokio::test]
async fn row_14_without_a_hint_the_client_is_named_and_the_user_still_comes_back() {
    let scene = Scene::set(strict, |application| application, Router::new()).await;
    scene.sign_in().await;
    scene.browser.clear_cookies();

    assert_eq!(signs_out(&scene).await, (200, "/".to_owned()));

    let asked = scene.provider.journal().last(Endpoint::EndSession).unwrap();
    assert_eq!((asked.query_value("id_token_hint"), asked.query_value("client_id")), (None, Some("client")));
    assert!(asked.query_value("state").is_some());
}

#[tokio::test]
async fn row_14_a_provider_without_a_logout_of_its_own_leaves_the_user_in_the_application() {
    let none = |provider: ProviderBuilder| {
        provider.metadata(|metadata| drop(metadata.remove("end_session_endpoint")))
    };
    let scene = Scene::set(none, |application| application, Router::new()).await;
    scene.sign_in().await;

    assert_eq!(signs_out(&scene).await, (200, "/".to_owned()));
    assert_eq!(scene.fetch("/token").await.0, 401);
}

/// Something looks ahead, loads an image, follows a link in a mail; nobody wanted to leave.
#[tokio::test]
async fn row_32_only_the_user_signs_the_user_out() {
    let stage = Stage::signed_in().await;
    stage.browser.navigate(stage.url("/public")).await.unwrap();
    let logout = stage.url("/auth/logout");
    let looks_ahead: [&[(&str, &str)]; 8] = [
        &[("sec-purpose", "prefetch")],
        &[("sec-purpose", "prefetch;prerender")],
        &[("sec-purpose", "prefetch;anonymous-client-ip")],
        &[("purpose", "prefetch")],
        &[("x-moz", "prefetch")],
        &[("x-purpose", "preview")],
        &[("sec-fetch-dest", "image")],
        &[],
    ];
    for headers in looks_ahead {
        stage.browser.fetch_with(Method::GET, &logout, headers, "").await.unwrap();
        assert_eq!(stage.fetch("/token").await.0, 200, "{headers:?}");
    }
    stage.browser.prefetch(&logout).await.unwrap();
    stage.browser.tab().navigate(&logout).await.unwrap();
    stage.browser.tab().cross_site_get(&logout, "https://mail.example").await.unwrap();
    stage.browser.tab().cross_site_post(&logout, "https://evil.example", &[]).await.unwrap();
    assert_eq!(stage.fetch("/token").await.0, 200);

    stage.browser.click(&logout).await.unwrap();
    assert_eq!(stage.fetch("/token").await.0, 401, "the user's own click does");
}

/// Old browsers say nothing of who asks, so a GET is nobody's wish.
#[tokio::test]
async fn row_32_a_get_that_does_not_say_whence_it_comes_signs_nobody_out() {
    let scene = Scene::set(|provider| provider, |application| application, Router::new()).await;
    scene.sign_in().await;
    let cookie = format!("authsession={}", scene.session_cookie().unwrap());
    for headers in
        [&[("accept", "text/html")] as &[_], &[("x-moz", "prefetch"), ("accept", "text/html")], &[]]
    {
        let answer = scene.asked("/auth/logout", &[headers, &[("cookie", cookie.as_str())]].concat()).await;
        assert!(matches!(answer.status().as_u16(), 403 | 503), "{headers:?}: {}", answer.status());
        assert_eq!(scene.fetch("/token").await.0, 200, "{headers:?}");
    }
}

/// Whatever looks ahead finds a login page behind every link.
#[tokio::test]
async fn row_32_looking_ahead_starts_no_login() {
    let scene = Scene::set(|provider| provider, |application| application, Router::new()).await;
    let html = ("accept", "text/html");
    for sign in [
        ("sec-purpose", "prefetch"),
        ("purpose", "prefetch"),
        ("x-moz", "prefetch"),
        ("x-purpose", "preview"),
    ] {
        for path in ["/auth", "/token", "/auth/callback?code=c&state=s"] {
            let answer = scene.asked(path, &[html, sign]).await;
            assert!(matches!(answer.status().as_u16(), 401 | 503), "{sign:?} {path}: {}", answer.status());
            assert!(
                !answer.headers().contains_key("set-cookie") && !answer.headers().contains_key("location")
            );
        }
    }
}
