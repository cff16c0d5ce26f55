//! Lies at a refresh (RFC 6749 §6, OpenID Connect Core §12.2).

use std::time::Duration;

use authsession_core::claims::IdTokenClaims;
use authsession_core::error::{Error, OAuthError};
use authsession_core::grant::refresh_token::RefreshToken;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::ledger::RefreshTokens;
use authsession_testkit::script::Answer;
use serde_json::{Value, json};

use crate::parties::Parties;
use crate::verdict::{mismatch, refusal, untrusted};

/// A login, then a refresh whose new ID token was edited.
async fn refreshed(edit: impl Fn(&mut Value) + Send + Sync + 'static) -> Result<IdTokenClaims, Error> {
    let parties = Parties::meet().await;
    let before = parties.sign_in().await.unwrap();
    parties.time.advance(Duration::from_secs(240));
    parties.opposite.enqueue(Endpoint::Token, Answer::lying_id_token(move |_, claims| edit(claims)));
    let tokens = parties.refresh(&before.tokens).await.unwrap();
    let id_token = tokens.id_token.unwrap();
    let verifier = parties.verifier().trust_audience("another");
    let now = parties.now();
    verifier.verify_refresh(&parties.provider, &id_token, &tokens.access_token, now, &before.claims).await
}

async fn with(name: &'static str, value: impl Into<Value>) -> Result<IdTokenClaims, Error> {
    let value = value.into();
    refreshed(move |claims| claims[name] = value.clone()).await
}

#[tokio::test]
async fn an_honest_refresh_is_accepted() {
    assert_eq!(refreshed(|_| ()).await.unwrap().subject, "alice");
}

#[tokio::test]
async fn a_new_id_token_with_another_iss_is_refused() {
    let outcome = with("iss", "https://evil.example").await;
    assert_eq!(mismatch(outcome), "the refreshed ID token has another iss");
}

#[tokio::test]
async fn a_new_id_token_with_another_sub_is_refused() {
    assert_eq!(mismatch(with("sub", "bob").await), "the refreshed ID token has another sub");
    assert_eq!(mismatch(with("sub", "Alice").await), "the refreshed ID token has another sub");
}

#[tokio::test]
async fn a_new_id_token_with_another_aud_is_refused() {
    for other in [json!("other"), json!(["other"]), json!([])] {
        assert_eq!(mismatch(with("aud", other).await), "the refreshed ID token has another aud");
    }
}

#[tokio::test]
async fn a_new_id_token_that_is_for_others_too_is_not_about_someone_else() {
    let wider = |party: &'static str| {
        move |claims: &mut Value| {
            claims["aud"] = json!(["client", party]);
            claims["azp"] = json!("client");
        }
    };
    assert!(refreshed(wider("another")).await.is_ok(), "it is trusted");
    let outcome = refreshed(wider("stranger")).await;
    assert_eq!(untrusted(outcome), "the ID token names an audience that is not trusted");
}

#[tokio::test]
async fn only_the_provider_s_own_word_is_about_someone_else() {
    let parties = Parties::meet().await;
    let before = parties.sign_in().await.unwrap();
    let forged = crate::mint::Mint::new("forged").token(&parties.honest_claims_and(&json!({ "sub": "bob" })));
    let verifier = parties.verifier();
    let (forged, now, provider) = (forged.into(), parties.now(), &parties.provider);
    let held = verifier.verify_refresh(provider, &forged, &before.tokens.access_token, now, &before.claims);
    assert!(untrusted(held.await).contains("a key the provider does not publish"));
}

#[tokio::test]
async fn a_new_id_token_with_another_nonce_is_refused() {
    assert_eq!(untrusted(with("nonce", "another").await), "the refreshed ID token has another nonce");
}

#[tokio::test]
async fn a_new_id_token_with_the_nonce_of_the_login_is_accepted() {
    let parties = Parties::meet().await;
    let before = parties.sign_in().await.unwrap();
    let nonce = before.claims.nonce.clone().unwrap();
    let answer = Answer::lying_id_token(move |_, claims| claims["nonce"] = nonce.clone().into());
    parties.opposite.enqueue(Endpoint::Token, answer);
    let tokens = parties.refresh(&before.tokens).await.unwrap();
    let (id_token, now) = (tokens.id_token.unwrap(), parties.now());
    let verifier = parties.verifier();
    let held =
        verifier.verify_refresh(&parties.provider, &id_token, &tokens.access_token, now, &before.claims);
    assert!(held.await.is_ok());
}

#[tokio::test]
async fn a_new_id_token_with_another_auth_time_is_refused() {
    let later = |claims: &mut Value| claims["auth_time"] = (claims["auth_time"].as_i64().unwrap() + 1).into();
    assert_eq!(untrusted(refreshed(later).await), "the refreshed ID token has another auth_time");
}

#[tokio::test]
async fn a_new_id_token_without_auth_time_is_accepted() {
    let without = |claims: &mut Value| drop(claims.as_object_mut().unwrap().remove("auth_time"));
    assert!(refreshed(without).await.is_ok());
}

#[tokio::test]
async fn a_new_id_token_that_is_older_than_the_old_one_by_more_than_clocks_differ_is_refused() {
    let older = |claims: &mut Value| claims["iat"] = (claims["iat"].as_i64().unwrap() - 301).into();
    let wanted = "the refreshed ID token is older than the one it replaces";
    assert_eq!(untrusted(refreshed(older).await), wanted);
    let within = |claims: &mut Value| claims["iat"] = (claims["iat"].as_i64().unwrap() - 300).into();
    assert!(refreshed(within).await.is_ok());
}

#[tokio::test]
async fn a_new_id_token_is_held_against_everything_else_too() {
    assert_eq!(untrusted(with("exp", 0).await), "the ID token is expired");
    assert_eq!(untrusted(with("at_hash", "AAAA").await), "the ID token's at_hash does not fit");
    assert_eq!(untrusted(with("azp", "another").await), "the ID token's azp is not this client");
}

#[tokio::test]
async fn a_new_id_token_that_is_forged_is_refused() {
    let parties = Parties::meet().await;
    let before = parties.sign_in().await.unwrap();
    parties.opposite.enqueue(Endpoint::Token, Answer::id_token_with_wrong_signature());
    let tokens = parties.refresh(&before.tokens).await.unwrap();
    let (id_token, now) = (tokens.id_token.unwrap(), parties.now());
    let verifier = parties.verifier();
    let held =
        verifier.verify_refresh(&parties.provider, &id_token, &tokens.access_token, now, &before.claims);
    assert_eq!(untrusted(held.await), "the token's signature is wrong");
}

#[tokio::test]
async fn no_new_id_token_and_no_new_refresh_token_is_told_as_such() {
    let parties = Parties::meet_with(|builder| {
        builder.id_token_on_refresh(false).refresh_tokens(RefreshTokens::Static)
    })
    .await;
    let before = parties.sign_in().await.unwrap();
    let tokens = parties.refresh(&before.tokens).await.unwrap();
    assert_eq!((tokens.id_token, tokens.refresh_token), (None, None));
    assert!(parties.refresh(&before.tokens).await.is_ok(), "the old refresh token serves on");
}

#[tokio::test]
async fn a_narrower_scope_is_told_and_may_be_asked_for() {
    let parties = Parties::meet().await;
    let before = parties.sign_in().await.unwrap();
    let refresh_token = before.tokens.refresh_token.clone().unwrap();
    let narrower = RefreshToken { refresh_token, scope: Some("openid email".to_owned()) };
    let tokens = parties.token_endpoint().redeem(&narrower).await.unwrap();
    assert_eq!(tokens.scope.as_deref(), Some("openid email"));
}

#[tokio::test]
async fn a_refresh_token_in_an_empty_text_is_none() {
    let parties = Parties::meet().await;
    let before = parties.sign_in().await.unwrap();
    let empty = Answer::tampered(|body| {
        body["refresh_token"] = "".into();
        body["id_token"] = Value::Null;
        body["scope"] = "".into();
    });
    parties.opposite.enqueue(Endpoint::Token, empty);
    let tokens = parties.refresh(&before.tokens).await.unwrap();
    assert_eq!((tokens.refresh_token, tokens.id_token, tokens.scope), (None, None, None));
}

#[tokio::test]
async fn a_rotated_refresh_token_used_again_is_refused() {
    let parties = Parties::meet().await;
    let before = parties.sign_in().await.unwrap();
    let after = parties.refresh(&before.tokens).await.unwrap();
    assert_ne!(after.refresh_token, before.tokens.refresh_token);
    assert_eq!(refusal(parties.refresh(&before.tokens).await), OAuthError::InvalidGrant);
}
