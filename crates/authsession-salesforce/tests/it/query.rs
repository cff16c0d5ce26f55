//! SOQL queries.

use authsession_salesforce::{CirrusError, QueryOptions, QueryResult, soql};
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;
use futures_util::TryStreamExt;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::stage::Stage;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Account {
    name: String,
    annual_revenue: Option<f64>,
    contacts: Option<QueryResult<Contact>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Contact {
    last_name: String,
}

#[tokio::test]
async fn what_is_found_is_of_the_type_that_was_asked_for() {
    let stage = Stage::set().await;
    let initech = stage.org.insert("Account", json!({ "Name": "Initech", "AnnualRevenue": 1.5 })).unwrap();
    stage.org.insert("Contact", json!({ "LastName": "Lumbergh", "AccountId": initech })).unwrap();
    let soql =
        "SELECT Name, AnnualRevenue, (SELECT LastName FROM Contacts) FROM Account WHERE Name = 'Initech'";

    let found = stage.client().query_as::<Account>(soql).await.unwrap();
    assert_eq!((found.total_size, found.done, found.next_records_url.as_deref()), (1, true, None));
    let account = &found.records[0];
    assert_eq!((account.name.as_str(), account.annual_revenue), ("Initech", Some(1.5)));
    assert_eq!(account.contacts.as_ref().unwrap().records[0].last_name, "Lumbergh");

    let asked = stage.org.journal().last(OrgEndpoint::Rest).unwrap();
    assert_eq!((asked.path.as_str(), asked.query_value("q")), ("/services/data/v66.0/query", Some(soql)));
    assert_eq!(asked.header("sforce-query-options"), None);
}

#[tokio::test]
async fn deleted_records_are_found_by_query_all_only() {
    let stage = Stage::set().await;
    let client = stage.client();
    let id = stage.org.insert("Account", json!({ "Name": "Gone" })).unwrap();
    client.sobject("Account").delete(&id).await.unwrap();
    let (soql, options) = ("SELECT Id FROM Account WHERE Name = 'Gone'", QueryOptions::new().batch_size(200));

    assert_eq!(client.query(soql).await.unwrap().records.len(), 0);
    assert_eq!(client.query_with_options(soql, &options).await.unwrap().records.len(), 0);
    assert_eq!(client.query_all(soql).await.unwrap().records[0]["Id"], id);
    assert_eq!(client.query_all_with_options(soql, &options).await.unwrap().records.len(), 1);
    let all: Vec<Value> = client.query_all_stream(soql).try_collect().await.unwrap();
    assert_eq!(all.len(), 1);
    let all: Vec<Value> = client.query_all_stream_with_options(soql, &options).try_collect().await.unwrap();
    assert_eq!(all.len(), 1);
}

#[tokio::test]
async fn pages_are_of_the_length_asked_for_and_follow_each_other() {
    let stage = Stage::set().await;
    stage.org.fill("Account", 500).unwrap();
    let (client, options) = (stage.client(), QueryOptions::new().batch_size(300));
    let first = client.query_with_options("SELECT Id FROM Account", &options).await.unwrap();
    assert_eq!((first.records.len(), first.done), (300, false));
    let next = first.next_records_url.unwrap();
    let second = client.query_more_with_options(&next, &options).await.unwrap();
    assert_eq!((second.records.len(), second.done), (202, true));
    let whole = format!("{}{next}", stage.org.instance_url());
    assert_eq!(client.query_more(&whole).await.unwrap(), second);
}

#[tokio::test]
async fn a_count_has_a_size_and_no_records() {
    let stage = Stage::set().await;
    let counted = stage.client().query("SELECT COUNT() FROM Account").await.unwrap();
    assert_eq!((counted.total_size, counted.records.len(), counted.done), (2, 0, true));
}

#[tokio::test]
async fn soql_that_is_empty_is_not_sent() {
    let stage = Stage::set().await;
    for soql in ["", " \n"] {
        let error = stage.client().query(soql).await.unwrap_err();
        assert!(matches!(error, CirrusError::InvalidInput { field: "soql", .. }), "{error:?}");
    }
    assert_eq!(stage.calls(), 0);
}

#[tokio::test]
async fn an_answer_that_is_no_page_is_an_error() {
    let stage = Stage::set().await;
    let client = stage.client();
    for body in [
        json!([]),
        json!({ "records": [] }),
        json!({ "totalSize": "2", "done": true }),
        json!(null),
        json!("x"),
    ] {
        stage.org.enqueue(OrgEndpoint::Rest, Answer::json(200, &body));
        let error = client.query("SELECT Id FROM Account").await.unwrap_err();
        assert!(matches!(error, CirrusError::Serialization(_)), "{body}: {error:?}");
    }
    assert_eq!(stage.calls(), 5);
}

#[tokio::test]
async fn a_query_reaches_the_org_as_it_was_written_whatever_signs_are_in_it() {
    let stage = Stage::set().await;
    let client = stage.client();
    for name in
        ["a+b", "50% & more = 100 %26", "C# / F#?", "né 名 𝄞", "tab\tand \"quotes\"", "it's \\ 'n%00t'"]
    {
        let id = stage.org.insert("Account", json!({ "Name": name })).unwrap();
        let soql = format!("SELECT Id, Name FROM Account WHERE Name = {}", soql::quote(name));
        let found = client.query(&soql).await.unwrap();
        assert_eq!((found.total_size, &found.records[0]["Id"]), (1, &json!(id)), "{name}");
        assert_eq!(found.records[0]["Name"], name);
        let sent = stage.org.journal().last(OrgEndpoint::Rest).unwrap();
        assert_eq!(sent.query_value("q"), Some(soql.as_str()));
    }
}
