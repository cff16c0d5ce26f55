//! The ID token: as a text that anybody may have written, and as claims and headers the provider did sign.
#![no_main]

use std::cell::OnceCell;

use authsession_core::clock::Timestamp;
use authsession_core::http::HttpClient;
use authsession_core::id_token::{IdTokenVerifier, LoginExpectations};
use authsession_core::provider::{Endpoints, Provider, ProviderMetadata};
use authsession_core::secret::Secret;
use authsession_fuzz::opposite::Opposite;
use authsession_fuzz::signer::Signer;
use authsession_fuzz::stage::{NOW, clock, run};
use authsession_fuzz::{CLIENT, MARKER};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

const ISSUER: &str = "https://login.example";
const NONCE: &str = "n";
const HEADER: &[u8] = br#"{"alg":"EdDSA","kid":"k"}"#;

thread_local! {
    static STAGE: OnceCell<(Provider, Signer)> = const { OnceCell::new() };
}

fuzz_target!(|input: &[u8]| {
    let Some((first, text)) = input.split_first() else { return };
    STAGE.with(|cell| {
        let (provider, signer) = cell.get_or_init(|| {
            let (provider, signer) = run(stage());
            let honest = include_bytes!("../seeds/id_token/claims");
            assert!(is_accepted(&provider, &signer.sign(HEADER, &honest[1..])));
            (provider, signer)
        });
        match first {
            b't' => {
                let Ok(token) = std::str::from_utf8(text) else { return };
                // Nobody but the provider has its key, and the fuzzer is nobody.
                assert!(!is_accepted(provider, token));
            }
            b'h' => {
                let mut parts = text.splitn(2, |byte| *byte == b'\n');
                let (header, claims) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
                if is_accepted(provider, &signer.sign(header, claims)) {
                    let header: Value = serde_json::from_slice(header).unwrap();
                    assert!(matches!(header["alg"].as_str(), Some("EdDSA" | "Ed25519")));
                    assert!(header.get("crit").is_none());
                    hold_to_account(claims);
                }
            }
            _ => {
                if is_accepted(provider, &signer.sign(HEADER, text)) {
                    hold_to_account(text);
                }
            }
        }
    });
});

fn is_accepted(provider: &Provider, token: &str) -> bool {
    let now = Timestamp::from_unix_seconds(NOW);
    let (token, access_token, nonce) = (Secret::from(token), Secret::from("token"), Secret::from(NONCE));
    let expected = LoginExpectations {
        nonce: &nonce,
        access_token: &access_token,
        code: None,
        started_at: now,
        max_age: None,
        essential_acr: &[],
    };
    match run(IdTokenVerifier::new(CLIENT).verify_login(provider, &token, now, &expected)) {
        Ok(_) => true,
        Err(error) => {
            assert!(!format!("{error} {error:?}").contains(MARKER), "{error:?}");
            false
        }
    }
}

/// What must hold of claims that were accepted, read by somebody else's parser.
fn hold_to_account(claims: &[u8]) {
    let claims: Value = serde_json::from_slice(claims).unwrap();
    assert_eq!(claims["iss"], ISSUER);
    assert_eq!(claims["nonce"], NONCE);
    assert!(
        claims["aud"] == CLIENT
            || claims["aud"].as_array().is_some_and(|all| all.iter().all(|one| one == CLIENT))
    );
    assert!(claims.get("azp").is_none_or(|party| party.is_null() || party == CLIENT));
    let subject = claims["sub"].as_str().unwrap();
    assert!(!subject.is_empty() && subject.chars().count() <= 255);
    let time = |name: &str| claims[name].as_f64();
    let now = NOW as f64;
    assert!(time("exp").is_some_and(|exp| exp > now - 61.0));
    assert!(time("iat").is_some_and(|iat| (now - 61.0..now + 61.0).contains(&iat)));
    assert!(time("nbf").is_none_or(|nbf| nbf < now + 61.0));
}

async fn stage() -> (Provider, Signer) {
    let opposite = Opposite::start().await;
    let signer = Signer::default();
    opposite.answer("/jwks", 200, signer.key_set().as_bytes());
    let metadata = ProviderMetadata::by_hand(Endpoints {
        token: opposite.url("/token").parse().ok(),
        jwks: opposite.url("/jwks").parse().ok(),
        ..Endpoints::default()
    });
    let mut metadata = metadata.unwrap();
    metadata.issuer = Some(ISSUER.to_owned());
    let http = HttpClient::builder().build().unwrap();
    (Provider::by_hand(metadata, http, clock()).unwrap(), signer)
}
