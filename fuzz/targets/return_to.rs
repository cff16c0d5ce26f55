//! The place to return to: whatever is asked for, it is one of this application's.
#![no_main]

use std::cell::OnceCell;

use authsession_fuzz::application::{Application, ORIGIN, SCRIPT};
use authsession_fuzz::stage::run;
use axum::http::{HeaderValue, Method, StatusCode};
use libfuzzer_sys::fuzz_target;
use url::Url;

thread_local! {
    static APPLICATION: OnceCell<Application> = const { OnceCell::new() };
}

fuzz_target!(|input: &[u8]| {
    let Ok(input) = std::str::from_utf8(input) else { return };
    let asked: String = url::form_urlencoded::byte_serialize(input.as_bytes()).collect();
    let target = format!("/auth?return_to={asked}");
    APPLICATION.with(|cell| {
        let application = cell.get_or_init(|| run(Application::start()));
        // A script is told where to sign in, and with that which place was understood.
        let Some(answer) = run(application.ask(Method::GET, &target, &[SCRIPT])) else { return };
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        let problem: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        let origin = Url::parse(ORIGIN).unwrap();
        let login = origin.join(problem["login_url"].as_str().unwrap()).unwrap();
        assert_eq!(login.origin(), origin.origin());
        for (_, place) in login.query_pairs().filter(|(name, _)| name == "return_to") {
            let landed = origin.join(&place).unwrap();
            assert_eq!(landed.origin(), origin.origin(), "{place}");
            assert!(landed.username().is_empty() && landed.password().is_none(), "{place}");
            assert!(place.starts_with('/') && !place.starts_with("//") && !place.contains('\\'), "{place}");
            assert!(HeaderValue::try_from(place.as_ref()).is_ok(), "{place}");
        }
        let started = run(application.ask(Method::GET, &target, &[])).unwrap();
        assert_eq!(started.status, StatusCode::SEE_OTHER);
        let location = started.headers["location"].to_str().unwrap();
        assert!(location.starts_with(&application.authorization_endpoint), "{location}");
    });
});
