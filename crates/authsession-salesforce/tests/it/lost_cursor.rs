//! The rest of a query that is not there any more.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use authsession_salesforce::auth::{Recovery, StaticTokenAuth};
use authsession_salesforce::{Cirrus, QueryOptions};
use futures_util::StreamExt;

use crate::stage::Stage;

const ALL: &str = "SELECT Id FROM Account ORDER BY Id";

async fn stage() -> Stage {
    let stage = Stage::set().await;
    let there = stage.org.count("Account").unwrap();
    stage.org.fill("Account", 1000 - there).unwrap();
    stage
}

/// What a stream hands out until it is over, once `happens` after 250 records; and its last word.
async fn interrupted(stage: &Stage, happens: impl FnOnce()) -> (usize, authsession_salesforce::CirrusError) {
    let mut records = stage.client().query_stream_with_options(ALL, &QueryOptions::new().batch_size(200));
    let mut ids = Vec::new();
    for _ in 0..250 {
        ids.push(records.next().await.unwrap().unwrap()["Id"].clone());
    }
    happens();
    let error = loop {
        match records.next().await.unwrap() {
            Ok(record) => ids.push(record["Id"].clone()),
            Err(error) => break error,
        }
    };
    assert!(records.next().await.is_none(), "it is the last word");
    let handed_out: BTreeSet<_> = ids.iter().map(ToString::to_string).collect();
    assert_eq!(handed_out.len(), ids.len(), "nothing comes twice");
    (ids.len(), error)
}

#[tokio::test]
async fn a_locator_that_ended_with_its_session_says_so_after_one_new_token() {
    let stage = stage().await;
    stage.org.locators_end_with_session(true);
    let (count, error) = interrupted(&stage, || stage.org.expire_sessions()).await;
    assert_eq!(count, 400);
    assert!(error.is_lost_cursor() && !error.is_transient(), "{error:?}");
    assert_eq!(error.recovery(), Recovery::RunAgain);
    assert!(error.to_string().contains("run it again, from the last record"), "{error}");
    assert_eq!(stage.grants(), 2);
    assert_eq!(stage.calls(), 2 + 2 + 1, "two pages, the third refused twice, and a look at who is refused");
}

#[tokio::test]
async fn a_locator_that_is_too_old_is_asked_for_once() {
    let stage = stage().await;
    let (count, error) = interrupted(&stage, || stage.time.advance(Duration::from_secs(2 * 86_400))).await;
    assert_eq!(count, 400);
    assert!(error.is_lost_cursor() && !error.is_transient(), "{error:?}");
    assert!(error.to_string().contains("INVALID_QUERY_LOCATOR"), "{error}");
}

#[tokio::test]
async fn a_session_that_is_over_is_not_taken_for_a_lost_cursor() {
    let stage = stage().await;
    let token = stage.org.open_session(&stage.org.username()).unwrap();
    let auth = Arc::new(StaticTokenAuth::new(token, stage.org.instance_url()));
    let client = Cirrus::builder().auth(auth).build().unwrap();
    let page = client.query_with_options(ALL, &QueryOptions::new().batch_size(200)).await.unwrap();
    stage.org.expire_sessions();
    let error = client.query_more(&page.next_records_url.unwrap()).await.unwrap_err();
    assert!(!error.is_lost_cursor(), "{error:?}");
    assert_eq!(error.recovery(), Recovery::Reauthorize);
}
