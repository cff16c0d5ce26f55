//! ID tokens whose claims are odd as a text (RFC 7519 §4, RFC 8259), under a signature that is right.

use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::script::Answer;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::both::Both;
use crate::id_token::{Asked, Login};
use crate::verdict::{Outcome, assert_explained};

type Write = fn(String) -> Vec<u8>;

/// With something put before the first claim.
fn first(claims: &str, text: &str) -> Vec<u8> {
    claims.replacen('{', &format!("{{{text},"), 1).into_bytes()
}

const WRITTEN: [(&str, Write); 16] = [
    ("honest", String::into_bytes),
    ("with blanks", |claims| claims.replace(',', " ,\n\t").into_bytes()),
    ("sub escaped", |claims| claims.replace("alice", "\\u0061lice").into_bytes()),
    ("sub twice", |claims| first(&claims, r#""sub":"mallory""#)),
    ("aud twice", |claims| first(&claims, r#""aud":"another-client""#)),
    ("exp twice", |claims| first(&claims, r#""exp":1"#)),
    ("an unknown claim twice", |claims| first(&claims, r#""x":1,"x":2"#)),
    ("a claim twice further down", |claims| first(&claims, r#""x":{"y":1,"y":2}"#)),
    ("nested 200 deep", |claims| first(&claims, &format!(r#""x":{}{}"#, "[".repeat(200), "]".repeat(200)))),
    ("a megabyte", |claims| first(&claims, &format!(r#""x":"{}""#, "x".repeat(1_000_000)))),
    ("something after it", |claims| format!("{claims} x").into_bytes()),
    ("a byte order mark", |claims| format!("\u{feff}{claims}").into_bytes()),
    ("an array", |claims| format!("[{claims}]").into_bytes()),
    ("half of it", |claims| claims.as_bytes()[..claims.len() / 2].to_vec()),
    ("bytes that are not UTF-8", |claims| {
        let at = claims.find("alice").unwrap();
        [&claims.as_bytes()[..at], b"\xff", &claims.as_bytes()[at + 1..]].concat()
    }),
    ("empty", |_| Vec::new()),
];

#[tokio::test]
async fn claims_are_read_or_refused_by_both_alike() {
    let both = Both::meet_with(|builder| builder.signing_algorithm(SigningAlgorithm::EdDsa)).await;
    let pair = Ed25519KeyPair::generate().unwrap();
    let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "key", "use": "sig", "alg": "EdDSA", "x": x });
    both.says(Endpoint::Jwks, Answer::json(200, &json!({ "keys": [key] })));
    let mut outcomes = Vec::new();
    for (case, write) in WRITTEN {
        let login = Login::begin(&both).await;
        let claims = URL_SAFE_NO_PAD.encode(write(login.claims(&both).to_string()));
        let signed = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA","kid":"key"}"#));
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(pair.sign(signed.as_bytes())));
        let (ours, theirs) = login.verdicts(&both, &token, &Asked::default()).await;
        outcomes.push(Outcome { case, ours, theirs });
    }
    assert_explained("claims as a text", &outcomes);
}
