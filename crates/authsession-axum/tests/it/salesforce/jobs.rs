//! Jobs that outlive the request they began in: they go on as long as the user's session does, and not longer.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use authsession_core::token_cache::snapshot::State;
use authsession_salesforce::auth::Recovery;
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;

use crate::salesforce::scene::{Scene, query};

const IDLE: u64 = 24 * 3600;

#[tokio::test]
async fn a_job_goes_on_after_the_response_until_the_user_signs_out() {
    let scene = Scene::signed_in().await;
    let job = scene.job().await;
    let token = job.access_token().await.unwrap().into_owned();
    assert_eq!(query(&scene.browser, &job, &token).await.0, 200);

    scene.log_out().await;

    let error = job.access_token().await.unwrap_err();
    assert_eq!(error.recovery(), Recovery::Reauthorize);
    assert!(error.to_string().contains("logout"), "{error}");
    assert!(job.authorization_at_once().is_none());
    job.invalidate(&token).await;
    assert_eq!(job.authorization().await.unwrap_err().recovery(), Recovery::Reauthorize);
}

#[tokio::test]
async fn how_a_jobs_token_does_is_told_where_the_store_answers_at_once() {
    let scene = Scene::signed_in().await;
    let job = scene.job().await;
    let state = || job.snapshot().unwrap().state;
    assert!(job.snapshot().is_none(), "this store has to be waited for");
    scene.store.answers_at_once.store(true, Ordering::SeqCst);
    assert_eq!(state(), State::Fresh);

    job.invalidate(&job.access_token().await.unwrap()).await;
    assert_eq!(state(), State::Empty);
    scene.org.enqueue(OrgEndpoint::Token, Answer::status(503).retry_after(60));
    assert!(job.access_token().await.is_err());
    assert_eq!((state(), job.snapshot().unwrap().pause.as_secs()), (State::Unavailable, 60));
    assert_eq!(scene.refreshes(), 1, "to look is not to ask");

    scene.log_out().await;
    assert_eq!(state(), State::Dead);
}

#[tokio::test]
async fn a_logout_wins_over_a_refresh_a_job_started() {
    let scene = Scene::signed_in().await;
    let job = scene.job().await;
    job.invalidate(&job.access_token().await.unwrap()).await;
    let (answer, gate) = Answer::normal().held_after();
    scene.org.enqueue(OrgEndpoint::Token, answer);
    let waiting = tokio::spawn({
        let job = Arc::clone(&job);
        async move { job.access_token().await.map(drop) }
    });
    assert!(gate.reached().await);

    scene.log_out().await;
    gate.open();

    assert_eq!(waiting.await.unwrap().unwrap_err().recovery(), Recovery::Reauthorize);
    assert_eq!(job.access_token().await.unwrap_err().recovery(), Recovery::Reauthorize);
    assert_eq!(scene.fetch("/accounts").await.0, 401);
}

#[tokio::test]
async fn a_job_that_is_dropped_does_not_lose_the_rotated_token() {
    let scene = Scene::signed_in().await;
    let job = scene.job().await;
    job.invalidate(&job.access_token().await.unwrap()).await;
    let (answer, gate) = Answer::normal().held_after();
    scene.org.enqueue(OrgEndpoint::Token, answer);
    let dropped = tokio::spawn(async move { job.access_token().await.map(drop) });
    assert!(gate.reached().await);

    dropped.abort();
    gate.open();

    assert_eq!((scene.fetch("/accounts").await.0, scene.refreshes()), (200, 1));
}

#[tokio::test]
async fn a_job_does_not_keep_the_session_alive() {
    let scene = Scene::signed_in().await;
    let job = scene.job().await;

    for _ in 0..2 {
        scene.pass(IDLE / 2 - 60);
        job.invalidate(&job.access_token().await.unwrap()).await;
        assert!(job.access_token().await.is_ok());
    }
    scene.pass(121);

    let error = job.access_token().await.unwrap_err();
    assert!(error.recovery() == Recovery::Reauthorize && error.to_string().contains("idle"), "{error}");
}

#[tokio::test]
async fn one_that_counts_as_use_does() {
    let scene = Scene::signed_in().await;
    let socket = scene.job_at(0, "/socket").await;

    for _ in 0..6 {
        scene.pass(IDLE / 2);
        assert!(socket.access_token().await.is_ok());
        tokio::task::yield_now().await;
    }

    assert_eq!(scene.fetch("/accounts").await.0, 200);
}
