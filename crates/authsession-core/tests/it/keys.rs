//! Lies about the provider's keys (RFC 7517), and when they are fetched.

use std::sync::Arc;
use std::time::Duration;

use authsession_core::claims::IdTokenClaims;
use authsession_core::error::{Error, Fault};
use authsession_core::http::HttpClient;
use authsession_core::id_token::LoginExpectations;
use authsession_core::provider::{Endpoints, Provider};
use authsession_core::secret::Secret;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use serde_json::{Value, json};

use crate::mint::Mint;
use crate::parties::Parties;
use crate::verdict::{fault, untrusted};

const UNPUBLISHED: &str = "the token is signed by a key the provider does not publish";
const WRONG: &str = "the token's signature is wrong";
const COOL_DOWN: Duration = Duration::from_secs(10);

impl Parties {
    /// The claims of an honest ID token of a login with the nonce `n`.
    pub(crate) fn honest_claims(&self) -> String {
        self.honest_claims_and(&json!({}))
    }

    pub(crate) fn honest_claims_and(&self, more: &Value) -> String {
        let now = self.unix();
        let mut claims = json!({
            "iss": self.opposite.issuer(), "sub": "alice", "aud": self.opposite.client_id(), "nonce": "n",
            "iat": now, "exp": now + 300,
        });
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        claims.to_string()
    }

    /// Publishes these keys and no others.
    pub(crate) fn publish(&self, keys: impl Into<Value>) {
        self.opposite.always(Endpoint::Jwks, Answer::json(200, &json!({ "keys": keys.into() })));
    }

    /// Holds a token against the provider's keys, at a login with the nonce `n`.
    pub(crate) async fn hold(&self, token: &str) -> Result<IdTokenClaims, Error> {
        self.hold_against(&self.provider, token).await
    }

    pub(crate) async fn hold_against(
        &self,
        provider: &Provider,
        token: &str,
    ) -> Result<IdTokenClaims, Error> {
        let (nonce, access_token) = (Secret::from("n"), Secret::from("an access token"));
        let expected = LoginExpectations {
            nonce: &nonce,
            access_token: &access_token,
            code: None,
            started_at: self.now(),
            max_age: None,
            essential_acr: &[],
        };
        self.verifier().verify_login(provider, &token.into(), self.now(), &expected).await
    }

    fn key_fetches(&self) -> usize {
        self.opposite.journal().count(Endpoint::Jwks)
    }
}

#[tokio::test]
async fn keys_are_fetched_once_for_many_logins() {
    let parties = Parties::meet().await;
    for _ in 0..5 {
        parties.sign_in().await.unwrap();
    }
    assert_eq!(parties.key_fetches(), 1);
}

#[tokio::test]
async fn keys_rotated_after_a_login_are_fetched_on_the_unknown_kid() {
    let parties = Parties::meet().await;
    parties.sign_in().await.unwrap();
    parties.opposite.rotate_keys().unwrap();
    assert!(parties.sign_in().await.is_ok());
    assert_eq!(parties.key_fetches(), 2);
}

#[tokio::test]
async fn keys_rotated_just_before_signing_are_fetched_on_the_unknown_kid() {
    let parties = Parties::meet().await;
    parties.sign_in().await.unwrap();
    parties.opposite.rotate_keys_before_signing();
    assert!(parties.sign_in().await.is_ok());
    assert_eq!(parties.key_fetches(), 2);
}

#[tokio::test]
async fn keys_rotated_are_fetched_once_however_many_tokens_need_them() {
    let parties = Arc::new(Parties::meet().await);
    parties.sign_in().await.unwrap();
    let mint = Mint::new("new");
    parties.publish([mint.jwk()]);
    let token = mint.token(&parties.honest_claims());
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (parties, token) = (Arc::clone(&parties), token.clone());
            tokio::spawn(async move { parties.hold(&token).await.is_ok() })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap());
    }
    assert_eq!(parties.key_fetches(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_finds_out_too_late_that_keys_were_rotated_takes_what_was_just_fetched() {
    let (parties, mint) = (Arc::new(Parties::meet().await), Mint::new("new"));
    // So many keys to try that some find out only when the new set has landed.
    let old: Vec<_> = (0..40).map(|_| Mint::new("old").jwk()).collect();
    parties.publish(old);
    let token = mint.sign(r#"{"alg":"EdDSA"}"#, &parties.honest_claims());
    assert!(parties.hold(&token).await.is_err());
    parties.publish([mint.jwk()]);
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (parties, token) = (Arc::clone(&parties), token.clone());
            tokio::spawn(async move { parties.hold(&token).await.is_ok() })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap());
    }
    assert_eq!(parties.key_fetches(), 2);
}

#[tokio::test]
async fn fifty_tokens_with_unknown_kids_make_one_fetch_a_cool_down() {
    let parties = Parties::meet().await;
    parties.sign_in().await.unwrap();
    let stranger = Mint::new("unused");
    for round in 1..=3 {
        let token = |number: usize| {
            let header = format!(r#"{{"alg":"ES256","kid":"made up {number}"}}"#);
            stranger.sign(&header, &parties.honest_claims())
        };
        assert_eq!(untrusted(parties.hold(&token(0)).await), UNPUBLISHED);
        for number in 1..50 {
            assert_eq!(fault(parties.hold(&token(number)).await), Fault::BackingOff);
        }
        assert_eq!(parties.key_fetches(), 1 + round);
        parties.time.advance(COOL_DOWN);
    }
}

#[tokio::test]
async fn fifty_tokens_with_unknown_kids_at_once_make_one_fetch() {
    let parties = Arc::new(Parties::meet().await);
    parties.sign_in().await.unwrap();
    let token = Arc::new(Mint::new("unknown").token(&parties.honest_claims()));
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (parties, token) = (Arc::clone(&parties), Arc::clone(&token));
            tokio::spawn(async move { parties.hold(&token).await.is_err() })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap());
    }
    assert_eq!(parties.key_fetches(), 2);
}

#[tokio::test]
async fn wrong_signatures_under_a_known_kid_make_one_fetch_a_cool_down() {
    let parties = Parties::meet().await;
    let (honest, impostor) = (Mint::new("known"), Mint::new("known"));
    parties.publish([honest.jwk()]);
    assert!(parties.hold(&honest.token(&parties.honest_claims())).await.is_ok());
    for round in 1..=3 {
        for _ in 0..10 {
            assert_eq!(untrusted(parties.hold(&impostor.token(&parties.honest_claims())).await), WRONG);
        }
        assert_eq!(parties.key_fetches(), 1 + round);
        parties.time.advance(COOL_DOWN);
    }
}

#[tokio::test]
async fn a_wrong_signature_is_a_lie_while_the_keys_cannot_be_fetched() {
    let parties = Parties::meet().await;
    let (honest, impostor) = (Mint::new("known"), Mint::new("known"));
    parties.publish([honest.jwk()]);
    assert!(parties.hold(&honest.token(&parties.honest_claims())).await.is_ok());
    parties.opposite.always(Endpoint::Jwks, Answer::status(503));
    assert_eq!(untrusted(parties.hold(&impostor.token(&parties.honest_claims())).await), WRONG);
}

#[tokio::test]
async fn a_key_replaced_under_the_same_kid_is_found() {
    let (parties, old, new) = (Parties::meet().await, Mint::new("same"), Mint::new("same"));
    parties.publish([old.jwk()]);
    assert!(parties.hold(&old.token(&parties.honest_claims())).await.is_ok());
    parties.publish([new.jwk()]);
    assert!(parties.hold(&new.token(&parties.honest_claims())).await.is_ok());
    assert_eq!(untrusted(parties.hold(&old.token(&parties.honest_claims())).await), WRONG);
    assert_eq!(parties.key_fetches(), 2);
}

#[tokio::test]
async fn without_a_kid_the_one_key_serves() {
    let (parties, mint) = (Parties::meet().await, Mint::new("only"));
    parties.publish([mint.jwk()]);
    let token = mint.sign(r#"{"alg":"EdDSA"}"#, &parties.honest_claims());
    assert!(parties.hold(&token).await.is_ok());
}

#[tokio::test]
async fn without_a_kid_several_keys_are_tried() {
    let (parties, one, two) = (Parties::meet().await, Mint::new("one"), Mint::new("two"));
    parties.publish([one.jwk(), two.jwk()]);
    for mint in [&one, &two] {
        let token = mint.sign(r#"{"alg":"EdDSA"}"#, &parties.honest_claims());
        assert!(parties.hold(&token).await.is_ok());
    }
}

#[tokio::test]
async fn without_a_kid_only_keys_meant_for_it_are_tried() {
    let (parties, one, two) = (Parties::meet().await, Mint::new("one"), Mint::new("two"));
    let mut encrypts = one.jwk();
    encrypts["use"] = "enc".into();
    parties.publish([encrypts, two.jwk()]);
    let token = one.sign(r#"{"alg":"EdDSA"}"#, &parties.honest_claims());
    assert_eq!(untrusted(parties.hold(&token).await), UNPUBLISHED);
}

#[tokio::test]
async fn without_a_kid_and_a_key_that_fits_the_token_is_refused() {
    let (parties, one, two) = (Parties::meet().await, Mint::new("one"), Mint::new("two"));
    parties.publish([one.jwk(), two.jwk()]);
    let token = Mint::new("three").sign(r#"{"alg":"EdDSA"}"#, &parties.honest_claims());
    assert_eq!(untrusted(parties.hold(&token).await), UNPUBLISHED);
}

#[tokio::test]
async fn a_key_published_without_a_kid_serves_a_token_that_names_one() {
    let (parties, mint, impostor) = (Parties::meet().await, Mint::new("one"), Mint::new("one"));
    let mut nameless = mint.jwk();
    nameless.as_object_mut().unwrap().remove("kid");
    parties.publish([nameless, Mint::new("two").jwk()]);
    assert!(parties.hold(&mint.token(&parties.honest_claims())).await.is_ok());
    assert_eq!(untrusted(parties.hold(&impostor.token(&parties.honest_claims())).await), UNPUBLISHED);
}

#[tokio::test]
async fn a_key_that_is_not_meant_to_verify_is_not_used() {
    for (member, value) in [
        ("use", json!("enc")),
        ("key_ops", json!(["sign", "encrypt"])),
        ("key_ops", json!([])),
        ("alg", json!("ES256")),
        ("alg", json!("HS256")),
        ("kty", json!("EC")),
        ("kty", json!("oct")),
        ("crv", json!("X25519")),
        ("crv", json!("Ed448")),
        ("x", json!("AAAA")),
        ("x", json!("no base64!")),
        ("x", Value::Null),
        ("kid", json!("another")),
    ] {
        let (parties, mint) = (Parties::meet().await, Mint::new("key"));
        let mut jwk = mint.jwk();
        jwk[member] = value.clone();
        parties.publish([jwk]);
        let outcome = parties.hold(&mint.token(&parties.honest_claims())).await;
        assert_eq!(untrusted(outcome), UNPUBLISHED, "{member} = {value}");
    }
}

#[tokio::test]
async fn a_key_with_verify_among_its_operations_or_without_alg_and_use_is_used() {
    let (parties, mint) = (Parties::meet().await, Mint::new("key"));
    let mut jwk = mint.jwk();
    jwk.as_object_mut().unwrap().retain(|name, _| !matches!(name.as_str(), "alg" | "use"));
    jwk["key_ops"] = json!(["verify"]);
    parties.publish([jwk]);
    assert!(parties.hold(&mint.token(&parties.honest_claims())).await.is_ok());
}

#[tokio::test]
async fn an_rsa_key_of_512_bits_is_not_used() {
    let parties = Parties::meet().await;
    let modulus = "zoq3eJTDjuremtAFBPyDfSJ1ApcgbQiaQ2lXAc7Qls16LDIoDJs682n35ogtxSsuJb19qlzfGqPwBil2t9YW7w";
    parties.publish([json!({ "kty": "RSA", "kid": "short", "use": "sig", "n": modulus, "e": "AQAB" })]);
    let signed_with_it = concat!(
        "eyJhbGciOiJSUzI1NiIsImtpZCI6InNob3J0In0.e30.",
        "W8pG5iv9n49JJ-qYjoYj0w5m1lwq-KLCmGfT-ItaTfKIOtHOTVF9OmDSuPmURxHcBrtpdXYFmmwwb7IQVQZGrw",
    );
    assert_eq!(untrusted(parties.hold(signed_with_it).await), UNPUBLISHED);
}

#[tokio::test]
async fn a_symmetric_key_in_a_public_key_set_is_not_used() {
    let parties = Parties::meet().await;
    parties.publish([json!({ "kty": "oct", "kid": "key", "alg": "HS256", "k": "c2VjcmV0" })]);
    let token = Mint::new("key").sign(r#"{"alg":"HS256","kid":"key"}"#, &parties.honest_claims());
    assert!(untrusted(parties.hold(&token).await).contains("algorithm that is not allowed"));
}

#[tokio::test]
async fn a_point_that_is_not_on_its_curve_is_not_used() {
    let (parties, zeros) = (Parties::meet().await, "A".repeat(43));
    parties.publish([json!({ "kty": "EC", "crv": "P-256", "kid": "key", "x": zeros, "y": zeros })]);
    let token = Mint::new("key").sign(r#"{"alg":"ES256","kid":"key"}"#, &parties.honest_claims());
    assert_eq!(untrusted(parties.hold(&token).await), UNPUBLISHED);
}

#[tokio::test]
async fn keys_nobody_understands_do_not_spoil_the_others() {
    let (parties, mint) = (Parties::meet().await, Mint::new("key"));
    let odd = [json!({ "kty": "AKP", "kid": "pq" }), json!("no key"), json!({}), json!({ "kty": 7 })];
    parties.publish(odd.into_iter().chain([mint.jwk()]).collect::<Vec<_>>());
    assert!(parties.hold(&mint.token(&parties.honest_claims())).await.is_ok());
}

#[tokio::test]
async fn a_key_set_that_is_not_one_is_a_typed_error() {
    for (answer, wanted) in [
        (Answer::html(503, "away"), Fault::Status(503)),
        (Answer::html(200, "<html>"), Fault::BadAnswer),
        (Answer::json(200, &json!([])), Fault::BadAnswer),
        (Answer::json(200, &json!({})), Fault::BadAnswer),
        (Answer::oversized(10_000_000), Fault::BadAnswer),
        (Answer::endless(), Fault::BadAnswer),
        (Answer::gzip_bomb(), Fault::BadAnswer),
        (Answer::redirect("https://evil.example/jwks"), Fault::BadAnswer),
        (Answer::status(404), Fault::BadAnswer),
    ] {
        let parties = Parties::meet().await;
        parties.opposite.enqueue(Endpoint::Jwks, answer);
        assert_eq!(fault(parties.sign_in().await), wanted);
    }
}

#[tokio::test]
async fn a_key_set_that_breaks_off_or_is_slow_is_a_typed_error() {
    let mut parties = Parties::meet().await;
    parties.opposite.enqueue(Endpoint::Jwks, Answer::truncated());
    let broken = fault(parties.sign_in().await);
    assert!(matches!(broken, Fault::NoAnswer | Fault::BadAnswer), "{broken:?}");

    let (answer, _never_opened) = Answer::normal().held();
    parties.opposite.enqueue(Endpoint::Jwks, answer);
    let http = HttpClient::builder().timeout(Duration::from_millis(200)).build().unwrap();
    let login = parties.log_in().await;
    let tokens = parties.redeem(&login).await.unwrap();
    parties.provider = Arc::new(parties.newcomer(Endpoints::default(), &http));
    assert_eq!(fault(parties.verify(&parties.verifier(), &login, &tokens).await), Fault::TimedOut);
}

#[tokio::test]
async fn the_last_good_keys_serve_while_the_provider_is_away() {
    let parties = Parties::meet().await;
    parties.sign_in().await.unwrap();
    parties.opposite.always(Endpoint::Jwks, Answer::status(503));
    parties.time.advance(Duration::from_secs(7200));
    for _ in 0..5 {
        assert!(parties.sign_in().await.is_ok());
    }
    parties.until_asked(Endpoint::Jwks, 2).await;
}

#[tokio::test]
async fn a_new_key_that_cannot_be_fetched_now_is_no_word_against_the_token() {
    for answer in [Answer::status(503), Answer::html(200, "<html>"), Answer::dropped_before()] {
        let parties = Parties::meet().await;
        parties.sign_in().await.unwrap();
        parties.opposite.rotate_keys().unwrap();
        parties.opposite.always(Endpoint::Jwks, answer);
        for _ in 0..3 {
            let outcome = parties.sign_in().await;
            assert!(outcome.as_ref().is_err_and(Error::is_transient), "{outcome:?}");
        }
        assert_eq!(parties.key_fetches(), 2, "it backs off");
        parties.opposite.clear(Endpoint::Jwks);
        parties.time.advance(COOL_DOWN);
        assert!(parties.sign_in().await.is_ok());
    }
}

#[tokio::test]
async fn a_key_withdrawn_goes_when_the_set_grows_old() {
    let (parties, old, new) = (Parties::meet().await, Mint::new("old"), Mint::new("new"));
    parties.publish([old.jwk()]);
    parties.hold(&old.token(&parties.honest_claims())).await.unwrap();
    parties.publish([new.jwk()]);
    parties.time.advance(Duration::from_secs(7200));
    let _starts_the_fetch = parties.hold(&old.token(&parties.honest_claims())).await;
    parties.until_asked(Endpoint::Jwks, 2).await;
    assert!(parties.hold(&new.token(&parties.honest_claims())).await.is_ok());
    assert_eq!(untrusted(parties.hold(&old.token(&parties.honest_claims())).await), UNPUBLISHED);
}
