//! The key set: a token counts only where the key that signed it is published.
#![no_main]

use std::cell::OnceCell;

use authsession_core::clock::Timestamp;
use authsession_core::http::HttpClient;
use authsession_core::id_token::IdTokenVerifier;
use authsession_core::provider::{Endpoints, Provider, ProviderMetadata};
use authsession_core::secret::Secret;
use authsession_fuzz::CLIENT;
use authsession_fuzz::opposite::Opposite;
use authsession_fuzz::signer::Signer;
use authsession_fuzz::stage::{NOW, clock, run};
use libfuzzer_sys::fuzz_target;

thread_local! {
    static STAGE: OnceCell<(Opposite, HttpClient)> = const { OnceCell::new() };
}

fuzz_target!(|input: &[u8]| {
    STAGE.with(|cell| {
        let (opposite, http) = cell.get_or_init(|| {
            let stage = (run(Opposite::start()), HttpClient::builder().build().unwrap());
            let honest = include_bytes!("../seeds/jwks/honest");
            assert!(accepted(honest, &stage.0, &stage.1).contains(&true));
            stage
        });
        let signer = Signer::default();
        if accepted(input, opposite, http).contains(&true) {
            let document: serde_json::Value = serde_json::from_slice(input).unwrap();
            let published = document["keys"].as_array().unwrap().iter().any(|key| key["x"] == signer.x());
            assert!(published);
        }
    });
});

/// Whether tokens are taken that name the algorithm in either way, where this is the key set.
fn accepted(key_set: &[u8], opposite: &Opposite, http: &HttpClient) -> [bool; 2] {
    opposite.answer("/jwks", 200, key_set);
    let metadata = ProviderMetadata::by_hand(Endpoints {
        token: opposite.url("/token").parse().ok(),
        jwks: opposite.url("/jwks").parse().ok(),
        ..Endpoints::default()
    });
    let mut metadata = metadata.unwrap();
    metadata.issuer = Some(opposite.origin.clone());
    let provider = Provider::by_hand(metadata, http.clone(), clock()).unwrap();
    let signer = Signer::default();
    let claims = format!(
        r#"{{"iss":"{}","sub":"alice","aud":"{CLIENT}","iat":{NOW},"exp":{}}}"#,
        opposite.origin,
        NOW + 300
    );
    let verifier = IdTokenVerifier::new(CLIENT);
    let now = Timestamp::from_unix_seconds(NOW);
    let access_token = Secret::from("token");
    [&br#"{"alg":"EdDSA"}"#[..], br#"{"alg":"Ed25519","kid":"k"}"#].map(|header| {
        let token = Secret::from(signer.sign(header, claims.as_bytes()));
        run(verifier.verify_without_nonce(&provider, &token, &access_token, now)).is_ok()
    })
}
