//! Rows about a provider that is away, or changes: 4, 19, 20.

use std::time::Duration;

use authsession_axum::errors::Error;
use authsession_testkit::browser::Browser;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use authsession_testkit::script::Answer;
use axum::Router;
use serde_json::json;

use crate::pains::scene::{Scene, minutes};
use crate::stage::{Stage, TOKEN_LIFETIME};

/// What stands where a token should be while something is down: at the provider, before it, or on the way.
fn what_comes_instead() -> Vec<(&'static str, Answer)> {
    vec![
        ("a bad gateway", Answer::html(502, "<h1>502 Bad Gateway</h1>")),
        ("maintenance", Answer::html(503, "<h1>Back soon</h1>")),
        ("a server error", Answer::json(500, &json!({ "error": "server_error" }))),
        ("a gateway that gave up", Answer::status(504)),
        ("a firewall", Answer::html(403, "<h1>Request blocked</h1>")),
        ("a rate limit", Answer::status(429)),
        ("a hotel's network", Answer::html(200, "<h1>Accept our terms</h1>")),
        ("a way elsewhere", Answer::redirect("/login")),
        ("nothing", Answer::status(200)),
        ("a lost connection", Answer::dropped_before()),
        ("half a word", Answer::raw(200, "application/json", "{\"access_to")),
        ("somebody else's error", Answer::json(400, &json!({ "message": "try later" }))),
    ]
}

/// The user is neither asked to sign in again nor told that they are signed out.
async fn survives(stage: &Stage, what: &str) {
    let cookie = stage.session_cookie();
    stage.clock.advance(TOKEN_LIFETIME - Duration::from_secs(30));
    for _ in 0..3 {
        assert_eq!(stage.fetch("/token").await.0, 200, "{what}: the current token serves");
    }
    stage.clock.advance(minutes(10));
    let page = stage.browser.fetch(stage.url("/token")).await.unwrap();
    assert_eq!(page.status, 503, "{what}");
    assert!(page.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1, "{what}");
    let page = stage.browser.tab().navigate(stage.url("/token")).await.unwrap();
    assert!(page.status == 503 && page.header("retry-after").is_some(), "{what}");
    assert!(
        page.redirects.is_empty() && stage.session_cookie() == cookie,
        "{what}: nobody is sent to sign in"
    );
}

async fn is_itself_again(stage: &Stage, what: &str) {
    let cookie = stage.session_cookie();
    stage.clock.advance(minutes(10));
    assert_eq!(stage.fetch("/token").await.0, 200, "{what}");
    assert_eq!(stage.session_cookie(), cookie, "{what}: it is the same session");
    assert_eq!(stage.provider.journal().count(Endpoint::Authorization), 0, "{what}");
}

#[tokio::test]
async fn row_4_whatever_stands_before_the_provider_signs_nobody_out() {
    for (what, answer) in what_comes_instead() {
        let stage = Stage::signed_in().await;
        stage.provider.always(Endpoint::Token, answer);
        survives(&stage, what).await;
        stage.provider.clear(Endpoint::Token);
        is_itself_again(&stage, what).await;
    }
}

#[tokio::test]
async fn row_4_a_provider_that_refuses_connections_signs_nobody_out() {
    let stage = Stage::signed_in().await;
    stage.provider.shutdown().await;
    survives(&stage, "nobody listens").await;
    stage.provider.restart().await.unwrap();
    is_itself_again(&stage, "nobody listened").await;
}

#[tokio::test]
async fn row_4_a_provider_that_takes_too_long_signs_nobody_out() {
    let stage = Stage::with(
        |provider| provider,
        |application| application.with_request_timeout(Duration::from_millis(200)),
    )
    .await;
    stage.sign_in().await;
    let (silent, _never_opened) = Answer::normal().held_before();
    stage.provider.always(Endpoint::Token, silent);
    survives(&stage, "silence").await;
    stage.provider.clear(Endpoint::Token);
    is_itself_again(&stage, "silence").await;
}

/// Both are deployed at the same time, and the application is faster.
#[tokio::test]
async fn row_19_an_application_starts_before_its_provider_and_says_when_it_is_ready() {
    let clock = VirtualClock::halted();
    let provider = Provider::builder().clock(clock.clone()).start().await.unwrap();
    provider.shutdown().await;
    let scene = Scene::before(provider, clock, |application| application, Router::new()).await;

    assert_eq!(scene.fetch("/public").await.0, 200, "what needs no sign-in works");
    let page = scene.browser.navigate(scene.url("/auth")).await.unwrap();
    assert!(page.status == 503 && page.header("retry-after").is_some());
    assert!(matches!(scene.configuration.ready().await, Err(Error::Unavailable { .. })));

    scene.provider.restart().await.unwrap();
    scene.clock.advance(minutes(2));
    scene.configuration.ready().await.unwrap();
    assert_eq!(scene.browser.navigate(scene.url("/token")).await.unwrap().status, 200);
}

/// Everybody wants in while the provider comes up: that must not keep it from doing so.
#[tokio::test]
async fn row_19_a_provider_that_starts_slowly_is_not_stormed() {
    let clock = VirtualClock::halted();
    let provider = Provider::builder().clock(clock.clone()).start().await.unwrap();
    provider.always(Endpoint::Discovery, Answer::status(503));
    let scene = Scene::before(provider, clock, |application| application, Router::new()).await;

    for _ in 0..100 {
        let tab = Browser::with_clock(scene.clock.clone()).unwrap();
        assert_eq!(tab.navigate(scene.url("/auth")).await.unwrap().status, 503);
        assert!(scene.configuration.ready().await.is_err());
        scene.clock.advance(Duration::from_millis(100));
    }

    let asked = scene.provider.journal().count(Endpoint::Discovery);
    assert!((1..=10).contains(&asked), "{asked} requests in ten seconds");
}

/// Taken out of service because the provider is away, an application would be away for those who are signed in, too.
#[tokio::test]
async fn row_19_once_ready_an_application_stays_ready_while_its_provider_is_away() {
    let scene = Scene::set(|provider| provider, |application| application, Router::new()).await;
    scene.sign_in().await;
    scene.provider.shutdown().await;

    for _ in 0..5 {
        scene.clock.advance(minutes(50));
        scene.configuration.ready().await.unwrap();
    }
    let start = scene.browser.navigate_without_following(scene.url("/auth")).await.unwrap();
    assert_eq!(start.status, 303, "by the last good copy");
}

#[tokio::test]
async fn row_19_ready_means_that_the_keys_are_there_too() {
    let scene = Scene::set(|provider| provider, |application| application, Router::new()).await;
    scene.provider.always(Endpoint::Jwks, Answer::status(500));
    assert!(matches!(scene.configuration.ready().await, Err(Error::Unavailable { .. })));

    scene.provider.clear(Endpoint::Jwks);
    scene.clock.advance(minutes(2));

    scene.configuration.ready().await.unwrap();
}

/// The provider changes its keys at night; in the morning nobody can sign in until somebody restarts the application.
#[tokio::test]
async fn row_20_logins_go_on_after_the_provider_changed_its_keys() {
    let stage = Stage::signed_in().await;
    for _ in 0..3 {
        stage.provider.rotate_keys().unwrap();
        stage.clock.advance(minutes(1));
        let newcomer = Browser::with_clock(stage.clock.clone()).unwrap();
        assert_eq!(newcomer.navigate(stage.url("/claims")).await.unwrap().status, 200);
        stage.expire_token();
        assert_eq!(stage.fetch("/claims").await.0, 200, "nor is anybody signed out");
    }
    assert!(stage.provider.journal().count(Endpoint::Jwks) <= 4, "a fetch a change");
}

/// Every forged token names another key. Each makes the application ask the provider, unless it is careful.
#[tokio::test]
async fn row_20_keys_nobody_published_do_not_make_the_application_storm_the_provider() {
    let stage = Stage::signed_in().await;
    stage.provider.enqueue_many(Endpoint::Token, &Answer::id_token_signed_by_unknown_key(), 40);
    for _ in 0..40 {
        let stranger = Browser::with_clock(stage.clock.clone()).unwrap();
        let page = stranger.navigate(stage.url("/token")).await.unwrap();
        assert!(matches!(page.status.as_u16(), 400 | 503), "{}", page.status);
        stage.clock.advance(Duration::from_millis(250));
    }
    let fetches = stage.provider.journal().count(Endpoint::Jwks);
    assert!(fetches <= 2, "{fetches} fetches in ten seconds");
    let honest = Browser::with_clock(stage.clock.clone()).unwrap();
    assert_eq!(
        honest.navigate(stage.url("/token")).await.unwrap().status,
        200,
        "who is honest gets in meanwhile"
    );
}
