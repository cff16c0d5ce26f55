//! Many records of one kind: in one call, and in as many as it takes.

use authsession_salesforce::{CirrusError, SObjectCollection};
use authsession_testkit::script::Answer;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::stage::Stage;

const ANY: &str = "*/composite/sobjects*";

fn results(numbers: std::ops::Range<usize>) -> Answer {
    let result = |number| json!({ "id": format!("001xx{number}"), "success": true, "errors": [] });
    Answer::json(200, &numbers.map(result).collect::<Value>())
}

fn accounts(count: usize) -> Vec<Value> {
    (0..count).map(|number| json!({ "Name": format!("Acme {number}") })).collect()
}

/// What each call was: its method, the end of its path, and how many records its body has.
fn calls(stage: &Stage) -> Vec<(String, String, usize)> {
    let told = |body: &[u8]| {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        body["records"].as_array().map_or(0, Vec::len)
    };
    let requests = stage.org.journal().requests_at(ANY);
    let end = |path: &str| path.rsplit_once("/composite").unwrap().1.to_owned();
    requests.iter().map(|one| (one.method.to_string(), end(&one.path), told(&one.body))).collect()
}

fn call(method: &str, path: &str, records: usize) -> (String, String, usize) {
    (method.to_owned(), path.to_owned(), records)
}

#[tokio::test]
async fn records_go_with_their_kind_and_each_has_its_result() {
    let stage = Stage::set().await;
    let failed = json!({ "success": false, "errors": [
        { "statusCode": "REQUIRED_FIELD_MISSING", "message": "…", "fields": ["Name"] },
    ] });
    let made = json!({ "id": "001xx", "success": true, "errors": [], "created": true });
    stage.org.enqueue_at(ANY, Answer::json(200, &json!([made, failed])));

    let client = stage.client();
    let sobjects = client.composite().sobjects();
    let results = sobjects.upsert_records("Account", "Key__c", &accounts(2), false).await.unwrap();

    let body: Value = serde_json::from_slice(&stage.org.journal().requests_at(ANY)[0].body).unwrap();
    let kind = json!({ "type": "Account" });
    assert_eq!(
        body,
        json!({ "allOrNone": false, "records": [
        { "attributes": kind, "Name": "Acme 0" }, { "attributes": kind, "Name": "Acme 1" },
    ] })
    );
    assert_eq!(calls(&stage), [call("PATCH", "/sobjects/Account/Key__c", 2)]);
    assert_eq!((results[0].id.as_deref(), results[0].created), (Some("001xx"), Some(true)));
    assert_eq!(results[1].errors[0].status_code, "REQUIRED_FIELD_MISSING");
}

#[tokio::test]
async fn records_are_made_changed_read_and_deleted_whatever_their_number() {
    let stage = Stage::set().await;
    let client = stage.client();
    let sobjects = client.composite().sobjects();
    let before = stage.org.count("Account").unwrap();

    let made = sobjects.create_many("Account", &accounts(201), true).await.into_results().unwrap();
    let ids: Vec<String> = made.into_iter().map(|result| result.id.unwrap()).collect();
    let named: Vec<Value> = ids.iter().map(|id| json!({ "id": id, "Phone": id })).collect();
    assert!(sobjects.update_many("Account", &named, true).await.is_success());
    let read: Vec<Value> = sobjects.retrieve_many_as("Account", &ids, &["Name", "Phone"]).await.unwrap();
    let seen =
        read.iter().map(|account| (account["Name"].as_str().unwrap(), account["Phone"].as_str().unwrap()));
    let made: Vec<String> = (0..201).map(|number| format!("Acme {number}")).collect();
    assert!(seen.eq(made.iter().map(String::as_str).zip(ids.iter().map(String::as_str))));
    assert!(sobjects.delete_many(&ids, true).await.is_success());

    assert_eq!(stage.org.count("Account").unwrap(), before);
    assert_eq!(stage.calls(), 2 + 2 + 1 + 2);
}

#[tokio::test]
async fn of_records_that_are_all_or_none_the_wrong_one_is_told_from_the_others() {
    let stage = Stage::set().await;
    let client = stage.client();
    let records = [json!({ "Name": "Initech" }), json!({ "Phone": "1" })];
    let results = client.composite().sobjects().create_records("Account", &records, true).await.unwrap();
    assert!(results[0].is_rolled_back() && !results[1].is_rolled_back());
    assert_eq!(results[1].errors[0].status_code, "REQUIRED_FIELD_MISSING");
}

#[tokio::test]
async fn more_than_one_call_takes_is_told_before_anything_is_sent() {
    let stage = Stage::set().await;
    let client = stage.client();
    let sobjects = client.composite().sobjects();
    let many = accounts(201);
    let body = SObjectCollection::new("Account", many.clone());
    let errors = [
        sobjects.create_records("Account", &many, true).await.unwrap_err(),
        sobjects.update_records("Account", &many, true).await.unwrap_err(),
        sobjects.upsert_records("Account", "Key__c", &many, true).await.unwrap_err(),
        sobjects.create(&body).await.unwrap_err(),
        sobjects.update(&body).await.unwrap_err(),
        sobjects.upsert("Account", "Key__c", &body).await.unwrap_err(),
        sobjects.delete(&vec!["001xx"; 201], true).await.unwrap_err(),
    ];
    for error in errors {
        assert!(
            matches!(error, CirrusError::TooMany { of: "records", count: 201, most: 200, .. }),
            "{error:?}"
        );
    }
    sobjects.retrieve("Account", &vec!["001xx"; 801], &["Id"]).await.unwrap_err();
    sobjects.retrieve_with_body("Account", &vec!["001xx"; 2_001], &["Id"]).await.unwrap_err();
    assert_eq!(stage.calls(), 0);
}

#[tokio::test]
async fn any_number_of_records_goes_in_as_many_calls_as_it_takes_in_their_order() {
    let stage = Stage::set().await;
    for numbers in [0..200, 200..400, 400..450] {
        stage.org.enqueue_at(ANY, results(numbers));
    }

    let client = stage.client();
    let outcome = client.composite().sobjects().create_many("Account", &accounts(450), false).await;

    let parts = [200, 200, 50].map(|records| call("POST", "/sobjects", records));
    assert_eq!(calls(&stage), parts);
    assert!(outcome.is_success());
    let ids = outcome.into_results().unwrap().into_iter().map(|result| result.id.unwrap());
    assert!(ids.eq((0..450).map(|number| format!("001xx{number}"))));
}

#[tokio::test]
async fn what_was_done_before_a_call_failed_is_not_lost_sight_of() {
    let stage = Stage::set().await;
    stage.org.enqueue_at(ANY, results(0..200));
    stage.org.enqueue_at(ANY, Answer::status(503));

    let client = stage.client();
    let outcome = client.composite().sobjects().update_many("Account", &accounts(450), false).await;

    assert_eq!(calls(&stage), [call("PATCH", "/sobjects", 200), call("PATCH", "/sobjects", 200)]);
    assert_eq!(outcome.results.len(), 200);
    assert_eq!((&outcome.failed, &outcome.unsent), (&(200..400), &(400..450)));
    assert!(outcome.error.as_ref().unwrap().is_transient() && !outcome.is_success());
    outcome.into_results().unwrap_err();
}

#[tokio::test]
async fn after_a_call_that_was_undone_no_other_is_made() {
    let stage = Stage::set().await;
    let code = |code: &str| json!({ "success": false, "errors": [{ "statusCode": code, "message": "…", "fields": [] }] });
    let mut undone = vec![code("ALL_OR_NONE_OPERATION_ROLLED_BACK"); 199];
    undone.push(code("DUPLICATE_VALUE"));
    stage.org.enqueue_at(ANY, Answer::json(200, &undone.into()));

    let client = stage.client();
    let outcome = client.composite().sobjects().upsert_many("Account", "Key__c", &accounts(201), true).await;

    assert_eq!(calls(&stage).len(), 1);
    assert_eq!((outcome.results.len(), &outcome.unsent), (200, &(200..201)));
    let cause: Vec<_> = outcome.results.iter().filter(|result| !result.is_rolled_back()).collect();
    assert_eq!(cause.len(), 1);
    assert_eq!(cause[0].errors[0].status_code, "DUPLICATE_VALUE");
    outcome.into_results().unwrap_err();
}

#[tokio::test]
async fn an_answer_with_another_number_of_results_is_given_to_no_record() {
    let stage = Stage::set().await;
    stage.org.enqueue_at(ANY, results(0..3));
    let client = stage.client();
    let outcome = client.composite().sobjects().create_many("Account", &accounts(4), false).await;
    assert!(outcome.results.is_empty());
    assert_eq!(outcome.failed, 0..4);
    assert!(matches!(outcome.error, Some(CirrusError::InvalidResponse(_))));
}

#[tokio::test]
async fn a_call_whose_answer_has_another_number_of_results_is_an_error() {
    let stage = Stage::set().await;
    let client = stage.client();
    let sobjects = client.composite().sobjects();
    for _ in 0..3 {
        stage.org.enqueue_at(ANY, results(0..1));
    }
    let two = accounts(2);
    for outcome in [
        sobjects.create_records("Account", &two, false).await,
        sobjects.create(&SObjectCollection::new("Account", two)).await,
        sobjects.delete(&["001xx0", "001xx1"], false).await,
    ] {
        assert!(matches!(outcome, Err(CirrusError::InvalidResponse(_))), "{outcome:?}");
    }
}

#[tokio::test]
async fn records_are_deleted_once_and_by_their_ids_only() {
    let stage = Stage::set().await;
    let client = stage.client();
    let sobjects = client.composite().sobjects();
    stage.org.enqueue_at(ANY, results(0..2));
    assert_eq!(sobjects.delete(&["001xx0", "003xx1"], true).await.unwrap().len(), 2);
    let request = &stage.org.journal().requests_at(ANY)[0];
    assert_eq!(
        (request.query_value("ids"), request.query_value("allOrNone")),
        (Some("001xx0,003xx1"), Some("true"))
    );

    stage.org.enqueue_at(ANY, Answer::status(503));
    sobjects.delete(&["001xx0"], false).await.unwrap_err();
    assert_eq!(calls(&stage).len(), 2);

    for ids in [["001xx0,003xx1"], [""], ["001xx/0"]] {
        let error = sobjects.delete(&ids, false).await.unwrap_err();
        assert!(matches!(error, CirrusError::InvalidInput { field: "ids", .. }), "{error:?}");
    }
    assert_eq!(calls(&stage).len(), 2);
}

#[tokio::test]
async fn records_are_read_in_the_order_of_their_ids_and_one_that_is_not_there_keeps_its_place() {
    #[derive(Deserialize)]
    struct Account {
        #[serde(rename = "Name")]
        name: String,
    }
    let stage = Stage::set().await;
    let client = stage.client();
    let sobjects = client.composite().sobjects();
    let found = json!([{ "Name": "Acme" }, null]);
    // Reading changes nothing, by POST either.
    stage.org.enqueue_at("POST */composite/sobjects/Account", Answer::status(503));
    stage.org.always_at(ANY, Answer::json(200, &found));

    let ids = ["001xx0", "001xx1"];
    let by_url: Vec<Option<Account>> = sobjects.retrieve_as("Account", &ids, &["Name"]).await.unwrap();
    let by_body: Vec<Option<Account>> =
        sobjects.retrieve_with_body_as("Account", &ids, &["Name"]).await.unwrap();

    for accounts in [by_url, by_body] {
        assert_eq!(accounts[0].as_ref().unwrap().name, "Acme");
        assert!(accounts[1].is_none());
    }
    let kept = stage.org.journal().requests_at(ANY);
    assert_eq!(
        (kept[0].query_value("ids"), kept[0].query_value("fields")),
        (Some("001xx0,001xx1"), Some("Name"))
    );
    let body: Value = serde_json::from_slice(&kept[2].body).unwrap();
    assert_eq!(body, json!({ "ids": ids, "fields": ["Name"] }));
    assert_eq!(kept.len(), 3);

    let most = vec!["001xx000003DGbYAAW"; 800];
    sobjects.retrieve("Account", &most, &["Name"]).await.unwrap();
}

#[tokio::test]
async fn any_number_of_records_is_read() {
    let stage = Stage::set().await;
    for numbers in [0..2_000, 2_000..2_001] {
        let found = numbers.map(|number| json!({ "Id": number })).collect();
        stage.org.enqueue_at(ANY, Answer::json(200, &found));
    }
    let client = stage.client();
    let ids = vec!["001xx0"; 2_001];
    let found: Vec<Value> =
        client.composite().sobjects().retrieve_many_as("Account", &ids, &["Id"]).await.unwrap();
    assert_eq!(found.len(), 2_001);
    assert_eq!(found[2_000]["Id"], 2_000);
}

#[tokio::test]
async fn no_records_are_no_call() {
    let stage = Stage::set().await;
    let client = stage.client();
    let sobjects = client.composite().sobjects();
    assert!(sobjects.create_records("Account", &accounts(0), true).await.unwrap().is_empty());
    assert!(sobjects.delete(&[""; 0], true).await.unwrap().is_empty());
    assert!(sobjects.retrieve("Account", &[""; 0], &["Id"]).await.unwrap().is_empty());
    assert!(sobjects.create_many("Account", &accounts(0), true).await.is_success());
    assert_eq!(stage.calls(), 0);
}
