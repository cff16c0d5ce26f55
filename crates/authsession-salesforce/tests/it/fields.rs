//! What becomes of the values of fields, there and back.

use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::stage::Stage;

#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct AccountUpdate {
    #[serde(skip_serializing_if = "Option::is_none")]
    industry: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    website: Option<Option<String>>,
}

#[tokio::test]
async fn a_field_is_left_as_it_is_emptied_or_changed() {
    let stage = Stage::set().await;
    let fields =
        json!({ "Name": "Initech", "Industry": "Energy", "Phone": "1", "Website": "initech.example" });
    let id = stage.org.insert("Account", fields).unwrap();
    let update =
        AccountUpdate { industry: Some(None), phone: Some(Some("2".into())), ..AccountUpdate::default() };
    let accounts = stage.client();
    let accounts = accounts.sobject("Account");
    accounts.update(&id, &update).await.unwrap();
    let account = accounts.retrieve_with_fields(&id, &["Industry", "Phone", "Website"]).await.unwrap();
    assert_eq!(account["Industry"], Value::Null);
    assert_eq!(account["Phone"], "2");
    assert_eq!(account["Website"], "initech.example");
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Figures {
    long: i64,
    large: f64,
    small: f64,
    whole: f64,
    exact: Box<RawValue>,
    at: String,
}

#[tokio::test]
async fn numbers_are_as_exact_as_the_type_that_was_asked_for() {
    let stage = Stage::set().await;
    let page = r#"{"totalSize":1,"done":true,"records":[{"Long":999999999999999999,"Large":1.23456789012E11,"Small":1.0E-7,
        "Whole":5.0,"Exact":1234567890123456.78,"At":"2026-01-02T03:04:05.000+0000"}]}"#;
    stage.org.enqueue_many(OrgEndpoint::Rest, &Answer::raw(200, "application/json", page), 3);
    let client = stage.client();
    let figures = client.query_as::<Figures>("SELECT Id FROM Account").await.unwrap().records.remove(0);
    assert_eq!(figures.long, 999_999_999_999_999_999);
    assert_eq!((figures.large, figures.small, figures.whole), (123_456_789_012.0, 0.000_000_1, 5.0));
    assert_eq!(figures.exact.get(), "1234567890123456.78");
    assert_eq!(figures.at, "2026-01-02T03:04:05.000+0000");

    let value = client.query("SELECT Id FROM Account").await.unwrap().records.remove(0);
    assert_eq!(value["Long"].as_i64(), Some(999_999_999_999_999_999));
    assert_eq!(value["Large"].as_f64(), Some(123_456_789_012.0));

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Whole {
        #[serde(rename = "Whole")]
        _whole: i64,
    }
    let error = client.query_as::<Whole>("SELECT Id FROM Account").await.unwrap_err();
    assert!(error.to_string().contains("JSON"), "5.0 is no integer, and not made one: {error}");
}

#[tokio::test]
async fn numbers_are_sent_to_the_last_digit() {
    let stage = Stage::set().await;
    stage.org.enqueue(
        OrgEndpoint::Rest,
        Answer::json(201, &json!({ "id": "a01", "success": true, "errors": [] })),
    );
    let exact = RawValue::from_string("1234567890123456.78".to_owned()).unwrap();
    #[derive(Serialize)]
    struct Record {
        long: i64,
        exact: Box<RawValue>,
    }
    let record = Record { long: 999_999_999_999_999_999, exact };
    stage.client().sobject("Widget__c").create(&record).await.unwrap();
    let sent = stage.org.journal().last(OrgEndpoint::Rest).unwrap().body;
    assert_eq!(&sent[..], br#"{"long":999999999999999999,"exact":1234567890123456.78}"#);
}
