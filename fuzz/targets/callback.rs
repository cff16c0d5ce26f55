//! The callback's query: a code comes out only of an honest one, and whatever else comes is a page.
#![no_main]

use std::cell::OnceCell;

use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_core::authorization::{AuthorizationRequest, AuthorizationResponse, ResponseMode};
use authsession_core::clock::Timestamp;
use authsession_core::provider::{Endpoints, ProviderMetadata};
use authsession_fuzz::application::{Answer, Application};
use authsession_fuzz::stage::{NOW, run};
use authsession_fuzz::{CLIENT, MARKER, fill};
use axum::http::Method;
use libfuzzer_sys::fuzz_target;

thread_local! {
    static BY_QUERY: OnceCell<Application> = const { OnceCell::new() };
    static BY_FORM: OnceCell<Application> = const { OnceCell::new() };
}

fuzz_target!(|input: &[u8]| {
    let Ok(input) = std::str::from_utf8(input) else { return };
    read_by_core(input);
    BY_QUERY.with(|cell| {
        let application = cell.get_or_init(|| run(Application::start()));
        let query = fill(input, &[("@STATE", &application.state)]);
        let cookies = Application::cookies(application.login.as_bytes()).unwrap();
        signs_nobody_in(run(application.ask(Method::GET, &format!("/auth/callback?{query}"), &[cookies])));
    });
    BY_FORM.with(|cell| {
        let form_post =
            |builder: OAuthConfigurationBuilder| builder.with_response_mode(ResponseMode::FormPost);
        let application = cell.get_or_init(|| run(Application::start_with(form_post)));
        let form = fill(input, &[("@STATE", &application.state)]);
        let cookies = Application::cookies(application.login.as_bytes()).unwrap();
        signs_nobody_in(run(application.post("/auth/callback", cookies, form.as_bytes())));
    });
});

/// Whatever the code, it is worth nothing at this provider.
fn signs_nobody_in(answer: Option<Answer>) {
    let Some(answer) = answer else { return };
    let cookies = answer.headers.get_all("set-cookie");
    assert!(cookies.iter().all(|cookie| !cookie.as_bytes().starts_with(b"__Host-authsession=")));
}

fn read_by_core(input: &str) {
    let provider = ProviderMetadata::by_hand(Endpoints {
        authorization: "https://login.example/authorize".parse().ok(),
        token: "https://login.example/token".parse().ok(),
        ..Endpoints::default()
    });
    let mut provider = provider.unwrap();
    provider.issuer = Some("https://login.example".to_owned());
    provider.authorization_response_iss_parameter_supported = input.len() % 2 == 0;
    let request = AuthorizationRequest::new(CLIENT, "https://app.example/auth/callback", "openid");
    let (_, pending) = request.start(&provider, Timestamp::from_unix_seconds(NOW)).unwrap();
    let query = fill(input, &[("@STATE", pending.state.expose())]);
    let verdict =
        AuthorizationResponse::parse(&query).and_then(|response| response.check(&pending, &provider));
    match verdict {
        Err(_) if input == include_str!("../seeds/callback/with_issuer") => panic!("the honest one is taken"),
        Err(error) => assert!(!format!("{error} {error:?}").contains(MARKER)),
        Ok(code) => {
            let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
            let all = |name: &str| -> Vec<&str> {
                pairs.iter().filter(|(found, _)| found == name).map(|(_, value)| &**value).collect()
            };
            assert_eq!(all("state"), [pending.state.expose()]);
            assert_eq!(all("code"), [code.expose()]);
            assert!(all("error").is_empty() && !code.is_empty());
            let issuer = all("iss");
            let promised = provider.authorization_response_iss_parameter_supported;
            assert!(issuer == ["https://login.example"] || (issuer.is_empty() && !promised));
        }
    }
}
