//! Deployments of metadata by REST.

use crate::org_bulk::Bulk;
use crate::org_bulk::error;
use crate::org_client::text;
use authsession_testkit::browser::Page;
use http::Method;
use serde_json::Value;
use serde_json::json;

const DEPLOY: &str = "/services/data/v66.0/metadata/deployRequest";

/// An archive of empty files; its central directory is all that is looked at.
fn archive(names: &[&str]) -> String {
    let number = |number: usize| -> String {
        [number % 128, number / 128].map(|byte| char::from(byte as u8)).iter().collect()
    };
    let mut zip = String::new();
    for name in names {
        zip += &format!("PK\u{1}\u{2}{}{}{}{name}", "\0".repeat(24), number(name.len()), "\0".repeat(16));
    }
    zip + &format!(
        "PK\u{5}\u{6}{}{}{}{}",
        "\0".repeat(6),
        number(names.len()),
        "\0".repeat(4),
        "\0".repeat(6)
    )
}

async fn deploy(bulk: &Bulk, options: Value, zip: &str) -> Page {
    let body = format!(
        "--B\r\nContent-Disposition: form-data; name=\"json\"\r\nContent-Type: application/json\r\n\r\n{}\r\n\
         --B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"deploy.zip\"\r\n\
         Content-Type: application/zip\r\n\r\n{zip}\r\n--B--\r\n",
        json!({ "deployOptions": options })
    );
    bulk.send(Method::POST, DEPLOY, "multipart/form-data; boundary=B", &body).await
}

async fn deployed(bulk: &Bulk, options: Value) -> String {
    let page =
        deploy(bulk, options, &archive(&["package.xml", "classes/Foo.cls", "classes/Foo.cls-meta.xml"]))
            .await;
    assert_eq!(page.status, 201, "{}", page.text());
    let made = page.json().unwrap();
    assert_eq!(text(&made["deployResult"], "status"), "Pending");
    format!("{DEPLOY}/{}", text(&made, "id"))
}

async fn result(bulk: &Bulk, path: &str) -> Value {
    bulk.get(&format!("{path}?includeDetails=true")).await.json().unwrap()["deployResult"].clone()
}

async fn over(bulk: &Bulk, path: &str) -> Value {
    loop {
        let result = result(bulk, path).await;
        if result["done"] == true {
            return result;
        }
    }
}

#[tokio::test]
async fn a_deployment_succeeds_poll_by_poll_and_names_its_components() {
    let bulk = Bulk::new().await;
    let path = deployed(&bulk, json!({ "singlePackage": true, "testLevel": "RunLocalTests" })).await;
    for status in ["Pending", "InProgress", "Succeeded"] {
        assert_eq!(text(&result(&bulk, &path).await, "status"), status);
    }
    let done = bulk.get(&format!("{path}?includeDetails=true")).await.json().unwrap();
    assert_eq!(done["deployOptions"]["testLevel"], "RunLocalTests");
    let result = &done["deployResult"];
    assert_eq!((&result["success"], &result["numberComponentsTotal"]), (&json!(true), &json!(2)));
    let names: Vec<&str> = result["details"]["componentSuccesses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| text(one, "fullName"))
        .collect();
    assert_eq!(names, ["package.xml", "Foo"]);
    assert_eq!(bulk.get(&path).await.json().unwrap()["deployResult"].get("details"), None);
}

#[tokio::test]
async fn a_deployment_fails_for_the_reason_it_has() {
    let bulk = Bulk::new().await;
    bulk.stage.org.fail_next_deployment("Variable does not exist: x");
    let path = deployed(&bulk, json!({})).await;
    let told = over(&bulk, &path).await;
    assert_eq!((text(&told, "status"), &told["numberComponentErrors"]), ("Failed", &json!(1)));
    assert_eq!(told["details"]["componentFailures"][0]["problem"], "Variable does not exist: x");
    let no_archive = deploy(&bulk, json!({}), "not a zip").await.json().unwrap();
    let told = over(&bulk, &format!("{DEPLOY}/{}", text(&no_archive, "id"))).await;
    assert_eq!(told["details"]["componentFailures"][0]["problem"], "No package.xml found");
}

#[tokio::test]
async fn a_deployment_is_cancelled_while_it_runs_and_not_after() {
    let bulk = Bulk::new().await;
    let path = deployed(&bulk, json!({})).await;
    let cancel = json!({ "deployResult": { "status": "Canceling" } }).to_string();
    result(&bulk, &path).await;
    let page = bulk.ask(Method::PATCH, &path, &cancel).await;
    assert_eq!(page.status, 202);
    assert_eq!(text(&page.json().unwrap()["deployResult"], "status"), "Canceling");
    let told = over(&bulk, &path).await;
    assert_eq!((text(&told, "status"), &told["success"]), ("Canceled", &json!(false)));
    assert_eq!(text(&told, "canceledBy"), bulk.stage.org.user_id(&bulk.stage.org.username()));
    assert_eq!(bulk.ask(Method::PATCH, &path, &cancel).await.status, 400);
}

#[tokio::test]
async fn a_validation_is_deployed_without_its_archive() {
    let bulk = Bulk::new().await;
    let path = deployed(&bulk, json!({ "checkOnly": true })).await;
    let id = path.rsplit('/').next().unwrap();
    let body = json!({ "validatedDeployRequestId": id }).to_string();
    let early = error(&bulk.ask(Method::POST, DEPLOY, &body).await);
    assert_eq!((early.0, early.1.as_str()), (400, "INVALID_CROSS_REFERENCE_KEY"));
    over(&bulk, &path).await;
    let page = bulk.ask(Method::POST, DEPLOY, &body).await;
    let made = page.json().unwrap();
    assert_eq!((page.status.as_u16(), text(&made, "validatedDeployRequestId")), (201, id));
    assert_eq!(made["deployResult"]["checkOnly"], false);
}
