//! Settings that have no subject of their own, each with what it changes.

mod custom_ca;

use std::time::Duration;

use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_core::jws::Algorithm;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use authsession_testkit::serve::Server;
use axum::Router;
use serde_json::{Value, json};

use crate::by_hand;
use crate::pains::scene::{Scene, cookies_of};
use crate::stage::{COOKIE_KEY, CountingStore, Stage, app, application};

const NEW_KEY: &str = "1f2e3d4c5b6a79880f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978";

/// A stage with this setting, and the status of a sign-in whose ID token says something else.
async fn with_a_token(
    edit: impl FnOnce(OAuthConfigurationBuilder) -> OAuthConfigurationBuilder,
    says: impl Fn(&mut Value) + Send + Sync + 'static,
) -> u16 {
    let stage = Stage::with(|provider| provider, edit).await;
    stage.provider.enqueue(Endpoint::Token, Answer::lying_id_token(move |_, claims| says(claims)));
    stage.browser.navigate(stage.url("/token")).await.unwrap().status.as_u16()
}

#[tokio::test]
async fn the_session_cookie_is_called_as_the_application_says() {
    let stage = Stage::with(|provider| provider, |application| application.with_cookie_name("shop")).await;

    stage.sign_in().await;

    let cookies = stage.browser.cookies(stage.url("/")).unwrap();
    let names: Vec<_> =
        cookies.iter().map(|(name, _)| name.as_str()).filter(|name| !name.contains("provider")).collect();
    assert_eq!(names, ["shop"]);
}

#[test]
fn a_cookie_name_that_could_be_mistaken_is_a_configuration_error() {
    for name in ["", "a b", "a=b", "__Host-shop", "__Secure-shop", "ünïcode"] {
        let builder = by_hand::complete().with_cookie_name(name);
        assert!(builder.build().unwrap_err().to_string().contains("cookie's name"), "{name}");
    }
}

#[tokio::test]
async fn a_login_begun_under_a_cookie_key_used_before_ends_under_the_new_one() {
    let rotated = |builder: OAuthConfigurationBuilder| {
        builder.with_private_cookie_key(NEW_KEY).with_old_private_cookie_key(COOKIE_KEY)
    };
    assert_eq!(finished_by(rotated).await, "/");

    let replaced = |builder: OAuthConfigurationBuilder| builder.with_private_cookie_key(NEW_KEY);
    assert_ne!(finished_by(replaced).await, "/", "a key that nobody keeps opens nothing");
}

/// Where a login lands that one replica began, and another one with these keys finished.
async fn finished_by(keys: impl FnOnce(OAuthConfigurationBuilder) -> OAuthConfigurationBuilder) -> String {
    let stage = Stage::new().await;
    let mut callback = stage.to_the_callback("/auth").await;
    let slot = Server::reserve().await.unwrap();
    let builder = OAuthConfigurationBuilder::default()
        .with_client_id(stage.provider.client_id())
        .with_client_secret(stage.provider.client_secret())
        .with_redirect_uri(&stage.url("/auth/callback"))
        .with_clock(crate::stage::clock_of(&stage.clock));
    let builder = keys(builder).with_issuer(stage.provider.issuer()).await.unwrap();
    let server = slot.serve(app(builder, std::sync::Arc::new(CountingStore::new(&stage.clock))));
    callback.set_port(Some(server.address().port())).unwrap();
    let page = stage.browser.navigate_without_following(&callback).await.unwrap();
    page.location().map(|url| url.path().to_owned()).unwrap_or_default()
}

#[tokio::test]
async fn a_session_ends_as_idle_after_the_time_the_application_says() {
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    let stage = Stage::with(
        |provider| provider,
        |application| application.with_session_idle_timeout(Duration::from_secs(600)),
    )
    .await;
    stage.sign_in().await;

    for _ in 0..10 {
        stage.clock.advance(minutes(3));
        assert_eq!(stage.fetch("/token").await.0, 200);
    }
    stage.clock.advance(minutes(14));

    assert_eq!(stage.fetch("/token").await.1["reason"], "idle");
}

#[tokio::test]
async fn an_audience_beside_the_client_is_accepted_only_where_it_is_trusted() {
    let both = |claims: &mut Value| {
        claims["azp"] = claims["aud"].clone();
        claims["aud"] = json!([claims["aud"], "https://api.example"]);
    };

    assert_eq!(with_a_token(|builder| builder.with_trusted_audience("https://api.example"), both).await, 200);
    assert_eq!(
        with_a_token(|builder| builder.with_trusted_audience("https://other.example"), both).await,
        400
    );
    assert_eq!(with_a_token(|builder| builder, both).await, 400);
}

#[tokio::test]
async fn an_id_token_by_an_algorithm_the_application_does_not_name_signs_nobody_in() {
    let honest = |_: &mut Value| {};

    assert_eq!(
        with_a_token(|builder| builder.with_id_token_algorithms([Algorithm::Rs256]), honest).await,
        200
    );
    assert_eq!(
        with_a_token(|builder| builder.with_id_token_algorithms([Algorithm::Es256]), honest).await,
        400
    );
}

#[tokio::test]
async fn clocks_may_be_as_far_apart_as_the_application_says_and_no_farther() {
    let minutes = |minutes: i64| {
        move |claims: &mut Value| {
            let expired = claims["iat"].as_i64().unwrap() - 60 * minutes;
            claims["exp"] = expired.into();
        }
    };
    let five = |builder: OAuthConfigurationBuilder| builder.with_clock_tolerance(Duration::from_secs(300));

    assert_eq!(with_a_token(five, minutes(4)).await, 200);
    assert_eq!(with_a_token(five, minutes(6)).await, 400);
    assert_eq!(with_a_token(|builder| builder, minutes(4)).await, 400, "a minute unless configured");
}

#[tokio::test]
async fn the_redirect_uri_is_repeated_to_the_token_endpoint_unless_the_application_says_not_to() {
    for (repeated, edit) in [
        (true, (|builder| builder) as fn(OAuthConfigurationBuilder) -> OAuthConfigurationBuilder),
        (false, |builder| builder.with_token_request_redirect_uri(false)),
    ] {
        let stage = Stage::with(|provider| provider, edit).await;

        stage.browser.navigate(stage.url("/token")).await.unwrap();

        let request = stage.provider.journal().requests(Endpoint::Token).remove(0);
        let callback = stage.url("/auth/callback");
        assert_eq!(request.form_value("redirect_uri"), repeated.then_some(callback.as_str()));
    }
}

#[tokio::test]
async fn every_endpoint_set_by_hand_goes_before_the_one_discovered() {
    let stage = Stage::new().await;
    let slot = Server::reserve().await.unwrap();
    let builder = application(&stage.provider, &slot, &stage.clock)
        .with_revocation_endpoint("https://elsewhere.example/revoke")
        .with_issuer(stage.provider.issuer())
        .await
        .unwrap();

    let metadata = builder.build().unwrap().provider().metadata().await.unwrap();

    assert_eq!(metadata.revocation_endpoint.as_ref().unwrap().as_str(), "https://elsewhere.example/revoke");
    assert_eq!(metadata.token_endpoint.as_str(), stage.provider.endpoint(Endpoint::Token));
}

#[tokio::test]
async fn the_client_secret_goes_where_the_application_says() {
    for in_the_body in [true, false] {
        let edit = |builder: OAuthConfigurationBuilder| match in_the_body {
            true => builder.with_client_secret_post(),
            false => builder.with_client_secret_basic(),
        };
        let stage = Stage::with(|provider| provider, edit).await;

        stage.browser.navigate(stage.url("/token")).await.unwrap();

        let request = stage.provider.journal().requests(Endpoint::Token).remove(0);
        assert_eq!(request.form_value("client_secret").is_some(), in_the_body);
        assert_eq!(request.header("authorization").is_none(), in_the_body);
    }
}

#[tokio::test]
async fn the_audience_goes_with_every_login() {
    let audience = "https://api.example";
    let stage = Stage::with(|provider| provider, |application| application.with_audience(audience)).await;

    stage.browser.navigate(stage.url("/token")).await.unwrap();

    let request = stage.provider.journal().last(Endpoint::Authorization).unwrap();
    assert_eq!(request.query_value("audience"), Some(audience));
}

#[tokio::test]
async fn the_cookies_shown_are_those_written_but_for_their_values() {
    let scene = Scene::set(|provider| provider, |application| application, Router::new()).await;
    let begun = scene.browser.navigate_without_following(scene.url("/auth")).await.unwrap();
    let back = scene.browser.navigate_without_following(begun.location().unwrap()).await.unwrap();
    let done = scene.browser.navigate_without_following(back.location().unwrap()).await.unwrap();

    let shown = scene.configuration.cookies_shown();

    for (page, like, rest) in [(begun, shown.login, "…"), (done, shown.session, "")] {
        let name = like.split(';').next().unwrap().trim_end_matches('…');
        let written = cookies_of(&page).into_iter().find(|cookie| cookie.starts_with(name)).unwrap();
        let lasting = written.split("; ").skip(1).filter(|flag| !flag.starts_with("Max-Age"));
        let flags: Vec<_> = lasting.collect();
        assert_eq!(like, format!("{name}{rest}; {}", flags.join("; ")));
    }
}
