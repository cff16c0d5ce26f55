//! A provider whose keys are asked for too often, or come too late.

use std::time::Duration;

use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_testkit::browser::Browser;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use authsession_testkit::script::Answer;

use crate::login_checks::stage;
use crate::stage::{COOKIE_KEY, Stage};

const COOL_DOWN: Duration = Duration::from_secs(10);

/// Ten logins of ten browsers, each with an ID token under a key id of its own making. How the pages answered.
async fn storm(stage: &Stage, round: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for number in 0..10 {
        let kid = format!("made up {round} {number}");
        let lie = Answer::lying_id_token(move |header, _| header["kid"] = kid.clone().into());
        stage.provider.enqueue(Endpoint::Token, lie);
        let browser = Browser::with_clock(stage.clock.clone()).unwrap();
        statuses.push(browser.navigate(stage.url("/token")).await.unwrap().status.as_u16());
    }
    statuses
}

#[tokio::test]
async fn a_storm_of_logins_with_made_up_keys_is_one_fetch_a_cool_down_and_keeps_nobody_else_out() {
    let stage = stage().await;
    stage.sign_in().await;
    for round in 1..=3 {
        let statuses = storm(&stage, round).await;
        assert_eq!(statuses[0], 400, "looked for, and not there");
        assert!(statuses[1..].iter().all(|status| *status == 503), "{statuses:?}");
        assert_eq!(stage.provider.journal().count(Endpoint::Jwks), round);

        let honest = Browser::with_clock(stage.clock.clone()).unwrap();
        assert_eq!(honest.navigate(stage.url("/token")).await.unwrap().status, 200);
        stage.clock.advance(COOL_DOWN);
    }
}

#[tokio::test]
async fn an_application_starts_while_its_provider_is_slow() {
    let provider = Provider::builder().start().await.unwrap();
    let (answer, _never_opened) = Answer::normal().held();
    provider.enqueue(Endpoint::Discovery, answer);
    let builder = OAuthConfigurationBuilder::default()
        .with_client_id("client")
        .with_redirect_uri("https://app.example/auth/callback")
        .with_private_cookie_key(COOKIE_KEY)
        .with_request_timeout(Duration::from_millis(200));

    let configuration = builder.with_issuer(provider.issuer()).await.unwrap().build().unwrap();

    assert!(configuration.provider().metadata().await.is_ok(), "found when first needed");
}
