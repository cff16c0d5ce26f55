//! Lies about an ID token's signature and header (RFC 7515, OpenID Connect Core §3.1.3.7 steps 6 to 8).

use authsession_core::error::{Error, Fault};
use authsession_core::jws::Algorithm;
use authsession_core::provider::Endpoints;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::script::Answer;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use serde_json::{Value, json};

use crate::mint::Mint;
use crate::parties::Parties;
use crate::verdict::untrusted;

const WRONG: &str = "the token's signature is wrong";
const UNPUBLISHED: &str = "the token is signed by a key the provider does not publish";
const NOT_ALLOWED: &str = "the token is not signed with an algorithm we allow";
const ALLOWED_NOWHERE: &str = "the ID token is signed with an algorithm that is not allowed";
const NOT_COMPACT: &str = "the signed token is not in compact form";
const EVERY_ALGORITHM: [SigningAlgorithm; 10] = [
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
];

async fn answered(answer: Answer) -> String {
    let parties = Parties::meet().await;
    parties.opposite.enqueue(Endpoint::Token, answer);
    untrusted(parties.sign_in().await)
}

#[tokio::test]
async fn an_honest_signature_of_every_algorithm_is_accepted() {
    for algorithm in EVERY_ALGORITHM {
        let parties = Parties::meet_with(|builder| builder.signing_algorithm(algorithm)).await;
        assert!(parties.sign_in().await.is_ok(), "{algorithm:?}");
    }
}

#[tokio::test]
async fn a_wrong_signature_of_every_algorithm_is_refused() {
    for algorithm in EVERY_ALGORITHM {
        let parties = Parties::meet_with(|builder| builder.signing_algorithm(algorithm)).await;
        parties.opposite.enqueue(Endpoint::Token, Answer::id_token_with_wrong_signature());
        assert_eq!(untrusted(parties.sign_in().await), WRONG, "{algorithm:?}");
    }
}

#[tokio::test]
async fn a_signature_by_another_key_under_the_same_kid_is_refused() {
    for algorithm in EVERY_ALGORITHM {
        let parties = Parties::meet_with(|builder| builder.signing_algorithm(algorithm)).await;
        parties.opposite.enqueue(Endpoint::Token, Answer::id_token_signed_by_impostor());
        assert_eq!(untrusted(parties.sign_in().await), WRONG, "{algorithm:?}");
    }
}

#[tokio::test]
async fn a_signature_by_a_key_nobody_published_is_refused() {
    assert_eq!(answered(Answer::id_token_signed_by_unknown_key()).await, UNPUBLISHED);
}

#[tokio::test]
async fn alg_none_is_refused() {
    assert_eq!(answered(Answer::id_token_unsigned()).await, NOT_ALLOWED);
    for spelling in ["none", "None", "NONE", "nOnE", ""] {
        let lie = Answer::lying_id_token(move |header, _| header["alg"] = spelling.into());
        assert_eq!(answered(lie).await, NOT_ALLOWED, "{spelling}");
    }
}

#[tokio::test]
async fn hs256_keyed_with_the_public_key_is_refused() {
    assert_eq!(answered(Answer::id_token_keyed_with_public_key()).await, ALLOWED_NOWHERE);
}

#[tokio::test]
async fn hs256_keyed_with_the_client_s_secret_is_refused() {
    let parties = Parties::meet_with(|builder| builder.signing_algorithm(SigningAlgorithm::Hs256)).await;
    assert_eq!(untrusted(parties.sign_in().await), ALLOWED_NOWHERE);
}

#[tokio::test]
async fn an_algorithm_that_is_not_allowed_is_refused() {
    let parties = Parties::meet().await;
    let only_rsa = parties.verifier().algorithms([Algorithm::Rs256]);
    let outcome = parties.sign_in_with(&parties.request(), &only_rsa).await;
    assert_eq!(untrusted(outcome), ALLOWED_NOWHERE);
}

#[tokio::test]
async fn an_alg_that_differs_from_the_key_s_is_refused() {
    for other in ["RS256", "PS256", "ES384", "EdDSA", "Ed25519"] {
        let lie = Answer::lying_id_token(move |header, _| header["alg"] = other.into());
        assert_eq!(answered(lie).await, UNPUBLISHED, "{other}");
    }
}

#[tokio::test]
async fn an_rsa_key_published_for_another_padding_is_refused() {
    let parties = Parties::meet_with(|builder| builder.signing_algorithm(SigningAlgorithm::Rs256)).await;
    let other = Answer::tampered(|set| set["keys"][0]["alg"] = "PS256".into());
    parties.opposite.always(Endpoint::Jwks, other);
    assert_eq!(untrusted(parties.sign_in().await), UNPUBLISHED);
}

#[tokio::test]
async fn headers_that_bring_their_own_key_are_ignored() {
    let attacker = Mint::new("mine");
    let headers = [
        json!({ "alg": "EdDSA", "kid": "mine", "jwk": attacker.jwk() }),
        json!({ "alg": "EdDSA", "jwk": attacker.jwk() }),
        json!({ "alg": "EdDSA", "x5c": ["MIIB"] }),
    ];
    for header in headers {
        let parties = Parties::meet().await;
        let token = attacker.sign(&header.to_string(), &parties.honest_claims());
        assert_eq!(untrusted(parties.hold(&token).await), UNPUBLISHED);
    }
}

#[tokio::test]
async fn headers_that_point_to_keys_are_never_fetched() {
    let parties = Parties::meet().await;
    let lure = parties.opposite.endpoint(Endpoint::Userinfo);
    let (jku, x5u) = (lure.clone(), lure);
    parties.opposite.enqueue(
        Endpoint::Token,
        Answer::lying_id_token(move |header, _| {
            header["jku"] = jku.clone().into();
            header["x5u"] = x5u.clone().into();
        }),
    );
    assert!(parties.sign_in().await.is_ok(), "the published key signed it");
    assert_eq!(parties.opposite.journal().count(Endpoint::Userinfo), 0);
}

#[tokio::test]
async fn a_critical_header_is_refused() {
    let lie = Answer::lying_id_token(|header, _| {
        header["crit"] = json!(["exp"]);
        header["exp"] = json!(1);
    });
    assert_eq!(answered(lie).await, "the signed token has a critical header we do not understand");
    let empty = Answer::lying_id_token(|header, _| header["crit"] = json!([]));
    assert!(answered(empty).await.contains("critical header"));
}

#[tokio::test]
async fn a_token_that_is_not_one_is_refused() {
    for text in
        ["x", "a.b", "..", ".e30.", "e30.e30.e30.e30", "e30.e30.e30.e30.e30", "{}.{}.", "e30=.e30=.AA=="]
    {
        assert!(!answered(Answer::id_token(text)).await.is_empty(), "{text}");
    }
    assert_eq!(answered(Answer::id_token("no dots at all")).await, NOT_COMPACT);
}

#[tokio::test]
async fn a_header_that_names_something_twice_is_refused() {
    let (parties, mint) = (Parties::meet().await, Mint::new("key"));
    parties.publish([mint.jwk()]);
    let twice = mint.sign(r#"{"alg":"EdDSA","kid":"key","alg":"EdDSA"}"#, &parties.honest_claims());
    assert_eq!(untrusted(parties.hold(&twice).await), NOT_COMPACT);
}

#[tokio::test]
async fn a_kid_that_is_no_text_is_refused() {
    for kid in [json!(7), Value::Null, json!(["key"]), json!({})] {
        let lie = Answer::lying_id_token(move |header, _| header["kid"] = kid.clone());
        assert_eq!(answered(lie).await, NOT_COMPACT);
    }
}

#[tokio::test]
async fn claims_changed_after_signing_are_refused() {
    let (parties, mint) = (Parties::meet().await, Mint::new("key"));
    parties.publish([mint.jwk()]);
    let honest = mint.token(&parties.honest_claims());
    let forged = mint.token(&parties.honest_claims_and(&json!({ "sub": "mallory" })));
    let parts = |token: &str| token.split('.').map(str::to_owned).collect::<Vec<_>>();
    let spliced = format!("{}.{}.{}", parts(&honest)[0], parts(&forged)[1], parts(&honest)[2]);
    assert_eq!(untrusted(parties.hold(&spliced).await), WRONG);
}

#[tokio::test]
async fn a_signature_cut_short_or_left_out_is_refused() {
    let (parties, mint) = (Parties::meet().await, Mint::new("key"));
    parties.publish([mint.jwk()]);
    let honest = mint.token(&parties.honest_claims());
    let (signed, signature) = honest.rsplit_once('.').unwrap();
    for signature in ["", &signature[..signature.len() - 2], &"A".repeat(86)] {
        assert_eq!(untrusted(parties.hold(&format!("{signed}.{signature}")).await), WRONG);
    }
}

#[test]
fn no_text_is_believed_and_none_makes_it_panic() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let parties = runtime.block_on(Parties::meet());
    let (base, any_text) = ("[A-Za-z0-9_-]{0,40}", any::<String>());
    proptest!(|(shaped in format!("{base}\\.{base}\\.{base}").as_str(), text in any_text)| {
        prop_assert!(runtime.block_on(parties.hold(&shaped)).is_err());
        prop_assert!(runtime.block_on(parties.hold(&text)).is_err());
    });
}

#[test]
fn no_key_set_makes_it_panic_and_odd_keys_are_left_out() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let parties = runtime.block_on(Parties::meet());
    let token = Mint::new("key").token(&parties.honest_claims());
    proptest!(|(bytes in any::<Vec<u8>>(), n in any::<String>(), e in any::<String>())| {
        let odd = json!({ "keys": [
            { "kty": "RSA", "n": n, "e": e },
            { "kty": "EC", "crv": "P-256", "x": n, "y": e },
            { "kty": "OKP", "crv": "Ed25519", "x": n },
        ] });
        for (document, is_one) in [(bytes, false), (odd.to_string().into_bytes(), true)] {
            parties.opposite.always(Endpoint::Jwks, Answer::raw(200, "application/json", document));
            let newcomer = parties.newcomer(Endpoints::default(), &parties.http);
            // A panic would show as the connection breaking: `NoAnswer`.
            match runtime.block_on(parties.hold_against(&newcomer, &token)) {
                Err(Error::Untrusted(check)) => prop_assert_eq!(check, UNPUBLISHED),
                Err(Error::Unavailable { fault: Fault::BadAnswer, .. }) => prop_assert!(!is_one),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    });
}
