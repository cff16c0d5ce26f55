//! Lies of the UserInfo endpoint (OpenID Connect Core §5.3, §5.6.2).

use authsession_core::error::{Error, Fault, OAuthError};
use authsession_core::userinfo::userinfo;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use serde_json::{Map, Value, json};

use crate::parties::Parties;
use crate::verdict::{fault, hint, refusal, told, untrusted};

const CANARY: &str = "canary-3ac9";

/// Asks about alice after a login, with a provider that answers so.
async fn answered(answer: impl FnOnce(&Parties) -> Answer) -> Result<Map<String, Value>, Error> {
    let parties = Parties::meet().await;
    let signed_in = parties.sign_in().await.unwrap();
    let answer = answer(&parties);
    parties.opposite.enqueue(Endpoint::Userinfo, answer);
    ask(&parties, &signed_in.tokens.access_token, Some("alice")).await
}

async fn ask(
    parties: &Parties,
    access_token: &authsession_core::secret::Secret,
    subject: Option<&str>,
) -> Result<Map<String, Value>, Error> {
    userinfo(&parties.http, &parties.provider, &parties.verifier(), access_token, subject).await
}

/// A signed answer with these claims beside `sub`.
async fn signed(claims: impl FnOnce(&Parties) -> Value) -> Result<Map<String, Value>, Error> {
    answered(|parties| {
        let mut all = json!({ "sub": "alice" });
        all.as_object_mut().unwrap().extend(claims(parties).as_object().unwrap().clone());
        Answer::raw(200, "application/jwt", parties.opposite.sign(all).unwrap())
    })
    .await
}

#[tokio::test]
async fn an_honest_answer_is_given() {
    let claims = answered(|_| Answer::normal()).await.unwrap();
    assert_eq!(claims["email"], "alice@example.test");
}

#[tokio::test]
async fn the_claims_of_another_user_are_refused() {
    let wanted = "the userinfo is about another user (its sub differs from the ID token's)";
    for sub in [json!("bob"), json!("Alice"), json!(""), json!(7), Value::Null] {
        let outcome = answered(|_| Answer::tampered(move |claims| claims["sub"] = sub.clone())).await;
        assert_eq!(untrusted(outcome), wanted);
    }
    let without = |claims: &mut Value| drop(claims.as_object_mut().unwrap().remove("sub"));
    assert_eq!(untrusted(answered(|_| Answer::tampered(without)).await), wanted);
}

#[tokio::test]
async fn without_an_id_token_the_claims_are_whatever_the_endpoint_says() {
    let parties = Parties::meet().await;
    let signed_in = parties.sign_in().await.unwrap();
    parties.opposite.enqueue(Endpoint::Userinfo, Answer::json(200, &json!({ "login": "octocat" })));
    let claims = ask(&parties, &signed_in.tokens.access_token, None).await.unwrap();
    assert_eq!(claims["login"], "octocat");
}

#[tokio::test]
async fn a_signed_answer_is_verified() {
    let claims = signed(
        |parties| json!({ "iss": parties.opposite.issuer(), "aud": parties.opposite.client_id(), "name": "Alice" }),
    );
    assert_eq!(claims.await.unwrap()["name"], "Alice");
    assert!(signed(|_| json!({})).await.is_ok(), "iss and aud should be there, not must");
    assert!(signed(|_| json!({ "aud": ["other", "client"] })).await.is_ok());
}

#[tokio::test]
async fn a_signed_answer_with_a_wrong_signature_is_refused() {
    let outcome = answered(|parties| {
        let token = parties.opposite.sign(json!({ "sub": "alice" })).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let flipped = if signature.starts_with('A') { "B" } else { "A" };
        Answer::raw(200, "application/jwt", format!("{signed}.{flipped}{}", &signature[1..]))
    });
    assert_eq!(untrusted(outcome.await), "the token's signature is wrong");
}

#[tokio::test]
async fn a_signed_answer_that_is_not_signed_is_refused() {
    let unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.";
    let outcome = answered(|_| Answer::raw(200, "application/jwt", unsigned)).await;
    assert_eq!(untrusted(outcome), "the token is not signed with an algorithm we allow");
}

#[tokio::test]
async fn a_signed_answer_with_another_iss_aud_or_sub_is_refused() {
    let iss = signed(|_| json!({ "iss": "https://evil.example" })).await;
    assert_eq!(untrusted(iss), "the signed userinfo's iss is not the provider's issuer");
    for aud in [json!("another"), json!(["another"]), json!([]), json!(7)] {
        let outcome = signed(|_| json!({ "aud": aud })).await;
        assert_eq!(untrusted(outcome), "the signed userinfo's aud is not this client");
    }
    assert!(untrusted(signed(|_| json!({ "sub": "bob" })).await).contains("about another user"));
}

#[tokio::test]
async fn aggregated_and_distributed_claims_are_data_and_never_fetched() {
    let parties = Parties::meet().await;
    let signed_in = parties.sign_in().await.unwrap();
    let lure = parties.opposite.endpoint(Endpoint::Introspection);
    let body = json!({
        "sub": "alice",
        "_claim_names": { "credit_score": "src1", "address": "src2" },
        "_claim_sources": { "src1": { "endpoint": lure, "access_token": "x" }, "src2": { "JWT": "a.b.c" } },
    });
    parties.opposite.enqueue(Endpoint::Userinfo, Answer::json(200, &body));
    let claims = ask(&parties, &signed_in.tokens.access_token, Some("alice")).await.unwrap();
    assert_eq!(Value::Object(claims), body);
    assert_eq!(parties.opposite.journal().count(Endpoint::Introspection), 0);
}

#[tokio::test]
async fn an_access_token_that_is_not_accepted_is_a_refused_grant() {
    let parties = Parties::meet().await;
    let signed_in = parties.sign_in().await.unwrap();
    parties.opposite.revoke_access_tokens();
    let outcome = ask(&parties, &signed_in.tokens.access_token, Some("alice")).await;
    assert_eq!(refusal(outcome), OAuthError::InvalidToken);
}

#[tokio::test]
async fn a_401_refuses_the_access_token_and_so_does_a_400_that_is_no_page() {
    let body = json!({ "error": "invalid_token", "sub": "alice" });
    for status in [401, 400] {
        assert_eq!(refusal(answered(|_| Answer::status(status)).await), OAuthError::InvalidToken);
        assert_eq!(refusal(answered(|_| Answer::json(status, &body)).await), OAuthError::InvalidToken);
    }
    assert_eq!(refusal(answered(|_| Answer::html(401, "<html>")).await), OAuthError::InvalidToken);
    assert_eq!(fault(answered(|_| Answer::html(400, "<html>")).await), Fault::BadAnswer);
    for status in [403, 404, 410] {
        assert_eq!(fault(answered(|_| Answer::json(status, &body)).await), Fault::BadAnswer, "{status}");
        assert_eq!(fault(answered(|_| Answer::status(status)).await), Fault::BadAnswer, "{status}");
    }
}

#[tokio::test]
async fn a_provider_without_the_endpoint_is_a_misconfiguration() {
    let parties =
        Parties::meet_with(|builder| builder.metadata(|document| drop(document.remove("userinfo_endpoint"))))
            .await;
    let outcome = ask(&parties, &"an access token".into(), None).await;
    assert!(hint(outcome).contains("no userinfo endpoint"));
}

#[tokio::test]
async fn an_answer_not_of_the_protocol_is_a_typed_error() {
    for answer in [
        Answer::html(200, "<html>"),
        Answer::oversized(10_000_000),
        Answer::endless(),
        Answer::gzip_bomb(),
        Answer::redirect("https://evil.example"),
        Answer::status(404),
        Answer::json(200, &json!(["sub", "alice"])),
        Answer::raw(200, "application/json", r#"{"sub":"alice","sub":"bob"}"#),
        Answer::raw(200, "application/jwt", vec![0xff, 0xfe]),
    ] {
        assert_eq!(fault(answered(|_| answer).await), Fault::BadAnswer);
    }
    assert_eq!(fault(answered(|_| Answer::status(503)).await), Fault::Status(503));
}

#[tokio::test]
async fn no_body_reaches_an_error() {
    for answer in [
        Answer::html(200, CANARY),
        Answer::json(400, &json!({ "error": CANARY })),
        Answer::json(401, &json!({ "error": CANARY })),
        Answer::json(200, &json!({ "sub": CANARY })),
        Answer::raw(200, "application/jwt", CANARY),
        Answer::raw(200, "application/json", format!("{{{CANARY}")),
    ] {
        let error = answered(|_| answer).await.unwrap_err();
        assert!(!told(&error).contains(CANARY), "{}", told(&error));
    }
}
