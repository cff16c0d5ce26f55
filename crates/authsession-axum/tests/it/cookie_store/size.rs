//! How large a session in cookies may be.

use std::time::Duration;

use authsession_testkit::browser::Browser;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use authsession_testkit::user::User;

use crate::cookie_store::fleet::{Cookies, Fleet, chunks_set, is_chunk, noise};
use crate::log;
use crate::stage::{SESSION_COOKIE, TOKEN_LIFETIME};

/// A fleet whose user's ID token holds so much.
async fn fleet_with(claim: usize) -> Fleet {
    let user = User::new("alice", "Alice").claim("groups", noise(claim));
    Fleet::with(|provider| provider.user(user), |app| app).await
}

fn chunks(cookies: &Cookies) -> usize {
    cookies.iter().filter(|(name, _)| is_chunk(name)).count()
}

#[tokio::test]
async fn a_large_session_is_cut_in_chunks_that_browsers_keep() {
    let fleet = fleet_with(6_000).await;
    let (page, restarted) =
        (fleet.browser.navigate(fleet.first.url("/token")).await.unwrap(), fleet.process().await);

    assert_eq!(page.status, 200, "{}", page.text());
    assert!(chunks(&fleet.cookies()) > 1);
    let set = page.set_cookies.concat();
    assert!(set.iter().any(|cookie| is_chunk(cookie)));
    for cookie in set.iter().filter(|cookie| is_chunk(cookie)) {
        assert!(cookie.len() < 4_000, "{} bytes", cookie.len());
    }
    fleet.token(&restarted).await;
}

#[tokio::test]
async fn a_session_that_does_not_fit_fails_at_login_and_the_log_says_what_to_do() {
    let (log, _listening) = log::kept();
    let fleet = fleet_with(12_000).await;

    let page = fleet.browser.navigate(fleet.first.url("/token")).await.unwrap();

    assert_eq!(page.status, 500, "{}", page.text());
    assert_eq!(fleet.cookies(), []);
    assert_eq!(log.warnings("sign-in is not configured right").len(), 1);
    assert!(
        fleet.provider.journal().reaches(Endpoint::Revocation, 1).await,
        "its refresh token is of no use"
    );
}

#[tokio::test]
async fn a_session_that_shrinks_leaves_no_chunk_behind() {
    let fleet = fleet_with(6_000).await;
    fleet.sign_in(&fleet.browser).await;
    let before = chunks(&fleet.cookies());
    fleet.clock.advance(TOKEN_LIFETIME);
    fleet.provider.enqueue(
        Endpoint::Token,
        Answer::lying_id_token(|_, claims| drop(claims.as_object_mut().unwrap().remove("groups"))),
    );

    let page = fleet.browser.fetch(fleet.first.url("/token")).await.unwrap();

    assert_eq!(page.status, 200, "{}", page.text());
    let after = chunks(&fleet.cookies());
    assert!(after < before, "{after} of {before}");
    assert_eq!(chunks_set(&page).len(), before, "each is set or cleared");
    let restarted = fleet.process().await;
    fleet.token(&restarted).await;
}

#[tokio::test]
async fn a_session_that_outgrows_its_cookies_is_served_by_its_process_which_says_so() {
    let (log, _listening) = log::kept();
    let fleet = Fleet::signed_in().await;
    fleet.clock.advance(TOKEN_LIFETIME);
    let grown = noise(14_000);
    fleet
        .provider
        .enqueue(Endpoint::Token, Answer::tampered(move |body| body["access_token"] = grown.clone().into()));

    let page = fleet.browser.fetch(fleet.first.url("/version")).await.unwrap();

    assert_eq!((page.status.as_u16(), chunks_set(&page).len()), (200, 0));
    assert_eq!(log.warnings("does not reach its browser").len(), 1);
    assert_eq!(fleet.status(&fleet.first, "/version").await, 200);
}

#[tokio::test]
async fn on_https_each_chunk_has_the_prefix_and_the_flags_of_the_session_s_cookie() {
    let fleet =
        Fleet::with(|provider| provider, |app| app.with_redirect_uri("https://app.example/auth/callback"))
            .await;
    let start = fleet.first.asked_as_a_person("/auth", &[]).await;
    let (name, value) = start.set_cookies[0].split(';').next().unwrap().split_once('=').unwrap();
    let back = fleet.browser.navigate_without_following(&start.location).await.unwrap().location().unwrap();
    let callback = format!("{}?{}", back.path(), back.query().unwrap());
    let signed_in = fleet.first.asked_as_a_person(&callback, &[(name.to_owned(), value.to_owned())]).await;
    let set: Vec<_> = signed_in.set_cookies.iter().filter(|cookie| cookie.starts_with("__Host-")).collect();

    let flags = |cookie: &str| cookie.split_once("; ").unwrap().1.to_owned();
    let session = set.iter().find(|cookie| cookie.starts_with(&format!("__Host-{SESSION_COOKIE}="))).unwrap();
    let chunk = set.iter().find(|cookie| is_chunk(cookie.trim_start_matches("__Host-"))).unwrap();
    assert_eq!(flags(chunk), flags(session));
    assert!(flags(chunk).contains("HttpOnly; SameSite=Lax; Secure; Path=/"), "{chunk}");
}

#[tokio::test]
async fn two_browsers_have_two_sessions() {
    let fleet = Fleet::signed_in().await;
    let other = Browser::with_clock(fleet.clock.clone()).unwrap();
    fleet.sign_in(&other).await;
    fleet.clock.advance(Duration::from_secs(1));
    let theirs = other.fetch(fleet.first.url("/token")).await.unwrap().text().into_owned();
    assert_ne!(theirs, fleet.token(&fleet.first).await);
}
