//! Each signing algorithm there is, through a whole session at npm oidc-provider: login, signed userinfo, refresh, logout.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use authsession_core::jws::Algorithm;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::real_stage::Stage;

fn client_of(algorithm: Algorithm) -> String {
    format!("rp-{}", algorithm.name().to_lowercase())
}

/// The `alg` of a signed token's header.
fn alg(token: &str) -> Value {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    serde_json::from_slice::<Value>(&header).unwrap()["alg"].clone()
}

/// A person's whole session, in which everything signed is signed so.
async fn lives_a_session(stage: Stage, algorithm: Algorithm) {
    let name = algorithm.name();
    let page = stage.sign_in().await;
    assert_eq!(page.status, 200, "{name}: {}", page.text());
    assert_eq!(page.json().unwrap()["email"], "alice@example.test", "{name}: the userinfo was taken in");
    let (token, id_token) = (stage.token().await, stage.id_token().await);
    assert_eq!((alg(&id_token), alg(&stage.userinfo(&token).await.text())), (name.into(), name.into()));

    // Two ID tokens of the same second would be the same.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    stage.clock.advance(Duration::from_secs(3601));
    assert!(stage.is_live(&stage.token().await).await, "{name}");
    let refreshed = stage.id_token().await;
    assert_ne!(refreshed, id_token, "{name}: the new one was verified and taken over");
    assert_eq!(alg(&refreshed), name);

    assert_eq!(stage.sign_out().await.text(), "home", "{name}");
    let login = stage.browser.navigate(stage.url("/token")).await.unwrap();
    assert!(login.text().contains("password"), "{name}: signed out at the provider too");
}

#[tokio::test]
async fn a_session_lives_with_every_public_key_algorithm() {
    for &algorithm in Algorithm::ASYMMETRIC {
        let stage = Stage::with(&client_of(algorithm), |builder| builder.with_userinfo(true)).await;
        lives_a_session(stage, algorithm).await;
    }
}

#[tokio::test]
async fn a_session_lives_with_every_algorithm_keyed_with_the_client_s_secret_where_it_was_named() {
    for &algorithm in Algorithm::SYMMETRIC {
        let stage = Stage::with(&client_of(algorithm), |builder| {
            builder.with_userinfo(true).with_id_token_algorithms([Algorithm::Rs256, algorithm])
        })
        .await;
        lives_a_session(stage, algorithm).await;
    }
}

#[tokio::test]
async fn nobody_signs_in_with_an_id_token_keyed_with_the_client_s_secret_where_it_was_not() {
    for &algorithm in Algorithm::SYMMETRIC {
        let stage = Stage::of(&client_of(algorithm)).await;

        assert_eq!(stage.sign_in().await.status, 400, "{algorithm:?}");
    }
}
