//! What handlers get.

use std::time::Duration;

use authsession_axum::auth_session::AuthSession;
use authsession_axum::extractors::{
    AccessToken, Claims, IdToken, Login, OptionalAccessToken, OptionalIdToken, Session,
};
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use axum::routing::get;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::pains::scene::{Scene, until};
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
async fn a_hundred_requests_within_a_touch_s_step_cost_no_write() {
    let stage = Stage::signed_in().await;

    for _ in 0..100 {
        stage.token().await;
        stage.clock.advance(Duration::from_millis(590));
    }

    assert_eq!((stage.store.writes(), stage.store.touches()), (0, 0));
    stage.clock.advance(Duration::from_secs(1));
    stage.token().await;
    assert!(until(async || stage.store.touches() == 1).await, "then one");
    assert_eq!(stage.store.writes(), 0);
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

#[tokio::test]
async fn a_session_tells_whose_it_is_and_for_how_long() {
    let about = async |session: Session| {
        let times = [session.created_at(), session.token_expires_at().unwrap()];
        let [created, token] = times.map(|time| time.unix_seconds());
        format!("{} {} {created} {token}", session.issuer(), session.subject())
    };
    let routes = Router::new().route("/about", get(about));
    let scene = Scene::set(|provider| provider, |application| application, routes).await;
    scene.sign_in().await;

    let told = scene.browser.fetch(scene.url("/about")).await.unwrap();

    let now = scene.clock.unix_seconds();
    let expected = format!("{} alice {now} {}", scene.provider.issuer(), now + TOKEN_LIFETIME.as_secs());
    assert_eq!(told.text(), expected);
}

#[tokio::test]
async fn debug_of_what_a_handler_takes_shows_no_token_and_no_cookie() {
    let shows = async |session: Session,
                       tokens: (AccessToken, OptionalAccessToken),
                       id_tokens: (IdToken, OptionalIdToken),
                       claims: Claims<Value>,
                       login: Login| {
        let secrets = [tokens.0.as_str().to_owned(), id_tokens.0.0.clone()];
        let shown = format!("{session:?} {tokens:?} {id_tokens:?} {login:?}");
        assert!(secrets.iter().all(|secret| !shown.contains(secret.as_str())), "{shown}");
        let copy = claims.clone();
        assert_eq!((&copy["sub"], &claims["sub"]), (&"alice".into(), &"alice".into()));
        shown
    };
    let routes = Router::new().route("/shown", get(shows));
    let scene = Scene::set(|provider| provider, |application| application, routes).await;
    scene.sign_in().await;

    let shown = scene.browser.fetch(scene.url("/shown")).await.unwrap();

    assert_eq!(shown.status, 200);
    let shown = shown.text();
    assert!(!shown.contains(&scene.session_cookie().unwrap()), "{shown}");
    assert!(shown.contains("AccessToken([redacted])") && shown.contains("OptionalIdToken(Some([redacted]))"));
}
