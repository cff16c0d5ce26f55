//! Claims, read into a type of the application's.

use authsession_core::claims::typed;
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
