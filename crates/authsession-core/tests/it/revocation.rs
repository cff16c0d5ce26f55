//! Telling the provider that a token is done with (RFC 7009).

use authsession_core::client_auth::{Client, ClientAuth};
use authsession_core::error::{Error, Fault};
use authsession_core::revocation::{TokenKind, revoke};
use authsession_core::secret::Secret;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use serde_json::json;

use crate::parties::Parties;
use crate::verdict::{fault, hint, told};

async fn revoked(parties: &Parties, token: &Secret, kind: TokenKind) -> Result<(), Error> {
    revoke(&parties.http, &parties.provider, &parties.client(), token, kind).await
}

async fn answered(answer: Answer) -> Result<(), Error> {
    let parties = Parties::meet().await;
    parties.opposite.enqueue(Endpoint::Revocation, answer);
    revoked(&parties, &"a token".into(), TokenKind::AccessToken).await
}

#[tokio::test]
async fn a_revoked_refresh_token_is_dead() {
    let parties = Parties::meet().await;
    let refresh_token = parties.sign_in().await.unwrap().tokens.refresh_token.unwrap();
    assert!(parties.opposite.live_refresh_token(refresh_token.expose()));
    revoked(&parties, &refresh_token, TokenKind::RefreshToken).await.unwrap();
    assert!(!parties.opposite.live_refresh_token(refresh_token.expose()));
    let sent = parties.opposite.journal().last(Endpoint::Revocation).unwrap();
    assert_eq!(sent.form_value("token_type_hint"), Some("refresh_token"));
}

#[tokio::test]
async fn a_revoked_access_token_is_dead() {
    let parties = Parties::meet().await;
    let tokens = parties.sign_in().await.unwrap().tokens;
    revoked(&parties, &tokens.access_token, TokenKind::AccessToken).await.unwrap();
    assert!(!parties.opposite.live_access_token(tokens.access_token.expose()));
    assert!(parties.opposite.live_refresh_token(tokens.refresh_token.unwrap().expose()));
}

#[tokio::test]
async fn a_token_the_provider_does_not_know_counts_as_revoked() {
    assert!(answered(Answer::normal()).await.is_ok());
    assert!(answered(Answer::status(204)).await.is_ok());
    assert!(answered(Answer::error(400, "unsupported_token_type")).await.is_ok());
    assert!(answered(Answer::error(400, "invalid_token")).await.is_ok());
    assert!(answered(Answer::error(400, "invalid_client")).await.is_err());
}

#[tokio::test]
async fn a_provider_without_the_endpoint_is_left_alone() {
    let parties = Parties::meet_with(|builder| {
        builder.metadata(|document| drop(document.remove("revocation_endpoint")))
    })
    .await;
    assert!(revoked(&parties, &"a token".into(), TokenKind::AccessToken).await.is_ok());
    assert_eq!(parties.opposite.journal().count(Endpoint::Revocation), 0);
}

#[tokio::test]
async fn a_wrong_secret_is_a_misconfiguration() {
    let parties = Parties::meet().await;
    let client = Client { auth: ClientAuth::Secret("wrong".into()), ..parties.client() };
    let token = Secret::from("a token");
    let outcome = revoke(&parties.http, &parties.provider, &client, &token, TokenKind::AccessToken).await;
    assert!(hint(outcome).contains("refused this client"));
}

#[tokio::test]
async fn an_endpoint_that_fails_is_a_typed_error() {
    assert_eq!(fault(answered(Answer::status(503)).await), Fault::Status(503));
    assert_eq!(fault(answered(Answer::status(404)).await), Fault::BadAnswer);
    assert_eq!(fault(answered(Answer::redirect("https://evil.example")).await), Fault::BadAnswer);
    assert_eq!(fault(answered(Answer::endless()).await), Fault::BadAnswer);
}

#[tokio::test]
async fn no_token_and_no_body_reaches_an_error() {
    for answer in [Answer::html(404, "canary"), Answer::json(401, &json!({ "error": "canary" }))] {
        let parties = Parties::meet().await;
        parties.opposite.enqueue(Endpoint::Revocation, answer);
        let error = revoked(&parties, &"canary".into(), TokenKind::AccessToken).await.unwrap_err();
        assert!(!told(&error).contains("canary"), "{}", told(&error));
    }
}
