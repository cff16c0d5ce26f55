//! A signed-in user's session as a session for calling Salesforce, against an org that is the provider.

mod instance;
mod jobs;
mod other_apis;
mod refused_token;
mod scene;

use std::sync::atomic::Ordering;

use authsession_salesforce::auth::Recovery;
use authsession_testkit::org::connected_app::AppState;
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;

use crate::salesforce::scene::Scene;

#[tokio::test]
async fn a_handler_queries_the_org_as_the_signed_in_user() {
    let scene = Scene::signed_in().await;

    let (status, answer) = scene.fetch("/accounts").await;

    assert_eq!((status, answer["records"][0]["Name"].as_str()), (200, Some("Acme")));
    let asked = scene.org.journal().last(OrgEndpoint::Rest).unwrap();
    let token = scene.job().await.access_token().await.unwrap().into_owned();
    assert_eq!(asked.header("authorization"), Some(format!("Bearer {token}").as_str()));
}

#[tokio::test]
async fn who_is_not_signed_in_is_sent_to_sign_in_or_told_by_json() {
    let scene = Scene::new().await;

    let page = scene.browser.fetch(scene.url("/accounts")).await.unwrap();
    assert_eq!((page.status.as_u16(), page.header("content-type")), (401, Some("application/problem+json")));
    assert_eq!(page.json().unwrap()["reason"], "no_session");
    assert_eq!(scene.browser.fetch(scene.url("/optional")).await.unwrap().text(), "false");

    let page = scene.browser.navigate(scene.url("/accounts")).await.unwrap();
    assert_eq!(page.json().unwrap()["records"][1]["Name"], "Globex");
    assert_eq!(scene.browser.fetch(scene.url("/optional")).await.unwrap().text(), "true");
}

#[tokio::test]
async fn the_header_is_ready_without_waiting_as_long_as_the_token_is_fresh() {
    let scene = Scene::signed_in().await;
    let job = scene.job().await;
    assert!(job.authorization_at_once().is_none(), "this store has to be waited for");
    scene.store.answers_at_once.store(true, Ordering::SeqCst);

    let ready = job.authorization_at_once().unwrap();
    assert!(ready.is_sensitive());
    job.invalidate(&job.access_token().await.unwrap()).await;

    assert!(job.authorization_at_once().is_none());
    assert_ne!(job.authorization().await.unwrap(), ready);
}

#[tokio::test]
async fn the_org_away_means_later_and_the_session_kept() {
    let scene = Scene::signed_in().await;
    let job = scene.job().await;
    scene.org.enqueue(OrgEndpoint::Token, Answer::status(503).retry_after(30));

    job.invalidate(&job.access_token().await.unwrap()).await;
    let recovery = job.access_token().await.unwrap_err().recovery();

    assert!(matches!(recovery, Recovery::RetryAfter(wait) if wait.as_secs() == 30), "{recovery:?}");
    scene.pass(30);
    assert!(job.access_token().await.is_ok());
}

#[tokio::test]
async fn the_store_away_means_later() {
    let scene = Scene::signed_in().await;
    let job = scene.job().await;
    job.invalidate(&job.access_token().await.unwrap()).await;
    scene.store.fail_updates_after(0);

    let error = job.access_token().await.unwrap_err();

    assert!(matches!(error.recovery(), Recovery::RetryAfter(_)), "{error:?}");
    scene.store.work_again();
    assert!(job.access_token().await.is_ok());
}

#[tokio::test]
async fn a_refresh_in_process_elsewhere_signs_nobody_out() {
    let scene = Scene::signed_in().await;
    let job = scene.job().await;
    let busy = Answer::refusal(400, "invalid_grant", "token request is already being processed");
    scene.org.enqueue(OrgEndpoint::Token, busy);

    job.invalidate(&job.access_token().await.unwrap()).await;
    let error = job.access_token().await.unwrap_err();

    assert!(matches!(error.recovery(), Recovery::AdoptOrRetry { .. }), "{error:?}");
    scene.pass(60);
    assert!(job.access_token().await.is_ok());
}

#[tokio::test]
async fn a_user_deactivated_in_the_org_signs_in_again() {
    let scene = Scene::signed_in().await;
    let job = scene.job().await;
    scene.org.deactivate_user(&scene.org.username());

    job.invalidate(&job.access_token().await.unwrap()).await;
    let error = job.access_token().await.unwrap_err();

    assert_eq!(error.recovery(), Recovery::Reauthorize);
    assert_eq!(scene.fetch("/accounts").await.1["reason"], "refresh_refused");
}

#[tokio::test]
async fn an_app_the_org_blocks_is_the_operators_to_fix_and_ends_no_session() {
    let scene = Scene::signed_in().await;
    let job = scene.job().await;
    scene.org.change_app(&scene.org.consumer_key(), |app| app.state(AppState::Blocked));

    job.invalidate(&job.access_token().await.unwrap()).await;
    let recovery = job.access_token().await.unwrap_err().recovery();

    assert!(matches!(&recovery, Recovery::FixConfig { hint } if hint.contains("unblock")), "{recovery:?}");
    scene.org.change_app(&scene.org.consumer_key(), |app| app.state(AppState::Installed));
    scene.pass(60);
    assert!(job.access_token().await.is_ok());
}

#[tokio::test]
async fn without_a_refresh_token_a_refused_token_means_to_sign_in_again() {
    let scene =
        Scene::with(|org| org, |builder| builder.salesforce().with_scopes(vec!["openid", "api"])).await;
    scene.sign_in().await;
    let job = scene.job().await;
    scene.org.expire_sessions();

    assert_eq!(scene.fetch("/accounts").await.0, 502);
    let error = job.access_token().await.unwrap_err();

    assert_eq!(error.recovery(), Recovery::Reauthorize);
    assert_eq!(scene.fetch("/accounts").await.1["reason"], "token_expired");
}

#[tokio::test]
async fn debug_shows_no_token() {
    let scene = Scene::signed_in().await;
    let shown = scene.browser.fetch(scene.url("/debug")).await.unwrap().text().into_owned();
    let token = scene.job().await.access_token().await.unwrap().into_owned();

    assert!(shown.contains("UserSession"), "{shown}");
    assert!(!shown.contains(&token) && !shown.contains("AQ"), "{shown}");
}

#[tokio::test]
async fn an_absurd_answer_to_a_refresh_means_later() {
    let scene = Scene::signed_in().await;
    let job = scene.job().await;
    scene.org.enqueue(OrgEndpoint::Token, Answer::tampered(|answer| answer["token_type"] = "mac".into()));

    job.invalidate(&job.access_token().await.unwrap()).await;
    let error = job.access_token().await.unwrap_err();

    assert!(matches!(error.recovery(), Recovery::RetryAfter(_)), "{error:?}");
    scene.pass(60);
    assert!(job.access_token().await.is_ok());
}

#[tokio::test]
async fn a_store_that_cannot_be_read_means_later_too() {
    let scene = Scene::signed_in().await;
    let job = scene.job().await;
    scene.store.away_for(&["load"]);

    let error = job.access_token().await.unwrap_err();

    assert!(matches!(error.recovery(), Recovery::RetryAfter(_)), "{error:?}");
    assert!(error.to_string().contains("look up the user's session"), "{error}");
}

#[tokio::test]
async fn a_login_that_names_no_org_is_the_operators_to_fix() {
    let scene = Scene::new().await;
    let nameless = Answer::tampered(|answer| drop(answer.as_object_mut().unwrap().remove("instance_url")));
    scene.org.enqueue(OrgEndpoint::Token, nameless);

    let page = scene.browser.navigate(scene.url("/accounts")).await.unwrap();

    assert_eq!(page.status, 500, "{}", page.text());
    assert_eq!(scene.fetch("/accounts").await.0, 401, "nobody is signed in");
}
