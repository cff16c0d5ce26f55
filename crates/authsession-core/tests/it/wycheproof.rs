//! Every JSON Web vector of Wycheproof (RFC 7515 to RFC 7518), put to the verifier as the ID token of a login. Their payloads
//! are no claims: a token whose signature is believed is refused only for what it says.

use authsession_core::provider::Endpoints;
use serde_json::{Value, json};
use wycheproof_ng_kdf_jose::json_web::TestName::{
    JsonWebCrypto, JsonWebEncryption, JsonWebKey, JsonWebSignature,
};
use wycheproof_ng_kdf_jose::json_web::{TestGroup, TestName, TestSet};

use crate::parties::Parties;
use crate::verdict::untrusted;

/// What is said of a token whose signature is believed and whose payload is no object.
const BELIEVED: &str = "the signed token's claims are not an object, or name a claim twice";
/// All that is said of the others.
const NOT_BELIEVED: [&str; 5] = [
    "the signed token is not in compact form",
    "the token is not signed with an algorithm we allow",
    "the ID token is signed with an algorithm that is not allowed",
    "the token is signed by a key the provider does not publish",
    "the token's signature is wrong",
];

const SYMMETRIC: &str = "a provider that publishes its symmetric key has none: such a key verifies nothing";
const ALPHABET: &str =
    "a character outside base64url is refused (RFC 7515 §2), whether or not others pass it over";
const ENCRYPTED: &str = "encrypted ID tokens are not supported";
const ANOTHER_ALG: &str =
    "the key says PS256 and the token PS384: a key is for its `alg` alone (RFC 7517 §4.4)";
const NO_ALG: &str = "the key says ES521, which no algorithm is called: it is for something we do not know";
const WEAK_PRIME: &str =
    "how the provider made its key (ROCA, CVE-2017-15361) is not looked into: the signature is right";

/// Where we differ from the set: which test, whether we believe it, and why.
const DIFFERENCES: [(TestName, usize, bool, &str); 24] = [
    (JsonWebSignature, 1, false, SYMMETRIC),
    (JsonWebSignature, 346, false, ANOTHER_ALG),
    (JsonWebSignature, 347, false, NO_ALG),
    (JsonWebSignature, 348, false, SYMMETRIC),
    (JsonWebSignature, 350, false, ANOTHER_ALG),
    (JsonWebSignature, 351, false, NO_ALG),
    (JsonWebSignature, 352, false, SYMMETRIC),
    (JsonWebSignature, 357, false, SYMMETRIC),
    (JsonWebSignature, 358, false, SYMMETRIC),
    (JsonWebSignature, 359, false, SYMMETRIC),
    (JsonWebSignature, 372, false, ALPHABET),
    (JsonWebSignature, 373, false, ALPHABET),
    (JsonWebSignature, 376, false, SYMMETRIC),
    (JsonWebSignature, 377, false, SYMMETRIC),
    (JsonWebKey, 2, false, SYMMETRIC),
    (JsonWebKey, 7, true, WEAK_PRIME),
    (JsonWebKey, 13, false, SYMMETRIC),
    (JsonWebKey, 14, false, SYMMETRIC),
    (JsonWebKey, 15, false, SYMMETRIC),
    (JsonWebCrypto, 1, false, SYMMETRIC),
    (JsonWebCrypto, 46, true, WEAK_PRIME),
    (JsonWebCrypto, 48, false, SYMMETRIC),
    (JsonWebCrypto, 50, false, ENCRYPTED),
    (JsonWebCrypto, 67, false, ENCRYPTED),
];

/// What the provider publishes in this group: its public keys; where there are none, what it should have kept to itself.
fn published(group: &TestGroup) -> Value {
    let key = group.public_key.clone().or_else(|| group.private_key.clone()).unwrap();
    key.get("keys").cloned().unwrap_or_else(|| json!([key]))
}

fn in_compact_form(token: Option<&Value>) -> String {
    match token.unwrap() {
        Value::String(compact) => compact.clone(),
        serialized => serialized.to_string(),
    }
}

/// Whether the signature is believed by somebody who never heard of this provider before.
async fn believed(parties: &Parties, keys: Value, token: &str) -> bool {
    parties.publish(keys);
    let provider = parties.newcomer(Endpoints::default(), &parties.http);
    let check = untrusted(parties.hold_against(&provider, token).await);
    assert!(check == BELIEVED || NOT_BELIEVED.contains(&check.as_str()), "{check}");
    check == BELIEVED
}

/// How many tests the set has and how many were believed, each as the set or [`DIFFERENCES`] want it.
async fn go_through(set: TestName) -> (usize, usize) {
    let (parties, mut tests, mut right) = (Parties::meet().await, 0, 0);
    for group in TestSet::load(set).unwrap().test_groups {
        for test in &group.tests {
            let token = in_compact_form(test.jws.as_ref().or(test.jwe.as_ref()));
            let believed = believed(&parties, published(&group), &token).await;
            let difference = DIFFERENCES.iter().find(|row| (row.0, row.1) == (set, test.tc_id));
            if let Some((.., ours, _)) = difference {
                assert_ne!(*ours, !test.result.must_fail(), "{set:?} {} is no difference", test.tc_id);
            }
            let wanted = difference.map_or(!test.result.must_fail(), |row| row.2);
            assert_eq!(believed, wanted, "{set:?} {} {}: {}", test.tc_id, group.group_comment, test.comment);
            tests += 1;
            right += usize::from(believed);
        }
    }
    (tests, right)
}

#[tokio::test]
async fn every_signature_is_believed_or_refused_as_it_should_be() {
    assert_eq!(go_through(JsonWebSignature).await, (401, 32));
}

#[tokio::test]
async fn a_key_that_is_wrong_verifies_nothing() {
    assert_eq!(go_through(JsonWebKey).await, (26, 2));
}

#[tokio::test]
async fn a_token_a_key_was_not_meant_for_is_refused() {
    assert_eq!(go_through(JsonWebCrypto).await, (83, 3));
}

#[tokio::test]
async fn an_encrypted_token_is_refused() {
    let (parties, mut tests) = (Parties::meet().await, 0);
    for group in TestSet::load(JsonWebEncryption).unwrap().test_groups {
        for test in &group.tests {
            let token = in_compact_form(test.jwe.as_ref());
            assert!(!believed(&parties, published(&group), &token).await, "{}: {}", test.tc_id, test.comment);
            tests += 1;
        }
    }
    assert_eq!(tests, 139);
}

#[tokio::test]
async fn signatures_refused_for_the_name_in_their_key_are_right_under_another() {
    let (parties, mut tests) = (Parties::meet().await, 0);
    for group in TestSet::load(JsonWebSignature).unwrap().test_groups {
        for test in &group.tests {
            let reason = DIFFERENCES.iter().find(|row| (row.0, row.1) == (JsonWebSignature, test.tc_id));
            let Some((.., reason)) = reason.filter(|row| [ANOTHER_ALG, NO_ALG].contains(&row.3)) else {
                continue;
            };
            let mut keys = published(&group);
            keys[0]["alg"] = if *reason == NO_ALG { "ES512".into() } else { "PS384".into() };
            assert!(believed(&parties, keys, &in_compact_form(test.jws.as_ref())).await, "{}", test.tc_id);
            tests += 1;
        }
    }
    assert_eq!(tests, 4);
}
