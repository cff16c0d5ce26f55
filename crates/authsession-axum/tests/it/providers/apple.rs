//! Apple: answers by form, no userinfo, and a client secret that is signed for each request.

use std::time::Duration;

use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_axum::known_provider::KnownProvider;
use authsession_core::signer::SigningKey;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::key_pair::KeyPair;
use authsession_testkit::keys::SigningAlgorithm;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::pains::scene::until;
use crate::providers::imitation::{apple, by_name, play, sign_in, until_refreshed};
use crate::stage::{Stage, TOKEN_LIFETIME};

#[tokio::test]
async fn each_request_carries_a_secret_of_its_own_signed_by_the_teams_key() {
    let stage = play("apple(team_id, key)").await;

    assert_eq!(sign_in(&stage).await.status, 200);

    let request = stage.provider.journal().last(Endpoint::Token).unwrap();
    let secret = request.form_value("client_secret").unwrap().to_owned();
    let part = |index: usize| -> Value {
        let part = URL_SAFE_NO_PAD.decode(secret.split('.').nth(index).unwrap()).unwrap();
        serde_json::from_slice(&part).unwrap()
    };
    let (header, claims) = (part(0), part(1));
    assert_eq!(header["alg"], "ES256");
    assert!(header["kid"].is_string());
    assert_eq!(
        (claims["iss"].as_str(), claims["sub"].as_str()),
        (Some("TEAM123456"), Some("com.example.app"))
    );
    assert_eq!(claims["aud"], stage.provider.issuer());
    let lasts = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert!((1..=15_777_000).contains(&lasts), "Apple takes half a year at most: {lasts}");
    until_refreshed(&stage, by_name("apple(team_id, key)")).await;
    let refresh = stage.provider.journal().last(Endpoint::Token).unwrap();
    assert_ne!(refresh.form_value("client_secret"), Some(secret.as_str()));
}

/// Uses the session every half hour, for that long.
async fn used_for(stage: &Stage, time: Duration) {
    let half_hour = Duration::from_secs(1800);
    for _ in 0..time.as_secs() / half_hour.as_secs() {
        stage.clock.advance(half_hour);
        stage.token().await;
    }
}

#[tokio::test]
async fn a_session_in_use_is_refreshed_once_a_day_and_stays_signed_in() {
    let (stage, day) = (play("apple(team_id, key)").await, Duration::from_secs(24 * 3600));
    sign_in(&stage).await;

    used_for(&stage, day - TOKEN_LIFETIME).await;
    assert_eq!(stage.refreshes(), 0, "though the access token ended many times");
    for days in 1..=3 {
        used_for(&stage, day).await;
        assert!(until(async || stage.refreshes() == days).await, "{} after {days} days", stage.refreshes());
    }
}

#[tokio::test]
async fn whoever_wants_to_know_sooner_says_how_old_a_token_may_be() {
    let stage = apple(|builder| builder.with_token_max_age(600)).await;
    sign_in(&stage).await;

    stage.clock.advance(Duration::from_secs(601));
    stage.token().await;

    assert_eq!(stage.refreshes(), 1);
}

#[tokio::test]
async fn the_answer_comes_by_form_and_scopes_are_those_apple_knows() {
    let stage = play("apple(team_id, key)").await;

    sign_in(&stage).await;

    let request = stage.provider.journal().last(Endpoint::Authorization).unwrap();
    assert_eq!(request.query_value("response_mode"), Some("form_post"));
    assert_eq!(request.query_value("scope"), Some("openid email name"));
    assert_eq!(stage.provider.journal().count(Endpoint::Discovery), 0);
    assert_eq!(stage.fetch("/version").await.1["sub"], "alice");
}

#[tokio::test]
async fn a_key_that_apple_would_not_know_is_a_configuration_error() {
    let pem = |algorithm| KeyPair::generate(algorithm).unwrap().private_key_pem().unwrap();
    let nameless = SigningKey::from_pem(pem(SigningAlgorithm::Es256)).unwrap();
    let ed25519 = SigningKey::from_pem(pem(SigningAlgorithm::EdDsa)).unwrap().with_key_id("KEY");

    for key in [nameless, ed25519] {
        let builder = OAuthConfigurationBuilder::default();
        let error = builder.with_provider(KnownProvider::apple("TEAM123456", key)).await.unwrap_err();
        assert!(error.to_string().contains("ES256 key that says which it is"), "{error}");
    }
}

#[test]
fn the_teams_key_shows_nowhere() {
    let pair = KeyPair::generate(SigningAlgorithm::Es256).unwrap();
    let pem = pair.private_key_pem().unwrap();
    let provider = KnownProvider::apple("TEAM123456", SigningKey::from_pem(&pem).unwrap());

    let shown = format!("{provider:?}");

    assert!(pem.lines().filter(|line| !line.starts_with("---")).all(|line| !shown.contains(line)), "{shown}");
}
