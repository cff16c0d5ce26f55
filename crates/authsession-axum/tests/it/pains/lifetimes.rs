//! Row 23: a page that polls keeps its session alive for ever.

use std::time::Duration;

use authsession_axum::extractors::Session;
use authsession_axum::polling::{POLLING_HEADER, Polling};
use axum::http::Method;
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::{Value, json};

use crate::pains::scene::{Scene, minutes};

async fn left(session: Session) -> Json<Value> {
    let idle = session.idle_deadline().unix_seconds();
    Json(
        json!({ "seconds": session.time_left().as_secs(), "idle": idle, "ends": session.expires_at().unix_seconds() }),
    )
}

/// Sessions that end after half an hour without use, and after two hours of it.
async fn scene() -> Scene {
    let routes = Router::new()
        .route("/left", get(left))
        .route("/poll", get(left).layer(Extension(Polling)))
        .nest("/inner", Router::new().route("/poll", get(left)).layer(Extension(Polling)));
    let limits = |application: authsession_axum::auth_builder::OAuthConfigurationBuilder| {
        application.with_session_idle_timeout(minutes(30)).with_session_max_age(120)
    };
    let scene = Scene::set(|provider| provider, limits, routes).await;
    scene.sign_in().await;
    scene
}

async fn polls(scene: &Scene, by_header: bool, path: &str) -> (u16, Value) {
    let name = POLLING_HEADER;
    let headers: Vec<_> = by_header.then_some((name.as_str(), "1")).into_iter().collect();
    let page = scene.browser.fetch_with(Method::GET, scene.url(path), &headers, "").await.unwrap();
    (page.status.as_u16(), page.json().unwrap_or_default())
}

/// The user went home; the page asks for news every minute.
#[tokio::test]
async fn row_23_polling_does_not_keep_a_session_alive() {
    for (by_header, path) in [(false, "/poll"), (false, "/inner/poll"), (true, "/left")] {
        let scene = scene().await;
        for _ in 0..29 {
            scene.clock.advance(minutes(1));
            assert_eq!(polls(&scene, by_header, path).await.0, 200, "{path}");
        }
        scene.clock.advance(Duration::from_secs(61));
        assert_eq!(polls(&scene, by_header, path).await.1["reason"], "idle", "{path}");
    }
}

#[tokio::test]
async fn row_23_who_works_while_the_page_polls_stays_signed_in_until_the_absolute_limit() {
    let scene = scene().await;
    for minute in 1..120 {
        scene.clock.advance(minutes(1));
        assert_eq!(polls(&scene, false, "/poll").await.0, 200, "minute {minute}");
        if minute % 25 == 0 {
            assert_eq!(scene.fetch("/token").await.0, 200, "minute {minute}");
        }
    }
    let cookie = scene.session_cookie().unwrap();
    scene.clock.advance(Duration::from_secs(61));
    scene.browser.set_cookie(scene.url("/"), &format!("authsession={cookie}; Path=/")).unwrap();
    assert_eq!(scene.fetch("/token").await.1["reason"], "too_old");
}

/// "You will be signed out in two minutes."
#[tokio::test]
async fn row_23_a_page_can_tell_how_long_the_session_lasts() {
    let scene = scene().await;
    let left = |answer: (u16, Value)| answer.1["seconds"].as_u64().unwrap();
    scene.clock.advance(minutes(10));
    assert_eq!(left(polls(&scene, false, "/poll").await), 20 * 60, "to ask is no use");
    assert_eq!(left(polls(&scene, true, "/left").await), 20 * 60);
    assert_eq!(left(scene.fetch("/left").await), 30 * 60, "to work is");

    for _ in 0..4 {
        scene.clock.advance(minutes(25));
        assert_eq!(scene.fetch("/token").await.0, 200);
    }

    let (_, told) = scene.fetch("/left").await;
    assert_eq!(told["seconds"], 10 * 60, "the absolute limit comes first");
    assert_eq!(told["ends"].as_u64().unwrap(), scene.clock.unix_seconds() + 10 * 60);
    assert!(told["idle"].as_u64().unwrap() > told["ends"].as_u64().unwrap());
}
