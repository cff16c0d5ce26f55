//! Sign-in against npm oidc-provider: certified, strict, written by others. `tests/real/run` starts it.

use std::sync::Arc;
use std::time::Duration;

use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_core::authorization::ResponseMode;

use crate::real_stage::{Stage, control};

/// Access tokens of this client live three seconds.
const BRIEF: &str = "rp-brief";

#[tokio::test]
async fn every_way_to_authenticate_the_client_works() {
    let post = Stage::with("rp-post", OAuthConfigurationBuilder::with_client_secret_post).await;
    let odd = Stage::with("rp-odd~id %", |builder| builder.with_client_secret("p+ss:w/rd %&=~\"")).await;

    assert_eq!(post.sign_in().await.json().unwrap()["sub"], "alice");
    assert_eq!(odd.sign_in().await.json().unwrap()["sub"], "alice");
}

#[tokio::test]
async fn userinfo_is_taken_into_the_claims() {
    let stage = Stage::with("rp-basic", |builder| builder.with_userinfo(true)).await;

    let page = stage.sign_in().await;

    assert_eq!(page.json().unwrap()["email"], "alice@example.test");
}

// One test for the client whose grants are counted: two at once would count each other's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_parallel_requests_on_an_expired_token_make_one_refresh_and_the_family_stays_alive() {
    let stage = Arc::new(Stage::of(BRIEF).await);
    stage.sign_in().await;
    let before = stage.token().await;

    for round in 1..=3 {
        let refreshes = stage.grants(BRIEF, "refresh_token").await;
        stage.clock.advance(Duration::from_secs(4));
        let requests: Vec<_> = (0..50)
            .map(|_| {
                let stage = Arc::clone(&stage);
                tokio::spawn(async move { stage.token().await })
            })
            .collect();
        for request in requests {
            assert_ne!(request.await.unwrap(), before);
        }
        assert!(stage.is_live(&stage.token().await).await, "round {round}");
        assert_eq!(stage.grants(BRIEF, "refresh_token").await, refreshes + 1, "round {round}");
    }
}

#[tokio::test]
async fn keys_rotated_after_a_login_stop_neither_refresh_nor_login() {
    let stage = Stage::of("rp-es256").await;
    stage.sign_in().await;
    control(&stage.issuer, "rotate-keys").await;

    stage.clock.advance(Duration::from_secs(3601));
    let token = stage.token().await;

    assert!(stage.is_live(&token).await);
    let again = Stage::of("rp-es256").await;
    assert_eq!(again.sign_in().await.json().unwrap()["sub"], "alice");
}

#[tokio::test]
async fn a_logout_ends_both_sessions_and_lands_in_the_application() {
    let stage = Stage::of("rp-basic").await;
    stage.sign_in().await;

    let page = stage.sign_out().await;

    assert_eq!(page.text(), "home", "{}", page.url);
    assert_eq!(stage.browser.fetch(stage.url("/token")).await.unwrap().status, 401);
    let login = stage.browser.navigate(stage.url("/token")).await.unwrap();
    assert!(login.text().contains("password"), "signed out at the provider too");
}

#[tokio::test]
async fn a_login_comes_back_by_a_form_of_the_provider_s_page() {
    let stage = Stage::with("rp-basic", |builder| builder.with_response_mode(ResponseMode::FormPost)).await;

    let form = stage.sign_in().await;
    assert_eq!(form.url.origin().ascii_serialization(), stage.issuer, "{}", form.text());
    let page = stage.browser.submit_form(&[]).await.unwrap();

    assert_eq!(page.json().unwrap()["sub"], "alice", "{}", page.text());
    assert!(stage.is_live(&stage.token().await).await);
}
