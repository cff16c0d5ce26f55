//! Records are made, read, changed and deleted by Salesforce's rules.

use crate::org_api::Api;
use crate::org_api::code;
use crate::org_api::told;
use http::Method;
use serde_json::Value;
use serde_json::json;
use std::time::Duration;

async fn made(api: &Api, object: &str, fields: Value) -> String {
    let (status, body) = api.post(&format!("sobjects/{object}"), &fields).await;
    assert_eq!((status, &body["success"]), (201, &json!(true)), "{body}");
    body["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_record_is_read_by_either_id_whole_or_in_part() {
    let api = Api::new().await;
    let id = made(&api, "Account", json!({ "Name": "Initech", "NumberOfEmployees": 7 })).await;
    for id in [&id, &id[..15]] {
        let (status, record) = api.get(&format!("sobjects/account/{id}?fields=name,NumberOfEmployees")).await;
        assert_eq!(
            (status, &record["Name"], &record["NumberOfEmployees"]),
            (200, &json!("Initech"), &json!(7))
        );
        assert!(record.get("Industry").is_none());
    }
    let (_, whole) = api.get(&format!("sobjects/Account/{id}")).await;
    assert_eq!((&whole["Industry"], &whole["attributes"]["type"]), (&Value::Null, &json!("Account")));
    assert_eq!(whole["attributes"]["url"], format!("/services/data/v66.0/sobjects/Account/{id}"));
    assert_eq!(code(&api.get(&format!("sobjects/Account/{id}?fields=Nope")).await.1), "INVALID_FIELD");
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_by_code_and_field() {
    let api = Api::new().await;
    let long = "x".repeat(300);
    for (object, fields, code, field) in [
        ("Contact", json!({}), "REQUIRED_FIELD_MISSING", json!(["LastName"])),
        ("Account", json!({ "Name": "" }), "REQUIRED_FIELD_MISSING", json!(["Name"])),
        ("Account", json!({ "Name": "a", "Nope": 1 }), "INVALID_FIELD", Value::Null),
        ("Account", json!({ "Name": long }), "STRING_TOO_LONG", json!(["Name"])),
        (
            "Account",
            json!({ "Name": "a", "CreatedDate": "2030-01-01" }),
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            json!(["CreatedDate"]),
        ),
        ("Account", json!({ "Name": "a", "Id": "x" }), "INVALID_FIELD_FOR_INSERT_UPDATE", json!(["Id"])),
        ("Account", json!({ "Name": "a", "NumberOfEmployees": "many" }), "JSON_PARSER_ERROR", Value::Null),
        (
            "Opportunity",
            json!({ "Name": "a", "StageName": "b", "CloseDate": "2030-02-30" }),
            "JSON_PARSER_ERROR",
            Value::Null,
        ),
        ("Contact", json!({ "LastName": "a", "AccountId": "x" }), "MALFORMED_ID", json!(["AccountId"])),
        (
            "Contact",
            json!({ "LastName": "a", "AccountId": "003xx0000000001AAA" }),
            "MALFORMED_ID",
            json!(["AccountId"]),
        ),
        (
            "Contact",
            json!({ "LastName": "a", "AccountId": "001xx0000000099AAA" }),
            "INVALID_CROSS_REFERENCE_KEY",
            json!([]),
        ),
        ("Contact", json!({ "LastName": "a", "Email": "nobody" }), "INVALID_EMAIL_ADDRESS", json!(["Email"])),
        (
            "Widget__c",
            json!({ "Color__c": "Mauve" }),
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            json!(["Color__c"]),
        ),
        ("User", json!({ "Name": "a" }), "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", json!([])),
    ] {
        let (status, error) = api.post(&format!("sobjects/{object}"), &fields).await;
        assert_eq!(
            (status, &error[0]["errorCode"], &error[0]["fields"]),
            (400, &json!(code), &field),
            "{fields}"
        );
    }
    let (_, error) = api.post("sobjects/Contact", &json!({})).await;
    assert_eq!(error[0]["message"], "Required fields are missing: [LastName]");
}

#[tokio::test]
async fn a_request_that_is_not_one_is_refused() {
    let api = Api::new().await;
    let body = told(&api.send(Method::POST, "sobjects/Account", &[], "{\"Name\":").await);
    assert_eq!((body.0, code(&body.1)), (400, "JSON_PARSER_ERROR"));
    let xml = [("content-type", "text/csv")];
    let body = told(&api.send(Method::POST, "sobjects/Account", &xml, "Name\nAcme").await);
    assert_eq!((body.0, code(&body.1)), (415, "UNSUPPORTED_MEDIA_TYPE"));
    let body = told(&api.send(Method::PUT, "sobjects/Account", &[], "{}").await);
    assert_eq!((body.0, code(&body.1)), (405, "METHOD_NOT_ALLOWED"));
    assert_eq!(api.post("sobjects/Nope", &json!({})).await.0, 404);
}

#[tokio::test]
async fn a_change_takes_what_may_be_changed_and_is_stamped() {
    let api = Api::new().await;
    let id = made(&api, "Account", json!({ "Name": "Initech" })).await;
    let record = format!("sobjects/Account/{id}");
    api.clock.advance(Duration::from_secs(60));
    assert_eq!(
        api.patch(&record, &json!({ "Industry": "Software", "Phone": "1" })).await,
        (204, Value::Null)
    );
    assert_eq!(api.patch(&record, &json!({ "Phone": null })).await.0, 204);
    let (_, read) = api.get(&record).await;
    assert_eq!((&read["Industry"], &read["Phone"]), (&json!("Software"), &Value::Null));
    assert_eq!(read["CreatedDate"], "2030-01-01T00:00:00.000+0000");
    assert_eq!(read["SystemModstamp"], "2030-01-01T00:01:00.000+0000");
    assert_eq!(code(&api.patch(&record, &json!({ "Name": null })).await.1), "REQUIRED_FIELD_MISSING");
    assert_eq!(code(&api.patch(&record, &json!({ "Id": id })).await.1), "INVALID_FIELD");
}

#[tokio::test]
async fn what_is_deleted_is_gone_and_says_so() {
    let api = Api::new().await;
    let id = made(&api, "Account", json!({ "Name": "Initech" })).await;
    let record = format!("sobjects/Account/{id}");
    assert_eq!(api.delete(&record).await, (204, Value::Null));
    for (status, error) in
        [api.get(&record).await, api.delete(&record).await, api.patch(&record, &json!({})).await]
    {
        assert_eq!((status, code(&error)), (404, "ENTITY_IS_DELETED"));
    }
    for never in ["001xx0000000999AAA", "nonsense"] {
        let (status, error) = api.get(&format!("sobjects/Account/{never}")).await;
        assert_eq!((status, code(&error)), (404, "NOT_FOUND"));
    }
    assert_eq!(code(&api.get("sobjects/Account/003xx0000000001AAA").await.1), "NOT_FOUND");
    let of_another_kind = api.delete("sobjects/Account/003xx0000000001AAA").await;
    assert_eq!((of_another_kind.0, code(&of_another_kind.1)), (400, "MALFORMED_ID"));
}

#[tokio::test]
async fn an_upsert_makes_a_record_once_and_changes_it_after() {
    let api = Api::new().await;
    let widget = "sobjects/Widget__c/External_Id__c/W%2F1";
    assert_eq!(api.patch(&format!("{widget}?updateOnly=true"), &json!({})).await.0, 404);
    let (status, first) = api.patch(widget, &json!({ "Name": "Bolt" })).await;
    assert_eq!((status, &first["created"]), (201, &json!(true)));
    let (status, second) = api.patch(widget, &json!({ "Name": "Nut", "External_Id__c": "W/1" })).await;
    assert_eq!((status, &second["created"], &second["id"]), (200, &json!(false), &first["id"]));
    let old = "/services/data/v45.0/sobjects/Widget__c/External_Id__c/W%2F1";
    assert_eq!(api.patch(old, &json!({ "Name": "Washer" })).await, (204, Value::Null));
    let (_, read) = api.get(widget).await;
    assert_eq!((&read["Name"], &read["External_Id__c"]), (&json!("Washer"), &json!("W/1")));
    let (status, error) = api.patch("sobjects/Widget__c/Name/x", &json!({})).await;
    assert_eq!((status, code(&error)), (404, "NOT_FOUND"));
    assert_eq!(api.delete(widget).await.0, 204);
    assert_eq!(api.get(widget).await.0, 404);
}

#[tokio::test]
async fn an_external_id_of_several_records_is_answered_with_all_of_them() {
    let api = Api::new().await;
    let ids = [
        made(&api, "Widget__c", json!({ "Code__c": "c" })).await,
        made(&api, "Widget__c", json!({ "Code__c": "C" })).await,
    ];
    let urls = ids.map(|id| json!(format!("/services/data/v66.0/sobjects/Widget__c/{id}")));
    for method in [Method::GET, Method::PATCH] {
        let answer = told(&api.send(method, "sobjects/Widget__c/Code__c/c", &[], "{}").await);
        assert_eq!(answer, (300, json!(urls)));
    }
    let head = api.send(Method::HEAD, "sobjects/Widget__c/Code__c/c", &[], "").await;
    assert_eq!(head.status, 300);
}

#[tokio::test]
async fn what_must_be_unique_is() {
    let api = Api::new().await;
    let first = made(&api, "Widget__c", json!({ "External_Id__c": "1" })).await;
    let (status, error) = api.post("sobjects/Widget__c", &json!({ "External_Id__c": "1" })).await;
    assert_eq!((status, code(&error)), (400, "DUPLICATE_VALUE"));
    let message =
        format!("duplicate value found: External_Id__c duplicates value on record with id: {first}");
    assert_eq!(error[0]["message"], message);
    assert_eq!(
        api.patch(&format!("sobjects/Widget__c/{first}"), &json!({ "External_Id__c": "1" })).await.0,
        204
    );
}

#[tokio::test]
async fn a_parent_can_be_named_by_its_external_id() {
    let api = Api::new().await;
    let object = authsession_testkit::org::object::OrgObject::new("Part__c", "a0P").field(
        authsession_testkit::org::field::OrgField::lookup("Widget__c", "Widget__c", "Widget__r", "Parts__r"),
    );
    api.org.define(object).unwrap();
    let widget = made(&api, "Widget__c", json!({ "External_Id__c": "W1" })).await;
    let part = made(&api, "Part__c", json!({ "Widget__r": { "External_Id__c": "W1" } })).await;
    assert_eq!(api.get(&format!("sobjects/Part__c/{part}")).await.1["Widget__c"], widget);
    let (status, error) =
        api.post("sobjects/Part__c", &json!({ "Widget__r": { "External_Id__c": "W2" } })).await;
    assert_eq!((status, code(&error)), (400, "INVALID_FIELD"));
}

#[tokio::test]
async fn dates_of_the_client_hold_back_what_is_not_news() {
    let api = Api::new().await;
    let id = made(&api, "Account", json!({ "Name": "Initech" })).await;
    let record = format!("sobjects/Account/{id}");
    let [before, at] = ["Mon, 31 Dec 2029 23:59:59 GMT", "Tue, 01 Jan 2030 00:00:00 GMT"];
    for (date, status) in [(before, 200), (at, 304)] {
        for path in [record.as_str(), "sobjects", "sobjects/Account/describe"] {
            let page = api.send(Method::GET, path, &[("if-modified-since", date)], "").await;
            assert_eq!(page.status, status, "{path}");
        }
    }
    for (date, status) in [(before, 412), (at, 204)] {
        let change = r#"{"Phone":"1"}"#;
        let page = api.send(Method::PATCH, &record, &[("if-unmodified-since", date)], change).await;
        assert_eq!(page.status, status);
    }
}

#[tokio::test]
async fn what_happened_lately_is_listed() {
    let api = Api::new().await;
    let [kept, deleted] = [
        made(&api, "Lead", json!({ "LastName": "a", "Company": "b" })).await,
        made(&api, "Lead", json!({ "LastName": "c", "Company": "d" })).await,
    ];
    api.clock.advance(Duration::from_secs(60));
    api.delete(&format!("sobjects/Lead/{deleted}")).await;
    let span = "start=2030-01-01T00:00:00Z&end=2030-01-02T00:00:00%2B00:00";
    let (_, updated) = api.get(&format!("sobjects/Lead/updated?{span}")).await;
    assert_eq!(updated["ids"], json!([kept]));
    let (_, gone) = api.get(&format!("sobjects/Lead/deleted?{span}")).await;
    assert_eq!(
        gone["deletedRecords"],
        json!([{ "id": deleted, "deletedDate": "2030-01-01T00:01:00.000+0000" }])
    );
    assert_eq!(api.get("sobjects/Lead/updated?start=2030-01-01").await.0, 400);
}

#[tokio::test]
async fn an_object_says_what_it_is() {
    let api = Api::new().await;
    let (_, all) = api.get("sobjects/").await;
    let names: Vec<&str> =
        all["sobjects"].as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
    assert!(names.contains(&"Account") && names.contains(&"Widget__c"));
    let (_, basic) = api.get("sobjects/Widget__c").await;
    assert_eq!((&basic["objectDescribe"]["keyPrefix"], &basic["recentItems"]), (&json!("a00"), &json!([])));
    let (_, account) = api.get("sobjects/Account/describe").await;
    let children = account["childRelationships"].as_array().unwrap();
    assert!(children.iter().any(|one| one["relationshipName"] == "Contacts" && one["field"] == "AccountId"));
    let (_, contact) = api.get("sobjects/Contact/describe/").await;
    let field = |name: &str| {
        contact["fields"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap().clone()
    };
    assert_eq!(
        (&field("AccountId")["referenceTo"], &field("AccountId")["relationshipName"]),
        (&json!(["Account"]), &json!("Account"))
    );
    assert_eq!(
        (&field("LastName")["nillable"], &field("Name")["createable"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(api.get("sobjects/Nope/describe").await.0, 404);
}

#[tokio::test]
async fn relationships_lead_on_from_a_record() {
    let api = Api::new().await;
    let account = made(&api, "Account", json!({ "Name": "Initech" })).await;
    let contact = made(&api, "Contact", json!({ "LastName": "Lumbergh", "AccountId": account })).await;
    let (_, parent) = api.get(&format!("sobjects/Contact/{contact}/Account?fields=Name")).await;
    assert_eq!((&parent["Name"], &parent["Id"]), (&json!("Initech"), &json!(account)));
    let (_, children) = api.get(&format!("sobjects/Account/{account}/Contacts?fields=LastName")).await;
    assert_eq!(
        (&children["totalSize"], &children["records"][0]["LastName"]),
        (&json!(1), &json!("Lumbergh"))
    );
    for nothing in [format!("sobjects/Account/{account}/Parent"), format!("sobjects/Account/{account}/Nope")]
    {
        assert_eq!(api.get(&nothing).await.0, 404);
    }
}
