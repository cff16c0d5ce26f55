//! Claims, read into a type of the application's.

use authsession_core::claims::{IdTokenClaims, typed};
use authsession_core::clock::Timestamp;
use authsession_core::error::Error;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::provider::Provider as Opposite;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::parties::Parties;
use crate::verdict::{hint, told};

#[derive(Debug, Deserialize)]
struct Profile {
    sub: String,
    email: Option<String>,
    department: Option<String>,
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[tokio::test]
async fn the_claims_of_an_id_token_are_read_into_a_type() {
    let parties = Parties::meet().await;
    let profile: Profile = parties.sign_in().await.unwrap().claims.into_typed().unwrap();
    assert_eq!(profile.sub, "alice");
    assert_eq!(profile.email.as_deref(), Some("alice@example.test"));
    assert_eq!(profile.department, None);
}

#[tokio::test]
async fn the_claims_of_a_token_in_safe_keeping_are_read_as_they_stand() {
    let parties = Parties::meet().await;
    let signed_in = parties.sign_in().await.unwrap();
    let id_token = signed_in.tokens.id_token.unwrap();
    parties.time.advance(std::time::Duration::from_secs(1_000_000));
    assert!(IdTokenClaims::danger_read_unverified(&id_token).unwrap() == signed_in.claims);
    for no_token in ["", "a.b.c", "canary"] {
        let error = IdTokenClaims::danger_read_unverified(&no_token.into()).unwrap_err();
        assert!(matches!(error, Error::Untrusted(_)) && !told(&error).contains("canary"));
    }
}

#[test]
fn claims_that_do_not_fit_are_a_misconfiguration_that_names_the_type() {
    let outcome = typed::<Profile>(object(&json!({ "email": "alice@example.test" })));
    assert!(hint(outcome).contains("Profile: make optional"));
}

#[test]
fn claims_that_do_not_fit_are_not_shown() {
    let error = typed::<Profile>(object(&json!({ "sub": { "canary": "canary" } }))).unwrap_err();
    assert!(!told(&error).contains("canary"), "{}", told(&error));
}

/// What an ID token with that `session_expiry` says.
fn with_session_expiry(opposite: &Opposite, session_expiry: &Value) -> IdTokenClaims {
    let claims = json!({
        "iss": opposite.issuer(), "sub": "alice", "aud": opposite.client_id(), "exp": 1_893_456_300,
        "iat": 1_893_456_000, "session_expiry": session_expiry,
    });
    IdTokenClaims::danger_read_unverified(&opposite.sign(claims).unwrap().into()).unwrap()
}

#[tokio::test]
async fn a_session_expiry_is_read_from_a_number_a_fraction_and_a_text() {
    let opposite = Opposite::builder().signing_algorithm(SigningAlgorithm::Es256).start().await.unwrap();
    for (value, millis) in [
        (json!(1_893_459_600), 1_893_459_600_000),
        (json!(1_893_459_600.5), 1_893_459_600_500),
        (json!("1893459600"), 1_893_459_600_000),
        (json!(" 1893459600.25 "), 1_893_459_600_250),
        (json!(1_000_000_000), 1_000_000_000_000),
        (json!(253_402_300_799_i64), 253_402_300_799_000),
    ] {
        let claims = with_session_expiry(&opposite, &value);
        assert_eq!(claims.session_expiry, Some(Timestamp::from_unix_millis(millis)), "{value}");
        assert!(!claims.has_absurd_session_expiry(), "{value}");
    }
}

#[tokio::test]
async fn a_session_expiry_that_cannot_be_meant_is_none_and_told() {
    let opposite = Opposite::builder().signing_algorithm(SigningAlgorithm::Es256).start().await.unwrap();
    for value in [
        json!(-1),
        json!(0),
        json!(3600),
        json!(999_999_999),
        json!(1_893_459_600_000_i64),
        json!(1e30),
        json!(u64::MAX),
        json!("tomorrow"),
        json!(""),
        json!("NaN"),
        json!("inf"),
        json!(true),
        json!([1_893_459_600]),
        json!({}),
    ] {
        let claims = with_session_expiry(&opposite, &value);
        assert_eq!(claims.session_expiry, None, "{value}");
        assert!(claims.has_absurd_session_expiry(), "{value}");
    }
    assert!(!with_session_expiry(&opposite, &Value::Null).has_absurd_session_expiry(), "none is none");
}
