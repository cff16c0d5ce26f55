//! Calls that are made again by themselves: those that may be, and no other.

use std::time::Duration;

use authsession_salesforce::auth::Recovery;
use authsession_salesforce::{CirrusError, Replay, RetryPolicy};
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;
use http::Method;
use serde_json::{Value, json};

use crate::stage::Stage;

#[tokio::test]
async fn a_read_is_made_again_after_a_server_error_and_a_broken_connection() {
    let stage = Stage::set().await;
    let client = stage.client();
    for answer in [Answer::status(503), Answer::dropped_before(), Answer::truncated()] {
        stage.org.enqueue(OrgEndpoint::Rest, answer);
    }

    let limits: Value = client.get("limits").await.unwrap();

    assert!(limits["DailyApiRequests"]["Max"].is_u64());
    assert_eq!(stage.calls(), 4);
}

#[tokio::test]
async fn what_may_have_been_done_is_not_sent_again() {
    for answer in [Answer::status(503), Answer::status(500), Answer::dropped_after(), Answer::truncated()] {
        let stage = Stage::set().await;
        let client = stage.client();
        stage.org.enqueue(OrgEndpoint::Rest, answer);

        let error =
            client.post::<Value, _>("sobjects/Account", &json!({ "Name": "Initech" })).await.unwrap_err();

        assert!(error.is_transient(), "{error}");
        assert_eq!(stage.calls(), 1);
    }
}

#[tokio::test]
async fn a_caller_may_say_that_twice_is_as_good_as_once_or_that_it_is_not() {
    let stage = Stage::set().await;
    let client = stage.client();
    let body = json!({ "Name": "Initech" });
    stage.org.enqueue(OrgEndpoint::Rest, Answer::status(503));
    let send =
        client.send_json_with_replay(Method::POST, "sobjects/Account", None, &[], &body, Replay::Always);
    let _: Value = send.await.unwrap();
    assert_eq!(stage.calls(), 2);

    stage.org.enqueue(OrgEndpoint::Rest, Answer::status(503));
    let send = client.send_with_replay::<Value>(Method::GET, "limits", None, &[], Replay::Never);
    send.await.unwrap_err();
    assert_eq!(stage.calls(), 3);
}

#[tokio::test]
async fn a_call_that_was_put_off_is_made_again_whatever_it_is() {
    let stage = Stage::set().await;
    let client = stage.client();
    stage.org.enqueue_many(OrgEndpoint::Rest, &Answer::status(429), 2);

    let _: Value = client.post("sobjects/Account", &json!({ "Name": "Initech" })).await.unwrap();

    assert_eq!(stage.calls(), 3);
}

#[tokio::test]
async fn a_wait_longer_than_the_policy_allows_is_the_callers() {
    let stage = Stage::set().await;
    let client = stage.client();
    stage.org.enqueue(OrgEndpoint::Rest, Answer::status(503).retry_after(600));

    let error = client.get::<Value>("limits").await.unwrap_err();

    assert!(
        matches!(error, CirrusError::Api { retry_after: Some(wait), .. } if wait == Duration::from_secs(600))
    );
    assert_eq!(error.recovery(), Recovery::RetryAfter(Duration::from_secs(600)));
    assert_eq!(stage.calls(), 1);
}

#[tokio::test]
async fn calls_used_up_are_not_asked_for_again() {
    let stage = Stage::set_with(|org| org.request_limit(1)).await;
    let client = stage.client();
    let _: Value = client.get("limits").await.unwrap();

    let error = client.get::<Value>("limits").await.unwrap_err();

    assert!(error.is_transient());
    assert!(error.recovery().wait() > Some(Duration::from_secs(60)));
    assert_eq!(stage.calls(), 2);
}

#[tokio::test]
async fn who_wants_no_retries_gets_none() {
    let stage = Stage::set().await;
    let client = stage.client_builder().retry_policy(RetryPolicy::none()).build().unwrap();
    stage.org.enqueue(OrgEndpoint::Rest, Answer::status(503));

    client.get::<Value>("limits").await.unwrap_err();

    assert_eq!(stage.calls(), 1);
}

#[tokio::test]
async fn an_org_that_is_away_for_a_moment_is_waited_for() {
    let stage = Stage::set().await;
    let policy = RetryPolicy {
        max_retries: 20,
        base_delay: Duration::from_millis(50),
        jitter: false,
        ..RetryPolicy::default()
    };
    let client = stage.client_builder().retry_policy(policy).build().unwrap();
    let _: Value = client.get("limits").await.unwrap();
    stage.org.shutdown().await;

    let body = json!({ "Name": "Initech" });
    let call = client.post::<Value, _>("sobjects/Account", &body);
    let (created, ()) = tokio::join!(call, async { stage.org.restart().await.unwrap() });

    assert_eq!(created.unwrap()["success"], true);
}

#[tokio::test]
async fn a_create_on_a_connection_the_org_has_closed_is_neither_lost_nor_sent_twice() {
    let stage = Stage::set().await;
    let client = stage.client_builder().retry_policy(RetryPolicy::none()).build().unwrap();
    for number in 0..20 {
        let _: Value = client.get("limits").await.unwrap();
        stage.org.restart().await.unwrap();
        stage.org.journal().clear();
        let created = client.sobject("Account").create(&json!({ "Name": format!("Initech {number}") })).await;
        assert!(created.unwrap().success);
        assert_eq!(stage.calls(), 1);
    }
    assert_eq!(stage.org.query("SELECT Id FROM Account WHERE Name LIKE 'Initech%'").unwrap().len(), 20);
}
