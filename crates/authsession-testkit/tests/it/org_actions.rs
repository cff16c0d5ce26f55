//! Invocable actions, Apex REST and limits of the org.

use crate::org_bulk::Bulk;
use crate::org_client::text;
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;
use http::Method;
use serde_json::json;

const ACTIONS: &str = "/services/data/v66.0/actions";

#[tokio::test]
async fn actions_are_found_from_the_top_down_and_described() {
    let bulk = Bulk::new().await;
    let top = bulk.get(ACTIONS).await.json().unwrap();
    let custom = bulk.get(text(&top, "custom")).await.json().unwrap();
    let flows = bulk.get(text(&custom, "flow")).await.json().unwrap();
    let flow = &flows["actions"][0];
    assert_eq!((text(flow, "name"), text(flow, "type")), ("LargeOrder", "FLOW"));
    let described = bulk.get(text(flow, "url")).await.json().unwrap();
    assert_eq!((&described["inputs"][0]["name"], &described["standard"]), (&json!("Amount"), &json!(false)));
    let standard = bulk.get(text(&top, "standard")).await.json().unwrap();
    assert_eq!(standard["actions"][0]["name"], "chatterPost");
    assert_eq!(bulk.get(&format!("{ACTIONS}/custom/flow/Nothing")).await.status, 404);
}

#[tokio::test]
async fn an_action_answers_each_of_its_inputs() {
    let bulk = Bulk::new().await;
    bulk.stage.org.add_action("custom/apex", "Greet", &["name"]);
    let path = format!("{ACTIONS}/custom/apex/Greet");
    let good = bulk.ask(Method::POST, &path, r#"{"inputs":[{"name":"Ada"},{"name":"Bob"}]}"#).await;
    let results = good.json().unwrap();
    assert_eq!((good.status.as_u16(), &results[1]["outputValues"]["name"]), (200, &json!("Bob")));
    let bad = bulk.ask(Method::POST, &path, r#"{"inputs":[{}]}"#).await;
    let results = bad.json().unwrap();
    assert_eq!((bad.status.as_u16(), &results[0]["isSuccess"]), (400, &json!(false)));
    assert_eq!(results[0]["errors"][0]["message"], "Missing required input parameter: name");
    let flow = format!("{ACTIONS}/custom/flow/LargeOrder");
    let flow = bulk.ask(Method::POST, &flow, r#"{"inputs":[{"Amount":7}]}"#).await.json().unwrap();
    assert_eq!(flow[0]["outputValues"]["Flow__InterviewStatus"], "Finished");
    assert_eq!(bulk.ask(Method::POST, &path, "{}").await.status, 400);
}

#[tokio::test]
async fn apex_rest_says_what_it_was_asked_to_those_who_may_ask() {
    let bulk = Bulk::new().await;
    let path = "/services/apexrest/acme/Orders/7?dry=true";
    let told = bulk.ask(Method::PUT, path, r#"{"amount":3}"#).await;
    assert!(told.header("sforce-limit-info").is_some());
    assert_eq!(
        told.json().unwrap(),
        json!({
            "method": "PUT",
            "path": "/acme/Orders/7",
            "query": { "dry": "true" },
            "contentType": "application/json",
            "body": { "amount": 3 },
        })
    );
    assert_eq!(bulk.send(Method::POST, path, "text/plain", "hello").await.json().unwrap()["body"], "hello");
    bulk.stage.org.enqueue(OrgEndpoint::ApexRest, Answer::raw(418, "text/plain", "as the class says"));
    assert_eq!(bulk.get(path).await.text(), "as the class says");
    bulk.stage.org.expire_sessions();
    assert_eq!(bulk.get(path).await.status, 401);
}

#[tokio::test]
async fn limits_are_told_with_those_of_applications_within() {
    let bulk = Bulk::new().await;
    let limits = bulk.get("/services/data/v66.0/limits").await.json().unwrap();
    assert_eq!(limits["DailyApiRequests"]["Remaining"], 14_999);
    assert_eq!(limits["DailyApiRequests"]["Workbench"]["Max"], 0);
    assert_eq!(limits["DailyBulkV2QueryJobs"], json!({ "Max": 10_000, "Remaining": 10_000 }));
    let spec = r#"{"operation":"query","query":"SELECT Id FROM Account"}"#;
    bulk.ask(Method::POST, "/services/data/v66.0/jobs/query", spec).await;
    let limits = bulk.get("/services/data/v66.0/limits").await.json().unwrap();
    assert_eq!(limits["DailyBulkV2QueryJobs"]["Remaining"], 9_999);
}
