//! ID tokens: honest ones verify against the published keys, forged ones do not.

use crate::relying_party::code;
use crate::relying_party::part;
use crate::relying_party::redeem;
use crate::relying_party::signed_in;
use crate::relying_party::text;
use authsession_testkit::browser::Browser;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::provider::Provider;
use authsession_testkit::script::Answer;
use aws_lc_rs::hmac;
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature;
use aws_lc_rs::signature::UnparsedPublicKey;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use serde_json::Value;
use serde_json::json;

fn bytes(jwk: &Value, member: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text(jwk, member)).unwrap()
}

/// Whether the published key with the token's `kid` verifies it.
async fn verifies(browser: &Browser, provider: &Provider, token: &str) -> bool {
    let jwks = browser.fetch(provider.endpoint(Endpoint::Jwks)).await.unwrap().json().unwrap();
    let header = part(token, 0);
    let Some(jwk) = jwks["keys"].as_array().unwrap().iter().find(|jwk| jwk["kid"] == header["kid"]) else {
        return false;
    };
    let (message, made) = token.rsplit_once('.').unwrap();
    let (message, made) = (message.as_bytes(), URL_SAFE_NO_PAD.decode(made).unwrap());
    let rsa = |algorithm: &signature::RsaParameters| {
        let key = PublicKeyComponents { n: bytes(jwk, "n"), e: bytes(jwk, "e") };
        key.verify(algorithm, message, &made).is_ok()
    };
    let ec = |algorithm: &'static signature::EcdsaVerificationAlgorithm| {
        let point = [vec![4], bytes(jwk, "x"), bytes(jwk, "y")].concat();
        UnparsedPublicKey::new(algorithm, point).verify(message, &made).is_ok()
    };
    match text(&header, "alg") {
        "RS256" => rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
        "RS384" => rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
        "RS512" => rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
        "PS256" => rsa(&signature::RSA_PSS_2048_8192_SHA256),
        "PS384" => rsa(&signature::RSA_PSS_2048_8192_SHA384),
        "PS512" => rsa(&signature::RSA_PSS_2048_8192_SHA512),
        "ES256" => ec(&signature::ECDSA_P256_SHA256_FIXED),
        "ES384" => ec(&signature::ECDSA_P384_SHA384_FIXED),
        "ES512" => ec(&signature::ECDSA_P521_SHA512_FIXED),
        "EdDSA" => {
            UnparsedPublicKey::new(&signature::ED25519, bytes(jwk, "x")).verify(message, &made).is_ok()
        }
        _ => false,
    }
}

#[tokio::test]
async fn id_tokens_of_every_algorithm_verify_against_the_published_key() {
    let browser = Browser::new().unwrap();
    for algorithm in [
        SigningAlgorithm::Rs256,
        SigningAlgorithm::Rs384,
        SigningAlgorithm::Rs512,
        SigningAlgorithm::Ps256,
        SigningAlgorithm::Ps384,
        SigningAlgorithm::Ps512,
        SigningAlgorithm::Es256,
        SigningAlgorithm::Es384,
        SigningAlgorithm::Es512,
        SigningAlgorithm::EdDsa,
    ] {
        let provider = Provider::builder().signing_algorithm(algorithm).start().await.unwrap();
        let tokens = signed_in(&browser, &provider).await;
        let id_token = text(&tokens, "id_token");
        assert_eq!(part(id_token, 0)["alg"], algorithm.name());
        assert!(verifies(&browser, &provider, id_token).await, "{algorithm:?}");
    }
}

#[tokio::test]
async fn hs256_and_its_like_are_keyed_with_the_client_secret_and_publish_nothing() {
    for (algorithm, hash) in [
        (SigningAlgorithm::Hs256, hmac::HMAC_SHA256),
        (SigningAlgorithm::Hs384, hmac::HMAC_SHA384),
        (SigningAlgorithm::Hs512, hmac::HMAC_SHA512),
    ] {
        let provider = Provider::builder().signing_algorithm(algorithm).start().await.unwrap();
        let browser = Browser::new().unwrap();
        let tokens = signed_in(&browser, &provider).await;
        let (message, made) = text(&tokens, "id_token").rsplit_once('.').unwrap();
        assert_eq!(part(message, 0), json!({ "alg": algorithm.name(), "typ": "JWT" }));
        let key = hmac::Key::new(hash, provider.client_secret().as_bytes());
        hmac::verify(&key, message.as_bytes(), &URL_SAFE_NO_PAD.decode(made).unwrap()).unwrap();
        let jwks = browser.fetch(provider.endpoint(Endpoint::Jwks)).await.unwrap().json().unwrap();
        assert_eq!(jwks, json!({ "keys": [] }));
    }
}

#[tokio::test]
async fn an_id_token_says_who_for_whom_when_and_which_session() {
    let provider = Provider::builder().start().await.unwrap();
    let tokens = signed_in(&Browser::new().unwrap(), &provider).await;
    let claims = part(text(&tokens, "id_token"), 1);
    assert_eq!(claims["iss"], provider.issuer());
    assert_eq!((&claims["sub"], &claims["aud"]), (&json!("alice"), &json!("client")));
    assert_eq!((&claims["nonce"], &claims["email"]), (&json!("the-nonce"), &json!("alice@example.test")));
    assert_eq!(claims["sid"].as_str(), provider.sid_of("alice").as_deref());
    let hash =
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text(&tokens, "access_token").as_bytes());
    assert_eq!(text(&claims, "at_hash"), URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]));
}

#[tokio::test]
async fn forged_id_tokens_do_not_verify() {
    let provider = Provider::builder().start().await.unwrap();
    let browser = Browser::new().unwrap();
    for answer in [
        Answer::id_token_with_wrong_signature(),
        Answer::id_token_unsigned(),
        Answer::id_token_keyed_with_public_key(),
        Answer::id_token_signed_by_impostor(),
        Answer::id_token_signed_by_unknown_key(),
    ] {
        provider.enqueue(Endpoint::Token, answer);
        let tokens = signed_in(&browser, &provider).await;
        assert_eq!(part(text(&tokens, "id_token"), 1)["sub"], "alice");
        assert!(!verifies(&browser, &provider, text(&tokens, "id_token")).await);
    }
    provider.enqueue(Endpoint::Token, Answer::id_token("a.b.c"));
    assert_eq!(signed_in(&browser, &provider).await["id_token"], "a.b.c");
}

#[tokio::test]
async fn a_lying_id_token_verifies() {
    let provider = Provider::builder().start().await.unwrap();
    let browser = Browser::new().unwrap();
    let lie = Answer::lying_id_token(|header, claims| {
        header["typ"] = "odd".into();
        claims["aud"] = json!(["someone-else"]);
    });
    provider.enqueue(Endpoint::Token, lie);
    let tokens = signed_in(&browser, &provider).await;
    let id_token = text(&tokens, "id_token");
    assert_eq!(
        (&part(id_token, 0)["typ"], &part(id_token, 1)["aud"][0]),
        (&json!("odd"), &json!("someone-else"))
    );
    assert!(verifies(&browser, &provider, id_token).await);
}

#[tokio::test]
async fn after_a_rotation_only_the_new_key_is_published() {
    let provider = Provider::builder().start().await.unwrap();
    let browser = Browser::new().unwrap();
    let old = signed_in(&browser, &provider).await;
    provider.rotate_keys().unwrap();
    assert!(!verifies(&browser, &provider, text(&old, "id_token")).await);
    provider.rotate_keys_before_signing();
    let code = code(&browser, &provider).await;
    let before = browser.fetch(provider.endpoint(Endpoint::Jwks)).await.unwrap().json().unwrap();
    let new = redeem(&browser, &provider, &code).await.json().unwrap();
    assert_ne!(part(text(&new, "id_token"), 0)["kid"], before["keys"][0]["kid"]);
    assert!(verifies(&browser, &provider, text(&new, "id_token")).await);
}

#[tokio::test]
async fn the_provider_signs_whatever_the_test_needs() {
    let provider = Provider::builder().start().await.unwrap();
    let token = provider.sign(json!({ "sub": "alice" })).unwrap();
    assert!(verifies(&Browser::new().unwrap(), &provider, &token).await);
}

#[tokio::test]
async fn userinfo_answers_a_live_access_token_only() {
    let provider = Provider::builder().start().await.unwrap();
    let browser = Browser::new().unwrap();
    let tokens = signed_in(&browser, &provider).await;
    let bearer = format!("Bearer {}", text(&tokens, "access_token"));
    let userinfo = provider.endpoint(Endpoint::Userinfo);
    let ask = async || {
        let headers = [("authorization", bearer.as_str())];
        browser.fetch_with(Method::GET, &userinfo, &headers, "").await.unwrap()
    };
    assert_eq!(ask().await.json().unwrap()["name"], "Alice Example");
    provider.revoke_access_tokens();
    let refused = ask().await;
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").unwrap().contains("error=\"invalid_token\""));
}
