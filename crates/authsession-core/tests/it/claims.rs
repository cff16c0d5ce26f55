//! Claims, read into a type of the application's.

use authsession_core::claims::{IdTokenClaims, typed};
use authsession_core::error::Error;
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
