//! A token the org refuses before its time: renewed once for all who ask, on all replicas, and not for ever.

use std::sync::Arc;

use authsession_salesforce::SharedAuth;
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;

use crate::salesforce::scene::{Scene, query};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_handlers_on_a_session_the_org_ended_make_one_refresh() {
    let scene = Arc::new(Scene::signed_in().await);
    scene.pass(3600);
    for round in 1..=3 {
        scene.org.expire_sessions();

        let handlers: Vec<_> = (0..50)
            .map(|_| {
                let scene = Arc::clone(&scene);
                tokio::spawn(async move { scene.fetch("/accounts").await.0 })
            })
            .collect();
        for handler in handlers {
            assert_eq!(handler.await.unwrap(), 200);
        }

        assert_eq!(scene.refreshes(), round, "one a round, and the rotating family is alive");
        scene.pass(61);
    }
}

#[tokio::test]
async fn two_replicas_that_refuse_the_same_token_bring_one_refresh() {
    let scene = Scene::signed_in().await;
    let jobs = [scene.job().await, scene.job_at(1, "/job").await];
    let token = jobs[0].access_token().await.unwrap().into_owned();
    scene.org.expire_sessions();
    let (answer, gate) = Answer::normal().held_before();
    scene.org.enqueue(OrgEndpoint::Token, answer);

    let ask = |job: SharedAuth| {
        let token = token.clone();
        tokio::spawn(async move {
            job.invalidate(&token).await;
            job.access_token().await.unwrap().into_owned()
        })
    };
    let asked = jobs.map(ask);
    assert!(gate.reached().await);
    gate.open();

    let [one, other] = asked;
    let (one, other) = (one.await.unwrap(), other.await.unwrap());
    assert_eq!(one, other);
    assert_ne!(one, token);
    assert_eq!(scene.refreshes(), 1);
}

#[tokio::test]
async fn a_replica_that_was_not_told_hands_the_refused_token_out_no_more() {
    let scene = Scene::signed_in().await;
    let (told, untold) = (scene.job().await, scene.job_at(1, "/job").await);
    let token = told.access_token().await.unwrap().into_owned();

    told.invalidate(&token).await;

    assert!(untold.authorization_at_once().is_none());
    assert_ne!(untold.access_token().await.unwrap(), token);
    assert_eq!(
        (told.access_token().await.unwrap(), scene.refreshes()),
        (untold.access_token().await.unwrap(), 1)
    );
}

#[tokio::test]
async fn a_late_report_of_an_old_token_costs_nobody_a_good_one() {
    let scene = Scene::signed_in().await;
    let job = scene.job().await;
    let old = job.access_token().await.unwrap().into_owned();
    job.invalidate(&old).await;
    let new = job.access_token().await.unwrap().into_owned();

    for _ in 0..5 {
        job.invalidate(&old).await;
        job.invalidate("no token of ours").await;
    }

    assert_eq!((job.access_token().await.unwrap().into_owned(), scene.refreshes()), (new, 1));
}

#[tokio::test]
async fn a_token_refused_while_its_successor_is_on_its_way_does_not_cost_the_successor() {
    let scene = Scene::signed_in().await;
    let job = scene.job().await;
    let old = job.access_token().await.unwrap().into_owned();
    let (answer, gate) = Answer::normal().held_after();
    scene.org.enqueue(OrgEndpoint::Token, answer);
    job.invalidate(&old).await;
    let waiting = tokio::spawn({
        let job = Arc::clone(&job);
        async move { job.access_token().await.unwrap().into_owned() }
    });

    assert!(gate.reached().await);
    job.invalidate(&old).await;
    gate.open();

    assert_eq!(query(&scene.browser, &job, &waiting.await.unwrap()).await.0, 200);
    assert_eq!(scene.refreshes(), 1);
}

#[tokio::test]
async fn tokens_refused_as_fast_as_they_are_had_are_not_renewed_for_ever() {
    let scene = Scene::signed_in().await;
    let jobs = [scene.job().await, scene.job_at(1, "/job").await];
    let refuse = async || {
        for job in jobs.iter().cycle().take(20) {
            let token = job.access_token().await.unwrap().into_owned();
            job.invalidate(&token).await;
        }
        scene.refreshes()
    };

    assert_eq!(refuse().await, 3);
    scene.pass(9);
    assert_eq!(refuse().await, 3, "a pause follows");
    scene.pass(1);
    assert_eq!(refuse().await, 4, "then one more");
    for _ in 0..60 {
        scene.pass(60);
        refuse().await;
    }
    assert!(scene.refreshes() <= 4 + 31, "{} in an hour", scene.refreshes());
}

#[tokio::test]
async fn a_loop_that_ended_is_forgotten() {
    let scene = Scene::signed_in().await;
    let job = scene.job().await;
    for _ in 0..10 {
        job.invalidate(&job.access_token().await.unwrap()).await;
    }
    assert_eq!(scene.refreshes(), 3);
    scene.pass(601);

    scene.org.expire_sessions();

    assert_eq!((scene.fetch("/accounts").await.0, scene.refreshes()), (200, 4));
}
