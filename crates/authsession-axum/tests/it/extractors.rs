//! What handlers get.

use std::time::Duration;

use authsession_axum::auth_session::AuthSession;
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use axum::routing::get;
use tower::ServiceExt as _;

use crate::stage::{Stage, TOKEN_LIFETIME};

#[tokio::test]
async fn the_session_has_the_fields_the_provider_filled() {
    let stage = Stage::signed_in().await;

    let session: AuthSession = serde_json::from_value(stage.fetch("/session").await.1).unwrap();

    assert!(stage.provider.live_access_token(&session.access_token));
    assert!(stage.provider.live_refresh_token(&session.refresh_token));
    assert_eq!(session.id_token.split('.').count(), 3);
    assert_eq!(session.token_type.to_ascii_lowercase(), "bearer");
    assert_eq!(session.scope, "openid profile email");
    let expires = stage.clock.unix_seconds() + TOKEN_LIFETIME.as_secs();
    assert_eq!(session.expires.timestamp(), i64::try_from(expires).unwrap());
}

#[tokio::test]
async fn debug_shows_no_token() {
    let stage = Stage::signed_in().await;
    let session: AuthSession = serde_json::from_value(stage.fetch("/session").await.1).unwrap();

    let shown = format!("{session:?} {:#?}", session.clone());

    for secret in [&session.id_token, &session.access_token, &session.refresh_token] {
        assert!(!shown.contains(secret.as_str()), "{shown}");
    }
}

#[test]
fn the_session_is_as_plain_a_value_as_promised() {
    fn promised<T>()
    where
        T: Clone + PartialEq + serde::Serialize + serde::de::DeserializeOwned + Send + Sync + Unpin,
        T: std::panic::UnwindSafe,
    {
    }
    promised::<AuthSession>();
}

#[tokio::test]
async fn one_store_read_a_request_however_many_extractors() {
    let stage = Stage::signed_in().await;

    assert_eq!(stage.browser.fetch(stage.url("/many")).await.unwrap().text(), "many");

    assert_eq!((stage.store.reads(), stage.store.writes(), stage.store.touches()), (1, 0, 0));
}

#[tokio::test]
async fn a_route_that_asks_for_no_session_reads_none_and_gets_its_response_untouched() {
    let stage = Stage::signed_in().await;

    let page = stage.browser.fetch(stage.url("/public")).await.unwrap();

    assert_eq!(stage.store.reads(), 0);
    assert!(page.set_cookies.iter().all(Vec::is_empty));
    assert_eq!(page.header("cache-control"), None);
}

#[tokio::test]
async fn a_protected_response_sets_no_cookie_when_nothing_changed() {
    let stage = Stage::signed_in().await;

    let page = stage.browser.fetch(stage.url("/many")).await.unwrap();

    assert!(page.set_cookies.iter().all(Vec::is_empty));
}

#[tokio::test]
async fn optional_forms_are_some_when_signed_in_and_none_when_not() {
    let stage = Stage::new().await;
    assert_eq!(stage.fetch("/optional").await.1["signed_out"], true);

    stage.sign_in().await;

    assert_eq!(stage.fetch("/optional").await.1["signed_in"], true);
}

#[tokio::test]
async fn claims_are_those_of_the_verified_id_token() {
    let stage = Stage::signed_in().await;

    let (_, claims) = stage.fetch("/claims").await;

    assert_eq!(claims["iss"], stage.provider.issuer());
    assert_eq!(claims["aud"], stage.provider.client_id());
    assert_eq!(claims["sub"], "alice");
}

#[tokio::test]
async fn userinfo_adds_to_the_claims_and_never_goes_before_the_id_token() {
    let stage = Stage::with(|provider| provider, |application| application.with_userinfo(true)).await;
    stage.sign_in().await;

    let (_, claims) = stage.fetch("/claims").await;

    assert_eq!(claims["sub"], "alice");
    assert!(claims["email"].is_string(), "{claims}");
}

#[tokio::test]
async fn every_malformed_cookie_is_not_signed_in_and_never_a_500() {
    let stage = Stage::new().await;
    let unknown = "B".repeat(43);
    let cookies = [
        "authsession=".to_owned(),
        "authsession=short".to_owned(),
        format!("authsession={unknown}"),
        format!("authsession={unknown}; authsession={}", "C".repeat(43)),
        format!("authsession={}", "x".repeat(8 * 1024)),
        "authsession=%00%ff; =; ;;; a".to_owned(),
        format!("authsession=\"{unknown}\""),
        format!("authsession={}\u{fc}", &unknown[1..]),
    ];

    for cookie in cookies {
        let page = stage
            .browser
            .fetch_with(Method::GET, stage.url("/token"), &[("cookie", cookie.as_str())], "")
            .await
            .unwrap();
        assert_eq!(page.status, 401, "{cookie}");
    }
}

#[tokio::test]
async fn a_duplicated_session_cookie_counts_as_none() {
    let stage = Stage::signed_in().await;
    let real = stage.session_cookie().unwrap();
    let cookie = format!("authsession={real}; authsession={}", "D".repeat(43));
    let other = authsession_testkit::browser::Browser::with_clock(stage.clock.clone()).unwrap();

    let page =
        other.fetch_with(Method::GET, stage.url("/token"), &[("cookie", cookie.as_str())], "").await.unwrap();

    assert_eq!(page.status, 401);
}

#[tokio::test]
async fn an_extractor_without_the_layer_says_what_is_missing_and_lets_nobody_in() {
    let app: Router = Router::new().route("/", get(|_: AuthSession| async { "in" }));

    let response = app.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();

    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn touches_are_coalesced() {
    let stage = Stage::signed_in().await;

    for _ in 0..20 {
        stage.token().await;
        stage.clock.advance(Duration::from_secs(3));
    }

    assert!(stage.store.touches() <= 1, "{}", stage.store.touches());
}

#[tokio::test]
async fn a_foreign_cookie_that_is_no_text_hides_none_of_ours() {
    let stage = Stage::signed_in().await;
    let cookie =
        format!("greeting=h\u{e9}llo; authsession={}; other=\u{fc}", stage.session_cookie().unwrap());
    let other = authsession_testkit::browser::Browser::with_clock(stage.clock.clone()).unwrap();

    let page =
        other.fetch_with(Method::GET, stage.url("/token"), &[("cookie", cookie.as_str())], "").await.unwrap();

    assert_eq!(page.status, 200);
}
