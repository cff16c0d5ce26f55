//! The org's REST API, as far as it goes.

use crate::org_client::Stage;
use crate::org_client::text;
use authsession_testkit::org::RequestLimit;
use authsession_testkit::org::connected_app::ConnectedApp;
use authsession_testkit::org::endpoint::OrgEndpoint;
use http::Method;
use serde_json::Value;
use serde_json::json;

const V66: &str = "/services/data/v66.0";

async fn query(stage: &Stage, token: &str, soql: &str) -> Value {
    let soql: String = url::form_urlencoded::byte_serialize(soql.as_bytes()).collect();
    stage.get(&format!("{V66}/query?q={soql}"), token).await.json().unwrap()
}

#[tokio::test]
async fn versions_are_told_to_anybody_the_rest_to_sessions() {
    let stage = Stage::with(|org| org.api_version(68)).await;
    let url = format!("{}/services/data", stage.org.instance_url());
    let versions = stage.browser.fetch(url).await.unwrap().json().unwrap();
    let latest = versions.as_array().unwrap().last().unwrap();
    assert_eq!((text(latest, "version"), text(latest, "url")), ("68.0", "/services/data/v68.0"));
    let url = format!("{}/services/data/v68.0", stage.org.instance_url());
    assert_eq!(stage.browser.fetch(url).await.unwrap().status, 401);
    let token = stage.session().await;
    assert_eq!(stage.get("/services/data/v68.0/", &token).await.status, 200);
    assert_eq!(stage.get("/services/data/v69.0/", &token).await.status, 404);
}

#[tokio::test]
async fn a_query_selects_filters_and_limits() {
    let stage = Stage::new().await;
    let token = stage.session().await;
    let all = query(&stage, &token, "SELECT Id, Name FROM Account").await;
    assert_eq!((&all["totalSize"], &all["done"]), (&2.into(), &true.into()));
    let one = query(&stage, &token, "select Name from Account where Name = 'Acme' limit 5").await;
    assert_eq!(one["records"][0]["Name"], "Acme");
    assert_eq!(one["records"][0]["attributes"]["type"], "Account");
    let id = text(&all["records"][1], "Id");
    let by_id = query(&stage, &token, &format!("SELECT Name FROM Account WHERE Id='{}'", &id[..15])).await;
    assert_eq!(by_id["records"][0]["Name"], "Globex");
    let count = query(&stage, &token, "SELECT COUNT() FROM Account").await;
    assert_eq!((&count["totalSize"], &count["records"]), (&2.into(), &json!([])));
    let organization = query(&stage, &token, "SELECT Id, IsSandbox FROM Organization").await;
    assert_eq!(organization["records"][0]["Id"], stage.org.organization_id());
    let user = query(&stage, &token, "SELECT Username FROM User LIMIT 1").await;
    assert_eq!(user["records"][0]["Username"], stage.org.username());
}

#[tokio::test]
async fn a_query_is_asked_with_spaces_or_pluses_and_a_slash_or_none() {
    let stage = Stage::new().await;
    let token = stage.session().await;
    for path in ["query?q=SELECT%20Id%20FROM%20Account", "query/?q=SELECT+Id+FROM+Account&columns=true"] {
        let page = stage.get(&format!("{V66}/{path}"), &token).await;
        assert_eq!(page.json().unwrap()["totalSize"], 2);
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_by_name() {
    let stage = Stage::new().await;
    let token = stage.session().await;
    let unknown = query(&stage, &token, "SELECT Id FROM ScratchOrgInfo limit 1").await;
    assert_eq!(unknown[0]["errorCode"], "INVALID_TYPE");
    assert_eq!(query(&stage, &token, "DELETE").await[0]["errorCode"], "MALFORMED_QUERY");
    let page = stage.get(&format!("{V66}/nothing"), &token).await;
    assert_eq!((page.status.as_u16(), &page.json().unwrap()[0]["errorCode"]), (404, &"NOT_FOUND".into()));
}

#[tokio::test]
async fn a_record_is_created_read_changed_and_deleted() {
    let stage = Stage::new().await;
    let token = stage.session().await;
    let accounts = format!("{V66}/sobjects/Account/");
    let page = stage.ask(Method::POST, &accounts, &token, r#"{"Name":"Initech"}"#).await;
    assert_eq!(page.status, 201);
    let created = page.json().unwrap();
    let record = format!("{V66}/sobjects/Account/{}", text(&created, "id"));
    let changed = stage.ask(Method::PATCH, &record, &token, r#"{"Industry":"Software"}"#).await;
    assert_eq!((changed.status.as_u16(), changed.body.len()), (204, 0));
    let read = stage.get(&record, &token).await.json().unwrap();
    assert_eq!((text(&read, "Name"), text(&read, "Industry")), ("Initech", "Software"));
    assert_eq!(stage.ask(Method::DELETE, &record, &token, "").await.status, 204);
    assert_eq!(stage.get(&record, &token).await.status, 404);
    let nameless = stage.ask(Method::POST, &accounts, &token, "{}").await;
    assert_eq!(nameless.json().unwrap()[0]["errorCode"], "REQUIRED_FIELD_MISSING");
}

#[tokio::test]
async fn every_answer_says_how_much_of_the_limit_is_used() {
    let stage = Stage::with(|org| org.request_limit(2)).await;
    let token = stage.session().await;
    for used in ["api-usage=1/2", "api-usage=2/2"] {
        let page = stage.get(&format!("{V66}/limits"), &token).await;
        assert_eq!((page.status.as_u16(), page.header("sforce-limit-info")), (200, Some(used)));
    }
    let page = stage.get(V66, &token).await;
    assert_eq!((page.status.as_u16(), page.header("sforce-limit-info")), (403, Some("api-usage=2/2")));
    assert_eq!(
        page.json().unwrap(),
        json!([{ "message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED" }])
    );
}

#[tokio::test]
async fn requests_are_held_back_while_the_test_says_so() {
    let stage = Stage::new().await;
    let token = stage.session().await;
    for (limit, message) in [
        (RequestLimit::Total, "TotalRequests Limit exceeded."),
        (RequestLimit::Concurrent, "ConcurrentRequests (Concurrent API Requests) Limit exceeded."),
    ] {
        stage.org.limit_requests(limit);
        let page = stage.get(V66, &token).await;
        assert_eq!((page.status.as_u16(), &page.json().unwrap()[0]["message"]), (403, &message.into()));
    }
    stage.org.limit_requests(RequestLimit::Counted);
    assert_eq!(stage.api_status(&token).await, 200);
}

#[tokio::test]
async fn a_session_without_the_api_scope_is_not_valid_here() {
    let stage = Stage::with(|org| {
        org.app(ConnectedApp::new("web", "s3cret").scopes("openid id").run_as("integration@acme.example"))
    })
    .await;
    let answer = stage.grant("client_credentials", &[]).await.json().unwrap();
    let page = stage.get(V66, text(&answer, "access_token")).await;
    let error = page.json().unwrap();
    assert_eq!((page.status.as_u16(), text(&error[0], "errorCode")), (401, "INVALID_SESSION_ID"));
    assert_eq!(text(&error[0], "message"), "This session is not valid for use with the REST API");
}

#[tokio::test]
async fn the_first_bulk_api_refuses_in_xml_and_takes_its_own_header() {
    let stage = Stage::new().await;
    let url = format!("{}/66.0/job", stage.org.endpoint(OrgEndpoint::Bulk));
    let token = stage.session().await;
    for (token, code) in [("stale", "InvalidSessionId"), (&*token, "FeatureNotEnabled")] {
        let headers = [("x-sfdc-session", token)];
        let page = stage.browser.fetch_with(Method::POST, &url, &headers, "{}").await.unwrap();
        assert_eq!(page.status, 400);
        assert!(page.text().contains(&format!("<exceptionCode>{code}</exceptionCode>")), "{}", page.text());
    }
}
