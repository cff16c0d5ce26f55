//! What is left to others: calls at once, and calls of the day.

use std::time::Duration;

use authsession_salesforce::{CirrusError, Governor, LimitInfo};
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::Value;

use crate::stage::{Stage, minutes};

#[tokio::test]
async fn so_many_calls_run_at_once_and_the_others_wait() {
    let stage = Stage::set().await;
    let client = stage.client_builder().governor(Governor::new().concurrency(2)).build().unwrap();
    client.auth().access_token().await.unwrap();
    let (held, gate) = Answer::normal().held();
    stage.org.always(OrgEndpoint::Rest, held);

    let mut calls: FuturesUnordered<_> = (0..5)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.get::<Value>("limits").await })
        })
        .collect();
    assert!(gate.reached_by(2).await);
    assert_eq!(stage.calls(), 2);
    gate.open();
    while let Some(done) = calls.next().await {
        done.unwrap().unwrap();
    }
    assert_eq!(stage.calls(), 5);
}

#[tokio::test]
async fn a_download_makes_room_with_its_last_byte() {
    let stage = Stage::set().await;
    let client = stage.client_builder().governor(Governor::new().concurrency(1)).build().unwrap();
    let id = stage.org.add_event_log("Login", 20).unwrap();

    let mut log = client.event_monitoring().download_stream(&id).await.unwrap();
    while log.next().await.is_some() {}
    let limits = client.with_timeout(Duration::from_secs(20)).get::<Value>("limits").await;

    limits.unwrap();
    drop(log);
}

#[tokio::test]
async fn calls_that_are_kept_for_others_are_not_made() {
    let stage = Stage::set_with(|org| org.request_limit(10)).await;
    let client = stage.client_builder().governor(Governor::new().reserve(7)).build().unwrap();
    for _ in 0..3 {
        let _: Value = client.get("limits").await.unwrap();
    }

    let error = client.get::<Value>("limits").await.unwrap_err();

    assert!(matches!(error, CirrusError::QuotaReserved { remaining: 7, reserve: 7 }), "{error:?}");
    assert!(error.is_transient());
    assert_eq!(stage.calls(), 3);

    stage.time.advance(minutes(5));
    let calls = futures_util::future::join_all((0..10).map(|_| client.get::<Value>("limits"))).await;
    assert_eq!(calls.iter().filter(|call| call.is_ok()).count(), 1, "one looks whether more have come back");
    assert_eq!(stage.calls(), 4);
}

#[tokio::test]
async fn what_is_used_up_is_known_after_every_answer() {
    let stage = Stage::set_with(|org| org.request_limit(100)).await;
    let client = stage.client();
    assert_eq!(client.last_limit_info(), None);
    let _: Value = client.get("limits").await.unwrap();
    client.get::<Value>("nowhere").await.unwrap_err();
    assert_eq!(client.clone().last_limit_info(), Some(LimitInfo { used: 2, allowed: 100, bursts: None }));
}

#[test]
fn a_header_that_says_more_or_nothing_is_read_all_the_same() {
    let info =
        LimitInfo::parse("per-app-api-usage=17/250(appName=x), api-usage = 25 / 5000 ; api-bursts=1/750")
            .unwrap();
    assert_eq!((info.used, info.allowed, info.bursts, info.remaining()), (25, 5000, Some((1, 750)), 4975));
    assert_eq!(LimitInfo::parse("api-usage=30/20").unwrap().remaining(), 0);
    for header in ["", "api-usage", "api-usage=1", "api-usage=a/b", "api-usage=-1/5", "api-bursts=1/2"] {
        assert_eq!(LimitInfo::parse(header), None, "{header}");
    }
}
