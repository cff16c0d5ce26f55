//! The token endpoint's answer: tokens come only of an answer of the protocol, and no error repeats it.
#![no_main]

use std::cell::OnceCell;
use std::sync::Arc;

use authsession_core::client_auth::{Client, ClientAuth};
use authsession_core::grant::refresh_token::RefreshToken;
use authsession_core::http::HttpClient;
use authsession_core::provider::{Endpoints, Provider, ProviderMetadata};
use authsession_core::token_endpoint::TokenEndpoint;
use authsession_fuzz::opposite::Opposite;
use authsession_fuzz::stage::{clock, run};
use authsession_fuzz::{CLIENT, MARKER};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

const STATUSES: [u16; 8] = [200, 200, 200, 400, 401, 302, 429, 500];

thread_local! {
    static STAGE: OnceCell<(Opposite, TokenEndpoint)> = const { OnceCell::new() };
}

fuzz_target!(|input: &[u8]| {
    let Some((first, body)) = input.split_first() else { return };
    let status = STATUSES[usize::from(*first) % STATUSES.len()];
    STAGE.with(|cell| {
        let (opposite, endpoint) = cell.get_or_init(|| run(stage()));
        opposite.answer("/token", status, body);
        let grant = RefreshToken { refresh_token: MARKER.into(), scope: None };
        match run(endpoint.redeem(&grant)) {
            Err(_) if input == include_bytes!("../seeds/token_response/honest") => {
                panic!("the honest one is taken")
            }
            Err(error) => assert!(!format!("{error} {error:?}").contains(MARKER), "{error:?}"),
            Ok(tokens) => {
                assert_eq!(status, 200);
                let answer: Value = serde_json::from_slice(body).unwrap();
                assert_eq!(answer["access_token"], tokens.access_token.expose());
                assert!(!tokens.access_token.is_empty());
                assert!(answer["token_type"].as_str().unwrap().eq_ignore_ascii_case("bearer"));
                assert!(answer.get("error").is_none_or(Value::is_null));
                assert!(!format!("{tokens:?}").contains(MARKER));
            }
        }
    });
});

async fn stage() -> (Opposite, TokenEndpoint) {
    let opposite = Opposite::start().await;
    let metadata = ProviderMetadata::by_hand(Endpoints {
        token: opposite.url("/token").parse().ok(),
        ..Endpoints::default()
    });
    let http = HttpClient::builder().build().unwrap();
    let provider = Provider::by_hand(metadata.unwrap(), http.clone(), clock()).unwrap();
    let client = Client { id: CLIENT.to_owned(), auth: ClientAuth::None };
    let endpoint = TokenEndpoint::new(Arc::new(provider), client, http, clock());
    (opposite, endpoint)
}
