//! Sessions in cookies: they travel with their users, from process to process, and nothing is lost on the way.

mod attacks;
mod ends;
mod fleet;
mod on_the_way;
mod replicas;
mod size;

use std::time::Duration;

use authsession_axum::polling::POLLING_HEADER;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use axum::http::Method;

use crate::cookie_store::fleet::{Fleet, chunks_set};
use crate::stage::TOKEN_LIFETIME;

/// Into the time in which a token is refreshed though it still serves.
const TO_STALE: Duration = TOKEN_LIFETIME.saturating_sub(Duration::from_secs(30));

const NEW_KEY: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9";

#[tokio::test]
async fn a_restart_signs_nobody_out_and_costs_no_refresh() {
    let fleet = Fleet::signed_in().await;
    let token = fleet.token(&fleet.first).await;

    let restarted = fleet.process().await;

    assert_eq!(fleet.token(&restarted).await, token);
    assert_eq!(fleet.refreshes(), 0);
}

#[tokio::test]
async fn a_request_that_changes_nothing_sets_no_cookie() {
    let fleet = Fleet::signed_in().await;
    let restarted = fleet.process().await;
    for process in [&fleet.first, &fleet.first, &restarted, &restarted] {
        for path in ["/token", "/session", "/public"] {
            let page = fleet.browser.fetch(process.url(path)).await.unwrap();
            assert!(page.set_cookies.concat().is_empty(), "{path}");
            assert_eq!(page.header("cache-control"), None, "{path}");
        }
    }
}

#[tokio::test]
async fn a_refreshed_session_travels_on_with_the_response_that_waited_for_it() {
    let fleet = Fleet::signed_in().await;
    let before = fleet.token(&fleet.first).await;
    fleet.clock.advance(TOKEN_LIFETIME);

    let page = fleet.browser.fetch(fleet.first.url("/token")).await.unwrap();

    let after = page.text().into_owned();
    assert!(after != before && fleet.provider.live_access_token(&after));
    assert!(!chunks_set(&page).is_empty());
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let restarted = fleet.process().await;
    assert_eq!(fleet.token(&restarted).await, after);
    fleet.clock.advance(TOKEN_LIFETIME);
    assert!(
        fleet.provider.live_access_token(&fleet.token(&restarted).await),
        "the rotated token travelled too"
    );
    assert_eq!(fleet.refreshes(), 2);
}

#[tokio::test]
async fn a_stale_token_is_refreshed_before_the_response_so_that_it_brings_the_new_one() {
    let fleet = Fleet::signed_in().await;
    let before = fleet.token(&fleet.first).await;
    fleet.clock.advance(TO_STALE);

    let page = fleet.browser.fetch(fleet.first.url("/token")).await.unwrap();

    assert_ne!(page.text(), before);
    let restarted = fleet.process().await;
    assert_eq!(fleet.token(&restarted).await, page.text());
    assert_eq!(fleet.refreshes(), 1);
}

#[tokio::test]
async fn a_slow_provider_holds_no_request_up_for_long_while_the_token_serves() {
    let fleet = Fleet::signed_in().await;
    let before = fleet.token(&fleet.first).await;
    fleet.clock.advance(TO_STALE);
    let (answer, gate) = Answer::normal().held_before();
    fleet.provider.enqueue(Endpoint::Token, answer);

    let page = fleet.browser.fetch(fleet.first.url("/token")).await.unwrap();

    assert_eq!(
        (page.text().as_ref(), chunks_set(&page).len()),
        (before.as_str(), 0),
        "nothing half done goes out"
    );
    gate.open();
    assert!(fleet.until(async || fleet.token(&fleet.first).await != before).await);
    let restarted = fleet.process().await;
    assert!(fleet.provider.live_access_token(&fleet.token(&restarted).await), "a later response brought it");
    assert_eq!(fleet.refreshes(), 1);
}

#[tokio::test]
async fn a_provider_that_is_away_costs_nobody_a_token_that_still_serves() {
    let fleet = Fleet::signed_in().await;
    let before = fleet.token(&fleet.first).await;
    fleet.clock.advance(TO_STALE);
    fleet.provider.enqueue(Endpoint::Token, Answer::status(503));

    assert_eq!(fleet.token(&fleet.first).await, before);
}

#[tokio::test]
async fn a_refused_refresh_ends_the_session_for_whoever_waited() {
    let fleet = Fleet::signed_in().await;
    fleet.clock.advance(TO_STALE);
    fleet.provider.enqueue(Endpoint::Token, Answer::error(400, "invalid_grant"));

    let page = fleet.browser.fetch(fleet.first.url("/token")).await.unwrap();

    assert_eq!(
        (page.status.as_u16(), page.json().unwrap()["reason"].clone()),
        (401, "refresh_refused".into())
    );
}

#[tokio::test]
async fn use_moves_the_idle_deadline_on_with_one_response_a_minute() {
    let fleet = Fleet::signed_in().await;
    let mut written = Vec::new();
    for seconds in [59, 1, 0, 30, 0, 30, 0] {
        fleet.clock.advance(Duration::from_secs(seconds));
        let page = fleet.browser.fetch(fleet.first.url("/version")).await.unwrap();
        written.push(!chunks_set(&page).is_empty());
    }
    assert_eq!(written, [false, true, false, false, false, true, false]);
}

#[tokio::test]
async fn a_polling_request_sets_no_cookie() {
    let fleet = Fleet::signed_in().await;
    fleet.clock.advance(Duration::from_secs(120));
    let header = POLLING_HEADER;
    let polls = [(header.as_str(), "1")];
    let page = fleet.browser.fetch_with(Method::GET, fleet.first.url("/version"), &polls, "").await.unwrap();
    assert_eq!((page.status.as_u16(), chunks_set(&page).len()), (200, 0));
}

#[tokio::test]
async fn errors_streams_and_rejections_bring_what_changed_too() {
    for path in ["/fails", "/streams", "/refuses"] {
        let fleet = Fleet::signed_in().await;
        fleet.clock.advance(TOKEN_LIFETIME);
        let page = fleet.browser.fetch(fleet.first.url(path)).await.unwrap();
        assert!(!chunks_set(&page).is_empty(), "{path}: {}", page.status);
        let restarted = fleet.process().await;
        fleet.token(&restarted).await;
        assert_eq!(fleet.refreshes(), 1, "{path}");
    }
}

#[tokio::test]
async fn a_key_that_sealed_before_opens_and_the_new_one_seals() {
    let fleet = Fleet::signed_in().await;
    let rotated = fleet.process_with(|app| app.with_private_cookie_key(NEW_KEY)).await;
    fleet.clock.advance(Duration::from_secs(61));
    let page = fleet.browser.fetch(rotated.url("/version")).await.unwrap();
    assert_eq!((page.status.as_u16(), chunks_set(&page).is_empty()), (200, false));

    let without_the_old = fleet.process_without_key(|app| app.with_private_cookie_key(NEW_KEY)).await;
    assert_eq!(fleet.status(&without_the_old, "/version").await, 200);
    let without_the_new = fleet.process().await;
    assert_eq!(fleet.status(&without_the_new, "/version").await, 401);
}
