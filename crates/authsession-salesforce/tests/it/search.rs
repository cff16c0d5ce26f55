//! Searches.

use authsession_salesforce::{CirrusError, sosl};
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;
use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::stage::Stage;

#[derive(Debug, PartialEq, Deserialize)]
struct Found {
    #[serde(rename = "Name")]
    name: String,
}

#[tokio::test]
async fn what_the_org_has_is_found_by_the_words_that_were_meant() {
    let stage = Stage::set().await;
    let client = stage.client();
    stage.org.insert("Account", json!({ "Name": "Initech (US)" })).unwrap();
    let sosl =
        format!("FIND {{{}}} IN ALL FIELDS RETURNING Account(Name)", sosl::escape_term("Initech (US)"));
    let found = client.search_as::<Found>(&sosl).await.unwrap();
    assert_eq!(found.search_records, [Found { name: "Initech (US)".to_owned() }]);
    let body = json!({ "q": "Initech", "sobjects": [{ "name": "Account" }], "fields": ["Name"] });
    assert_eq!(client.parameterized_search_as::<Found, _>(&body).await.unwrap().search_records.len(), 1);
}

fn acme() -> Answer {
    let record = json!({ "attributes": { "type": "Account", "url": "/x" }, "Name": "Acme" });
    Answer::json(200, &json!({ "searchRecords": [record], "metadata": { "entityMetadata": [] } }))
}

#[tokio::test]
async fn a_search_finds_records_of_the_type_that_was_asked_for() {
    let stage = Stage::set().await;
    let client = stage.client();
    let text = format!("FIND {{{}}} RETURNING Account(Name)", sosl::escape_term("A&B {x}"));
    stage.org.enqueue_many(OrgEndpoint::Rest, &acme(), 2);
    assert_eq!(client.search(&text).await.unwrap().search_records[0]["Name"], "Acme");
    let found = client.search_as::<Found>(&text).await.unwrap();
    assert_eq!(found.search_records, [Found { name: "Acme".to_owned() }]);
    assert!(found.metadata.is_some());
    let asked = stage.org.journal().last(OrgEndpoint::Rest).unwrap();
    assert_eq!(
        (asked.path.as_str(), asked.query_value("q")),
        ("/services/data/v66.0/search", Some(text.as_str()))
    );
}

#[tokio::test]
async fn a_search_by_parameters_is_asked_again_as_it_changes_nothing() {
    let stage = Stage::set().await;
    let client = stage.client();
    let body = json!({ "q": "Acme", "sobjects": [{ "name": "Account" }], "fields": ["Name"] });
    stage.org.enqueue(OrgEndpoint::Rest, Answer::status(503));
    stage.org.enqueue(OrgEndpoint::Rest, Answer::truncated());
    stage.org.enqueue_many(OrgEndpoint::Rest, &acme(), 2);
    assert_eq!(client.parameterized_search(&body).await.unwrap().search_records.len(), 1);
    assert_eq!(client.parameterized_search_as::<Found, _>(&body).await.unwrap().search_records.len(), 1);
    let asked = stage.org.journal().last(OrgEndpoint::Rest).unwrap();
    assert_eq!(
        (asked.method, asked.path.as_str()),
        (Method::POST, "/services/data/v66.0/parameterizedSearch")
    );
    assert_eq!((stage.calls(), serde_json::from_slice(&asked.body).ok()), (4, Some(body)));
}

#[tokio::test]
async fn a_search_that_is_empty_is_not_sent() {
    let stage = Stage::set().await;
    let error = stage.client().search(" ").await.unwrap_err();
    assert!(matches!(error, CirrusError::InvalidInput { field: "sosl", .. }), "{error:?}");
    assert_eq!(stage.calls(), 0);
}
