//! ID tokens keyed with the client's secret (OpenID Connect Core §10.1, RFC 7518 §3.2): only when asked for, and never by a
//! key anybody else can have.

use authsession_core::error::Error;
use authsession_core::id_token::IdTokenVerifier;
use authsession_core::jws::Algorithm;
use authsession_core::userinfo::userinfo;
use authsession_testkit::client::Client;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::script::Answer;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::mint::Mint;
use crate::parties::{Parties, SignedIn};
use crate::verdict::{hint, untrusted};

/// 64 bytes: long enough for each of the three.
const SECRET: &str = "a-secret-that-both-sides-know-and-that-is-sixty-four-bytes-long!";
const EACH: [(SigningAlgorithm, Algorithm); 3] = [
    (SigningAlgorithm::Hs256, Algorithm::Hs256),
    (SigningAlgorithm::Hs384, Algorithm::Hs384),
    (SigningAlgorithm::Hs512, Algorithm::Hs512),
];
const WRONG: &str = "the token's signature is wrong";
const UNPUBLISHED: &str = "the token is signed by a key the provider does not publish";
const NOT_ALLOWED: &str = "the ID token is signed with an algorithm that is not allowed";

async fn at_a_provider_that_signs_with(algorithm: SigningAlgorithm) -> Parties {
    Parties::meet_with(|builder| {
        builder.signing_algorithm(algorithm).client(Client::confidential("client", SECRET))
    })
    .await
}

/// Allows these, and knows the secret.
fn verifier(algorithms: impl Into<Vec<Algorithm>>) -> IdTokenVerifier {
    IdTokenVerifier::new("client").algorithms(algorithms).client_secret(SECRET.into())
}

async fn sign_in(parties: &Parties, verifier: &IdTokenVerifier) -> Result<SignedIn, Error> {
    parties.sign_in_with(&parties.request(), verifier).await
}

#[tokio::test]
async fn an_id_token_keyed_with_the_client_s_secret_is_accepted_where_its_algorithm_was_named() {
    for (signs, named) in EACH {
        let parties = at_a_provider_that_signs_with(signs).await;
        assert_eq!(sign_in(&parties, &verifier([named])).await.unwrap().claims.subject, "alice");
        assert_eq!(parties.opposite.journal().count(Endpoint::Jwks), 0, "no public key has a say in it");
    }
}

#[tokio::test]
async fn knowing_the_secret_allows_nothing_by_itself() {
    let parties = at_a_provider_that_signs_with(SigningAlgorithm::Hs256).await;
    let unasked = IdTokenVerifier::new("client").client_secret(SECRET.into());
    for verifier in [unasked, verifier([Algorithm::Rs256]), verifier([Algorithm::Hs384, Algorithm::Hs512])] {
        assert_eq!(untrusted(sign_in(&parties, &verifier).await), NOT_ALLOWED);
    }
}

#[tokio::test]
async fn an_id_token_keyed_with_another_secret_is_refused() {
    for (signs, named) in EACH {
        let parties = at_a_provider_that_signs_with(signs).await;
        for lie in [Answer::id_token_signed_by_impostor(), Answer::id_token_with_wrong_signature()] {
            parties.opposite.enqueue(Endpoint::Token, lie);
            assert_eq!(untrusted(sign_in(&parties, &verifier([named])).await), WRONG);
        }
    }
}

#[tokio::test]
async fn a_secret_in_the_public_key_set_keys_nothing() {
    let parties = at_a_provider_that_signs_with(SigningAlgorithm::Hs256).await;
    let published = URL_SAFE_NO_PAD.encode("another secret altogether, of 32+ bytes");
    let oct = json!({ "keys": [{ "kty": "oct", "k": published, "use": "sig", "alg": "HS256" }] });
    parties.opposite.always(Endpoint::Jwks, Answer::json(200, &oct));
    parties.opposite.enqueue_many(Endpoint::Token, &Answer::id_token_signed_by_impostor(), 2);
    for both in [verifier([Algorithm::Hs256]), verifier([Algorithm::Es256, Algorithm::Hs256])] {
        assert_eq!(untrusted(sign_in(&parties, &both).await), WRONG);
    }
}

#[tokio::test]
async fn where_both_kinds_are_allowed_the_public_key_is_no_secret() {
    let parties = at_a_provider_that_signs_with(SigningAlgorithm::Rs256).await;
    let both = verifier([Algorithm::Rs256, Algorithm::Hs256]);
    assert!(sign_in(&parties, &both).await.is_ok());
    parties.opposite.enqueue(Endpoint::Token, Answer::id_token_keyed_with_public_key());
    assert_eq!(untrusted(sign_in(&parties, &both).await), WRONG);
}

#[tokio::test]
async fn where_both_kinds_are_allowed_the_secret_is_no_public_key() {
    for claimed in ["RS256", "ES256", "EdDSA"] {
        let parties = at_a_provider_that_signs_with(SigningAlgorithm::Hs256).await;
        parties.publish([Mint::new("key").jwk()]);
        let lie = Answer::lying_id_token(move |header, _| header["alg"] = claimed.into());
        parties.opposite.enqueue(Endpoint::Token, lie);
        let all = [Algorithm::Hs256, Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];
        assert_eq!(untrusted(sign_in(&parties, &verifier(all)).await), UNPUBLISHED, "{claimed}");
    }
}

#[tokio::test]
async fn an_alg_that_claims_another_hash_is_refused() {
    let parties = at_a_provider_that_signs_with(SigningAlgorithm::Hs256).await;
    for claimed in ["HS384", "HS512"] {
        let lie = Answer::lying_id_token(move |header, _| header["alg"] = claimed.into());
        parties.opposite.enqueue(Endpoint::Token, lie);
        assert_eq!(untrusted(sign_in(&parties, &verifier(Algorithm::SYMMETRIC)).await), WRONG, "{claimed}");
    }
}

#[tokio::test]
async fn a_public_key_s_token_is_refused_where_only_secrets_are_allowed() {
    let parties = at_a_provider_that_signs_with(SigningAlgorithm::Es256).await;
    assert_eq!(untrusted(sign_in(&parties, &verifier(Algorithm::SYMMETRIC)).await), NOT_ALLOWED);
}

#[tokio::test]
async fn a_refreshed_id_token_is_held_against_the_secret_too() {
    let parties = at_a_provider_that_signs_with(SigningAlgorithm::Hs384).await;
    let verifier = verifier([Algorithm::Hs384]);
    let mut held = sign_in(&parties, &verifier).await.unwrap();
    for (answer, refused) in
        [(Answer::normal(), None), (Answer::id_token_signed_by_impostor(), Some(WRONG.to_owned()))]
    {
        parties.opposite.enqueue(Endpoint::Token, answer);
        held.tokens = parties.refresh(&held.tokens).await.unwrap();
        let (id_token, access_token) = (held.tokens.id_token.as_ref().unwrap(), &held.tokens.access_token);
        let now = parties.now();
        let outcome =
            verifier.verify_refresh(&parties.provider, id_token, access_token, now, &held.claims).await;
        assert_eq!(outcome.is_err().then(|| untrusted(outcome)), refused);
    }
}

#[test]
fn a_secret_must_be_as_long_as_the_hash() {
    for (_, named) in EACH {
        let shortest = named.shortest_secret().unwrap();
        let with = |length: usize| {
            IdTokenVerifier::new("client").algorithms([named]).client_secret(SECRET[..length].into())
        };
        assert!(with(shortest).check_settings().is_ok());
        let told = hint(with(shortest - 1).check_settings());
        assert!(told.starts_with(&format!("{} needs a client secret of {shortest} bytes", named.name())));
    }
}

#[test]
fn a_shorter_one_serves_if_the_danger_is_named_and_never_below_32_bytes() {
    let with = |named: Algorithm, length: usize| {
        let verifier = IdTokenVerifier::new("client").algorithms([named]);
        verifier.client_secret(SECRET[..length].into()).danger_allow_short_client_secret().check_settings()
    };
    assert!(with(Algorithm::Hs512, 37).is_ok() && with(Algorithm::Hs384, 32).is_ok());
    for (_, named) in EACH {
        assert!(!hint(with(named, 31)).contains("danger"), "no switch helps there");
    }
}

#[tokio::test]
async fn a_token_is_not_believed_by_a_secret_that_is_missing_or_too_short() {
    let parties = at_a_provider_that_signs_with(SigningAlgorithm::Hs512).await;
    let none = IdTokenVerifier::new("client").algorithms([Algorithm::Hs512]);
    assert!(hint(none.check_settings()).contains("there is none"));
    for verifier in [none.clone(), none.client_secret(SECRET[..63].into())] {
        assert!(hint(sign_in(&parties, &verifier).await).starts_with("HS512"));
    }
}

#[test]
fn to_allow_nothing_is_a_mistake() {
    assert!(hint(verifier([]).check_settings()).contains("at least one"));
    assert!(IdTokenVerifier::new("client").check_settings().is_ok(), "the default needs no secret");
}

#[test]
fn the_secret_is_not_shown() {
    assert!(!format!("{:?}", verifier(Algorithm::SYMMETRIC)).contains("both-sides"));
}

/// What a provider says about alice that signs its userinfo so, edited.
async fn signed_userinfo(
    parties: &Parties,
    verifier: &IdTokenVerifier,
    sign: impl FnOnce(Value) -> String,
) -> Result<Map<String, Value>, Error> {
    let tokens = parties.redeem(&parties.log_in().await).await.unwrap();
    let signed = sign(json!({ "sub": "alice", "iss": parties.opposite.issuer(), "aud": "client" }));
    parties.opposite.enqueue(Endpoint::Userinfo, Answer::raw(200, "application/jwt", signed));
    userinfo(&parties.http, &parties.provider, verifier, &tokens.access_token, Some("alice")).await
}

#[tokio::test]
async fn signed_userinfo_may_be_keyed_with_the_secret_where_its_algorithm_was_named() {
    for (signs, named) in EACH {
        let parties = at_a_provider_that_signs_with(signs).await;
        let sign = |claims| parties.opposite.sign(claims).unwrap();
        assert!(signed_userinfo(&parties, &verifier([named]), sign).await.is_ok());
        let unasked = IdTokenVerifier::new("client").client_secret(SECRET.into());
        let wanted = "the userinfo is signed with an algorithm that is not allowed";
        assert_eq!(untrusted(signed_userinfo(&parties, &unasked, sign).await), wanted);
        let other = verifier([named]).client_secret(SECRET.to_uppercase().into());
        assert_eq!(untrusted(signed_userinfo(&parties, &other, sign).await), WRONG);
    }
}

#[tokio::test]
async fn userinfo_signed_with_a_public_key_stays_believed_where_id_tokens_are_keyed_with_the_secret() {
    let (parties, mint) = (at_a_provider_that_signs_with(SigningAlgorithm::Hs256).await, Mint::new("key"));
    parties.publish([mint.jwk()]);
    let sign = |claims: Value| mint.token(&claims.to_string());
    assert!(signed_userinfo(&parties, &verifier([Algorithm::Hs256]), sign).await.is_ok());
}
