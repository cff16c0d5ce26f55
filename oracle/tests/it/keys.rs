//! The keys a provider publishes (RFC 7517), for an honest ID token.

use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use serde_json::{Value, json};

use crate::both::Both;
use crate::id_token::{Asked, Login};
use crate::verdict::{Outcome, assert_explained};

type Edit = fn(&mut Value);

/// Edits to a key set of one key, the honest one.
const EDITED: [(&str, Edit); 30] = [
    ("honest", |_| {}),
    ("no alg", |set| drop(set["keys"][0].as_object_mut().unwrap().remove("alg"))),
    ("no use", |set| drop(set["keys"][0].as_object_mut().unwrap().remove("use"))),
    ("no kid", |set| drop(set["keys"][0].as_object_mut().unwrap().remove("kid"))),
    ("for verifying", |set| set["keys"][0]["key_ops"] = json!(["verify"])),
    ("for encryption", |set| set["keys"][0]["use"] = "enc".into()),
    ("for something unknown", |set| set["keys"][0]["use"] = "odd".into()),
    ("for signing alone", |set| set["keys"][0]["key_ops"] = json!(["sign"])),
    ("for nothing", |set| set["keys"][0]["key_ops"] = json!([])),
    ("for verifying and something unknown", |set| set["keys"][0]["key_ops"] = json!(["verify", "odd"])),
    ("of another algorithm", |set| set["keys"][0]["alg"] = "ES384".into()),
    ("of an unknown algorithm", |set| set["keys"][0]["alg"] = "ES257".into()),
    ("of another type", |set| set["keys"][0]["kty"] = "RSA".into()),
    ("of an unknown type", |set| set["keys"][0]["kty"] = "AKP".into()),
    ("of another curve", |set| set["keys"][0]["crv"] = "P-384".into()),
    ("of an unknown curve", |set| set["keys"][0]["crv"] = "P-257".into()),
    ("under another kid", |set| set["keys"][0]["kid"] = "another".into()),
    ("kid a number", |set| set["keys"][0]["kid"] = 7.into()),
    ("a point that is not on the curve", |set| {
        set["keys"][0]["x"] = "A".repeat(43).into();
    }),
    ("a coordinate too short", |set| set["keys"][0]["x"] = "AAAA".into()),
    ("a coordinate with padding", |set| {
        set["keys"][0]["x"] = format!("{}=", set["keys"][0]["x"].as_str().unwrap()).into();
    }),
    ("its private part published", |set| set["keys"][0]["d"] = "A".repeat(43).into()),
    ("a certificate elsewhere", |set| set["keys"][0]["x5u"] = "https://evil.example/cert".into()),
    ("a certificate that is none", |set| set["keys"][0]["x5c"] = json!(["AAAA"])),
    ("an unknown key beside it", |set| set["keys"].as_array_mut().unwrap().push(json!({ "kty": "AKP" }))),
    ("something that is no key beside it", |set| set["keys"].as_array_mut().unwrap().push("odd".into())),
    ("a symmetric key beside it", |set| {
        let key = json!({ "kty": "oct", "k": "c2VjcmV0", "alg": "HS256", "kid": "oct" });
        set["keys"].as_array_mut().unwrap().push(key);
    }),
    ("the same key twice", |set| {
        let key = set["keys"][0].clone();
        set["keys"].as_array_mut().unwrap().push(key);
    }),
    ("no keys", |set| set["keys"] = json!([])),
    ("no key set", |set| *set = json!({})),
];

#[tokio::test]
async fn keys_are_used_or_left_by_both_alike() {
    let (both, mut outcomes) = (Both::meet().await, Vec::new());
    let honest = both.published(Endpoint::Jwks).await;
    assert_eq!(honest["keys"].as_array().unwrap().len(), 1);
    for (case, edit) in EDITED {
        let mut set = honest.clone();
        edit(&mut set);
        both.says(Endpoint::Jwks, Answer::json(200, &set));
        let login = Login::begin(&both).await;
        let token = both.opposite.sign(login.claims(&both)).unwrap();
        let (ours, theirs) = login.verdicts(&both, &token, &Asked::default()).await;
        outcomes.push(Outcome { case, ours, theirs });
    }
    assert_explained("keys", &outcomes);
}
