//! What another website does with frames that nobody sees: the login's cookie is `SameSite=None`, so it is kept and sent there.

use std::time::Duration;

use authsession_testkit::endpoint::Endpoint;
use axum::http::Method;

use super::{fields_of, post, stage, to_the_form};
use crate::stage::Stage;
use crate::wire::{Window, send};

/// A login whose answer is posted in that window, up to the second step's end, until it goes on no more; how often it was begun.
async fn rounds(stage: &Stage, window: &mut Window) -> (usize, u16) {
    let mut answer = window.get(stage, "/auth").await;
    let mut rounds = 0;
    while rounds < 6 && answer.location().contains("/authorize") {
        let page = stage.browser.navigate(answer.location()).await.unwrap();
        let posted = window.post(stage, &fields_of(&page)).await;
        answer = window.get(stage, posted.location()).await;
        rounds += 1;
    }
    (rounds, answer.status)
}

#[tokio::test]
async fn frames_of_another_sites_page_plant_no_login_cookies() {
    let stage = stage().await;
    let long = "x".repeat(500);
    for _ in 0..10 {
        let mut frame = Window::framed();
        let login = format!("/auth?return_to=/{long}&login_hint={long}&ui_locales={long}");
        for target in [&*login, "/auth/callback?code=c&state=s", "/auth/callback?stale=unknown", "/step-up"] {
            let answer = frame.get(&stage, target).await;
            assert_eq!((answer.status, answer.location()), (403, ""), "{target}");
            assert_eq!(answer.headers("set-cookie"), [""; 0], "{target}");
        }
    }
    assert_eq!(stage.provider.journal().count(Endpoint::Authorization), 0);
}

#[tokio::test]
async fn a_form_posted_in_a_frame_redeems_no_code_and_the_login_can_still_end() {
    let stage = stage().await;
    let form = to_the_form(&stage, &stage.browser, "/token").await;
    let mut frame = Window::framed();
    frame.cookies.extend(stage.browser.cookies(stage.url("/")).unwrap());

    let answer = frame.post(&stage, &form).await;

    assert_eq!((answer.status, answer.headers("set-cookie").len()), (403, 0));
    assert_eq!((stage.provider.journal().count(Endpoint::Token), stage.store.len()), (0, 0));
    assert_eq!(post(&stage, &stage.browser, &form).await.url.path(), "/token");
}

#[tokio::test]
async fn a_login_in_a_frame_does_not_go_round_in_circles() {
    let stage = stage().await;
    assert_eq!(rounds(&stage, &mut Window::framed()).await, (0, 403));
    assert_eq!(stage.store.len(), 0);
}

/// A browser that shows frames and says nothing of them, or one that keeps no other cookies for reasons of its own.
#[tokio::test]
async fn a_second_step_that_lost_its_cookie_starts_over_once_and_never_again() {
    let stage = stage().await;
    assert_eq!(rounds(&stage, &mut Window::keeping("SameSite=None")).await, (2, 400));
    assert_eq!(stage.store.len(), 2);
}

#[tokio::test]
async fn replicas_whose_clocks_are_a_minute_apart_send_nobody_round_in_circles() {
    let stage = stage().await;
    let mut window = Window::new();
    let mut place = window.get(&stage, "/auth").await.location().to_owned();
    for round in 0..2 {
        let page = stage.browser.navigate(&place).await.unwrap();
        let posted = window.post(&stage, &fields_of(&page)).await;
        stage.clock.advance(Duration::from_secs(60));
        let answer = window.get(&stage, posted.location()).await;
        assert_eq!(answer.status, [303, 400][round]);
        place = answer.location().to_owned();
    }
}

/// Its own frame gets no further: the form comes from the provider's page, and leaves the session's cookie at home.
#[tokio::test]
async fn where_forms_are_taken_not_even_a_frame_of_the_application_starts_a_login() {
    let stage = stage().await;
    let ours = [("Sec-Fetch-Dest", "iframe"), ("Sec-Fetch-Site", "same-origin")];
    let answer = send(&stage, Method::GET, "/auth", &ours, b"").await;
    assert_eq!((answer.status, answer.headers("set-cookie").len()), (403, 0));
}
