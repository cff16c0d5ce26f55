//! How a session in cookies ends, and what is left of it.

use std::time::Duration;

use authsession_testkit::browser::Browser;
use authsession_testkit::endpoint::Endpoint;

use crate::cookie_store::fleet::{AN_HOUR, Fleet, is_chunk};
use crate::stage::TOKEN_LIFETIME;

#[tokio::test]
async fn a_logout_clears_every_cookie_and_copies_of_them_do_not_work_here_any_more() {
    let fleet = Fleet::signed_in_with(
        |provider| provider,
        |app| app.with_session_idle_timeout(Duration::from_secs(14 * 24 * 3600)),
    )
    .await;
    let copied = fleet.cookies();
    fleet.browser.navigate(fleet.first.url("/public")).await.unwrap();

    fleet.browser.submit(fleet.first.url("/auth/logout"), &[]).await.unwrap();

    assert_eq!(fleet.cookies(), []);
    assert!(fleet.provider.journal().reaches(Endpoint::Revocation, 1).await);
    for days in [0, 1, 12] {
        fleet.clock.advance(Duration::from_secs(days * 24 * 3600));
        fleet.first.sweep().await;
        let reply = fleet.first.asked("/token", &copied).await;
        assert_eq!((reply.status, reply.reason()), (401, "logout".into()), "after {days} more days");
        assert!(reply.set_cookies.is_empty());
    }
    fleet.clock.advance(Duration::from_secs(2 * 24 * 3600));
    fleet.first.sweep().await;
    assert_eq!(fleet.first.store.copies(), 0, "the end is forgotten when the copies are worth nothing");
    assert_eq!(fleet.first.asked("/token", &copied).await.status, 401);
}

#[tokio::test]
async fn a_logout_at_a_process_that_never_saw_the_session_ends_it_all_the_same() {
    let fleet = Fleet::signed_in().await;
    let (second, copied) = (fleet.process().await, fleet.cookies());
    fleet.browser.navigate(second.url("/public")).await.unwrap();

    fleet.browser.submit(second.url("/auth/logout"), &[]).await.unwrap();

    assert!(fleet.provider.journal().reaches(Endpoint::Revocation, 1).await);
    assert_eq!(second.asked("/token", &copied).await.reason(), "logout");
    assert_eq!(fleet.first.asked("/version", &copied).await.status, 200, "the limit: nobody told this one");
}

#[tokio::test]
async fn a_session_the_application_ended_does_not_come_back_with_its_cookies() {
    let fleet = Fleet::signed_in().await;
    assert_eq!(fleet.status(&fleet.first, "/end").await, 200);

    let page = fleet.browser.fetch(fleet.first.url("/token")).await.unwrap();

    assert_eq!((page.status.as_u16(), &page.json().unwrap()["reason"]), (401, &"ended".into()));
    assert!(fleet.cookies().iter().any(|(name, _)| is_chunk(name)), "in passing nothing is cleared");
}

#[tokio::test]
async fn a_new_login_leaves_no_cookie_of_the_session_before_which_ends() {
    let fleet = Fleet::signed_in().await;
    let before = fleet.cookies();
    fleet.browser.navigate(fleet.first.url("/auth")).await.unwrap();

    let after = fleet.cookies();

    assert_eq!(after.len(), before.len());
    assert!(before.iter().all(|cookie| !after.contains(cookie)));
    assert_eq!(fleet.first.asked("/token", &before).await.reason(), "replaced");
    assert!(fleet.provider.journal().reaches(Endpoint::Revocation, 1).await);
}

#[tokio::test]
async fn a_session_that_began_after_an_end_leaves_no_cookie_of_the_one_that_ended() {
    let fleet = Fleet::signed_in().await;
    let before = fleet.cookies();
    fleet.status(&fleet.first, "/end").await;
    fleet.sign_in(&fleet.browser).await;
    assert_eq!(fleet.cookies().len(), before.len());
}

#[tokio::test]
async fn an_idle_session_is_told_so_and_nothing_is_revoked() {
    let fleet =
        Fleet::signed_in_with(|provider| provider, |app| app.with_session_idle_timeout(AN_HOUR)).await;
    let (restarted, cookies) = (fleet.process().await, fleet.cookies());
    fleet.clock.advance(AN_HOUR);
    for process in [&fleet.first, &restarted] {
        let reply = process.asked("/token", &cookies).await;
        assert_eq!((reply.status, reply.reason()), (401, "idle".into()));
        // Whatever was done behind the answer would be done by then.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        process.sweep().await;
        assert_eq!(process.store.copies(), 0);
    }
    assert_eq!(
        fleet.provider.journal().count(Endpoint::Revocation),
        0,
        "another process may have seen the user"
    );
}

#[tokio::test]
async fn the_absolute_limit_holds_however_often_the_session_was_in_use() {
    let fleet = Fleet::signed_in_with(
        |provider| provider,
        |app| app.with_session_max_age(120).with_session_idle_timeout(AN_HOUR),
    )
    .await;
    for _ in 0..3 {
        fleet.clock.advance(Duration::from_secs(39 * 60));
        fleet.token(&fleet.first).await;
    }
    let (restarted, cookies) = (fleet.process().await, fleet.cookies());
    fleet.clock.advance(Duration::from_secs(4 * 60));
    assert_eq!(fleet.cookies(), [], "the browser knows it too");
    for process in [&fleet.first, &restarted] {
        assert_eq!(process.asked("/token", &cookies).await.reason(), "too_old");
    }
    assert!(fleet.provider.journal().reaches(Endpoint::Revocation, 1).await);
}

#[tokio::test]
async fn copies_that_grew_too_old_end_with_a_sweep() {
    let fleet = Fleet::signed_in_with(|provider| provider, |app| app.with_session_max_age(60)).await;
    fleet.clock.advance(TOKEN_LIFETIME);
    let lost = fleet.first.asked("/session", &fleet.cookies()).await;
    assert_eq!(lost.status, 200, "a copy that is not dropped, for the browser may not have it");
    fleet.clock.advance(AN_HOUR);

    fleet.sign_in(&Browser::with_clock(fleet.clock.clone()).unwrap()).await;
    fleet.first.sweep().await;

    assert_eq!(fleet.first.store.copies(), 2, "one session, and one end that is remembered");
}
