//! What is promised of records written down.

mod forms;
mod frozen;
mod made_up;

use std::fs;
use std::path::PathBuf;

use authsession_core::clock::Timestamp;
use authsession_core::extras::Extras;
use authsession_core::token_set::TokenSet;
use base64_simd::URL_SAFE_NO_PAD;

use crate::record::{Later, Refused, SessionRecord};
use crate::written::{fields, packing};

/// Everything in it, and the same every time.
fn record() -> SessionRecord {
    SessionRecord {
        tokens: TokenSet {
            access_token: access_token().into(),
            token_type: "Bearer".into(),
            refresh_token: Some(noise(243).into()),
            id_token: Some(id_token().into()),
            scope: Some("openid profile email offline_access".into()),
            received_at: Timestamp::from_unix_millis(1_772_000_123_456),
            expires_at: Some(Timestamp::from_unix_millis(1_772_003_723_456)),
            extras: Extras::from_iter([
                ("instance_url", "https://acme.my.salesforce.com"),
                ("issued_at", "1772000123456"),
                ("", ""),
            ]),
        },
        issuer: "https://login.corp.example".into(),
        client_id: "my-web-app".into(),
        subject: "7d1fe0ee-3e3c-4f5e-9d8e-2b0f2b1c4a55".into(),
        provider_session: Some("b1946ac9-2492-4d2f-8a1c-6b4f0f6f3c11".into()),
        userinfo: Some(r#"{"sub":"7d1fe0ee","name":"Zoë Ångström"}"#.into()),
        userinfo_is_newer: true,
        id_token_refused: true,
        // Of a release after the first: its bytes have no such field.
        remembered: false,
        created_at: Timestamp::from_unix_millis(1_771_990_000_000),
        expires_at: Timestamp::NEVER,
        refresh_sent_at: Some(Timestamp::from_unix_millis(-1)),
        refused: Some(Refused { at: Timestamp::from_unix_millis(i64::MIN), young: u32::MAX, pending: true }),
        later: Later::default(),
    }
}

fn id_token() -> String {
    jwt(
        r#"{"alg":"RS256","typ":"JWT","kid":"fMdFvJ0rWk3cXQ9nJx5wqQyD2v8B4mZsT1uLhKpE6aI"}"#,
        r#"{"iss":"https://login.corp.example","sub":"7d1fe0ee-3e3c-4f5e-9d8e-2b0f2b1c4a55","aud":"my-web-app","exp":1772003723,"iat":1772000123,"auth_time":1772000120,"nonce":"n6T9pXcV2bQ8sLwZ4kYhR7mEaJ1uGdF3oNiK5tBxC0y","sid":"b1946ac9-2492-4d2f-8a1c-6b4f0f6f3c11","at_hash":"V7s2Qk9LmX4pTzRcJ8wYdA","acr":"1","amr":["pwd","mfa"],"name":"Marguerite Oyelaran","given_name":"Marguerite","family_name":"Oyelaran","preferred_username":"m.oyelaran","email":"m.oyelaran@corp.example","email_verified":true}"#,
    )
}

fn access_token() -> String {
    jwt(
        r#"{"alg":"RS256","typ":"at+jwt","kid":"fMdFvJ0rWk3cXQ9nJx5wqQyD2v8B4mZsT1uLhKpE6aI"}"#,
        r#"{"iss":"https://login.corp.example","sub":"7d1fe0ee-3e3c-4f5e-9d8e-2b0f2b1c4a55","aud":["https://api.corp.example"],"client_id":"my-web-app","exp":1772003723,"iat":1772000123,"jti":"0d9a3c1e-7c55-4f1b-a0f4-90c6a8de41b7","sid":"b1946ac9-2492-4d2f-8a1c-6b4f0f6f3c11","scope":"openid profile email offline_access","roles":["orders.read","orders.write"]}"#,
    )
}

fn jwt(header: &str, claims: &str) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode_to_string(text);
    format!("{}.{}.{}", part(header), part(claims), noise(256))
}

/// Base64url of that many bytes that do not compress.
fn noise(length: usize) -> String {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ u64::try_from(length).unwrap();
    let mut byte = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[0]
    };
    URL_SAFE_NO_PAD.encode_to_string((0..length).map(|_| byte()).collect::<Vec<_>>())
}

/// The two halves of what was written: what is kept as it is, and the texts.
fn halves(written: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut rest = &written[2..];
    let length = fields::take_length(&mut rest).unwrap();
    let (kept, texts) = rest.split_at(length);
    let plain = written[1] == packing::PLAIN;
    (kept.to_vec(), if plain { texts.to_vec() } else { packing::unpack(texts).unwrap() })
}

/// What a release that does not pack would have written.
fn joined(kept: &[u8], texts: &[u8]) -> Vec<u8> {
    let mut written = vec![1, packing::PLAIN];
    fields::put_length(&mut written, kept.len());
    [&written, kept, texts].concat()
}

fn frozen(name: &str) -> Vec<u8> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "frozen", name].iter().collect();
    fs::read(path).unwrap()
}
