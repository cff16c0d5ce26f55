//! Cookies of any kind: only the session's own lets anybody in.
#![no_main]

use std::cell::OnceCell;

use authsession_fuzz::application::Application;
use authsession_fuzz::stage::run;
use axum::http::{Method, StatusCode};
use libfuzzer_sys::fuzz_target;

thread_local! {
    static APPLICATION: OnceCell<Application> = const { OnceCell::new() };
}

fuzz_target!(|input: &[u8]| {
    APPLICATION.with(|cell| {
        let application = cell.get_or_init(|| {
            let application = run(Application::start());
            let cookie = Application::cookies(application.session.as_bytes()).unwrap();
            let me = run(application.ask(Method::GET, "/me", &[cookie])).unwrap();
            assert_eq!(me.status, StatusCode::OK);
            application
        });
        let cookies = replace(input, b"@SESSION", application.session.as_bytes());
        let cookies = replace(&cookies, b"@LOGIN", application.login.as_bytes());
        let Some(header) = Application::cookies(&cookies) else { return };
        let me = run(application.ask(Method::GET, "/me", &[header.clone()])).unwrap();
        let let_in = me.status == StatusCode::OK;
        let theirs =
            cookies.windows(application.session.len()).any(|part| part == application.session.as_bytes());
        assert!(!let_in || (theirs && me.body == b"alice"));
        let callback = format!("/auth/callback?code=c&state={}", application.state);
        for (method, target) in
            [(Method::GET, "/auth"), (Method::GET, &callback), (Method::POST, "/auth/logout")]
        {
            // A session that can be ended by a cookie of it alone would be over for the rest of the run.
            if target != "/auth/logout" || !theirs {
                run(application.ask(method, target, &[header.clone()])).unwrap();
            }
        }
    });
});

fn replace(text: &[u8], name: &[u8], value: &[u8]) -> Vec<u8> {
    match text.windows(name.len()).position(|part| part == name) {
        Some(at) => [&text[..at], value, &text[at + name.len()..]].concat(),
        None => text.to_vec(),
    }
}
