//! The org's Tooling API and event log files.

use crate::org_bulk::Bulk;
use crate::org_client::text;
use http::Method;
use serde_json::Value;
use serde_json::json;

const TOOLING: &str = "/services/data/v66.0/tooling";

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn query(bulk: &Bulk, soql: &str) -> Value {
    bulk.get(&format!("{TOOLING}/query?q={}", encoded(soql))).await.json().unwrap()
}

async fn execute(bulk: &Bulk, apex: &str) -> Value {
    let path = format!("{TOOLING}/executeAnonymous?anonymousBody={}", encoded(apex));
    bulk.get(&path).await.json().unwrap()
}

#[tokio::test]
async fn code_is_written_read_and_queried_apart_from_records() {
    let bulk = Bulk::new().await;
    let all = bulk.get(&format!("{TOOLING}/sobjects")).await.json().unwrap();
    let names: Vec<&str> = all["sobjects"].as_array().unwrap().iter().map(|one| text(one, "name")).collect();
    assert!(names.contains(&"ApexClass") && names.contains(&"TraceFlag") && !names.contains(&"Account"));
    let folder = format!("{TOOLING}/sobjects/ApexClass");
    let class = r#"{"Name":"Foo","Body":"class Foo {}"}"#;
    let made = bulk.ask(Method::POST, &folder, class).await;
    assert_eq!(made.status, 201);
    let made = made.json().unwrap();
    let path = format!("{folder}/{}", text(&made, "id"));
    assert_eq!(bulk.get(&path).await.json().unwrap()["Body"], "class Foo {}");
    assert_eq!(bulk.ask(Method::PATCH, &path, r#"{"Body":"class Foo { }"}"#).await.status, 204);
    let found = query(&bulk, "SELECT Id, Name FROM ApexClass").await;
    assert_eq!(text(&found["records"][0]["attributes"], "url"), path);
    assert_eq!(bulk.ask(Method::DELETE, &path, "").await.status, 204);
    assert_eq!(query(&bulk, "SELECT Id FROM ApexClass").await["totalSize"], 0);
    let elsewhere = bulk.get("/services/data/v66.0/query?q=SELECT+Id+FROM+ApexClass").await;
    assert_eq!(elsewhere.status, 400);
}

#[tokio::test]
async fn pages_of_a_tooling_query_stay_within_it() {
    let bulk = Bulk::new().await;
    let parts: Vec<Value> = (0..25)
        .map(|at| {
            json!({
                "method": "POST",
                "url": format!("{TOOLING}/sobjects/MetadataContainer"),
                "referenceId": format!("r{at}"),
                "body": { "Name": format!("c{at}") },
            })
        })
        .collect();
    for prefix in 0..9 {
        let text = json!({ "compositeRequest": parts }).to_string().replace("\"c", &format!("\"c{prefix}-"));
        let text = text.replace(&format!("\"c{prefix}-omposite"), "\"composite");
        let page = bulk.ask(Method::POST, &format!("{TOOLING}/composite"), &text).await.json().unwrap();
        assert_eq!(page["compositeResponse"][24]["httpStatusCode"], 201, "{page}");
    }
    let soql = encoded("SELECT Id FROM MetadataContainer");
    let headers =
        [("authorization", &*format!("Bearer {}", bulk.token)), ("sforce-query-options", "batchSize=200")];
    let url = format!("{}{TOOLING}/query?q={soql}", bulk.stage.org.instance_url());
    let first = bulk.stage.browser.fetch_with(Method::GET, url, &headers, "").await.unwrap().json().unwrap();
    let more = text(&first, "nextRecordsUrl");
    assert!(more.starts_with(&format!("{TOOLING}/query/01g")), "{more}");
    assert_eq!(bulk.get(more).await.json().unwrap()["records"].as_array().unwrap().len(), 25);
}

#[tokio::test]
async fn apex_that_is_run_once_compiles_or_not_throws_or_not_and_is_logged() {
    let bulk = Bulk::new().await;
    let good = execute(&bulk, "System.debug('a & b');").await;
    assert_eq!(
        good,
        json!({
            "line": -1, "column": -1, "compiled": true, "success": true,
            "compileProblem": null, "exceptionMessage": null, "exceptionStackTrace": null,
        })
    );
    let unfinished = execute(&bulk, "System.debug(").await;
    assert_eq!(
        (&unfinished["compiled"], text(&unfinished, "compileProblem")),
        (&json!(false), "Unexpected token '<EOF>'.")
    );
    let thrown = execute(&bulk, "Integer i = 1;\nSystem.assert(false);").await;
    assert_eq!(
        (&thrown["compiled"], &thrown["success"], &thrown["line"]),
        (&json!(true), &json!(false), &json!(2))
    );
    assert_eq!(text(&thrown, "exceptionStackTrace"), "AnonymousBlock: line 2, column 1");
    let logs = query(&bulk, "SELECT Id, Status, LogLength FROM ApexLog").await;
    assert_eq!((&logs["totalSize"], text(&logs["records"][0], "Status")), (&json!(3), "Success"));
    let id = text(&logs["records"][0], "Id");
    let page = bulk.get(&format!("{TOOLING}/sobjects/ApexLog/{id}/Body")).await;
    assert!(page.text().contains("Execute Anonymous: System.debug('a & b');"), "{}", page.text());
    assert_eq!(page.body.len(), logs["records"][0]["LogLength"]);
}

#[tokio::test]
async fn code_is_searched_for() {
    let bulk = Bulk::new().await;
    let class = r#"{"Name":"NeedleFinder","Body":"class NeedleFinder {}"}"#;
    bulk.ask(Method::POST, &format!("{TOOLING}/sobjects/ApexClass"), class).await;
    let sosl = encoded("FIND {NeedleFinder} IN ALL FIELDS RETURNING ApexClass(Id, Name)");
    let found = bulk.get(&format!("{TOOLING}/search?q={sosl}")).await.json().unwrap();
    assert_eq!(found["searchRecords"][0]["Name"], "NeedleFinder");
}

#[tokio::test]
async fn an_event_log_file_is_as_long_as_its_record_says() {
    let bulk = Bulk::new().await;
    let id = bulk.stage.org.add_event_log("ApiTotalUsage", 5_000).unwrap();
    let soql = encoded(
        "SELECT Id, LogDate, LogFile, LogFileLength FROM EventLogFile WHERE EventType = 'ApiTotalUsage'",
    );
    let found = bulk.get(&format!("/services/data/v66.0/query?q={soql}")).await.json().unwrap();
    let record = &found["records"][0];
    assert_eq!((text(record, "Id"), text(record, "LogDate")), (id.as_str(), "2029-12-31T00:00:00.000+0000"));
    let page = bulk.get(text(record, "LogFile")).await;
    assert_eq!(page.header("content-type"), Some("text/csv"));
    assert_eq!(page.body.len(), record["LogFileLength"].as_f64().unwrap() as usize);
    assert_eq!(page.text().lines().count(), 5_001);
    assert!(page.text().lines().last().unwrap().starts_with("\"ApiTotalUsage\""));
    let nowhere = "/services/data/v66.0/sobjects/EventLogFile/0AT000000000000GAA/LogFile";
    assert_eq!(bulk.get(nowhere).await.status, 404);
}
