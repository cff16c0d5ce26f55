//! "Keep me signed in": limits and a cookie of their own for those who ask, where the application has such limits.

use std::time::Duration;

use authsession_axum::auth_builder::{OAuthConfigurationBuilder, RememberMe};
use authsession_axum::extractors::{Login, Session};
use authsession_core::authorization::ResponseMode;
use authsession_testkit::browser::Page;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::habits::Habits;
use authsession_testkit::script::Answer;
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::consent::asking;
use crate::pains::scene::{Scene, cookies_of, minutes};
use crate::stage::TOKEN_LIFETIME;

const DAY: Duration = Duration::from_secs(24 * 3600);
const REMEMBERED: RememberMe = RememberMe { max_age: Duration::from_secs(90 * 24 * 3600), idle_timeout: DAY };

/// Half an hour without use and ten hours in all; a day and ninety for those who are remembered.
fn remembering(application: OAuthConfigurationBuilder) -> OAuthConfigurationBuilder {
    limited(application).with_remember_me(REMEMBERED)
}

fn limited(application: OAuthConfigurationBuilder) -> OAuthConfigurationBuilder {
    application.with_session_max_age(600).with_session_idle_timeout(minutes(30))
}

async fn remember(login: Login) -> Response {
    login.remember_me(true).return_to("/left").start().await
}

async fn left(session: Session) -> Json<Value> {
    let now = session.expires_at().since(session.created_at()).as_secs();
    Json(
        json!({ "remembered": session.is_remembered(), "lasts": now, "left": session.time_left().as_secs() }),
    )
}

async fn scene(edit: impl FnOnce(OAuthConfigurationBuilder) -> OAuthConfigurationBuilder) -> Scene {
    let routes = Router::new().route("/remember", get(remember)).route("/left", get(left));
    Scene::set(|provider| provider.host("localhost"), edit, routes).await
}

/// The session cookie as it was set last on the way to that page.
fn session_cookie(page: &Page) -> String {
    let cookies = cookies_of(page);
    let ours = cookies.iter().rev().find(|cookie| cookie.starts_with("authsession="));
    ours.unwrap().split_once(';').unwrap().1.to_owned()
}

async fn signed_in(scene: &Scene, path: &str) -> (Page, Value) {
    let page = scene.browser.navigate(scene.url(path)).await.unwrap();
    assert_eq!(page.status, 200, "{}", page.text());
    (page, scene.fetch("/left").await.1)
}

#[tokio::test]
async fn who_asks_to_be_remembered_has_a_longer_session_and_a_cookie_that_stays() {
    let scene = scene(remembering).await;
    for path in
        ["/auth?remember_me=true&return_to=/left", "/remember", "/auth?return_to=/left&remember_me=on"]
    {
        let (page, told) = signed_in(&scene, path).await;
        let cookie = session_cookie(&page);
        assert!(cookie.contains("Max-Age=7776000") && cookie.contains("HttpOnly"), "{path}: {cookie}");
        assert_eq!(told["remembered"], true, "{path}");
        assert_eq!((&told["lasts"], &told["left"]), (&json!(90 * 86_400), &json!(86_400)), "{path}");

        scene.browser.reopen();
        assert_eq!(scene.fetch("/token").await.0, 200, "{path}: the browser was closed");
    }
}

#[tokio::test]
async fn who_does_not_is_signed_out_by_closing_the_browser_and_has_the_ordinary_limits() {
    let scene = scene(remembering).await;
    for path in [
        "/left",
        "/auth",
        "/auth?remember_me=false",
        "/auth?remember_me=",
        "/auth?remember_me=true&remember_me=no",
    ] {
        scene.browser.clear_cookies();
        let (page, told) = signed_in(&scene, path).await;
        let cookie = session_cookie(&page);
        assert!(!cookie.contains("Max-Age") && !cookie.contains("Expires"), "{path}: {cookie}");
        assert_eq!(told["remembered"], false, "{path}");
        assert_eq!((&told["lasts"], &told["left"]), (&json!(36_000), &json!(1800)), "{path}");

        scene.browser.reopen();
        assert_eq!(scene.fetch("/token").await.0, 401, "{path}");
    }
}

#[tokio::test]
async fn where_the_application_remembers_nobody_the_wish_changes_nothing() {
    let scene = scene(limited).await;
    for path in ["/auth?remember_me=true&return_to=/left", "/remember", "/left"] {
        scene.browser.clear_cookies();
        let (page, told) = signed_in(&scene, path).await;
        assert!(session_cookie(&page).contains("Max-Age=36000"), "{path}");
        assert_eq!((&told["remembered"], &told["lasts"]), (&json!(false), &json!(36_000)), "{path}");
    }
}

#[tokio::test]
async fn a_remembered_session_in_use_lives_by_its_own_idle_timeout_also_after_a_refresh() {
    let scene = scene(remembering).await;
    signed_in(&scene, "/remember").await;
    for _ in 0..20 {
        scene.clock.advance(minutes(23 * 60));
        assert_eq!(
            scene.fetch("/left").await,
            (200, json!({ "remembered": true, "lasts": 90 * 86_400, "left": 86_400 }))
        );
    }
    assert!(scene.refreshes() > 10);
    scene.clock.advance(DAY + TOKEN_LIFETIME);
    assert_eq!(scene.fetch("/token").await.1["reason"], "idle");
}

#[tokio::test]
async fn a_session_that_is_not_remembered_is_touched_by_the_ordinary_timeout() {
    let scene = scene(remembering).await;
    signed_in(&scene, "/left").await;
    scene.clock.advance(minutes(20));
    assert_eq!(scene.fetch("/left").await.1["left"], 1800);
    scene.clock.advance(minutes(31));
    assert_eq!(scene.fetch("/left").await.1["reason"], "idle");
}

#[tokio::test]
async fn the_wish_stands_in_no_url_after_the_start_and_none_on_the_way_back_counts() {
    let scene = scene(remembering).await;
    let (page, _) = signed_in(&scene, "/auth?remember_me=true&return_to=/left").await;
    let urls = page.redirects.iter().chain([&page.url]).skip(1);
    assert!(
        urls.clone().count() > 1 && urls.clone().all(|url| !url.as_str().contains("remember")),
        "{page:?}"
    );

    scene.browser.clear_cookies();
    let mut callback = scene.to_the_callback("/auth?return_to=/left").await;
    callback.query_pairs_mut().append_pair("remember_me", "true");
    let page = scene.browser.navigate(&callback).await.unwrap();

    assert!(!session_cookie(&page).contains("Max-Age"));
    assert_eq!(scene.fetch("/left").await.1["remembered"], false);
}

#[tokio::test]
async fn who_has_to_consent_on_the_way_is_remembered_all_the_same() {
    let habits = Habits::default().refresh_token_with_consent();
    let routes = Router::new().route("/left", get(left));
    let scene = Scene::set(|provider| provider.habits(habits), |app| asking(remembering(app)), routes).await;
    scene.sign_in().await;
    scene.browser.clear_cookies();

    let (page, told) = signed_in(&scene, "/auth?remember_me=true&return_to=/left").await;

    assert_eq!(scene.provider.journal().count(Endpoint::Authorization), 2, "once more, for the consent");
    assert!(session_cookie(&page).contains("Max-Age=7776000"));
    assert_eq!(told["remembered"], true);
}

#[tokio::test]
async fn an_answer_that_comes_by_a_form_is_remembered_all_the_same() {
    let by_form = |app| remembering(app).with_response_mode(ResponseMode::FormPost);
    for (path, remembered) in [("/auth?remember_me=true", true), ("/auth", false)] {
        let scene = scene(by_form).await;
        let page = crate::form_post::sign_in(&scene, path).await;
        assert_eq!(page.status, 200, "{}", page.text());
        assert_eq!(session_cookie(&page).contains("Max-Age=7776000"), remembered, "{path}");
        assert_eq!(session_cookie(&page).contains("Max-Age"), remembered, "{path}");
        assert_eq!(scene.fetch("/left").await.1["remembered"], remembered, "{path}");
    }
}

#[tokio::test]
async fn the_providers_session_expiry_is_one_for_those_who_are_remembered_too() {
    let scene = scene(remembering).await;
    let end = scene.clock.unix_seconds() + 3 * 86_400;
    let lie = move |_: &mut Value, claims: &mut Value| claims["session_expiry"] = end.into();
    scene.provider.enqueue(Endpoint::Token, Answer::lying_id_token(lie));

    let (_, told) = signed_in(&scene, "/remember").await;

    assert_eq!((&told["remembered"], &told["lasts"]), (&json!(true), &json!(3 * 86_400)));
}
