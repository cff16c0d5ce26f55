//! The discovery document: only the issuer's own is taken, with no endpoint that anybody on the way could read.
#![no_main]

use std::cell::OnceCell;

use authsession_core::http::HttpClient;
use authsession_core::provider::{Endpoints, Provider};
use authsession_fuzz::opposite::Opposite;
use authsession_fuzz::stage::{clock, run};
use authsession_fuzz::{MARKER, fill};
use libfuzzer_sys::fuzz_target;

thread_local! {
    static STAGE: OnceCell<(Opposite, HttpClient)> = const { OnceCell::new() };
}

fuzz_target!(|input: &[u8]| {
    let Ok(input) = std::str::from_utf8(input) else { return };
    STAGE.with(|cell| {
        let (opposite, http) =
            cell.get_or_init(|| (run(Opposite::start()), HttpClient::builder().build().unwrap()));
        let document = fill(input, &[("@ISSUER", &opposite.origin)]);
        opposite.answer("/.well-known/openid-configuration", 200, document.as_bytes());
        let provider =
            Provider::discover(&opposite.origin, Endpoints::default(), http.clone(), clock()).unwrap();
        match run(provider.metadata()) {
            Err(_) if input == include_str!("../seeds/metadata/honest") => panic!("the honest one is taken"),
            Err(error) => assert!(!format!("{error} {error:?}").contains(MARKER), "{error:?}"),
            Ok(metadata) => {
                assert_eq!(metadata.issuer.as_deref(), Some(opposite.origin.as_str()));
                let endpoints = [
                    Some(&metadata.token_endpoint),
                    metadata.authorization_endpoint.as_ref(),
                    metadata.jwks_uri.as_ref(),
                    metadata.userinfo_endpoint.as_ref(),
                    metadata.revocation_endpoint.as_ref(),
                    metadata.introspection_endpoint.as_ref(),
                    metadata.device_authorization_endpoint.as_ref(),
                    metadata.end_session_endpoint.as_ref(),
                ];
                for url in endpoints.into_iter().flatten() {
                    let here = matches!(url.host_str(), Some("localhost" | "[::1]"))
                        || url.host_str().is_some_and(|host| host.starts_with("127."))
                        || url.host_str().is_some_and(|host| host.ends_with(".localhost"));
                    assert!(url.scheme() == "https" || (url.scheme() == "http" && here), "{url}");
                }
            }
        }
    });
});
