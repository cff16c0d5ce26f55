//! Rows about refreshing: 1, 3, 5, 15, 30.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use authsession_axum::extractors::Session;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use axum::Router;
use axum::routing::get;
use futures_util::future::join_all;
use tokio::sync::Semaphore;

use crate::pains::scene::{Scene, kept, minutes, replica_of, until};
use crate::stage::{Stage, TOKEN_LIFETIME};

/// After lunch the page asks for everything at once, with a refresh token that may be used once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_1_a_hundred_requests_at_once_spend_the_refresh_token_once() {
    let stage = Stage::signed_in().await;
    for round in 1..=3 {
        stage.expire_token();
        stage.store.reset();
        let (answer, gate) = Answer::normal().held_before();
        stage.provider.enqueue(Endpoint::Token, answer);
        let all_in_then_open = async {
            assert!(until(async || stage.store.reads() >= 100).await);
            gate.open();
        };
        let (tokens, ()) = tokio::join!(join_all((0..100).map(|_| stage.token())), all_in_then_open);
        assert_eq!(stage.refreshes(), round);
        assert!(tokens.iter().all(|token| *token == tokens[0] && stage.provider.live_access_token(token)));
    }
}

/// The load balancer spreads them over two processes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_1_two_replicas_spend_the_refresh_token_once() {
    let stage = Stage::signed_in().await;
    let replica = replica_of(&stage).await;
    for round in 1..=3 {
        stage.expire_token();
        stage.store.reset();
        let (answer, gate) = Answer::normal().held_before();
        stage.provider.enqueue(Endpoint::Token, answer);
        let there = format!("{}/token", replica.url());
        let asked_there = join_all((0..50).map(|_| stage.browser.fetch(&there)));
        let both_in_then_open = async {
            assert!(until(async || stage.store.reads() >= 100).await);
            gate.open();
        };
        let asked_here = join_all((0..50).map(|_| stage.token()));
        let (here, there, ()) = tokio::join!(asked_here, asked_there, both_in_then_open);
        assert_eq!(stage.refreshes(), round);
        let there = there.into_iter().map(|page| page.unwrap().text().into_owned());
        assert!(here.iter().cloned().chain(there).all(|token| token == here[0]));
        assert!(stage.provider.live_access_token(&here[0]), "no reuse was detected");
    }
}

/// The tab is closed while the provider rotates: nobody is there any more to receive what came.
#[tokio::test]
async fn row_3_a_connection_cut_in_the_middle_of_a_refresh_loses_no_rotated_token() {
    let stage = Stage::signed_in().await;
    let before = kept(&stage).await.unwrap();
    stage.expire_token();
    let (answer, gate) = Answer::normal().held_after();
    stage.provider.enqueue(Endpoint::Token, answer);

    let mut connection = TcpStream::connect(stage.server.address()).unwrap();
    let cookie = stage.session_cookie().unwrap();
    write!(connection, "GET /token HTTP/1.1\r\nhost: app\r\ncookie: authsession={cookie}\r\n\r\n").unwrap();
    assert!(gate.reached().await);
    drop(connection);
    gate.open();

    let rotated = async || kept(&stage).await.unwrap().record.tokens != before.record.tokens;
    assert!(until(rotated).await, "it is kept though nobody asked again");
    let tokens = kept(&stage).await.unwrap().record.tokens.clone();
    assert!(stage.provider.live_refresh_token(tokens.refresh_token.unwrap().expose()));
    assert_eq!(stage.token().await, tokens.access_token.expose());
    assert_eq!(stage.refreshes(), 1);
}

/// What is not kept yet is shown to nobody: a crash would lose it.
#[tokio::test]
async fn row_3_nobody_is_answered_with_tokens_that_are_not_kept() {
    let stage = Stage::signed_in().await;
    stage.expire_token();
    stage.store.fail_updates_after(1);

    let page = stage.browser.fetch(stage.url("/token")).await.unwrap();

    assert_eq!((page.status.as_u16(), stage.refreshes()), (503, 1));
    let kept = kept(&stage).await.unwrap().record.tokens.access_token.clone();
    assert!(!stage.provider.live_access_token(kept.expose()), "the store still has the old one");
}

/// A report takes a minute; meanwhile its user signs out in another tab.
#[tokio::test]
async fn row_5_a_request_in_flight_does_not_bring_back_who_signed_out() {
    let (arrived, go_on) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (at_the_report, may_go_on) = (Arc::clone(&arrived), Arc::clone(&go_on));
    let report = move |session: Session| async move {
        at_the_report.add_permits(1);
        may_go_on.acquire().await.unwrap().forget();
        session.subject().to_owned()
    };
    let routes = Router::new().route("/report", get(report));
    let scene = Scene::set(|provider| provider, |application| application, routes).await;
    scene.sign_in().await;
    let cookie = scene.session_cookie().unwrap();
    // Long enough for the idle deadline to be moved on by the request.
    scene.clock.advance(minutes(4));

    let sign_out = async {
        arrived.acquire().await.unwrap().forget();
        let other_tab = scene.browser.tab();
        other_tab.navigate(scene.url("/public")).await.unwrap();
        other_tab.submit(scene.url("/auth/logout"), &[]).await.unwrap();
        go_on.add_permits(1);
    };
    let (report, ()) = tokio::join!(scene.browser.fetch(scene.url("/report")), sign_out);

    let report = report.unwrap();
    assert_eq!((report.status.as_u16(), report.set_cookies.concat().len()), (200, 0));
    assert_eq!(scene.session_cookie(), None);
    scene.browser.set_cookie(scene.url("/"), &format!("authsession={cookie}; Path=/")).unwrap();
    assert_eq!(scene.fetch("/token").await.1["reason"], "logout");
}

/// The provider has answered, the new tokens are about to be saved, and their user signs out.
#[tokio::test]
async fn row_5_a_logout_wins_over_a_save_in_flight() {
    let stage = Stage::signed_in().await;
    let cookie = stage.session_cookie().unwrap();
    stage.browser.navigate(stage.url("/public")).await.unwrap();
    stage.expire_token();
    stage.store.fail_updates_after(1);

    let sign_out = async {
        stage.store.failed_updates(1).await;
        stage.browser.submit(stage.url("/auth/logout"), &[]).await.unwrap();
        stage.store.work_again();
    };
    let ((status, problem), ()) = tokio::join!(stage.fetch("/token"), sign_out);

    assert_eq!((status, problem["reason"].as_str()), (401, Some("logout")));
    stage.browser.set_cookie(stage.url("/"), &format!("authsession={cookie}; Path=/")).unwrap();
    assert_eq!(stage.fetch("/token").await.1["reason"], "logout");
    assert!(
        stage.provider.journal().reaches(Endpoint::Revocation, 2).await,
        "the tokens just got are revoked too"
    );
}

/// Many providers say who the user is once, at the login, and only hand out tokens from then on.
#[tokio::test]
async fn row_15_a_provider_that_renews_no_id_token_changes_nothing_for_its_users() {
    let scene =
        Scene::set(|provider| provider.id_token_on_refresh(false), |application| application, Router::new())
            .await;
    scene.sign_in().await;
    let claims = scene.fetch("/claims").await.1;

    for refreshes in 1..=3 {
        scene.expire_token();
        assert_eq!(scene.fetch("/claims").await, (200, claims.clone()));
        assert_eq!(scene.refreshes(), refreshes);
    }
    assert_eq!(claims["sub"], "alice");
}

/// The refresh token died at the provider. The page says "signed in", every call behind it says 401.
#[tokio::test]
async fn row_30_a_dead_refresh_token_ends_the_session_before_the_access_token_does() {
    let stage = Stage::signed_in().await;
    stage.provider.revoke_everything();
    stage.clock.advance(TOKEN_LIFETIME - Duration::from_secs(30));

    assert_eq!(stage.fetch("/version").await.0, 200, "served while it is found out, behind the page's back");

    assert!(until(async || stage.fetch("/version").await.0 == 401).await);
    assert_eq!(stage.fetch("/version").await.1["reason"], "refresh_refused");
}

/// The page itself needs no access token, so nothing of its own would find out.
#[tokio::test]
async fn row_30_a_page_that_calls_no_api_does_not_say_signed_in_for_ever() {
    for page in ["/claims", "/version", "/optional"] {
        let stage = Stage::signed_in().await;
        stage.provider.revoke_everything();
        stage.expire_token();

        let (status, told) = stage.fetch(page).await;

        assert!(status == 401 || told["signed_out"] == true, "{page}: {status} {told}");
        assert_eq!(stage.fetch("/token").await.1["reason"], "refresh_refused", "{page}");
    }
}
