//! The second step takes a session that lives, made for this very callback, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use authsession_core::authorization::ResponseMode;
use authsession_store::store::SessionStore as _;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::serve::Server;

use super::{fields_of, stage};
use crate::stage::{SESSION_COOKIE, Stage, app, application};
use crate::wire::{Answer, Window};

/// Signs in up to the second step, which is not taken yet.
async fn landed(stage: &Stage, window: &mut Window) -> String {
    let start = window.get(stage, "/auth?return_to=/token").await;
    let page = stage.browser.navigate(start.location()).await.unwrap();
    // From another site, so without the session's cookie.
    let session = window.cookies.remove(SESSION_COOKIE);
    let posted = window.post(stage, &fields_of(&page)).await;
    window.cookies.extend(session.map(|session| (SESSION_COOKIE.to_owned(), session)));
    assert!(posted.location().contains("landed="), "{}", posted.text);
    posted.location().to_owned()
}

fn signs_in(answer: &Answer) -> bool {
    answer.headers("set-cookie").iter().any(|cookie| cookie.starts_with(&format!("{SESSION_COOKIE}=")))
}

#[tokio::test]
async fn a_session_that_ended_meanwhile_is_not_taken() {
    let stage = stage().await;
    let mut window = Window::new();
    let hop = landed(&stage, &mut window).await;
    let mut copy = window.clone();
    window.get(&stage, &hop).await;
    assert_eq!(window.get(&stage, "/end").await.status, 200);

    let again = copy.get(&stage, &hop).await;

    assert!(!signs_in(&again) && again.location().contains("/authorize"), "{}", again.text);
}

/// The first second step was lost on its way, and its address is in the browser's history.
#[tokio::test]
async fn a_session_that_began_before_the_one_the_browser_has_does_not_take_its_place() {
    let stage = stage().await;
    let mut window = Window::new();
    let lost = landed(&stage, &mut window).await;
    stage.clock.advance(Duration::from_secs(1));
    let second = landed(&stage, &mut window).await;
    window.get(&stage, &second).await;

    let late = window.get(&stage, &lost).await;

    assert_eq!((late.location(), signs_in(&late)), ("/token", false), "on to where it was going");
    assert_eq!(window.get(&stage, "/token").await.status, 200);
    let left = stage.store.find_by_subject(stage.provider.issuer(), "alice").await.unwrap();
    assert_eq!(left.len(), 1, "the older one ended");
}

/// The session before was made by a replica whose clock is ahead.
#[tokio::test]
async fn the_session_the_browser_had_when_the_login_began_is_the_older_one_whatever_clocks_say() {
    let stage = stage().await;
    let mut window = Window::new();
    let now = stage.clock.now();
    stage.clock.advance(Duration::from_secs(50));
    let first = landed(&stage, &mut window).await;
    window.get(&stage, &first).await;
    let before = window.cookies[SESSION_COOKIE].clone();
    stage.clock.set(now);
    let second = landed(&stage, &mut window).await;

    let taken = window.get(&stage, &second).await;

    assert!(signs_in(&taken), "{}", taken.text);
    assert_ne!(window.cookies[SESSION_COOKIE], before);
    assert_eq!(window.get(&stage, "/token").await.status, 200);
}

#[tokio::test]
async fn who_signs_out_is_signed_out_of_what_landed_too() {
    let stage = stage().await;
    let mut window = Window::at_home();
    let lost = landed(&stage, &mut window).await;
    let second = landed(&stage, &mut window).await;
    window.get(&stage, &second).await;
    let mut copy = window.clone();
    assert_eq!(window.get(&stage, "/auth/logout").await.status, 303);

    for browser in [&mut window, &mut copy] {
        let late = browser.get(&stage, &lost).await;
        assert!(!signs_in(&late), "{}", late.text);
    }
    let left = stage.store.find_by_subject(stage.provider.issuer(), "alice").await.unwrap();
    assert_eq!(left.len(), 0, "both ended");
}

#[tokio::test]
async fn a_session_that_ended_meanwhile_ends_no_other() {
    let stage = stage().await;
    let mut window = Window::new();
    let hop = landed(&stage, &mut window).await;
    let ended = window.cookies.clone();
    window.get(&stage, &hop).await;
    window.get(&stage, "/end").await;
    let second = landed(&stage, &mut window).await;
    window.get(&stage, &second).await;

    let mut both = window.clone();
    both.cookies.extend(ended);
    let answer = both.get(&stage, &hop).await;

    assert_eq!((answer.location(), signs_in(&answer)), ("/", false));
    assert_eq!(window.get(&stage, "/token").await.status, 200);
}

#[tokio::test]
async fn a_login_begun_between_the_two_steps_leaves_the_other_to_its_end() {
    let stage = stage().await;
    let mut window = Window::new();
    let hop = landed(&stage, &mut window).await;

    for _ in 0..7 {
        window.get(&stage, "/auth").await;
        stage.clock.advance(Duration::from_secs(1));
    }
    let answer = window.get(&stage, &hop).await;

    assert_eq!((answer.location(), signs_in(&answer)), ("/token", true));
    assert_eq!(window.cookies.len(), 6, "five logins under way and a session");
}

/// Two applications on one host share cookies, and these two a key, a store and a provider too.
#[tokio::test]
async fn a_login_that_landed_at_one_callback_is_taken_at_no_other() {
    let stage = stage().await;
    let mut window = Window::new();
    let hop = landed(&stage, &mut window).await;
    let slot = Server::reserve().await.unwrap();
    let builder =
        application(&stage.provider, &slot, &stage.clock).with_response_mode(ResponseMode::FormPost);
    let builder = builder.with_issuer(stage.provider.issuer()).await.unwrap();
    let server = slot.serve(app(builder, Arc::clone(&stage.store)));
    let other = Stage { server, ..stage };

    let answer = window.clone().get(&other, &hop).await;

    assert!(!signs_in(&answer) && answer.location().contains("/authorize"), "{}", answer.text);
    assert_eq!(other.provider.journal().count(Endpoint::Token), 1);
}
