//! Lists within records: none is taken for whole that is not.

use authsession_salesforce::{Cirrus, CirrusError, QueryOptions, QueryResult, Records, RetryPolicy};
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::org::field::OrgField;
use authsession_testkit::org::object::OrgObject;
use authsession_testkit::script::Answer;
use futures_util::{StreamExt, TryStreamExt};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::stage::Stage;

const SOQL: &str =
    "SELECT Name, (SELECT LastName FROM Contacts ORDER BY LastName) FROM Account ORDER BY Name";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Account {
    name: String,
    contacts: Option<QueryResult<Contact>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Contact {
    last_name: String,
}

/// Two pages of accounts, the first and the last of them with five contacts, of which Salesforce sends two at a time.
async fn stage() -> Stage {
    let stage = Stage::set().await;
    let there = stage.org.count("Account").unwrap();
    stage.org.fill("Account", 200 - there).unwrap();
    for name in ["AAA", "zzz"] {
        let id = stage.org.insert("Account", json!({ "Name": name })).unwrap();
        for number in 1..=5 {
            let contact = json!({ "LastName": format!("{name}{number}"), "AccountId": id });
            stage.org.insert("Contact", contact).unwrap();
        }
    }
    stage.org.children_a_page(2);
    stage
}

fn accounts(client: &Cirrus) -> Records<Account> {
    client.query_stream_with_options_as(SOQL, &QueryOptions::new().batch_size(200))
}

fn last_names(account: &Account) -> Vec<&str> {
    let contacts = account.contacts.as_ref().unwrap();
    assert!(contacts.done && contacts.next_records_url.is_none());
    contacts.records.iter().map(|contact| contact.last_name.as_str()).collect()
}

fn assert_whole(accounts: &[Account]) {
    let (first, last) = (accounts.first().unwrap(), accounts.last().unwrap());
    assert_eq!((accounts.len(), first.name.as_str(), last.name.as_str()), (202, "AAA", "zzz"));
    assert_eq!(last_names(first), ["AAA1", "AAA2", "AAA3", "AAA4", "AAA5"]);
    assert_eq!(last_names(last), ["zzz1", "zzz2", "zzz3", "zzz4", "zzz5"]);
}

#[tokio::test]
async fn a_streams_records_have_whole_lists_which_are_had_before_the_next_page_is_asked_for() {
    let stage = stage().await;
    let client = stage.client();
    for records in [accounts(&client), accounts(&client).read_ahead()] {
        stage.org.journal().clear();
        assert_whole(&records.try_collect::<Vec<_>>().await.unwrap());
        assert_eq!(stage.calls(), 2 + 2 * 2);
    }

    let options = QueryOptions::new().batch_size(200);
    let values: Vec<Value> = client.query_stream_with_options(SOQL, &options).try_collect().await.unwrap();
    let contacts = &values[0]["Contacts"];
    assert_eq!((&contacts["done"], contacts.get("nextRecordsUrl")), (&json!(true), None));
    assert_eq!(contacts["records"].as_array().unwrap().len(), 5);
    assert_eq!(contacts["totalSize"], 5);
}

#[tokio::test]
async fn lists_within_the_records_of_lists_are_whole_too() {
    let stage = Stage::set().await;
    let tool = OrgObject::new("Tool__c", "a77").field(OrgField::lookup(
        "Contact__c",
        "Contact",
        "Contact__r",
        "Tools__r",
    ));
    stage.org.define(tool).unwrap();
    let account = stage.org.insert("Account", json!({ "Name": "AAA" })).unwrap();
    for number in 0..5 {
        let contact = json!({ "LastName": format!("{number}"), "AccountId": account });
        let contact = stage.org.insert("Contact", contact).unwrap();
        for tool in 0..3 {
            stage.org.insert("Tool__c", json!({ "Name": format!("{tool}"), "Contact__c": contact })).unwrap();
        }
    }
    stage.org.children_a_page(2);
    let soql = "SELECT Name, (SELECT LastName, (SELECT Name FROM Tools__r) FROM Contacts) FROM Account WHERE Name = 'AAA'";
    let accounts: Vec<Value> = stage.client().query_stream(soql).try_collect().await.unwrap();
    let contacts = accounts[0]["Contacts"]["records"].as_array().unwrap();
    assert_eq!(contacts.len(), 5);
    for contact in contacts {
        assert_eq!(contact["Tools__r"]["records"].as_array().unwrap().len(), 3);
        assert_eq!(contact["Tools__r"]["done"], true);
    }
}

#[tokio::test]
async fn lists_may_be_left_as_they_come_and_completed_one_by_one() {
    let stage = stage().await;
    let client = stage.client();
    let mut records = accounts(&client).children_as_they_come();
    let mut account = records.try_next().await.unwrap().unwrap();
    let contacts = account.contacts.as_mut().unwrap();
    assert_eq!((contacts.done, contacts.total_size, contacts.records.len()), (false, 5, 2));
    client.complete(contacts).await.unwrap();
    assert_eq!(last_names(&account).len(), 5);
    client.complete(account.contacts.as_mut().unwrap()).await.unwrap();
    assert_eq!(last_names(&account).len(), 5, "what is whole stays as it is");

    let page = client.query_as::<Account>(SOQL).await.unwrap();
    let contacts = page.records.into_iter().next().unwrap().contacts.unwrap();
    assert!(!contacts.done, "a single page is as it came");
    let contacts: Vec<Contact> = Records::from_page(client.clone(), contacts).try_collect().await.unwrap();
    assert_eq!(contacts.len(), 5);

    let mut account = client.query(SOQL).await.unwrap().records.swap_remove(0);
    assert_eq!(account["Contacts"]["done"], false);
    client.complete_children(&mut account).await.unwrap();
    assert_eq!(account["Contacts"]["done"], true);
    assert_eq!(account["Contacts"]["records"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn a_list_that_cannot_be_completed_is_an_error_and_not_a_short_list() {
    let stage = stage().await;
    let client = stage.client();
    let mut records = accounts(&client).children_as_they_come();
    let mut account = records.try_next().await.unwrap().unwrap();
    let rest: Vec<_> = records.try_collect().await.unwrap();
    assert_eq!(rest.len(), 201);
    let contacts = account.contacts.as_mut().unwrap();
    let error = client.complete(contacts).await.unwrap_err();
    assert!(error.is_lost_cursor(), "{error}");
    assert!(!contacts.done && contacts.records.len() == 2);

    let stump = json!({ "totalSize": 1, "done": true, "records": [
        { "Name": "AAA", "Contacts": { "totalSize": 5, "done": false, "records": [{ "LastName": "AAA1" }] } },
    ] });
    stage.org.enqueue(OrgEndpoint::Rest, Answer::json(200, &stump));
    let results: Vec<_> = client.query_stream_as::<Account>(SOQL).collect().await;
    assert!(matches!(&results[..], [Err(CirrusError::InvalidResponse(_))]), "{results:?}");
}

#[tokio::test]
async fn a_page_whose_lists_were_not_to_be_had_is_asked_for_again_whole() {
    let stage = stage().await;
    let client = stage.client_builder().retry_policy(RetryPolicy::none()).build().unwrap();
    stage.org.enqueue(OrgEndpoint::Rest, Answer::normal());
    stage.org.enqueue(OrgEndpoint::Rest, Answer::status(503));
    let mut records = accounts(&client);
    assert!(records.try_next().await.unwrap_err().is_transient());
    assert_whole(&records.try_collect::<Vec<_>>().await.unwrap());
}

#[tokio::test]
async fn numbers_keep_their_digits_where_a_list_is_long_too() {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Exact {
        revenue: Box<RawValue>,
        contacts: QueryResult<Share>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Share {
        share: Box<RawValue>,
    }
    let stage = Stage::set().await;
    let next = "/services/data/v66.0/query/01gxx-1";
    let page = format!(
        r#"{{"totalSize":1,"done":true,"records":[{{"Revenue":1234567890123456.78,"Contacts":{{"totalSize":2,
        "done" : false,"nextRecordsUrl":"{next}","records":[{{"Share":0.10000000000000000001}}]}},"N":"\"done\":false"}}]}}"#
    );
    let rest = r#"{"totalSize":2,"done":true,"records":[{"Share":98765432109876543210}]}"#;
    for body in [page, rest.to_owned()] {
        stage.org.enqueue(OrgEndpoint::Rest, Answer::raw(200, "application/json", body));
    }
    let accounts: Vec<Exact> = stage.client().query_stream_as(SOQL).try_collect().await.unwrap();
    assert_eq!(accounts[0].revenue.get(), "1234567890123456.78");
    let contacts = &accounts[0].contacts;
    let shares: Vec<_> = contacts.records.iter().map(|contact| contact.share.get()).collect();
    assert_eq!(shares, ["0.10000000000000000001", "98765432109876543210"]);
    assert!(contacts.done && contacts.next_records_url.is_none() && contacts.total_size == 2);
}

#[tokio::test]
async fn a_list_that_goes_in_a_circle_is_an_error() {
    let stage = Stage::set().await;
    let list = |id: &str, to: &str| {
        let next = format!("/services/data/v66.0/query/01gxx-{to}");
        json!({ "totalSize": 9, "done": false, "nextRecordsUrl": next, "records": [{ "LastName": id }] })
    };
    let page =
        json!({ "totalSize": 1, "done": true, "records": [{ "Name": "AAA", "Contacts": list("1", "2") }] });
    let client = stage.client();
    for answer in [&page, &list("2", "3"), &list("3", "2")] {
        stage.org.enqueue(OrgEndpoint::Rest, Answer::json(200, answer));
    }
    let results: Vec<_> = client.query_stream_as::<Account>(SOQL).collect().await;
    assert!(matches!(&results[..], [Err(CirrusError::InvalidResponse(_))]), "{results:?}");

    for answer in [&list("2", "3"), &list("3", "2")] {
        stage.org.enqueue(OrgEndpoint::Rest, Answer::json(200, answer));
    }
    let mut record = page["records"][0].clone();
    let error = client.complete_children(&mut record).await.unwrap_err();
    assert!(matches!(error, CirrusError::InvalidResponse(_)), "{error:?}");
}

#[tokio::test]
async fn a_record_as_deep_as_nobody_asked_for_is_an_error_and_no_crash() {
    let stage = Stage::set().await;
    let deep = format!(r#"{}{{"done":false,"records":[]}}{}"#, "[".repeat(200_000), "]".repeat(200_000));
    let page = format!(r#"{{"totalSize":1,"done":true,"records":[{{"Name":"AAA","Deep":{deep}}}]}}"#);
    stage.org.enqueue(OrgEndpoint::Rest, Answer::raw(200, "application/json", page));
    let results: Vec<_> = stage.client().query_stream_as::<Account>(SOQL).collect().await;
    assert!(matches!(&results[..], [Err(_)]), "{results:?}");
}
