//! Several requests in one.

use crate::org_api::Api;
use crate::org_api::code;
use serde_json::Value;
use serde_json::json;

const V66: &str = "/services/data/v66.0";

#[tokio::test]
async fn a_request_can_use_what_an_earlier_one_answered() {
    let api = Api::new().await;
    let (status, answer) = api
        .post(
            "composite",
            &json!({ "allOrNone": true, "compositeRequest": [
                { "method": "POST", "url": format!("{V66}/sobjects/Account"), "referenceId": "account",
                  "body": { "Name": "Initech" } },
                { "method": "GET", "url": format!("{V66}/sobjects/Account/@{{account.id}}?fields=Name,OwnerId"), "referenceId": "read" },
                { "method": "POST", "url": format!("{V66}/sobjects/Contact"), "referenceId": "contact",
                  "body": { "LastName": "of @{read.Name}", "AccountId": "@{account.id}" } },
                { "method": "GET", "url": format!("{V66}/query?q=SELECT+Name+FROM+Contact+WHERE+AccountId='@{{account.id}}'"),
                  "referenceId": "found" },
                { "method": "GET", "url": format!("{V66}/sobjects/User/@{{read.OwnerId}}?fields=Username"), "referenceId": "owner" },
                { "method": "PATCH", "url": format!("{V66}/sobjects/Contact/@{{contact.id}}"), "referenceId": "changed",
                  "body": { "Title": "@{found.records[0].Name}" } },
            ] }),
        )
        .await;
    assert_eq!(status, 200);
    let responses = answer["compositeResponse"].as_array().unwrap();
    let statuses: Vec<_> = responses.iter().map(|one| one["httpStatusCode"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [201, 200, 201, 200, 200, 204], "{answer}");
    let location = format!("{V66}/sobjects/Account/{}", responses[0]["body"]["id"].as_str().unwrap());
    assert_eq!(
        (&responses[0]["httpHeaders"]["Location"], &responses[0]["referenceId"]),
        (&json!(location), &json!("account"))
    );
    assert_eq!(api.column("Title", "SELECT Title FROM Contact WHERE Title != NULL").await, ["of Initech"]);
}

#[tokio::test]
async fn all_or_none_leaves_none_when_one_fails() {
    let api = Api::new().await;
    let parts = json!([
        { "method": "POST", "url": format!("{V66}/sobjects/Account"), "referenceId": "good", "body": { "Name": "Initech" } },
        { "method": "POST", "url": format!("{V66}/sobjects/Contact"), "referenceId": "bad", "body": {} },
        { "method": "POST", "url": format!("{V66}/sobjects/Contact"), "referenceId": "later",
          "body": { "LastName": "a", "AccountId": "@{good.id}" } },
        { "method": "GET", "url": format!("{V66}/sobjects/Contact/@{{bad.id}}"), "referenceId": "lost" },
    ]);
    let codes = |answer: &Value| -> Vec<String> {
        let all = answer["compositeResponse"].as_array().unwrap();
        all.iter().map(|one| one["body"][0]["errorCode"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let (_, none) = api.post("composite", &json!({ "allOrNone": true, "compositeRequest": parts })).await;
    let halted = "PROCESSING_HALTED";
    assert_eq!(codes(&none), [halted, "REQUIRED_FIELD_MISSING", halted, halted]);
    assert_eq!((api.org.count("Account").unwrap(), api.org.count("Contact").unwrap()), (2, 1));
    let (_, some) = api.post("composite", &json!({ "compositeRequest": parts })).await;
    assert_eq!(codes(&some), ["", "REQUIRED_FIELD_MISSING", "", halted]);
    assert_eq!((api.org.count("Account").unwrap(), api.org.count("Contact").unwrap()), (3, 2));
}

#[tokio::test]
async fn a_composite_request_has_at_most_25_parts_each_with_a_name_of_its_own() {
    let api = Api::new().await;
    let part = |name: &str| json!({ "method": "GET", "url": format!("{V66}/limits"), "referenceId": name });
    let many: Vec<Value> = (0..26).map(|number| part(&format!("r{number}"))).collect();
    for (parts, error) in
        [(json!(many), "LIMIT_EXCEEDED"), (json!([part("same"), part("same")]), "INVALID_INPUT")]
    {
        let (status, answer) = api.post("composite", &json!({ "compositeRequest": parts })).await;
        assert_eq!((status, code(&answer)), (400, error));
    }
    assert_eq!(code(&api.post("composite", &json!({})).await.1), "JSON_PARSER_ERROR");
}

#[tokio::test]
async fn a_batch_goes_on_after_a_failure_unless_told_to_halt() {
    let api = Api::new().await;
    let parts = json!([
        { "method": "GET", "url": "v66.0/limits" },
        { "method": "GET", "url": "v66.0/sobjects/Account/001xx0000000099AAA" },
        { "method": "POST", "url": "v66.0/sobjects/Account", "richInput": { "Name": "Initech" } },
    ]);
    for (halts, statuses) in [(true, [200, 404, 412]), (false, [200, 404, 201])] {
        let (_, answer) =
            api.post("composite/batch", &json!({ "haltOnError": halts, "batchRequests": parts })).await;
        assert_eq!(answer["hasErrors"], true);
        let told: Vec<u64> = answer["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["statusCode"].as_u64().unwrap())
            .collect();
        assert_eq!(told, statuses);
    }
    assert_eq!(api.org.count("Account").unwrap(), 3);
}

#[tokio::test]
async fn a_tree_is_planted_whole_or_not_at_all() {
    let api = Api::new().await;
    let account = |contact: Value| {
        json!({ "records": [{
            "attributes": { "type": "Account", "referenceId": "a1" },
            "Name": "Initech",
            "Contacts": { "records": [contact] },
        }] })
    };
    let attributes = json!({ "type": "Contact", "referenceId": "c1" });
    let (status, answer) = api
        .post(
            "composite/tree/Account/",
            &account(json!({ "attributes": attributes, "LastName": "Lumbergh" })),
        )
        .await;
    assert_eq!((status, &answer["hasErrors"]), (201, &json!(false)), "{answer}");
    assert_eq!(answer["results"][1]["referenceId"], "c1");
    let found = api.org.query("SELECT Account.Name FROM Contact WHERE LastName = 'Lumbergh'").unwrap();
    assert_eq!(found[0]["Account.Name"], "Initech");

    let (status, answer) =
        api.post("composite/tree/Account", &account(json!({ "attributes": attributes }))).await;
    assert_eq!((status, &answer["hasErrors"]), (400, &json!(true)));
    let failed = &answer["results"][0];
    assert_eq!(
        (&failed["referenceId"], &failed["errors"][0]["statusCode"]),
        (&json!("c1"), &json!("REQUIRED_FIELD_MISSING"))
    );
    assert_eq!(api.org.count("Account").unwrap(), 3);
}

#[tokio::test]
async fn each_graph_is_done_whole_or_not_at_all() {
    let api = Api::new().await;
    let graph = |id: &str, name: &str| {
        json!({ "graphId": id, "compositeRequest": [
            { "method": "POST", "url": format!("{V66}/sobjects/Account"), "referenceId": "a", "body": { "Name": id } },
            { "method": "POST", "url": format!("{V66}/sobjects/Contact"), "referenceId": "c",
              "body": { "LastName": name, "AccountId": "@{a.id}" } },
        ] })
    };
    let (_, answer) =
        api.post("composite/graph", &json!({ "graphs": [graph("g1", "Lumbergh"), graph("g2", "")] })).await;
    let successful: Vec<_> =
        answer["graphs"].as_array().unwrap().iter().map(|one| one["isSuccessful"].clone()).collect();
    assert_eq!(successful, [json!(true), json!(false)]);
    assert_eq!(answer["graphs"][1]["graphResponse"]["compositeResponse"][0]["httpStatusCode"], 400);
    assert_eq!(api.org.count("Account").unwrap(), 3);
}

fn accounts(names: &[&str]) -> Value {
    let record = |name: &&str| json!({ "attributes": { "type": "Account" }, "Name": name });
    names.iter().map(record).collect()
}

fn successes(answer: &Value) -> Vec<bool> {
    answer.as_array().unwrap().iter().map(|one| one["success"] == true).collect()
}

#[tokio::test]
async fn a_collection_is_made_changed_read_and_deleted() {
    let api = Api::new().await;
    let (status, made) =
        api.post("composite/sobjects", &json!({ "records": accounts(&["One", "", "Two"]) })).await;
    assert_eq!((status, successes(&made)), (200, vec![true, false, true]));
    assert_eq!(
        made[1]["errors"][0],
        json!({
            "statusCode": "REQUIRED_FIELD_MISSING", "message": "Required fields are missing: [Name]", "fields": ["Name"],
        })
    );
    let [one, two] = [made[0]["id"].as_str().unwrap(), made[2]["id"].as_str().unwrap()];
    let change = |id: &str, fields: Value| {
        let mut record = json!({ "attributes": { "type": "Account" }, "id": id });
        record.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        record
    };
    let changes =
        json!({ "records": [change(one, json!({ "Phone": "1" })), change("001xx0000000099AAA", json!({}))] });
    let (_, changed) = api.patch("composite/sobjects", &changes).await;
    assert_eq!(successes(&changed), [true, false]);
    assert_eq!(changed[1]["errors"][0]["statusCode"], "INVALID_CROSS_REFERENCE_KEY");

    let expected = |read: &Value| (read[0]["Phone"].clone(), read[1].clone(), read[2]["Id"].clone());
    let ids = [one, "001xx0000000099AAA", two];
    let (_, read) =
        api.get(&format!("composite/sobjects/Account?ids={}&fields=Phone,Id", ids.join(","))).await;
    assert_eq!(expected(&read), (json!("1"), Value::Null, json!(two)));
    let (_, read) =
        api.post("composite/sobjects/Account", &json!({ "ids": ids, "fields": ["Phone", "Id"] })).await;
    assert_eq!(expected(&read), (json!("1"), Value::Null, json!(two)));

    let (_, deleted) = api.delete(&format!("composite/sobjects?ids={one},{two},{one}&allOrNone=false")).await;
    assert_eq!(successes(&deleted), [true, true, false]);
    assert_eq!(deleted[2]["errors"][0]["statusCode"], "ENTITY_IS_DELETED");
}

#[tokio::test]
async fn a_collection_of_all_or_none_is_none_when_one_fails() {
    let api = Api::new().await;
    let body = json!({ "allOrNone": true, "records": accounts(&["One", ""]) });
    let (status, made) = api.post("composite/sobjects", &body).await;
    assert_eq!((status, successes(&made)), (200, vec![false, false]));
    assert_eq!(made[0]["errors"][0]["statusCode"], "ALL_OR_NONE_OPERATION_ROLLED_BACK");
    assert_eq!(api.org.count("Account").unwrap(), 2);
}

#[tokio::test]
async fn a_collection_is_upserted_by_external_id() {
    let api = Api::new().await;
    let record = |id: &str, name: &str| json!({ "attributes": { "type": "Widget__c" }, "External_Id__c": id, "Name": name });
    let path = "composite/sobjects/Widget__c/External_Id__c";
    let (_, first) = api.patch(path, &json!({ "records": [record("1", "a"), record("2", "b")] })).await;
    let (_, second) = api.patch(path, &json!({ "records": [record("2", "c"), record("3", "d")] })).await;
    let created = |answer: &Value| [answer[0]["created"].clone(), answer[1]["created"].clone()];
    assert_eq!(
        (created(&first), created(&second)),
        ([json!(true), json!(true)], [json!(false), json!(true)])
    );
    assert_eq!((&first[1]["id"], api.org.count("Widget__c").unwrap()), (&second[0]["id"], 3));
}

#[tokio::test]
async fn a_collection_has_at_most_200_records() {
    let api = Api::new().await;
    let records: Vec<Value> = vec![json!({ "attributes": { "type": "Account" }, "Name": "a" }); 201];
    let (status, answer) = api.post("composite/sobjects", &json!({ "records": records })).await;
    assert_eq!((status, code(&answer)), (400, "EXCEEDED_ID_LIMIT"));
    assert_eq!(
        answer[0]["message"],
        "record limit reached. cannot submit more than 200 records in this call"
    );
}
