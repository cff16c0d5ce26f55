//! Deployments: begun once, asked about until they are over.

use std::time::Duration;

use authsession_salesforce::auth::Recovery;
use authsession_salesforce::{
    CirrusError, DeployOptions, DeployRequest, DeployResult, DeployStatus, DeployWait, TestLevel,
};
use authsession_testkit::script::Answer;
use bytes::Bytes;
use serde_json::json;

use crate::stage::Stage;

const DEPLOYS: &str = "*/metadata/deployRequest";
const ONE: &str = "GET */metadata/deployRequest/*";

/// An archive as far as its list of names.
fn zip(names: &[&str]) -> Bytes {
    let number = |length: usize, bytes: usize| length.to_le_bytes()[..bytes].to_vec();
    let mut zip = Vec::new();
    for name in names {
        zip.extend(b"PK\x01\x02");
        zip.extend([0; 24]);
        zip.extend(number(name.len(), 2));
        zip.extend([0; 16]);
        zip.extend(name.bytes());
    }
    let length = zip.len();
    zip.extend(b"PK\x05\x06\0\0\0\0");
    zip.extend([number(names.len(), 2), number(names.len(), 2), number(length, 4), number(0, 6)].concat());
    zip.into()
}

fn package() -> Bytes {
    zip(&["package.xml", "classes/Orders.cls"])
}

fn soon(wait: DeployWait<'_>) -> DeployWait<'_> {
    wait.poll_every(Duration::from_millis(1), Duration::from_millis(2))
}

fn told(status: &str) -> Answer {
    Answer::json(200, &json!({ "id": "0Af", "deployResult": { "status": status } }))
}

#[tokio::test]
async fn a_package_is_deployed_and_waited_for() {
    let stage = Stage::set().await;
    let client = stage.client();
    let options = DeployOptions {
        single_package: Some(true),
        test_level: Some(TestLevel::RunSpecifiedTests),
        run_tests: Some(vec!["OrdersTest".to_owned()]),
        ..DeployOptions::default()
    };
    let begun = client.metadata().deploy(&options, package()).await.unwrap();
    let mut seen = Vec::new();
    let wait =
        soon(client.metadata().wait_for_deploy(&begun.id)).on_progress(|result| seen.push(result.status));
    let ended = wait.await.unwrap().deploy_result.unwrap();

    let statuses = [DeployStatus::Pending, DeployStatus::InProgress, DeployStatus::Succeeded].map(Some);
    assert_eq!(seen, statuses);
    assert!(ended.is_done() && ended.is_success());
    assert_eq!(ended.details.unwrap().component_successes.len(), 2);
    let sent = stage.org.journal().requests_at(DEPLOYS).remove(0);
    let body = String::from_utf8_lossy(&sent.body).into_owned();
    assert!(body.contains(r#"{"deployOptions":{"runTests":["OrdersTest"],"singlePackage":true,"testLevel":"RunSpecifiedTests"}}"#));
    assert!(body.contains(r#"name="file"; filename="deploy.zip""#) && body.contains("application/zip"));
    assert!(sent.header("content-length").is_some());
}

#[tokio::test]
async fn a_session_that_ends_while_a_deployment_runs_costs_one_grant_and_it_goes_on() {
    let stage = Stage::set().await;
    let client = stage.client();
    let begun = client.metadata().deploy(&DeployOptions::default(), package()).await.unwrap();
    let mut ended = false;
    let wait = soon(client.metadata().wait_for_deploy(begun.id)).on_progress(|_| {
        if !std::mem::replace(&mut ended, true) {
            stage.org.expire_sessions();
        }
    });

    assert!(wait.await.unwrap().deploy_result.unwrap().is_success());
    assert_eq!(stage.grants(), 2);
}

#[tokio::test]
async fn a_deployment_that_failed_is_no_error_and_says_what_is_wrong() {
    let stage = Stage::set().await;
    let client = stage.client();
    let begun =
        client.metadata().deploy(&DeployOptions::default(), zip(&["classes/Orders.cls"])).await.unwrap();
    let ended = soon(client.metadata().wait_for_deploy(begun.id)).await.unwrap().deploy_result.unwrap();

    assert!(ended.is_done() && !ended.is_success());
    assert_eq!(ended.status, Some(DeployStatus::Failed));
    let failures = ended.details.unwrap().component_failures;
    assert!(failures[0].problem.as_deref().is_some_and(|problem| problem.contains("package.xml")));
}

#[tokio::test]
async fn a_component_that_is_wrong_is_named() {
    let stage = Stage::set().await;
    let client = stage.client();
    stage.org.fail_next_deployment("Unexpected token");
    let begun = client.metadata().deploy(&DeployOptions::default(), package()).await.unwrap();
    let ended = soon(client.metadata().wait_for_deploy(begun.id)).await.unwrap().deploy_result.unwrap();
    let failure = ended.details.unwrap().component_failures.remove(0);
    assert_eq!((failure.problem.as_deref(), failure.success), (Some("Unexpected token"), false));
}

#[tokio::test]
async fn a_deployment_is_begun_once() {
    let stage = Stage::set().await;
    let client = stage.client();
    for answer in [Answer::status(503), Answer::dropped_after()] {
        stage.org.enqueue_at(DEPLOYS, answer);
        let error = client.metadata().deploy(&DeployOptions::default(), package()).await.unwrap_err();
        assert!(error.is_transient());
    }
    assert_eq!(stage.org.journal().count_at(DEPLOYS), 2);

    for answer in [Answer::status(429), Answer::session_expired()] {
        stage.org.enqueue_at(DEPLOYS, answer);
    }
    client.metadata().deploy(&DeployOptions::default(), package()).await.unwrap();
    assert_eq!(stage.org.journal().count_at(DEPLOYS), 5);
}

#[tokio::test]
async fn a_deployment_is_cancelled() {
    let stage = Stage::set().await;
    let client = stage.client();
    let metadata = client.metadata();
    let begun = metadata.deploy(&DeployOptions::default(), package()).await.unwrap();
    metadata.check_deploy_status(&begun.id, false).await.unwrap();
    metadata.cancel_deploy(&begun.id).await.unwrap();
    let ended = soon(metadata.wait_for_deploy(begun.id)).await.unwrap().deploy_result.unwrap();
    assert_eq!(ended.status, Some(DeployStatus::Canceled));
    assert!(ended.canceled_by_name.is_some() && !ended.is_success());
}

#[tokio::test]
async fn what_was_validated_is_deployed_without_a_second_test_run() {
    let stage = Stage::set().await;
    let client = stage.client();
    let metadata = client.metadata();
    let options = DeployOptions { check_only: Some(true), ..DeployOptions::default() };
    let validated = metadata.deploy(&options, package()).await.unwrap();
    let result = soon(metadata.wait_for_deploy(&validated.id)).await.unwrap().deploy_result.unwrap();
    assert!(result.check_only && result.is_success());

    let deployed = metadata.deploy_recent_validation(&validated.id).await.unwrap();

    assert_eq!(deployed.validated_deploy_request_id, Some(validated.id));
    let error = metadata.deploy_recent_validation("../x").await;
    assert!(error.is_err());
    assert!(matches!(metadata.check_deploy_status("..", true).await, Err(CirrusError::InvalidInput { .. })));
}

#[tokio::test]
async fn waiting_ends_when_its_time_is_over() {
    let stage = Stage::set().await;
    let client = stage.client();
    stage.org.always_at(ONE, told("InProgress"));
    let wait = soon(client.metadata().wait_for_deploy("0Af")).deadline(Duration::from_millis(50));
    let error = wait.await.unwrap_err();
    assert!(matches!(error, CirrusError::StillRunning { .. }), "{error:?}");
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_missed_and_thirty_in_a_row_are_told() {
    let stage = Stage::set().await;
    let client =
        stage.client_builder().retry_policy(authsession_salesforce::RetryPolicy::none()).build().unwrap();
    let metadata = client.metadata();
    for _ in 0..2 {
        stage.org.script().enqueue_many_at(ONE, &Answer::status(503), 29);
        stage.org.enqueue_at(ONE, told("InProgress"));
    }
    for answer in [told("Succeeded"), Answer::status(503), told("Succeeded")] {
        stage.org.enqueue_at(ONE, answer);
    }
    let ended = soon(metadata.wait_for_deploy("0Af")).await.unwrap();
    assert!(ended.deploy_result.unwrap().is_success());
    assert_eq!(stage.org.journal().count_at(ONE), 63);

    stage.org.always_at(ONE, Answer::status(503));
    let error = soon(metadata.wait_for_deploy("0Af")).await.unwrap_err();
    assert!(matches!(error.recovery(), Recovery::RetryAfter(_)));
    assert_eq!(stage.org.journal().count_at(ONE), 63 + 31);
}

#[tokio::test]
async fn a_deployment_nobody_knows_is_not_waited_for() {
    let stage = Stage::set().await;
    let client = stage.client();
    let error = soon(client.metadata().wait_for_deploy("0Af000000000099")).await.unwrap_err();
    assert!(matches!(error, CirrusError::Api { status: 404, .. }), "{error:?}");
    assert_eq!(stage.org.journal().count_at(ONE), 1);
}

#[test]
fn what_a_later_release_says_is_read_and_null_is_nothing() {
    let told = json!({ "id": "0Af", "novelty": 1, "deployResult": {
        "status": "Rehearsing", "done": true, "success": true, "checkOnly": null, "numberTestsTotal": null,
        "isRunTestsEnabled": true,
        "details": { "componentFailures": null, "runTestResult": { "numTestsRun": 3, "failures": null } },
    } });
    let result = serde_json::from_value::<DeployRequest>(told).unwrap().deploy_result.unwrap();
    assert_eq!(result.status, Some(DeployStatus::Unknown));
    assert!(result.is_done() && result.is_success());
    assert_eq!(result.run_tests_enabled, Some(true));
    assert_eq!(result.details.unwrap().run_test_results.unwrap().num_run, 3);

    let partial: DeployResult =
        serde_json::from_value(json!({ "status": "SucceededPartial", "success": true })).unwrap();
    assert!(partial.is_done() && !partial.is_success());
    let finishing: DeployResult = serde_json::from_value(json!({ "status": "FinalizingDeploy" })).unwrap();
    assert!(!finishing.is_done());
}
