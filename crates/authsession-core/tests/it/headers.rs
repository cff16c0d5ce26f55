//! Headers of a signed token that would have us believe more than its signature says (RFC 7515 §4.1, RFC 8725 §3).

use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider as Opposite;
use authsession_testkit::script::Answer;
use serde_json::{Value, json};

use crate::mint::Mint;
use crate::parties::Parties;
use crate::verdict::untrusted;

const UNPUBLISHED: &str = "the token is signed by a key the provider does not publish";

async fn refused(edit: impl Fn(&mut Value) + Send + Sync + 'static) -> String {
    let parties = Parties::meet().await;
    parties.opposite.enqueue(Endpoint::Token, Answer::lying_id_token(move |header, _| edit(header)));
    untrusted(parties.sign_in().await)
}

#[tokio::test]
async fn keys_a_token_points_to_are_neither_fetched_nor_believed() {
    let (parties, evil) = (Parties::meet().await, Opposite::builder().start().await.unwrap());
    let attacker = Mint::new("mine");
    evil.always(Endpoint::Jwks, Answer::json(200, &json!({ "keys": [attacker.jwk()] })));
    let lure = evil.endpoint(Endpoint::Jwks);
    for header in [
        json!({ "alg": "EdDSA", "kid": "mine", "jku": lure }),
        json!({ "alg": "EdDSA", "kid": "mine", "x5u": lure }),
        json!({ "alg": "EdDSA", "jku": lure, "jwk": attacker.jwk(), "x5c": ["MIIB"], "x5t#S256": "AA" }),
    ] {
        let token = attacker.sign(&header.to_string(), &parties.honest_claims());
        assert_eq!(untrusted(parties.hold(&token).await), UNPUBLISHED);
        parties.time.advance(std::time::Duration::from_secs(10));
    }
    assert!(evil.journal().all().is_empty(), "nobody went there");
}

#[tokio::test]
async fn a_payload_that_is_not_encoded_is_refused() {
    let critical = refused(|header| (header["b64"], header["crit"]) = (false.into(), json!(["b64"])));
    assert_eq!(critical.await, "the signed token has a critical header we do not understand");
    for odd in [json!(false), json!(0), Value::Null] {
        let wanted = "the signed token's payload is not encoded as an ID token's is";
        assert_eq!(refused(move |header| header["b64"] = odd.clone()).await, wanted);
    }
}

#[tokio::test]
async fn a_token_of_another_kind_is_no_id_token() {
    for kind in ["at+jwt", "AT+JWT", "application/at+jwt", "logout+jwt", "secevent+jwt", "dpop+jwt"] {
        assert_eq!(
            refused(move |header| header["typ"] = kind.into()).await,
            "the signed token is no ID token: its typ is another"
        );
    }
}

#[tokio::test]
async fn an_id_token_may_call_itself_jwt_or_nothing() {
    for kind in [json!("JWT"), json!("jwt"), json!("JOSE"), json!(""), Value::Null] {
        let parties = Parties::meet().await;
        parties
            .opposite
            .enqueue(Endpoint::Token, Answer::lying_id_token(move |header, _| header["typ"] = kind.clone()));
        assert!(parties.sign_in().await.is_ok());
    }
}
