//! ID tokens keyed with the client's secret, through the whole of a session (OpenID Connect Core §10.1).

use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_core::jws::Algorithm;
use authsession_testkit::builder::ProviderBuilder;
use authsession_testkit::client::Client;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::script::Answer;

use crate::by_hand;
use crate::stage::Stage;

const LONG: &str = "a-secret-that-both-sides-know-and-that-is-sixty-four-bytes-long!";
const SHORT: &str = "a-secret-of-thirty-seven-bytes-precis";

fn signs_hs512(provider: ProviderBuilder) -> ProviderBuilder {
    provider.signing_algorithm(SigningAlgorithm::Hs512).client(Client::confidential("client", LONG))
}

fn signs_hs512_with_a_short_secret(provider: ProviderBuilder) -> ProviderBuilder {
    provider.signing_algorithm(SigningAlgorithm::Hs512).client(Client::confidential("client", SHORT))
}

/// The ID token held now.
async fn id_token(stage: &Stage) -> String {
    let page = stage.browser.fetch(stage.url("/id-token")).await.unwrap();
    assert_eq!(page.text().split('.').count(), 3, "{}", page.text());
    page.text().into_owned()
}

/// What `build()` says to these settings of a confidential client.
fn build(edit: impl FnOnce(OAuthConfigurationBuilder) -> OAuthConfigurationBuilder) -> Result<(), String> {
    edit(by_hand::complete()).build().map(drop).map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_provider_that_keys_id_tokens_with_the_secret_signs_users_in_where_that_was_asked_for() {
    let named = |app: OAuthConfigurationBuilder| app.with_id_token_algorithms([Algorithm::Hs512]);
    let stage = Stage::with(signs_hs512, named).await;
    stage.sign_in().await;
    let before = id_token(&stage).await;

    stage.expire_token();
    stage.token().await;

    assert_eq!(stage.refreshes(), 1);
    assert_ne!(id_token(&stage).await, before, "the new one was verified and taken over");
    assert_eq!(stage.provider.journal().count(Endpoint::Jwks), 0);
}

#[tokio::test]
async fn it_signs_nobody_in_where_it_was_not() {
    let stage = Stage::with(signs_hs512, |app| app).await;

    assert_eq!(stage.browser.navigate(stage.url("/token")).await.unwrap().status, 400);
}

#[tokio::test]
async fn a_refreshed_id_token_keyed_with_another_secret_is_not_taken_over() {
    let named = |app: OAuthConfigurationBuilder| app.with_id_token_algorithms([Algorithm::Hs512]);
    let stage = Stage::with(signs_hs512, named).await;
    stage.sign_in().await;
    let before = id_token(&stage).await;
    stage.provider.enqueue(Endpoint::Token, Answer::id_token_signed_by_impostor());

    stage.expire_token();
    stage.token().await;

    assert_eq!(id_token(&stage).await, before);
}

#[tokio::test]
async fn a_provider_that_does_hs512_with_37_bytes_is_served_if_the_danger_is_named() {
    let named = |app: OAuthConfigurationBuilder| {
        app.with_id_token_algorithms([Algorithm::Hs512]).danger_allow_short_client_secret()
    };
    let stage = Stage::with(signs_hs512_with_a_short_secret, named).await;

    stage.sign_in().await;
}

#[test]
fn a_secret_too_short_for_its_algorithm_is_told_at_build() {
    for (algorithm, bytes) in [(Algorithm::Hs256, 32), (Algorithm::Hs384, 48), (Algorithm::Hs512, 64)] {
        let with = |length: usize| {
            build(|builder| builder.with_client_secret(&LONG[..length]).with_id_token_algorithms([algorithm]))
        };

        assert_eq!(with(bytes), Ok(()));
        let told = with(bytes - 1).unwrap_err();
        assert!(told.contains(&format!("{} needs a client secret of {bytes} bytes", algorithm.name())));
    }
}

#[test]
fn a_public_client_cannot_ask_for_it() {
    let told = build(|builder| builder.with_id_token_algorithms([Algorithm::Rs256, Algorithm::Hs256]));

    assert!(told.unwrap_err().contains("keyed with the client secret, and there is none"));
}

#[test]
fn a_short_secret_is_no_matter_where_nothing_is_keyed_with_it() {
    assert_eq!(build(|builder| builder.with_client_secret("short")), Ok(()));
    let rsa = |builder: OAuthConfigurationBuilder| builder.with_id_token_algorithms([Algorithm::Rs256]);
    assert_eq!(build(|builder| rsa(builder.with_client_secret("short"))), Ok(()));
}
