//! Row 21: "issued in the future", and nobody can tell whose clock is wrong.

use std::time::Duration;

use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::provider::Provider;
use axum::Router;

use crate::log;
use crate::pains::scene::Scene;

/// A provider whose clock is that much ahead of the application's.
async fn ahead(
    seconds: u64,
    edit: impl FnOnce(OAuthConfigurationBuilder) -> OAuthConfigurationBuilder,
) -> Scene {
    let (ours, theirs) = (VirtualClock::halted(), VirtualClock::halted());
    theirs.advance(Duration::from_secs(seconds));
    let provider = Provider::builder().clock(theirs).start().await.unwrap();
    Scene::before(provider, ours, edit, Router::new()).await
}

async fn signs_in(scene: &Scene) -> u16 {
    scene.browser.navigate(scene.url("/claims")).await.unwrap().status.as_u16()
}

#[tokio::test]
async fn row_21_a_provider_a_minute_ahead_signs_users_in_and_the_difference_is_told() {
    let scene = ahead(50, |application| application).await;
    assert_eq!(scene.configuration.clock_skew().distance(), Duration::ZERO, "not known yet");

    assert_eq!(signs_in(&scene).await, 200);

    let skew = scene.configuration.clock_skew();
    assert!((49_000..=51_500).contains(&skew.millis()), "{skew}");
}

#[tokio::test]
async fn row_21_how_much_is_tolerated_is_a_setting_with_a_limit() {
    let five_minutes =
        |application: OAuthConfigurationBuilder| application.with_clock_tolerance(Duration::from_secs(300));
    assert_eq!(signs_in(&ahead(280, five_minutes).await).await, 200);
    assert_eq!(signs_in(&ahead(320, five_minutes).await).await, 400);
    let none = |application: OAuthConfigurationBuilder| application.with_clock_tolerance(Duration::ZERO);
    assert_eq!(signs_in(&ahead(5, none).await).await, 400);

    let hour = OAuthConfigurationBuilder::default()
        .with_client_id("client")
        .with_redirect_uri("https://app.example/auth/callback")
        .with_private_cookie_key(crate::stage::COOKIE_KEY)
        .with_authorization_endpoint("https://login.example/authorize")
        .with_token_endpoint("https://login.example/token")
        .with_scopes(vec!["read"])
        .with_clock_tolerance(Duration::from_secs(3600));
    assert!(hour.build().unwrap_err().to_string().contains("ten minutes"));
}

/// If the header counted, whoever can set it could make old tokens new.
#[tokio::test]
async fn row_21_the_providers_date_is_reported_and_widens_nothing() {
    let scene = ahead(300, |application| application).await;

    for _ in 0..3 {
        assert_eq!(signs_in(&scene).await, 400, "though the difference is known by now");
    }

    assert!(scene.configuration.clock_skew().millis() > 290_000);
    assert_eq!(scene.session_cookie(), None);
}

/// Who runs it finds out before the users do, and once.
#[tokio::test]
async fn row_21_clocks_that_drift_apart_are_logged_once_with_what_to_do() {
    let (log, _listening) = log::kept();
    let near = ahead(25, |application| application).await;
    signs_in(&near).await;
    assert_eq!(log.warnings("clock"), Vec::<String>::new(), "what is tolerated twice over is no news");

    let drifting = ahead(40, |application| application).await;
    for _ in 0..3 {
        drifting.browser.clear_cookies();
        assert_eq!(signs_in(&drifting).await, 200);
    }

    let told = log.warnings("clock");
    assert!(
        told.len() == 1 && told[0].contains("40 s ahead") && told[0].contains("set the clock"),
        "{told:?}"
    );
}
