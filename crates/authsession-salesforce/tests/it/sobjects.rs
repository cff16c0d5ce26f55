//! Objects and their records.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use authsession_salesforce::{BlobUploadSpec, Bytes, CirrusError, SObjectCreateResult, UpsertOptions};
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;
use futures_util::TryStreamExt;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::stage::Stage;

const WIDGET: &str = "Widget__c";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Account {
    name: String,
    industry: Option<String>,
}

fn status(error: &CirrusError) -> u16 {
    if let CirrusError::Api { status, .. } = error { *status } else { 0 }
}

fn a_day_from(time: SystemTime) -> SystemTime {
    time + Duration::from_secs(24 * 60 * 60)
}

#[tokio::test]
async fn a_record_is_created_read_changed_and_deleted() {
    let stage = Stage::set().await;
    let client = stage.client();
    let accounts = client.sobject("Account");
    assert_eq!(accounts.name(), "Account");
    let created = accounts.create(&json!({ "Name": "Initech", "Industry": "Other" })).await.unwrap();
    assert_eq!((created.success, created.errors.len(), created.created), (true, 0, None));

    accounts.update(&created.id, &json!({ "Industry": "Finance" })).await.unwrap();
    let account: Account = accounts.retrieve_as(&created.id).await.unwrap();
    assert_eq!((account.name.as_str(), account.industry.as_deref()), ("Initech", Some("Finance")));
    let some = accounts.retrieve_with_fields(&created.id, &["Industry"]).await.unwrap();
    assert_eq!((some["Industry"].as_str(), some.get("Name")), (Some("Finance"), None));
    let some: Account = accounts.retrieve_with_fields_as(&created.id, &["Name".to_owned()]).await.unwrap();
    assert_eq!(some.industry, None);

    accounts.delete(&created.id).await.unwrap();
    assert_eq!(status(&accounts.retrieve(&created.id).await.unwrap_err()), 404);
}

#[tokio::test]
async fn an_object_says_what_it_is_unless_nothing_has_changed() {
    let stage = Stage::set().await;
    let client = stage.client();
    let all = client.sobjects().describe_global().await.unwrap();
    let account = all.sobjects.iter().find(|object| object.name == "Account").unwrap();
    assert_eq!(
        (account.key_prefix.as_deref(), account.custom, account.queryable),
        (Some("001"), false, true)
    );

    let accounts = client.sobject("Account");
    assert_eq!(accounts.describe().await.unwrap()["name"], "Account");
    let (before, after) = (SystemTime::UNIX_EPOCH, a_day_from(stage.time.now()));
    assert!(accounts.describe_if_modified_since(before).await.unwrap().is_some());
    assert_eq!(accounts.describe_if_modified_since(after).await.unwrap(), None);
    assert!(client.sobjects().describe_global_if_modified_since(before).await.unwrap().is_some());
    assert_eq!(client.sobjects().describe_global_if_modified_since(after).await.unwrap(), None);
}

#[tokio::test]
async fn a_record_that_has_not_changed_is_none_and_one_that_has_is_not_overwritten() {
    let stage = Stage::set().await;
    let client = stage.client();
    let (widgets, before) = (client.sobject(WIDGET), SystemTime::UNIX_EPOCH);
    let id = stage.org.insert(WIDGET, json!({ "Notes__c": "first" })).unwrap();
    let after = a_day_from(stage.time.now());

    assert!(widgets.retrieve_if_modified_since(&id, before).await.unwrap().is_some());
    assert_eq!(widgets.retrieve_if_modified_since(&id, after).await.unwrap(), None);
    let error =
        widgets.update_if_unmodified_since(&id, &json!({ "Notes__c": "late" }), before).await.unwrap_err();
    assert_eq!(status(&error), 412);
    widgets.update_if_unmodified_since(&id, &json!({ "Notes__c": "second" }), after).await.unwrap();
    assert_eq!(widgets.retrieve(&id).await.unwrap()["Notes__c"], "second");
    for never in [SystemTime::UNIX_EPOCH - Duration::from_secs(1), before + Duration::from_secs(1 << 40)] {
        let error = widgets.retrieve_if_modified_since(&id, never).await.unwrap_err();
        assert!(matches!(error, CirrusError::InvalidInput { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn an_upsert_says_whether_the_record_is_new() {
    let stage = Stage::set().await;
    let client = stage.client();
    let widgets = client.sobject(WIDGET);
    let only_update = UpsertOptions { update_only: true };
    let (field, value) = ("External_Id__c", "A/1 ..?&é");

    let error = widgets.upsert_with(field, value, &json!({ "Notes__c": "" }), only_update).await.unwrap_err();
    assert_eq!((status(&error), stage.org.count(WIDGET).unwrap()), (404, 0));
    let new = widgets.upsert(field, value, &json!({ "Notes__c": "one" })).await.unwrap();
    assert_eq!((new.created, new.success), (Some(true), true));
    let same = widgets.upsert(field, value, &json!({ "Notes__c": "two" })).await.unwrap();
    assert_eq!((same.created, &same.id), (Some(false), &new.id));
    let same = widgets.upsert_with(field, value, &json!({ "Notes__c": "three" }), only_update).await.unwrap();
    assert_eq!(same.created, Some(false));

    let widget = widgets.retrieve_by_external_id(field, value).await.unwrap();
    assert_eq!((&widget["External_Id__c"], &widget["Notes__c"]), (&json!(value), &json!("three")));
    widgets.delete_by_external_id(field, value).await.unwrap();
    assert_eq!(stage.org.count(WIDGET).unwrap(), 0);

    stage.org.enqueue(OrgEndpoint::Rest, Answer::status(204));
    let older = widgets.upsert(field, value, &json!({})).await.unwrap();
    assert_eq!((older.created, older.id.as_str()), (Some(false), ""));
}

#[tokio::test]
async fn an_external_id_that_several_records_have_names_them() {
    let stage = Stage::set().await;
    let client = stage.client();
    for _ in 0..2 {
        stage.org.insert(WIDGET, json!({ "Code__c": "twin" })).unwrap();
    }
    let error = client.sobject(WIDGET).retrieve_by_external_id("Code__c", "twin").await.unwrap_err();
    assert!(matches!(error, CirrusError::MultipleMatches { records, .. } if records.len() == 2));
    let error =
        client.sobject(WIDGET).upsert("Code__c", "twin", &json!({ "Notes__c": "x" })).await.unwrap_err();
    assert!(matches!(error, CirrusError::MultipleMatches { .. }), "{error:?}");
}

fn note<'a>(metadata: &'a Value, blob: &'static [u8]) -> BlobUploadSpec<'a, Value> {
    BlobUploadSpec {
        json_part_name: "entity",
        metadata,
        blob_field_name: "Body",
        filename: "note.txt",
        content_type: None,
        blob: Bytes::from_static(blob),
    }
}

#[tokio::test]
async fn a_file_comes_back_as_it_was_sent() {
    let stage = Stage::set().await;
    let client = stage.client();
    let bytes: Bytes = (0..=255u8).cycle().take(300_000).collect::<Vec<_>>().into();
    let versions = client.sobject("ContentVersion");
    let spec = BlobUploadSpec {
        json_part_name: "entity_content",
        metadata: &json!({ "PathOnClient": "Q1 Brochure.pdf" }),
        blob_field_name: "VersionData",
        filename: "Q1 Brochüre.pdf",
        content_type: Some("application/pdf"),
        blob: bytes.clone(),
    };
    assert!(!format!("{spec:?}").contains("Broch"));
    let created = versions.create_with_blob(spec).await.unwrap();
    assert_eq!(versions.retrieve_blob(&created.id, "VersionData").await.unwrap(), bytes);
    let stream = versions.retrieve_blob_stream(&created.id, "VersionData").await.unwrap();
    assert_eq!(stream.status(), 200);
    let pieces: Vec<Bytes> = stream.try_collect().await.unwrap();
    assert_eq!(pieces.concat(), bytes);

    let sent = stage.org.journal().requests(OrgEndpoint::Rest).remove(0);
    let head = String::from_utf8_lossy(&sent.body[..600]).into_owned();
    for part in [
        "form-data; name=\"entity_content\"\r\nContent-Type: application/json\r\n",
        "form-data; name=\"VersionData\"; filename=\"Q1 Brochüre.pdf\"\r\nContent-Type: application/pdf\r\n",
    ] {
        assert!(head.contains(part), "{head}");
    }
}

#[tokio::test]
async fn a_file_is_replaced_with_its_record() {
    let stage = Stage::set().await;
    let client = stage.client();
    let parent = stage.org.query("SELECT Id FROM Account LIMIT 1").unwrap()[0]["Id"].clone();
    let attachments = client.sobject("Attachment");
    let metadata = json!({ "Name": "note.txt", "ParentId": parent });
    let created = attachments.create_with_blob(note(&metadata, b"one")).await.unwrap();
    let metadata = json!({ "Name": "note.txt" });
    attachments.update_with_blob(&created.id, note(&metadata, b"two")).await.unwrap();
    assert_eq!(&*attachments.retrieve_blob(&created.id, "Body").await.unwrap(), b"two");
}

#[tokio::test]
async fn a_file_whose_names_would_end_their_quotes_is_not_sent() {
    let stage = Stage::set().await;
    let client = stage.client();
    let metadata = json!({});
    for spec in [
        BlobUploadSpec { filename: "a\r\nX-Header: 1", ..note(&metadata, b"") },
        BlobUploadSpec { filename: "a\"; name=\"Body", ..note(&metadata, b"") },
        BlobUploadSpec { filename: "", ..note(&metadata, b"") },
        BlobUploadSpec { json_part_name: "\n", ..note(&metadata, b"") },
        BlobUploadSpec { blob_field_name: "\"", ..note(&metadata, b"") },
        BlobUploadSpec { content_type: Some("text/plain\r\nX-Header: 1"), ..note(&metadata, b"") },
        BlobUploadSpec { content_type: Some("none"), ..note(&metadata, b"") },
    ] {
        let error = client.sobject("Document").create_with_blob(spec).await.unwrap_err();
        assert!(matches!(error, CirrusError::InvalidInput { .. }), "{error:?}");
    }
    assert_eq!(stage.calls(), 0);
}

#[tokio::test]
async fn what_was_changed_and_deleted_lately_is_told() {
    let stage = Stage::set().await;
    let client = stage.client();
    let kept = stage.org.insert(WIDGET, json!({})).unwrap();
    let gone = stage.org.insert(WIDGET, json!({})).unwrap();
    client.sobject(WIDGET).delete(&gone).await.unwrap();
    let (from, to) =
        (stage.time.now() - Duration::from_secs(3600), stage.time.now() + Duration::from_secs(3600));

    let updated = client.sobject(WIDGET).updated(from, to).await.unwrap();
    assert_eq!(updated.ids, [kept]);
    let deleted = client.sobject(WIDGET).deleted(from, to).await.unwrap();
    assert_eq!(deleted.deleted_records.len(), 1);
    assert_eq!(deleted.deleted_records[0].id, gone);
}

#[tokio::test]
async fn arguments_that_lead_elsewhere_are_refused_before_anything_is_sent() {
    let stage = Stage::set().await;
    let client = stage.client();
    let accounts = client.sobject("Account");
    let body = json!({ "Name": "x" });
    for bad in ["", ".", ".."] {
        for error in [
            client.sobject(bad).describe().await.map(drop).unwrap_err(),
            client.sobject(bad).create(&body).await.map(drop).unwrap_err(),
            accounts.retrieve(bad).await.map(drop).unwrap_err(),
            accounts.update(bad, &body).await.unwrap_err(),
            accounts.delete(bad).await.unwrap_err(),
            accounts.upsert(bad, "1", &body).await.map(drop).unwrap_err(),
            accounts.upsert("External_Id__c", bad, &body).await.map(drop).unwrap_err(),
            accounts.delete_by_external_id("External_Id__c", bad).await.unwrap_err(),
            accounts.retrieve_blob("001", bad).await.map(drop).unwrap_err(),
            client.ui_api().delete(bad).await.unwrap_err(),
        ] {
            assert!(matches!(error, CirrusError::InvalidInput { .. }), "{bad:?}: {error:?}");
        }
    }
    let no_fields: [&str; 0] = [];
    assert!(accounts.retrieve_with_fields("001", &no_fields).await.is_err());
    assert!(accounts.retrieve_with_fields("001", &["Name,Id"]).await.is_err());
    assert!(accounts.retrieve_with_fields("001", &["Name&x=y"]).await.is_err());
    assert!(accounts.create(&BTreeMap::from([((1, 2), 3)])).await.is_err());
    assert!(accounts.create_with_headers(&body, &[("Authorization", "Bearer other")]).await.is_err());
    assert!(accounts.create_with_headers(&body, &[("x", "a\r\nb")]).await.is_err());
    assert_eq!(stage.calls(), 0);

    // What is left is one segment, whatever is in it.
    assert!(accounts.retrieve("../Contact/003").await.is_err());
    assert!(accounts.delete("001/../../Contact").await.is_err());
    for asked in stage.org.journal().requests(OrgEndpoint::Rest) {
        assert_eq!(asked.path.matches('/').count(), 6, "{}", asked.path);
    }
}

#[tokio::test]
async fn a_record_whose_answer_was_lost_is_not_created_again() {
    let stage = Stage::set().await;
    let client = stage.client();
    let unavailable = json!([{ "errorCode": "SERVER_UNAVAILABLE", "message": "too busy" }]);
    for (answer, stored) in [
        (Answer::dropped_after(), 1),
        (Answer::truncated(), 1),
        (Answer::dropped_before(), 0),
        (Answer::json(503, &unavailable), 0),
        (Answer::json(500, &unavailable), 0),
    ] {
        let before = stage.org.count(WIDGET).unwrap();
        stage.org.journal().clear();
        stage.org.enqueue_many(OrgEndpoint::Rest, &answer, 2);
        let error = client.sobject(WIDGET).create(&json!({})).await.unwrap_err();
        assert!(error.is_transient(), "{error:?}");
        assert_eq!((stage.calls(), stage.org.count(WIDGET).unwrap()), (1, before + stored), "{answer:?}");
        assert!(client.sobject(WIDGET).upsert("Code__c", "1", &json!({})).await.is_err());
        assert_eq!(stage.calls(), 2, "{answer:?}");
    }
}

#[tokio::test]
async fn a_record_that_was_put_off_or_refused_for_its_token_is_created_once() {
    let stage = Stage::set().await;
    let client = stage.client();
    stage.org.enqueue(OrgEndpoint::Rest, Answer::status(429));
    client.sobject(WIDGET).create(&json!({})).await.unwrap();
    assert_eq!((stage.calls(), stage.org.count(WIDGET).unwrap()), (2, 1));

    stage.org.expire_sessions();
    let headers = [("Sforce-Auto-Assign", "FALSE")];
    client.sobject(WIDGET).create_with_headers(&json!({}), &headers).await.unwrap();
    assert_eq!((stage.calls(), stage.org.count(WIDGET).unwrap(), stage.grants()), (4, 2, 2));
    let asked = stage.org.journal().last(OrgEndpoint::Rest).unwrap();
    assert_eq!((&asked.method, asked.header("sforce-auto-assign")), (&Method::POST, Some("FALSE")));
}

#[tokio::test]
async fn an_answer_of_another_shape_is_an_error_and_nothing_is_sent_again() {
    let stage = Stage::set().await;
    let client = stage.client();
    let shapes = [json!({}), json!([]), json!({ "id": 1, "success": true }), json!(null)];
    for (calls, body) in (1..).zip(&shapes) {
        stage.org.enqueue(OrgEndpoint::Rest, Answer::json(201, body));
        let result: Result<SObjectCreateResult, _> =
            client.sobject("Account").create(&json!({ "Name": "x" })).await;
        assert!(matches!(result, Err(CirrusError::Serialization(_))), "{body}");
        assert_eq!(stage.calls(), calls);
    }
    let cut = Answer::raw(201, "application/json", r#"{"id":"001xx","succ"#);
    stage.org.enqueue(OrgEndpoint::Rest, cut);
    let error = client.sobject("Account").create(&json!({ "Name": "x" })).await.unwrap_err();
    assert!(matches!(&error, CirrusError::Serialization(fault) if fault.is_truncated()), "{error:?}");
    assert!(!error.to_string().contains("001xx"));
}
