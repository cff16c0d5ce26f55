//! Several processes at once, none of which knows what the others do.

use std::sync::Arc;
use std::time::Duration;

use authsession_core::authorization::ResponseMode;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;

use crate::cookie_store::TO_STALE;
use crate::cookie_store::fleet::{A_MINUTE, AN_HOUR, Fleet, chunks_set};
use crate::stage::TOKEN_LIFETIME;

#[tokio::test]
async fn two_replicas_take_turns_on_one_rotating_session() {
    let fleet = Fleet::signed_in().await;
    let second = fleet.process().await;
    let mut tokens = Vec::new();
    for _ in 0..3 {
        for process in [&fleet.first, &second] {
            fleet.clock.advance(TOKEN_LIFETIME);
            let token = fleet.token(process).await;
            assert!(fleet.provider.live_access_token(&token));
            tokens.push(token);
        }
    }
    tokens.dedup();
    assert_eq!((tokens.len(), fleet.refreshes()), (6, 6));
    assert_eq!(fleet.token(&fleet.first).await, tokens[5], "what the other one refreshed");
}

#[tokio::test]
async fn a_replica_that_has_not_seen_its_user_for_long_ends_nothing() {
    let fleet =
        Fleet::signed_in_with(|provider| provider, |app| app.with_session_idle_timeout(AN_HOUR)).await;
    let second = fleet.process().await;
    for _ in 0..6 {
        fleet.clock.advance(20 * A_MINUTE);
        fleet.token(&second).await;
    }
    fleet.first.sweep().await;

    assert!(fleet.provider.live_access_token(&fleet.token(&fleet.first).await));
    assert_eq!(fleet.provider.journal().count(Endpoint::Revocation), 0);
}

#[tokio::test]
async fn the_same_without_a_sweep_in_between() {
    let fleet =
        Fleet::signed_in_with(|provider| provider, |app| app.with_session_idle_timeout(AN_HOUR)).await;
    let second = fleet.process().await;
    for _ in 0..6 {
        fleet.clock.advance(20 * A_MINUTE);
        fleet.token(&second).await;
    }
    fleet.token(&fleet.first).await;
}

#[tokio::test]
async fn requests_at_once_share_one_refresh_in_their_process() {
    let fleet = Arc::new(Fleet::signed_in().await);
    fleet.clock.advance(TOKEN_LIFETIME);
    let asked = (0..8).map(|_| {
        let fleet = Arc::clone(&fleet);
        tokio::spawn(async move { fleet.token(&fleet.first).await })
    });
    let asked: Vec<_> = asked.collect();
    for asked in asked {
        assert!(fleet.provider.live_access_token(&asked.await.unwrap()));
    }
    assert_eq!(fleet.refreshes(), 1);
    let restarted = fleet.process().await;
    fleet.token(&restarted).await;
    assert_eq!(fleet.refreshes(), 1);
}

#[tokio::test]
async fn who_comes_late_with_the_cookies_of_before_is_served_and_brought_up_to_date() {
    let fleet = Fleet::signed_in().await;
    let before = fleet.cookies();
    fleet.clock.advance(TOKEN_LIFETIME);
    let token = fleet.token(&fleet.first).await;

    let late = fleet.first.asked("/token", &before).await;

    assert_eq!((late.status, late.text), (200, token));
    assert!(!late.set_cookies.is_empty());
    assert_eq!(fleet.refreshes(), 1);
}

#[tokio::test]
async fn a_slow_answer_to_the_session_before_takes_nothing_from_the_one_there_is_now() {
    let fleet = Fleet::signed_in().await;
    let (second, before) = (fleet.process().await, fleet.cookies());
    fleet.browser.navigate(fleet.first.url("/auth")).await.unwrap();
    fleet.clock.advance(A_MINUTE);

    let slow = second.asked("/version", &before).await;

    assert_eq!((slow.status, slow.set_cookies.is_empty()), (200, false));
    for cookie in &slow.set_cookies {
        fleet.browser.set_cookie(fleet.first.url("/"), cookie).unwrap();
    }
    let restarted = fleet.process().await;
    assert_eq!(fleet.token(&restarted).await, fleet.token(&fleet.first).await);
}

#[tokio::test]
async fn a_rotated_token_whose_response_was_lost_is_kept_until_the_browser_is_back() {
    let fleet = Fleet::signed_in().await;
    fleet.clock.advance(TOKEN_LIFETIME);
    let lost = fleet.first.asked("/token", &fleet.cookies()).await;
    assert_eq!(lost.status, 200);
    fleet.clock.advance(4 * AN_HOUR);
    fleet.first.sweep().await;

    let page = fleet.browser.fetch(fleet.first.url("/token")).await.unwrap();

    assert_eq!((page.status.as_u16(), fleet.refreshes()), (200, 2), "{}", page.text());
    assert!(!chunks_set(&page).is_empty());
}

#[tokio::test]
async fn a_replica_whose_refreshes_failed_goes_on_from_what_another_one_refreshed() {
    for failed in [1, 2] {
        let fleet = Fleet::signed_in().await;
        let (second, before) = (fleet.process().await, fleet.cookies());
        fleet.clock.advance(TO_STALE);
        for _ in 0..failed {
            fleet.provider.enqueue(Endpoint::Token, Answer::status(429));
            assert_eq!(fleet.first.asked("/token", &before).await.status, 200);
            fleet.clock.advance(Duration::from_secs(5));
        }
        assert_eq!(fleet.refreshes(), failed);
        let refreshed = fleet.token(&second).await;

        assert_eq!(fleet.token(&fleet.first).await, refreshed, "after {failed} failed refreshes");
        assert_eq!(fleet.token(&second).await, refreshed, "nothing older went out");
        for process in [&fleet.first, &second] {
            fleet.clock.advance(TOKEN_LIFETIME);
            assert!(fleet.provider.live_access_token(&fleet.token(process).await));
        }
        assert_eq!(fleet.refreshes(), failed + 3);
    }
}

#[tokio::test]
async fn a_copy_nobody_came_for_is_dropped_after_ten_minutes_and_costs_nothing() {
    let fleet = Fleet::signed_in().await;
    fleet.clock.advance(TOKEN_LIFETIME);
    let token = fleet.token(&fleet.first).await;
    fleet.token(&fleet.first).await;
    fleet.clock.advance(Duration::from_secs(599));
    fleet.first.sweep().await;
    assert_eq!(fleet.first.store.copies(), 1);

    fleet.clock.advance(Duration::from_secs(1));
    fleet.first.sweep().await;

    assert_eq!(fleet.first.store.copies(), 0);
    assert_ne!(fleet.token(&fleet.first).await, token);
    assert_eq!(fleet.refreshes(), 2);
}

#[tokio::test]
async fn a_login_whose_answer_is_posted_may_end_at_another_replica() {
    let fleet = Fleet::with(
        |provider| provider.host("localhost"),
        |app| app.with_response_mode(ResponseMode::FormPost),
    )
    .await;
    let second = fleet.process().await;
    let page = fleet.browser.navigate(fleet.first.url("/auth?return_to=/token")).await.unwrap();
    let field = |name: &str| {
        let html = page.text().into_owned();
        let after = html.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap().to_owned();
        after.split('"').next().unwrap().to_owned()
    };
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for name in ["code", "state", "iss"] {
        form.append_pair(name, &field(name));
    }
    let posted = fleet.first.posted(&fleet.cookies(), form.finish()).await;
    for cookie in &posted.set_cookies {
        assert!(fleet.browser.set_cookie(fleet.first.url("/"), cookie).unwrap(), "{cookie}");
    }
    assert!(posted.location.contains("landed="), "{} {}", posted.location, posted.text);

    let page = fleet.browser.navigate(second.url(&posted.location)).await.unwrap();

    assert_eq!(page.status, 200, "{}", page.text());
    assert_eq!(page.url.as_str(), second.url("/token"));
    assert_eq!(fleet.provider.journal().grants("authorization_code"), 1);
}
