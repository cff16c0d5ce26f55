//! What the provider knows about a token (RFC 7662).

use std::time::Duration;

use authsession_core::client_auth::{Client, ClientAuth};
use authsession_core::error::{Error, Fault};
use authsession_core::introspection::{Introspection, introspect};
use authsession_core::revocation::TokenKind;
use authsession_core::secret::Secret;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use serde_json::json;

use crate::parties::Parties;
use crate::verdict::{fault, hint, told, untrusted};

async fn asked(parties: &Parties, token: &Secret) -> Result<Introspection, Error> {
    let client = parties.client();
    introspect(&parties.http, &parties.provider, &client, token, TokenKind::AccessToken).await
}

async fn answered(answer: Answer) -> Result<Introspection, Error> {
    let parties = Parties::meet().await;
    parties.opposite.enqueue(Endpoint::Introspection, answer);
    asked(&parties, &"a token".into()).await
}

#[tokio::test]
async fn a_good_token_is_active_and_says_whose_it_is() {
    let parties = Parties::meet().await;
    let signed_in = parties.sign_in().await.unwrap();
    let known = asked(&parties, &signed_in.tokens.access_token).await.unwrap();
    assert!(known.active);
    assert_eq!(known.subject.as_deref(), Some(signed_in.claims.subject.as_str()));
    assert_eq!(known.client_id.as_deref(), Some(parties.opposite.client_id()));
    assert_eq!(known.scope.as_deref(), signed_in.tokens.scope.as_deref());
    assert_eq!(known.expires_at, signed_in.tokens.expires_at);
    assert_eq!(known.username, None);
}

#[tokio::test]
async fn a_token_that_is_expired_or_unknown_is_not_active() {
    let parties = Parties::meet().await;
    let tokens = parties.sign_in().await.unwrap().tokens;
    parties.time.advance(Duration::from_secs(301));
    let known = asked(&parties, &tokens.access_token).await.unwrap();
    assert_eq!((known.active, known.subject, known.expires_at), (false, None, None));
    assert!(!asked(&parties, &"never heard of".into()).await.unwrap().active);
}

#[tokio::test]
async fn an_answer_that_breaks_the_protocol_is_not_trusted() {
    for body in [json!({}), json!({ "active": "yes" }), json!({ "active": null })] {
        assert!(untrusted(answered(Answer::json(200, &body)).await).contains("active"), "{body}");
    }
    for (name, body) in
        [("exp", json!({ "active": true, "exp": "soon" })), ("sub", json!({ "active": true, "sub": 7 }))]
    {
        assert!(untrusted(answered(Answer::json(200, &body)).await).contains(name));
    }
    let named = Answer::json(200, &json!({ "active": true, "username": "ada", "exp": 1.5 }));
    assert_eq!(answered(named).await.unwrap().username.as_deref(), Some("ada"));
}

#[tokio::test]
async fn an_endpoint_that_fails_is_a_typed_error() {
    assert_eq!(fault(answered(Answer::status(503)).await), Fault::Status(503));
    assert_eq!(fault(answered(Answer::status(404)).await), Fault::BadAnswer);
    assert_eq!(fault(answered(Answer::html(200, "")).await), Fault::BadAnswer);
    assert_eq!(fault(answered(Answer::error(400, "server_error")).await), Fault::Reported);
    assert!(hint(answered(Answer::status(403)).await).contains("refused this client"));
}

#[tokio::test]
async fn a_wrong_secret_or_no_endpoint_is_a_misconfiguration() {
    let parties = Parties::meet_with(|builder| {
        builder.metadata(|document| drop(document.remove("introspection_endpoint")))
    })
    .await;
    assert!(hint(asked(&parties, &"a token".into()).await).contains("no introspection endpoint"));
    let parties = Parties::meet().await;
    let client = Client { auth: ClientAuth::Secret("wrong".into()), ..parties.client() };
    let token = "a token".into();
    let outcome =
        introspect(&parties.http, &parties.provider, &client, &token, TokenKind::RefreshToken).await;
    assert!(hint(outcome).contains("invalid_client"));
}

#[tokio::test]
async fn neither_token_nor_body_nor_user_is_shown() {
    for answer in [Answer::html(404, "canary"), Answer::json(200, &json!({ "active": "canary" }))] {
        let error = answered(answer).await.unwrap_err();
        assert!(!told(&error).contains("canary"), "{}", told(&error));
    }
    let known = answered(Answer::json(200, &json!({ "active": true, "sub": "canary" }))).await.unwrap();
    assert!(!format!("{known:?}").contains("canary"));
}
