//! Signed assertions (RFC 7523 §3).

use std::time::Duration;

use authsession_core::assertion::Assertion;
use authsession_core::clock::Timestamp;
use authsession_core::error::Error;
use authsession_core::jws::Algorithm;
use authsession_core::signer::{Signer, SigningKey};
use authsession_testkit::key_pair::KeyPair;
use authsession_testkit::keys::SigningAlgorithm;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::verdict::{fault, hint};

pub(crate) fn key() -> SigningKey {
    let pair = KeyPair::generate(SigningAlgorithm::Es256).unwrap();
    SigningKey::from_pem(pair.private_key_pem().unwrap()).unwrap().with_key_id("2026-01")
}

fn assertion() -> Assertion {
    Assertion::new("client", "user", "https://login.example.com")
}

/// Header and claims.
async fn signed(assertion: &Assertion) -> (Value, Value) {
    signed_with(assertion, &key()).await
}

async fn signed_with(assertion: &Assertion, key: &SigningKey) -> (Value, Value) {
    let signed = assertion.sign(key, Timestamp::from_unix_millis(1_000_900)).await.unwrap();
    let part = |index| {
        let part = signed.expose().split('.').nth(index).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    (part(0), part(1))
}

#[tokio::test]
async fn it_says_who_about_whom_to_whom_and_how_long() {
    let (header, mut claims) = signed(&assertion().lifetime(Duration::from_secs(180))).await;
    assert_eq!(header, json!({ "alg": "ES256", "typ": "JWT", "kid": "2026-01" }));
    assert!(claims["jti"].as_str().is_some_and(|jti| jti.len() >= 22));
    claims.as_object_mut().unwrap().remove("jti");
    let wanted = json!({
        "iss": "client", "sub": "user", "aud": "https://login.example.com", "iat": 1000, "exp": 1180,
    });
    assert_eq!(claims, wanted);
}

#[tokio::test]
async fn no_two_have_the_same_jti() {
    let assertion = assertion();
    let (one, other) = (signed(&assertion).await.1, signed(&assertion).await.1);
    assert_ne!(one["jti"], other["jti"]);
}

#[tokio::test]
async fn jti_and_iat_can_be_left_out_and_more_be_said() {
    let (_, claims) = signed(&assertion().without_jti().without_iat().claim("scope", "api")).await;
    let names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["aud", "exp", "iss", "scope", "sub"]);
}

#[tokio::test]
async fn the_subject_can_be_left_out_and_the_certificate_be_named() {
    let key = key().with_certificate(include_str!("../keys/certificate.pem")).unwrap();
    let (header, claims) = signed_with(&assertion().without_subject(), &key).await;
    assert!(claims.get("sub").is_none());
    // openssl x509 -outform DER | openssl dgst -sha256 -binary, in base64url
    assert_eq!(header["x5t#S256"], "Z59Jbq72EQtXfeN3TFpZLaRSrbhyRdYvhtKDfzFMB0Q");
    assert!(key.with_certificate("no certificate").is_err());
}

#[tokio::test]
async fn a_claim_that_has_a_setting_of_its_own_is_refused() {
    for name in ["iss", "sub", "aud", "exp", "iat", "nbf", "jti"] {
        let outcome = assertion().claim(name, "x").sign(&key(), Timestamp::from_unix_seconds(0)).await;
        assert!(hint(outcome).contains(name));
    }
}

#[tokio::test]
async fn a_vault_that_is_away_is_an_error_of_its_own() {
    #[derive(Debug)]
    struct Vault;

    #[async_trait::async_trait]
    impl Signer for Vault {
        fn algorithm(&self) -> Algorithm {
            Algorithm::Rs256
        }

        async fn sign(&self, _message: &[u8]) -> Result<Vec<u8>, Error> {
            use authsession_core::error::{Endpoint, Fault};
            Err(Error::unavailable(Endpoint::Token, Fault::Unreachable))
        }
    }

    let outcome = assertion().sign(&Vault, Timestamp::from_unix_seconds(0)).await;
    assert_eq!(fault(outcome), authsession_core::error::Fault::Unreachable);
}

#[test]
fn debug_shows_nobody() {
    let shown = format!("{:?}", assertion().claim("email", "canary"));
    assert!(!["client", "user", "canary"].iter().any(|name| shown.contains(name)), "{shown}");
}
