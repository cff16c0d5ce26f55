//! What failed within a call that is a success.

use authsession_salesforce::{BatchSubresult, CompositeSubresponse, SObjectCreateResult};
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;
use serde_json::json;

use crate::stage::Stage;

fn locked() -> serde_json::Value {
    let message = "unable to obtain exclusive access to this record or 1 records: 001xx000003DGbYAAW";
    json!({ "statusCode": "UNABLE_TO_LOCK_ROW", "message": message, "fields": [] })
}

#[tokio::test]
async fn records_that_were_locked_are_told_from_those_that_are_wrong() {
    let stage = Stage::set().await;
    let wrong = json!({ "statusCode": "REQUIRED_FIELD_MISSING", "message": "Name", "fields": ["Name"] });
    let results = json!([
        { "id": "001xx000003DGbYAAW", "success": true, "errors": [] },
        { "success": false, "errors": [locked()] },
        { "success": false, "errors": [wrong, locked()] },
    ]);
    stage.org.enqueue(OrgEndpoint::Rest, Answer::json(200, &results));
    let records = [json!({}), json!({}), json!({})];
    let client = stage.client();
    let results = client.composite().sobjects().update_records("Account", &records, false).await.unwrap();
    let again: Vec<bool> = results.iter().map(|result| result.is_transient()).collect();
    assert_eq!(again, [false, true, false]);

    let body = json!([{ "errorCode": "UNABLE_TO_LOCK_ROW", "message": "locked" }]);
    let answer = json!({ "body": body, "httpStatusCode": 400, "referenceId": "one" });
    assert!(serde_json::from_value::<CompositeSubresponse>(answer).unwrap().is_transient());
    let answer = json!({ "statusCode": 400, "result": body });
    assert!(serde_json::from_value::<BatchSubresult>(answer).unwrap().is_transient());
    let answer = json!({ "id": "", "success": false, "errors": body });
    assert!(serde_json::from_value::<SObjectCreateResult>(answer).unwrap().is_transient());
    stage.org.enqueue(OrgEndpoint::Rest, Answer::json(400, &body));
    let error = client.sobject("Account").update("001xx000003DGbYAAW", &json!({})).await.unwrap_err();
    assert!(error.is_transient() && !error.may_have_been_done(), "{error:?}");
}

#[tokio::test]
async fn a_composite_request_whose_records_failed_is_no_success_though_its_status_says_so() {
    let stage = Stage::set().await;
    let before = stage.org.count("Account").unwrap();
    let accounts = |names: [&str; 2]| {
        let records = names.map(|name| json!({ "attributes": { "type": "Account" }, "Name": name }));
        json!({ "allOrNone": true, "records": records })
    };
    let subrequest = |name: &str, body| {
        let url = "/services/data/v66.0/composite/sobjects";
        json!({ "method": "POST", "url": url, "referenceId": name, "body": body })
    };
    let request = json!({ "allOrNone": false, "compositeRequest": [
        subrequest("good", accounts(["Initech", "Initrode"])),
        subrequest("bad", accounts(["Globex", ""])),
    ] });
    let answer = stage.client().composite().execute(&request).await.unwrap();

    let [good, bad] = ["good", "bad"].map(|name| answer.get(name).unwrap());
    assert!(good.is_success() && !good.has_errors() && good.errors().is_empty());
    assert!(bad.is_success() && bad.has_errors(), "its status is a 200");
    assert!(answer.has_errors() && !answer.is_success());
    assert_eq!(answer.root_cause().unwrap().reference_id, "bad");
    let codes: Vec<_> = bad.errors().into_iter().map(|error| error.error_code).collect();
    assert_eq!(codes, ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"]);
    assert!(!bad.is_rolled_back(), "it is the reason itself");
    assert_eq!(stage.org.count("Account").unwrap(), before + 2);
}
