//! How the code challenge goes out (RFC 7636 §4.3): by S256, unless somebody names the danger.

use authsession_core::pkce::CodeChallengeMethod;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::keys::SigningAlgorithm;
use serde_json::json;

use crate::stage::Stage;

#[tokio::test]
async fn a_provider_that_offers_only_plain_or_nothing_gets_s256_all_the_same() {
    for offered in [json!(["plain"]), json!([]), json!(null)] {
        let stage = Stage::new().await;
        stage.provider.always(
            Endpoint::Discovery,
            authsession_testkit::script::Answer::tampered(move |document| {
                document["code_challenge_methods_supported"] = offered.clone();
            }),
        );
        stage.clock.advance(std::time::Duration::from_secs(7200));
        stage.browser.navigate(stage.url("/token")).await.unwrap();
        assert!(stage.provider.journal().reaches(Endpoint::Discovery, 1).await);

        stage.browser.navigate(stage.url("/auth?prompt=login")).await.unwrap();

        let asked = stage.provider.journal().last(Endpoint::Authorization).unwrap();
        assert_eq!(asked.query_value("code_challenge_method"), Some("S256"));
        assert_eq!(asked.query_value("code_challenge").map(str::len), Some(43));
    }
}

#[tokio::test]
async fn a_plain_code_challenge_goes_out_by_its_danger_switch_alone() {
    let stage = Stage::with(
        |provider| provider.signing_algorithm(SigningAlgorithm::Es256),
        |application| {
            application
                .with_code_challenge_method(CodeChallengeMethod::Plain)
                .danger_allow_plain_code_challenge()
        },
    )
    .await;

    let start = stage.browser.navigate_without_following(stage.url("/auth")).await.unwrap();

    let asked: std::collections::HashMap<_, _> =
        start.location().unwrap().query_pairs().into_owned().collect();
    assert_eq!(asked["code_challenge_method"], "plain");
}
