//! Cookies a browser did not get from us, or not like this: nobody is signed in by one, and none is a 500.

use std::sync::Arc;

use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_testkit::browser::Browser;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::serve::Server;
use axum::http::Method;

use crate::login_checks::stage;
use crate::stage::{Stage, app, application};
use crate::wire::send;

const OTHER_KEY: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f90123456789abcdef0f1e2d3c4b5a6978";

/// The login cookie of a login under way: its name and what it holds.
fn login_cookie(stage: &Stage) -> (String, String) {
    let cookies = stage.browser.cookies(stage.url("/")).unwrap();
    cookies.into_iter().find(|(name, _)| name.starts_with("authsession-login-")).unwrap()
}

/// How a script that sends this as its cookies is answered.
async fn sent(stage: &Stage, cookie: &str) -> u16 {
    let browser = Browser::with_clock(stage.clock.clone()).unwrap();
    let page = browser.fetch_with(Method::GET, stage.url("/token"), &[("cookie", cookie)], "").await.unwrap();
    page.status.as_u16()
}

#[tokio::test]
async fn a_session_cookie_cut_short_changed_or_of_100_kb_signs_nobody_in() {
    let stage = stage().await;
    stage.sign_in().await;
    let real = stage.session_cookie().unwrap();
    assert_eq!(sent(&stage, &format!("authsession={real}")).await, 200);
    for end in [0, 1, 21, 42] {
        assert_eq!(sent(&stage, &format!("authsession={}", &real[..end])).await, 401);
        let other = if &real[end..=end] == "A" { "B" } else { "A" };
        let changed = format!("{}{other}{}", &real[..end], &real[end + 1..]);
        assert_eq!(sent(&stage, &format!("authsession={changed}")).await, 401);
    }
    assert_eq!(sent(&stage, &format!("authsession={real}{}", "A".repeat(100_000))).await, 401);
}

#[tokio::test]
async fn a_real_cookie_among_100_kb_of_others_signs_its_user_in() {
    let stage = stage().await;
    stage.sign_in().await;
    let real = stage.session_cookie().unwrap();
    let others: String = (0..1000).map(|number| format!("c{number}={}; ", "x".repeat(90))).collect();
    assert_eq!(sent(&stage, &format!("{others}authsession={real}")).await, 200);
}

/// A sibling's page may set a cookie whose name only looks like `__Host-…` once more than a blank is taken off.
#[tokio::test]
async fn of_what_stands_around_a_cookie_only_blanks_and_tabs_are_taken_off() {
    let stage = stage().await;
    stage.sign_in().await;
    let real = stage.session_cookie().unwrap();
    for around in ["", " ", "\t", " \t "] {
        assert_eq!(sent(&stage, &format!("a=b;{around}authsession={real}{around}; c=d")).await, 200);
    }
    for around in ["\u{85}", "\u{a0}", "\u{2003}", "\u{3000}", "\u{feff}"] {
        assert_eq!(sent(&stage, &format!("a=b; {around}authsession={real}")).await, 401, "{around:?}");
    }
    for around in ["\x0b", "\x0c", "\0", "\x1f"] {
        let cookie = format!("{around}authsession={real}");
        let answer = send(&stage, Method::GET, "/token", &[("Cookie", &cookie)], b"").await;
        assert_ne!(answer.status, 200, "{around:?}");
    }
}

#[tokio::test]
async fn a_login_cookie_forged_cut_short_doubled_or_of_100_kb_redeems_nothing() {
    let stage = stage().await;
    let callback = stage.to_the_callback("/auth").await;
    let (name, sealed) = login_cookie(&stage);
    let flipped = if sealed.ends_with('A') { "B" } else { "A" };
    let forgeries = [
        String::new(),
        sealed[..sealed.len() / 2].to_owned(),
        format!("{}{flipped}", &sealed[..sealed.len() - 1]),
        "A".repeat(sealed.len()),
        "%00%ff".to_owned(),
    ];
    for forged in &forgeries {
        stage.browser.clear_cookies();
        stage.browser.set_cookie(stage.url("/"), &format!("{name}={forged}; Path=/")).unwrap();
        let page = stage.browser.navigate_without_following(&callback).await.unwrap();
        assert_eq!((page.status.as_u16(), page.location().unwrap().path()), (303, "/authorize"), "{forged}");
    }
    for cookie in [
        format!("{name}={sealed}{}", "A".repeat(100_000)),
        format!("{name}={}; {name}={sealed}", forgeries[2]),
    ] {
        let browser = Browser::with_clock(stage.clock.clone()).unwrap();
        let page = browser.fetch_with(Method::GET, &callback, &[("cookie", &cookie)], "").await.unwrap();
        assert_eq!(page.status, 401, "a script starts no login");
    }
    assert_eq!((stage.provider.journal().count(Endpoint::Token), stage.store.len()), (0, 0));
}

#[tokio::test]
async fn a_login_cookie_of_one_attempt_is_none_of_another() {
    let stage = stage().await;
    let callback = stage.to_the_callback("/auth").await;
    let (name, _) = login_cookie(&stage);
    stage.browser.clear_cookies();
    stage.to_the_callback("/auth").await;
    let (_, of_another) = login_cookie(&stage);
    stage.browser.clear_cookies();
    stage.browser.set_cookie(stage.url("/"), &format!("{name}={of_another}; Path=/")).unwrap();

    let page = stage.browser.navigate_without_following(&callback).await.unwrap();

    assert_eq!(
        (page.status.as_u16(), page.location().unwrap().path()),
        (303, "/authorize"),
        "it starts over"
    );
    assert_eq!(stage.provider.journal().count(Endpoint::Token), 0);
}

type Edit = fn(OAuthConfigurationBuilder) -> OAuthConfigurationBuilder;

/// The same application, started again with other settings.
async fn restarted(stage: Stage, edit: Edit) -> Stage {
    let Stage { clock, provider, store, server, browser } = stage;
    let address = server.address();
    server.stop().await;
    let slot = Server::reserve_at(address).await.unwrap();
    let builder = application(&provider, &slot, &clock).with_issuer(provider.issuer()).await.unwrap();
    let server = slot.serve(app(edit(builder), Arc::clone(&store)));
    Stage { clock, provider, store, server, browser }
}

#[tokio::test]
async fn a_login_begun_under_the_key_before_ends_well_after_the_change() {
    let stage = stage().await;
    let callback = stage.to_the_callback("/auth?return_to=/token").await;

    let stage = restarted(stage, |application| application.with_private_cookie_key(OTHER_KEY)).await;

    assert_eq!(stage.browser.navigate(&callback).await.unwrap().url.path(), "/token");
    assert_eq!(stage.provider.journal().grants("authorization_code"), 1);
}

#[tokio::test]
async fn a_login_cookie_under_a_foreign_key_redeems_nothing_and_starts_over() {
    let other_key: Edit = |application| application.with_private_cookie_key(OTHER_KEY);
    let stage = restarted(stage().await, other_key).await;
    let callback = stage.to_the_callback("/auth?return_to=/token").await;

    let stage = restarted(stage, |application| application).await;
    let page = stage.browser.navigate_without_following(&callback).await.unwrap();

    assert_eq!((page.status.as_u16(), page.location().unwrap().path()), (303, "/authorize"));
    assert_eq!((stage.provider.journal().count(Endpoint::Token), stage.store.len()), (0, 0));
}

#[tokio::test]
async fn a_session_outlives_a_change_of_the_cookie_key() {
    let stage = stage().await;
    stage.sign_in().await;
    let stage = restarted(stage, |application| application.with_private_cookie_key(OTHER_KEY)).await;
    assert_eq!(stage.fetch("/token").await.0, 200);
}
