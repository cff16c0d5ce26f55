//! Records that come page by page.

use std::collections::BTreeSet;
use std::sync::Arc;

use authsession_salesforce::{
    Cirrus, CirrusError, Governor, QueryOptions, QueryResult, Records, RetryPolicy, SharedAuth,
};
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;
use futures_util::{Stream as _, StreamExt, TryStreamExt};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::stage::{Stage, told};

const ALL: &str = "SELECT Id, Name FROM Account ORDER BY Id";
/// Pages of 200: 5 of them.
const COUNT: usize = 1000;

#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Account {
    #[serde(rename = "Id")]
    id: String,
}

async fn stage() -> Stage {
    let stage = Stage::set().await;
    let there = stage.org.count("Account").unwrap();
    stage.org.fill("Account", COUNT - there).unwrap();
    stage
}

fn pages_of_200(client: &Cirrus) -> Records<Account> {
    client.query_stream_with_options_as(ALL, &QueryOptions::new().batch_size(200))
}

fn impatient(stage: &Stage) -> Cirrus {
    stage.client_builder().retry_policy(RetryPolicy::none()).build().unwrap()
}

/// All records, polling on after errors; and how many those were.
async fn persistently(mut records: Records<Account>) -> (Vec<String>, usize) {
    let (mut ids, mut errors) = (Vec::new(), 0);
    while let Some(record) = records.next().await {
        match record {
            Ok(record) => ids.push(record.id),
            Err(_) => errors += 1,
        }
        assert!(errors < 10, "it goes on for ever");
    }
    (ids, errors)
}

fn assert_all_once_in_order(stage: &Stage, ids: &[String]) {
    let there = stage.org.query(ALL).unwrap();
    let there: Vec<_> = there.iter().map(|record| record["Id"].as_str().unwrap()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), COUNT);
    assert_eq!(ids, there);
}

#[tokio::test]
async fn every_record_of_every_page_comes_once_and_in_order() {
    let stage = stage().await;
    let mut records = pages_of_200(&stage.client());
    assert_eq!((records.total_size(), records.pending_locator()), (None, None));

    let first = records.try_next().await.unwrap().unwrap();
    assert_eq!(records.total_size(), Some(1000));
    assert!(records.pending_locator().unwrap().ends_with("-200"));
    assert_eq!(records.size_hint(), (199, None));
    let rest: Vec<Account> = records.by_ref().try_collect().await.unwrap();
    assert_eq!((records.pending_locator(), records.size_hint()), (None, (0, Some(0))));

    let ids: Vec<_> = std::iter::once(first).chain(rest).map(|account| account.id).collect();
    assert_all_once_in_order(&stage, &ids);
    let asked = stage.org.journal().requests(OrgEndpoint::Rest);
    assert_eq!(asked.len(), 5);
    assert!(asked.iter().all(|one| one.header("sforce-query-options") == Some("batchSize=200")));
}

#[tokio::test]
async fn a_session_that_ends_between_two_pages_costs_one_grant_and_no_record() {
    for ahead in [false, true] {
        let stage = stage().await;
        let mut records = pages_of_200(&stage.client());
        if ahead {
            records = records.read_ahead();
        }
        let mut ids = Vec::new();
        while ids.len() < 250 {
            ids.push(records.try_next().await.unwrap().unwrap().id);
        }
        stage.org.expire_sessions();
        ids.extend(records.map_ok(|account| account.id).try_collect::<Vec<_>>().await.unwrap());
        assert_all_once_in_order(&stage, &ids);
        assert_eq!(stage.grants(), 2, "read ahead: {ahead}");
    }
}

#[tokio::test]
async fn a_page_that_failed_is_asked_for_again_by_whoever_polls_on() {
    let stage = stage().await;
    let client = impatient(&stage);
    let unavailable = json!([{ "errorCode": "SERVER_UNAVAILABLE", "message": "too busy" }]);
    for fault in [
        Answer::json(503, &unavailable),
        Answer::truncated(),
        Answer::dropped_before(),
        Answer::dropped_after(),
        Answer::raw(200, "application/json", r#"{"totalSize":1000,"done":false,"records":[{"Id":"0"#),
    ] {
        for records in [pages_of_200(&client), pages_of_200(&client).read_ahead()] {
            stage.org.journal().clear();
            stage.org.enqueue_many(OrgEndpoint::Rest, &Answer::normal(), 2);
            stage.org.enqueue_many(OrgEndpoint::Rest, &fault, 2);

            let (ids, errors) = persistently(records).await;
            assert_all_once_in_order(&stage, &ids);
            assert_eq!((errors, stage.calls()), (2, 7), "{fault:?}");
            let asked = stage.org.journal().requests(OrgEndpoint::Rest);
            assert_eq!(asked[2].path, asked[4].path);
        }
    }
}

#[tokio::test]
async fn a_first_page_that_failed_is_asked_for_again_too() {
    let stage = stage().await;
    stage.org.enqueue(OrgEndpoint::Rest, Answer::status(503));
    let (ids, errors) = persistently(pages_of_200(&impatient(&stage))).await;
    assert_all_once_in_order(&stage, &ids);
    assert_eq!((errors, stage.calls()), (1, 6));
}

#[tokio::test]
async fn with_retries_nobody_sees_that_a_page_failed() {
    let stage = stage().await;
    stage.org.enqueue(OrgEndpoint::Rest, Answer::normal());
    stage.org.enqueue(OrgEndpoint::Rest, Answer::status(503));
    stage.org.enqueue(OrgEndpoint::Rest, Answer::truncated());
    let (ids, errors) = persistently(pages_of_200(&stage.client())).await;
    assert_all_once_in_order(&stage, &ids);
    assert_eq!((errors, stage.calls()), (0, 7));
}

#[tokio::test]
async fn an_error_that_does_not_pass_is_the_last_item_and_asked_for_once() {
    let stage = stage().await;
    let client = stage.client();
    let mut malformed = client.query_stream("SELECT FROM WHERE");
    let error = malformed.try_next().await.unwrap_err();
    assert!(error.to_string().contains("MALFORMED_QUERY"), "{error}");
    assert!(malformed.next().await.is_none());
    assert_eq!(stage.calls(), 1);

    #[derive(Debug, Deserialize)]
    struct Other {
        #[serde(rename = "Name")]
        _name: u32,
    }
    let mut other = client.query_stream_as::<Other>(ALL);
    let error = other.try_next().await.unwrap_err();
    assert!(matches!(error, CirrusError::Serialization(fault) if fault.is_of_another_shape()), "{error:?}");
    assert!(other.next().await.is_none());
    assert_eq!(stage.calls(), 2);
}

#[tokio::test]
async fn an_error_that_comes_five_times_without_a_record_between_is_the_last_item() {
    let stage = stage().await;
    let client = impatient(&stage);
    for records in [pages_of_200(&client), pages_of_200(&client).read_ahead()] {
        stage.org.journal().clear();
        for _ in 0..2 {
            stage.org.enqueue(OrgEndpoint::Rest, Answer::normal());
            stage.org.enqueue_many(OrgEndpoint::Rest, &Answer::status(503), 4);
        }
        let (ids, errors) = persistently(records).await;
        assert_all_once_in_order(&stage, &ids);
        assert_eq!((errors, stage.calls()), (8, 13), "a record between them, and they are counted anew");
    }

    stage.org.journal().clear();
    stage.org.enqueue(OrgEndpoint::Rest, Answer::normal());
    stage.org.always(OrgEndpoint::Rest, Answer::status(503));
    let mut records = pages_of_200(&client);
    let results: Vec<_> = records.by_ref().take(300).collect().await;
    assert_eq!((results.len(), stage.calls()), (205, 6));
    assert!(records.next().await.is_none());
    assert!(records.pending_locator().unwrap().ends_with("-200"), "what comes after it can still be had");
}

#[tokio::test]
async fn a_stream_whose_calls_are_kept_for_others_says_so_once() {
    let stage = Stage::set_with(|org| org.request_limit(10)).await;
    let there = stage.org.count("Account").unwrap();
    stage.org.fill("Account", COUNT - there).unwrap();
    let client = stage.client_builder().governor(Governor::new().reserve(7)).build().unwrap();

    let results: Vec<_> = pages_of_200(&client).take(COUNT).collect().await;

    assert_eq!((results.len(), stage.calls()), (601, 3));
    assert!(matches!(results.last(), Some(Err(CirrusError::QuotaReserved { .. }))));
}

#[tokio::test]
async fn a_stream_that_is_dropped_asks_for_no_more() {
    let stage = stage().await;
    let client = stage.client();
    drop(client.query_stream(ALL));
    assert_eq!(stage.calls(), 0);
    let mut records = pages_of_200(&client);
    assert!(records.next().await.is_some());
    drop(records);
    client.get::<Value>("limits").await.unwrap();
    assert_eq!(stage.calls(), 2);
}

#[tokio::test]
async fn reading_ahead_asks_for_one_page_more_and_gives_it_up_with_the_stream() {
    let stage = stage().await;
    let client = stage.client();
    let (held, gate) = Answer::normal().held();
    stage.org.enqueue(OrgEndpoint::Rest, Answer::normal());
    stage.org.enqueue(OrgEndpoint::Rest, held);
    let mut records = pages_of_200(&client).read_ahead();
    assert!(records.next().await.is_some());
    assert!(
        stage.org.journal().reaches(OrgEndpoint::Rest, 2).await,
        "nobody polls, and the page is asked for"
    );
    assert!(records.pending_locator().unwrap().ends_with("-200"), "what is not handed out is pending");

    drop(records);
    gate.open();
    client.get::<Value>("limits").await.unwrap();
    assert_eq!(stage.calls(), 3);

    let (ids, _) = persistently(pages_of_200(&client).read_ahead()).await;
    assert_all_once_in_order(&stage, &ids);
    assert_eq!(stage.calls(), 8);
}

#[tokio::test]
async fn a_page_that_was_read_ahead_of_a_dropped_stream_is_not_waited_for() {
    let stage = stage().await;
    let auth: SharedAuth = Arc::new(stage.client_credentials().build().unwrap());
    let in_use = Arc::downgrade(&auth);
    let client = Cirrus::builder().auth(auth).build().unwrap();
    let (held, _gate) = Answer::normal().held();
    stage.org.enqueue(OrgEndpoint::Rest, Answer::normal());
    stage.org.enqueue(OrgEndpoint::Rest, held);
    let mut records = pages_of_200(&client).read_ahead();
    assert!(records.next().await.is_some());
    assert!(stage.org.journal().reaches(OrgEndpoint::Rest, 2).await);
    drop((records, client));
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(in_use.upgrade().is_none(), "the page is still waited for");
}

#[tokio::test]
async fn a_stream_goes_on_where_another_one_stopped() {
    let stage = stage().await;
    let client = stage.client();
    let mut begun = pages_of_200(&client);
    let mut ids = Vec::new();
    for _ in 0..200 {
        ids.push(begun.try_next().await.unwrap().unwrap().id);
    }
    let locator = begun.pending_locator().unwrap().to_owned();
    drop(begun);
    let whole = format!("{}{locator}", stage.org.instance_url());
    let rest = Records::<Account>::from_locator(client.clone(), whole);
    assert_eq!((rest.pending_locator().is_some(), rest.total_size()), (true, None));
    ids.extend(rest.map_ok(|account| account.id).try_collect::<Vec<_>>().await.unwrap());
    assert_all_once_in_order(&stage, &ids);

    let page =
        client.query_with_options_as::<Account>(ALL, &QueryOptions::new().batch_size(200)).await.unwrap();
    let all = Records::from_page(client, page).read_ahead();
    assert_eq!(all.total_size(), Some(1000));
    let (ids, _) = persistently(all).await;
    assert_all_once_in_order(&stage, &ids);
}

#[tokio::test]
async fn a_locator_that_leads_elsewhere_is_refused_before_anything_is_sent() {
    let stage = Stage::set().await;
    let client = stage.client();
    let here = stage.org.instance_url();
    for locator in [
        "https://evil.example/services/data/v66.0/query/01g-2000",
        "//evil.example/services/data/v66.0/query/01g-2000",
        "@evil.example/services/data/v66.0/query/01g-2000",
        &format!("{here}.evil.example/services/data/v66.0/query/01g-2000"),
        &format!("{here}@evil.example/services/data/v66.0/query/01g-2000"),
        &here.replacen("://", "://user:password@", 1),
        &format!("{here}/services/data/v66.0/sobjects/Account"),
        "/services/data/v66.0/sobjects/Account/001xx",
        "/services/data/v66.0/query/../sobjects",
        "/services/data/v66.0/query/..",
        "/services/data/v66.0/query/%2e%2e%2fsobjects",
        "/services/data/v66.0/query/01g-2000/more",
        "/services/data/v66.0/query/01g-2000?q=SELECT",
        "/services/data/v66.0/query/01g#2000",
        "/services/data/v66.0/query/",
        "/services/data/v66.0/query",
        "/services/data/v66/query/01g-2000",
        "/services/apexrest/query/01g-2000",
        "query/01g-2000",
        "01g-2000",
        "",
    ] {
        let error = client.query_more(locator).await.unwrap_err();
        let is_typed = matches!(error, CirrusError::InvalidInput { field: "next_records_url", .. });
        assert!(is_typed, "{locator}: {error:?}");
        let mut records = Records::<Value>::from_locator(client.clone(), locator);
        assert!(records.next().await.unwrap().is_err());
        assert!(records.next().await.is_none());
    }
    assert_eq!((stage.calls(), stage.grants()), (0, 0));
}

#[tokio::test]
async fn a_page_that_leads_nowhere_or_in_a_circle_is_handed_out_and_then_an_error() {
    let stage = Stage::set().await;
    let client = stage.client();
    let circle = "/services/data/v66.0/query/01gxx-2";
    let page = |next: Option<&str>| {
        let mut page = json!({ "totalSize": 9, "done": false, "records": [{ "Id": "1" }, { "Id": "2" }] });
        if let Some(next) = next {
            page["nextRecordsUrl"] = json!(next);
        }
        Answer::json(200, &page)
    };
    stage.org.enqueue(OrgEndpoint::Rest, page(None));
    let mut lost = client.query_stream_as::<Account>(ALL);
    let handed_out: Vec<_> = lost.by_ref().take(2).try_collect().await.unwrap();
    assert_eq!(handed_out.len(), 2);
    assert!(matches!(lost.next().await, Some(Err(CirrusError::InvalidResponse(_)))));
    assert!(lost.next().await.is_none());

    stage.org.enqueue_many(OrgEndpoint::Rest, &page(Some(circle)), 2);
    let results: Vec<_> = client.query_stream_as::<Account>(ALL).collect().await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 4);
    assert_eq!(results.iter().filter(|result| result.is_err()).count(), 1);

    stage.org.enqueue(OrgEndpoint::Rest, page(Some("https://evil.example/services/data/v66.0/query/01g-2")));
    let results: Vec<_> = client.query_stream_as::<Account>(ALL).collect().await;
    assert_eq!((results.len(), stage.calls()), (3, 4));
}

#[tokio::test]
async fn a_circle_of_several_pages_ends_in_an_error_and_not_as_if_it_were_all() {
    let stage = Stage::set().await;
    let client = stage.client();
    let path = |to: &str| format!("/services/data/v66.0/query/01gxx-{to}");
    let page = |id: &str, to: &str| {
        let records = json!([{ "Id": id }]);
        json!({ "totalSize": 9, "done": false, "nextRecordsUrl": path(to), "records": records })
    };
    let run = || {
        for (id, to) in [("1", "2"), ("2", "3"), ("3", "2")] {
            stage.org.enqueue(OrgEndpoint::Rest, Answer::json(200, &page(id, to)));
        }
    };
    run();
    let results: Vec<_> = client.query_stream_as::<Account>(ALL).take(9).collect().await;
    let ids: Vec<_> = results.iter().flatten().map(|account| account.id.as_str()).collect();
    assert_eq!(ids, ["1", "2", "3"]);
    assert!(matches!(results[3..], [Err(CirrusError::InvalidResponse(_))]), "{results:?}");

    run();
    let mut whole: QueryResult<Account> = client.query_as(ALL).await.unwrap();
    let error = client.complete(&mut whole).await.unwrap_err();
    assert!(matches!(error, CirrusError::InvalidResponse(_)), "{error:?}");
    assert!(!whole.done);

    let start: QueryResult<Account> = serde_json::from_value(page("1", "2")).unwrap();
    stage.org.journal().clear();
    run();
    let results: Vec<_> = Records::from_page(client.clone(), start).take(9).collect().await;
    let ids: Vec<_> = results.iter().flatten().map(|account| account.id.as_str()).collect();
    assert_eq!((ids, results.len(), stage.calls()), (vec!["1", "1"], 3, 1));
}

#[tokio::test]
async fn what_is_told_of_a_stream_has_no_record_query_or_token_in_it() {
    let stage = stage().await;
    let client = stage.client();
    let mut records = client.query_stream("SELECT Id, Name FROM Account WHERE Name != 'very private'");
    let account = records.try_next().await.unwrap().unwrap();
    let shown = format!("{records:?}");
    assert!(shown.contains("total_size") && !shown.contains("private"), "{shown}");
    assert!(!shown.contains(account["Id"].as_str().unwrap()), "{shown}");

    let token = client.auth().access_token().await.unwrap().into_owned();
    let echo = json!([{ "errorCode": "MALFORMED_QUERY", "message": format!("Bearer {token} asked 'very private'") }]);
    stage.org.enqueue(OrgEndpoint::Rest, Answer::json(400, &echo));
    let error = client.query("SELECT Id FROM Account WHERE Name = 'very private'").await.unwrap_err();
    assert!(!told(&error).contains(&token), "{}", told(&error));
    assert!(!error.to_string().contains("private"), "{error}");
}

#[tokio::test]
async fn a_page_is_what_it_was_after_it_was_written_down() {
    let stage = stage().await;
    let page: QueryResult<Value> = stage.client().query("SELECT Id FROM Account LIMIT 3").await.unwrap();
    let written = serde_json::to_string(&page).unwrap();
    assert_eq!(serde_json::from_str::<QueryResult<Value>>(&written).unwrap(), page);
}
