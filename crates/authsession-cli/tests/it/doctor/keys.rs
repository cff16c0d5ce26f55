//! Keys that are missing, weak, alike, or given away.

use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use serde_json::{Value, json};

use super::{assert_verdict, provider, verdict};

/// 512 bits.
const SHORT: &str = "zoq3eJTDjuremtAFBPyDfSJ1ApcgbQiaQ2lXAc7Qls16LDIoDJs682n35ogtxSsuJb19qlzfGqPwBil2t9YW7w";

fn add(set: &mut Value, key: Value) {
    set["keys"].as_array_mut().unwrap().push(key);
}

#[tokio::test]
async fn each_fault_of_the_keys_has_its_line() {
    type Lie = fn(&mut Value);
    let lies: [(&str, &str, Lie); 8] = [
        ("usable", "wrong", |set| set["keys"] = json!([])),
        ("usable", "wrong", |set| set["keys"][0]["use"] = "enc".into()),
        ("strength", "wrong", |set| {
            add(set, json!({ "kty": "RSA", "kid": "short", "n": SHORT, "e": "AQAB" }))
        }),
        ("kid", "warning", |set| {
            let twin = set["keys"][0].clone();
            add(set, twin);
        }),
        ("kid", "warning", |set| add(set, json!({ "kty": "EC" }))),
        ("kid", "ok", |set| drop(set["keys"][0].as_object_mut().unwrap().remove("kid"))),
        ("secrecy", "wrong", |set| set["keys"][0]["d"] = "AQAB".into()),
        ("secrecy", "wrong", |set| add(set, json!({ "kty": "oct", "kid": "oct", "k": "c2VjcmV0" }))),
    ];
    for (check, wanted, lie) in lies {
        let provider = provider().await;
        provider.always(Endpoint::Jwks, Answer::tampered(lie));
        assert_verdict(&verdict(&provider, &[], check).await, wanted, check);
    }
}

#[tokio::test]
async fn a_key_set_that_is_none_is_told() {
    for answer in [Answer::status(500), Answer::html(200, "<h1>Keys</h1>"), Answer::json(200, &json!({}))] {
        let provider = provider().await;
        provider.always(Endpoint::Jwks, answer);
        assert_verdict(&verdict(&provider, &[], "jwks").await, "wrong", "jwks");
    }
}

#[tokio::test]
async fn an_honest_set_is_strong_and_told_apart() {
    let provider = provider().await;
    for check in ["jwks", "usable", "strength", "kid", "signing"] {
        assert_verdict(&verdict(&provider, &[], check).await, "ok", check);
    }
    assert_eq!(verdict(&provider, &[], "secrecy").await.0, None);
}
