//! The logout.

use std::sync::Arc;

use authsession_axum::auth::{AuthLayer, LogoutHandler};
use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_axum::extractors::AccessToken;
use authsession_axum::logout::handle_default_logout::DefaultLogoutHandler;
use authsession_axum::logout::handle_oidc_logout::OidcLogoutHandler;
use authsession_testkit::browser::{Browser, Page};
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use authsession_testkit::serve::Server;
use axum::Router;
use axum::routing::get;

use crate::stage::{CountingStore, Stage, application};

#[tokio::test]
async fn a_person_signs_out_here_and_at_the_provider_and_lands_in_the_application() {
    let stage = Stage::signed_in().await;
    stage.browser.navigate(stage.url("/public")).await.unwrap();

    let page = stage.browser.submit(stage.url("/auth/logout"), &[]).await.unwrap();

    assert_eq!((page.status.as_u16(), page.url.path()), (200, "/"));
    assert_eq!(stage.session_cookie(), None);
    assert_eq!(stage.provider.sessions(), 0, "signed out at the provider");
    let request = stage.provider.journal().last(Endpoint::EndSession).unwrap();
    assert!(request.query_value("id_token_hint").is_some());
    assert_eq!(request.query_value("client_id"), Some(stage.provider.client_id()));
    assert!(request.query_value("state").is_some());
}

#[tokio::test]
async fn the_refresh_token_is_revoked_at_logout() {
    let stage = Stage::signed_in().await;
    let token = stage.fetch("/session").await.1["refresh_token"].as_str().unwrap().to_owned();
    stage.browser.navigate(stage.url("/public")).await.unwrap();

    stage.browser.submit(stage.url("/auth/logout"), &[]).await.unwrap();

    assert!(stage.provider.journal().reaches(Endpoint::Revocation, 1).await);
    assert!(!stage.provider.live_refresh_token(&token));
}

#[tokio::test]
async fn the_old_cookie_is_worthless_after_logout_and_told_why() {
    let stage = Stage::signed_in().await;
    let cookie = stage.session_cookie().unwrap();
    stage.browser.navigate(stage.url("/public")).await.unwrap();
    stage.browser.submit(stage.url("/auth/logout"), &[]).await.unwrap();

    stage.browser.set_cookie(stage.url("/"), &format!("authsession={cookie}; Path=/")).unwrap();

    let (status, problem) = stage.fetch("/token").await;
    assert_eq!((status, problem["reason"].as_str()), (401, Some("logout")));
}

#[tokio::test]
async fn another_site_cannot_sign_the_user_out() {
    let stage = Stage::signed_in().await;
    let logout = stage.url("/auth/logout");

    let by_get = stage.browser.cross_site_get(&logout, "https://evil.example").await.unwrap();
    let by_post = stage.browser.cross_site_post(&logout, "https://evil.example", &[]).await.unwrap();

    assert_eq!((by_get.status.as_u16(), by_post.status.as_u16()), (403, 403));
    assert_eq!(stage.fetch("/token").await.0, 200);
}

#[tokio::test]
async fn a_prefetch_does_not_sign_out() {
    let stage = Stage::signed_in().await;

    stage.browser.prefetch(stage.url("/auth/logout")).await.unwrap();

    assert_eq!(stage.fetch("/token").await.0, 200);
}

#[tokio::test]
async fn the_page_that_asks_back_signs_out_when_confirmed() {
    let stage = Stage::signed_in().await;
    stage.browser.cross_site_get(stage.url("/auth/logout"), "https://evil.example").await.unwrap();

    stage.browser.submit_form(&[]).await.unwrap();

    assert_eq!(stage.session_cookie(), None);
    assert_eq!(stage.fetch("/token").await.0, 401);
}

#[tokio::test]
async fn with_the_provider_away_the_user_is_signed_out_here_all_the_same() {
    let stage = Stage::signed_in().await;
    stage.browser.navigate(stage.url("/public")).await.unwrap();
    stage.provider.shutdown().await;

    let _provider_is_away = stage.browser.submit(stage.url("/auth/logout"), &[]).await;

    assert_eq!(stage.session_cookie(), None);
    assert_eq!(stage.fetch("/token").await.0, 401);
}

#[tokio::test]
async fn signing_out_without_a_session_is_no_error() {
    let stage = Stage::new().await;
    stage.browser.navigate(stage.url("/public")).await.unwrap();

    let page = stage.browser.submit(stage.url("/auth/logout"), &[]).await.unwrap();

    assert_eq!((page.status.as_u16(), page.url.path()), (200, "/"));
}

#[tokio::test]
async fn every_set_cookie_comes_with_no_store() {
    let stage = Stage::new().await;
    let start = stage.browser.navigate_without_following(stage.url("/auth")).await.unwrap();
    let back = stage.browser.navigate_without_following(start.location().unwrap()).await.unwrap();
    let done = stage.browser.navigate_without_following(back.location().unwrap()).await.unwrap();

    for page in [start, done] {
        assert!(page.set_cookies.iter().any(|cookies| !cookies.is_empty()));
        assert_eq!(page.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn an_image_on_our_own_page_does_not_sign_out_and_a_link_there_does() {
    let stage = Stage::signed_in().await;
    stage.browser.navigate(stage.url("/public")).await.unwrap();
    stage.browser.fetch(stage.url("/auth/logout")).await.unwrap();
    assert_eq!(stage.fetch("/token").await.0, 200);

    stage.browser.click(stage.url("/auth/logout")).await.unwrap();

    assert_eq!(stage.fetch("/token").await.0, 401);
}

#[tokio::test]
async fn a_link_in_an_email_asks_back() {
    let stage = Stage::signed_in().await;

    let page = stage.browser.navigate(stage.url("/auth/logout")).await.unwrap();

    assert_eq!(page.status, 403);
    assert_eq!(stage.fetch("/token").await.0, 200);
}

/// A signed-in user at an application whose logouts go by this handler, and the answer to a logout there.
async fn by_handler(
    handler: impl LogoutHandler,
    edit: impl FnOnce(OAuthConfigurationBuilder) -> OAuthConfigurationBuilder,
) -> (Stage, Page) {
    let clock = VirtualClock::halted();
    let provider = Provider::builder().clock(clock.clone()).start().await.unwrap();
    let slot = Server::reserve().await.unwrap();
    let builder = application(&provider, &slot, &clock).with_issuer(provider.issuer()).await.unwrap();
    let store = Arc::new(CountingStore::new(&clock));
    let configuration = Arc::new(edit(builder).build().unwrap());
    let auth = AuthLayer::with_logout_handler(configuration, store.clone(), Arc::new(handler));
    let token = get(|token: AccessToken| async move { String::from(&*token) });
    let server =
        slot.serve(Router::new().route("/token", token).route("/public", get(async || "public")).layer(auth));
    let browser = Browser::with_clock(clock.clone()).unwrap();
    let stage = Stage { clock, provider, store, server, browser };
    stage.sign_in().await;
    stage.browser.navigate(stage.url("/public")).await.unwrap();
    let logout = stage.browser.click(stage.url("/auth/logout")).await;
    (stage, logout.unwrap())
}

#[tokio::test]
async fn the_default_handler_signs_out_of_this_application_and_not_of_the_provider() {
    let (stage, page) =
        by_handler(DefaultLogoutHandler, |builder| builder.with_post_logout_redirect_uri("/public?bye"))
            .await;

    assert_eq!((page.status.as_u16(), page.text().as_ref()), (200, "public"));
    assert_eq!(page.url.query(), Some("bye"));
    assert_eq!((stage.session_cookie(), stage.fetch("/token").await.0), (None, 401));
    assert_eq!(stage.provider.sessions(), 1, "the user stays signed in there");
    assert_eq!(stage.provider.journal().count(Endpoint::EndSession), 0);
    assert!(stage.provider.journal().reaches(Endpoint::Revocation, 1).await);
}

#[tokio::test]
async fn the_logout_endpoint_the_application_names_goes_before_the_one_announced() {
    let elsewhere = Provider::builder().start().await.unwrap();
    let handler = OidcLogoutHandler::new(&elsewhere.endpoint(Endpoint::EndSession));

    let (stage, _page) = by_handler(handler, |builder| builder).await;

    assert_eq!(stage.provider.journal().count(Endpoint::EndSession), 0);
    let asked = elsewhere.journal().last(Endpoint::EndSession).unwrap();
    assert!(asked.query_value("id_token_hint").is_some());
    assert_eq!(stage.fetch("/token").await.0, 401);
}

#[tokio::test]
async fn a_logout_endpoint_that_is_no_url_signs_out_here_all_the_same() {
    let (stage, page) = by_handler(OidcLogoutHandler::new("/logout"), |builder| {
        builder.with_post_logout_redirect_uri("/public")
    })
    .await;

    assert_eq!((page.status.as_u16(), page.url.path()), (200, "/public"));
    assert_eq!((stage.session_cookie(), stage.fetch("/token").await.0), (None, 401));
}
