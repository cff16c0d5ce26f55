//! Query jobs of Bulk API 2.0.

use crate::org_bulk::Bulk;
use crate::org_bulk::error;
use crate::org_client::text;
use http::Method;
use serde_json::Value;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const QUERY: &str = "/services/data/v66.0/jobs/query";

async fn create(bulk: &Bulk, soql: &str) -> String {
    let spec = json!({ "operation": "query", "query": soql });
    let page = bulk.ask(Method::POST, QUERY, &spec.to_string()).await;
    assert_eq!(page.status, 200, "{}", page.text());
    format!("{QUERY}/{}", text(&page.json().unwrap(), "id"))
}

async fn complete(bulk: &Bulk, soql: &str) -> String {
    let job = create(bulk, soql).await;
    while bulk.state(&job).await != "JobComplete" {}
    job
}

/// The first bytes of an answer, of which the rest is never asked for.
async fn beginning(bulk: &Bulk, path: &str, bytes: usize) -> String {
    let mut stream = TcpStream::connect(bulk.stage.org.address()).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: org\r\nAuthorization: Bearer {}\r\n\r\n", bulk.token);
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut beginning = vec![0; bytes];
    stream.read_exact(&mut beginning).await.unwrap();
    String::from_utf8(beginning).unwrap()
}

#[tokio::test]
async fn a_query_job_runs_to_its_end_and_gives_csv() {
    let bulk = Bulk::new().await;
    let job = create(&bulk, "SELECT Id, Name FROM Account WHERE Name = 'Acme'").await;
    for state in ["UploadComplete", "InProgress", "JobComplete"] {
        assert_eq!(bulk.state(&job).await, state);
    }
    let told = bulk.get(&job).await.json().unwrap();
    assert_eq!((text(&told, "object"), text(&told, "jobType")), ("Account", "V2Query"));
    assert_eq!(told["numberRecordsProcessed"], 1);
    let page = bulk.get(&format!("{job}/results")).await;
    let body = page.text().into_owned();
    let lines: Vec<&str> = body.lines().collect();
    assert_eq!(lines[0], r#""Id","Name""#);
    assert!(lines[1].ends_with(r#"","Acme""#), "{body}");
    assert_eq!(page.header("sforce-locator"), Some("null"));
    assert_eq!(page.header("sforce-numberofrecords"), Some("1"));
    assert_eq!(page.header("content-type"), Some("text/csv"));
}

#[tokio::test]
async fn a_result_is_of_the_moment_the_query_ran_in_any_dialect() {
    let bulk = Bulk::new().await;
    let org = &bulk.stage.org;
    let account = org.insert("Account", json!({ "Name": "Ltd; \"Two\"", "AnnualRevenue": 7 })).unwrap();
    org.insert("Contact", json!({ "LastName": "Zed", "AccountId": account })).unwrap();
    bulk.ask(Method::DELETE, &format!("/services/data/v66.0/sobjects/Account/{account}"), "").await;
    let spec = json!({
        "operation": "queryAll",
        "query": "SELECT Name, AnnualRevenue, IsDeleted FROM Account WHERE AnnualRevenue = 7",
        "columnDelimiter": "SEMICOLON",
        "lineEnding": "CRLF",
    });
    let page = bulk.ask(Method::POST, QUERY, &spec.to_string()).await.json().unwrap();
    let job = format!("{QUERY}/{}", text(&page, "id"));
    while bulk.state(&job).await != "JobComplete" {}
    org.insert("Account", json!({ "Name": "Late", "AnnualRevenue": 7 })).unwrap();
    assert_eq!(
        bulk.get(&format!("{job}/results")).await.text(),
        "\"Name\";\"AnnualRevenue\";\"IsDeleted\"\r\n\"Ltd; \"\"Two\"\"\";\"7.0\";\"true\"\r\n"
    );
    let job = complete(&bulk, "SELECT LastName, Account.Name FROM Contact ORDER BY LastName").await;
    let page = bulk.get(&format!("{job}/results")).await;
    assert!(page.text().starts_with("\"LastName\",\"Account.Name\"\n"), "{}", page.text());
}

#[tokio::test]
async fn ten_thousand_rows_are_read_out_of_the_org() {
    let bulk = Bulk::new().await;
    bulk.stage.org.fill("Account", 10_000).unwrap();
    let job = complete(&bulk, "SELECT Id, Name FROM Account").await;
    let page = bulk.get(&format!("{job}/results")).await;
    assert_eq!(page.header("sforce-numberofrecords"), Some("10002"));
    assert_eq!(page.text().lines().count(), 10_003);
}

#[tokio::test]
async fn results_come_in_pages_to_the_last_one() {
    let bulk = Bulk::new().await;
    let job = complete(&bulk, "SELECT Name FROM Account ORDER BY Name").await;
    let mut names = Vec::new();
    let mut locator = String::new();
    while locator != "null" {
        let more = if locator.is_empty() { String::new() } else { format!("&locator={locator}") };
        let page = bulk.get(&format!("{job}/results?maxRecords=1{more}")).await;
        assert_eq!(page.header("sforce-numberofrecords"), Some("1"));
        names.extend(page.text().lines().skip(1).map(str::to_owned));
        locator = page.header("sforce-locator").unwrap().to_owned();
    }
    assert_eq!(names[..2], [r#""Acme""#, r#""Globex""#]);
    assert_eq!(bulk.get(&format!("{job}/results?locator=!")).await.status, 400);
}

#[tokio::test]
async fn the_pages_of_a_result_are_named_five_at_a_time() {
    let bulk = Bulk::new().await;
    bulk.stage.org.make_up_next_bulk_result(60, 40);
    bulk.stage.org.bulk_result_rows(10);
    let job = complete(&bulk, "SELECT Id, Name FROM Account").await;
    let first = bulk.get(&format!("{job}/resultPages")).await.json().unwrap();
    let urls = |pages: &Value| -> Vec<String> {
        let pages = pages["resultPages"].as_array().unwrap();
        pages.iter().map(|page| text(page, "resultUrl").to_owned()).collect()
    };
    assert_eq!((urls(&first).len(), &first["done"]), (5, &json!(false)));
    let second = bulk.get(text(&first, "nextRecordsUrl")).await.json().unwrap();
    assert_eq!((urls(&second).len(), &second["done"]), (1, &json!(true)));
    let mut rows = 0;
    for url in urls(&first).iter().chain(&urls(&second)) {
        rows += bulk.get(url).await.text().lines().count() - 1;
    }
    assert_eq!(rows, 60);
}

#[tokio::test]
async fn a_result_made_up_is_as_long_as_it_was_told() {
    let bulk = Bulk::new().await;
    bulk.stage.org.make_up_next_bulk_result(3, 40);
    let job = complete(&bulk, "SELECT Id, Name FROM Account").await;
    let page = bulk.get(&format!("{job}/results")).await;
    let text = page.text();
    assert!(text.split_inclusive('\n').skip(1).all(|line| line.len() == 40), "{text}");
    assert!(text.contains("\n\"0000000002\",\"x"), "{text}");
}

#[tokio::test]
async fn a_result_of_a_terabyte_is_made_while_it_is_sent() {
    let bulk = Bulk::new().await;
    bulk.stage.org.make_up_next_bulk_result(1_000_000_000, 1024);
    bulk.stage.org.bulk_result_rows(usize::MAX);
    let job = complete(&bulk, "SELECT Id, Name FROM Account").await;
    let sent = beginning(&bulk, &format!("{job}/results"), 4 * 1024 * 1024).await;
    assert!(sent.contains("sforce-numberofrecords: 1000000000"), "{}", &sent[..1000]);
    assert!(sent.contains("\"0000004000\""));
}

#[tokio::test]
async fn what_a_query_jobs_state_does_not_allow_is_refused() {
    let bulk = Bulk::new().await;
    let job = create(&bulk, "SELECT Id FROM Account").await;
    assert_eq!(error(&bulk.get(&format!("{job}/results")).await).1, "INVALIDJOBSTATE");
    assert_eq!(error(&bulk.ask(Method::DELETE, &job, "").await).1, "INVALIDJOBSTATE");
    assert_eq!(text(&bulk.set(&job, "Aborted").await.json().unwrap(), "state"), "Aborted");
    assert_eq!(error(&bulk.set(&job, "Aborted").await).1, "INVALIDJOBSTATE");
    let listed = bulk.get(&format!("{QUERY}?jobType=V2Query")).await.json().unwrap();
    assert_eq!(listed["records"][0]["state"], "Aborted");
    assert_eq!(bulk.ask(Method::DELETE, &job, "").await.status, 204);
    assert_eq!(bulk.get(&job).await.status, 404);
}

#[tokio::test]
async fn results_are_fetched_with_the_version_the_job_was_made_with() {
    let bulk = Bulk::new().await;
    let job = complete(&bulk, "SELECT Id FROM Account").await;
    let older = job.replace("v66.0", "v60.0");
    assert_eq!(bulk.get(&format!("{older}/results")).await.status, 409);
}

#[tokio::test]
async fn a_query_that_cannot_be_run_makes_no_job() {
    let bulk = Bulk::new().await;
    let spec = json!({ "operation": "query", "query": "SELECT FROM" });
    let refused = error(&bulk.ask(Method::POST, QUERY, &spec.to_string()).await);
    assert_eq!((refused.0, refused.1.as_str()), (400, "MALFORMED_QUERY"));
    for soql in ["SELECT COUNT() FROM Account", "SELECT Id, (SELECT Id FROM Contacts) FROM Account"] {
        let spec = json!({ "operation": "query", "query": soql });
        let refused = error(&bulk.ask(Method::POST, QUERY, &spec.to_string()).await);
        assert_eq!(refused.1, "FUNCTIONALITY_NOT_ENABLED");
    }
}
