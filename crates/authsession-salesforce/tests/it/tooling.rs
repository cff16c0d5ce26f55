//! The Tooling API: code as records, Apex that is run once, logs.

use authsession_salesforce::{CirrusError, CompositeRequest, CompositeSubrequest};
use authsession_testkit::script::Answer;
use futures_util::TryStreamExt;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::stage::Stage;

const RUN: &str = "GET */tooling/executeAnonymous";

#[derive(Debug, Deserialize)]
struct Class {
    #[serde(rename = "Name")]
    name: String,
}

#[tokio::test]
async fn a_class_is_made_changed_read_found_and_deleted() {
    let stage = Stage::set().await;
    let client = stage.client();
    let tooling = client.tooling();
    let classes = tooling.sobject("ApexClass");
    let body = json!({ "Name": "Orders", "Body": "public class Orders {}" });
    let made = classes.create(&body).await.unwrap();
    assert!(made.success);
    classes.update(&made.id, &json!({ "Status": "Inactive" })).await.unwrap();

    assert_eq!(classes.retrieve(&made.id).await.unwrap()["Status"], "Inactive");
    assert_eq!(classes.retrieve_as::<Class>(&made.id).await.unwrap().name, "Orders");
    let fields = classes.retrieve_with_fields(&made.id, &["Name"]).await.unwrap();
    assert_eq!((&fields["Name"], &fields["Body"]), (&json!("Orders"), &Value::Null));
    let found =
        tooling.query_as::<Class>("SELECT Name FROM ApexClass WHERE Status = 'Inactive'").await.unwrap();
    assert_eq!((found.total_size, found.records[0].name.as_str()), (1, "Orders"));

    classes.delete(&made.id).await.unwrap();
    assert_eq!(tooling.query("SELECT Id FROM ApexClass").await.unwrap().total_size, 0);
    assert_eq!(classes.name(), "ApexClass");
}

#[tokio::test]
async fn objects_of_code_are_described() {
    let stage = Stage::set().await;
    let client = stage.client();
    let all = client.tooling().describe_global().await.unwrap();
    assert!(all.sobjects.iter().any(|object| object.name == "ApexClass"));
    let described = client.tooling().sobject("ApexClass").describe().await.unwrap();
    assert!(described["fields"].as_array().unwrap().iter().any(|field| field["name"] == "Body"));
    assert!(client.tooling().sobject("..").describe().await.is_err());
}

#[tokio::test]
async fn a_query_comes_through_all_its_pages() {
    let stage = Stage::set().await;
    let client = stage.client();
    let page = |done: bool, names: [&str; 2], next: Option<&str>| {
        let records = names.map(|name| json!({ "Name": name }));
        Answer::json(
            200,
            &json!({ "totalSize": 4, "done": done, "records": records, "nextRecordsUrl": next }),
        )
    };
    let next = "/services/data/v66.0/tooling/query/01gxx-2000";
    stage.org.enqueue_at("GET */tooling/query", page(false, ["a", "b"], Some(next)));
    stage.org.enqueue_at("GET */tooling/query/*", Answer::session_expired());
    stage.org.enqueue_at("GET */tooling/query/*", page(true, ["c", "d"], None));
    let classes: Vec<Class> =
        client.tooling().query_stream_as("SELECT Name FROM ApexClass").try_collect().await.unwrap();
    assert!(classes.iter().map(|class| class.name.as_str()).eq(["a", "b", "c", "d"]));
    assert_eq!(stage.grants(), 2);
}

#[tokio::test]
async fn code_is_searched() {
    let stage = Stage::set().await;
    let client = stage.client();
    let found = json!({ "searchRecords": [{ "Name": "Orders" }] });
    stage.org.enqueue_at("GET */tooling/search", Answer::json(200, &found));
    let classes =
        client.tooling().search_as::<Class>("FIND {Orders} RETURNING ApexClass(Name)").await.unwrap();
    assert_eq!(classes.search_records[0].name, "Orders");
    client.tooling().search(" ").await.unwrap_err();
}

#[tokio::test]
async fn apex_is_run_and_says_what_became_of_it() {
    let stage = Stage::set().await;
    let client = stage.client();
    let tooling = client.tooling();
    let good = tooling.execute_anonymous("Integer a = 1 + 1; // + & %").await;
    assert!(good.is_ok());
    let sent = stage.org.journal().requests_at(RUN).remove(0);
    assert_eq!(sent.query_value("anonymousBody"), Some("Integer a = 1 + 1; // + & %"));

    let good = tooling.execute_anonymous("System.debug('hello');").await.unwrap();
    assert!(good.compiled && good.success && good.line == -1);
    let wrong = tooling.execute_anonymous("System.debug(").await.unwrap();
    assert!(!wrong.compiled && wrong.compile_problem.is_some());
    let thrown = tooling.execute_anonymous("Integer a;\nthrow new E();").await.unwrap();
    assert!(thrown.compiled && !thrown.success && thrown.line == 2);
    assert!(thrown.exception_message.is_some() && thrown.exception_stack_trace.is_some());

    let log = tooling.query("SELECT Id FROM ApexLog WHERE Status = 'Success'").await.unwrap();
    let body = tooling.apex_log_body(log.records[0]["Id"].as_str().unwrap()).await.unwrap();
    assert!(body.contains("Execute Anonymous: System.debug('hello');"));
}

#[tokio::test]
async fn apex_that_may_have_run_is_not_run_again_though_it_is_a_get() {
    let stage = Stage::set().await;
    let client = stage.client();
    for answer in [Answer::status(503), Answer::dropped_after(), Answer::status(429)] {
        stage.org.enqueue_at(RUN, answer);
        assert!(client.tooling().execute_anonymous("insert a;").await.unwrap_err().is_transient());
    }
    assert_eq!(stage.org.journal().count_at(RUN), 3);
    stage.org.enqueue_at(RUN, Answer::session_expired());
    assert!(client.tooling().execute_anonymous("insert a;").await.unwrap().success);
    let error = client.tooling().execute_anonymous(" ").await.unwrap_err();
    assert!(matches!(error, CirrusError::InvalidInput { field: "apex", .. }));
    let error = client.tooling().execute_anonymous(&"a;".repeat(10_000)).await.unwrap_err();
    assert!(matches!(error, CirrusError::InvalidInput { .. }), "{error:?}");
}

#[tokio::test]
async fn subrequests_of_the_tooling_api_are_counted_too() {
    let stage = Stage::set().await;
    let client = stage.client();
    let subrequest = |number: usize| CompositeSubrequest {
        method: "GET".into(),
        url: "/services/data/v66.0/tooling/sobjects/ApexClass/describe".into(),
        reference_id: format!("class{number}"),
        body: None,
        http_headers: None,
    };
    let request = |count: usize| CompositeRequest {
        composite_request: (0..count).map(subrequest).collect(),
        ..CompositeRequest::default()
    };
    let error = client.tooling().composite(&request(26)).await.unwrap_err();
    assert!(matches!(error, CirrusError::TooMany { count: 26, most: 25, .. }));
    assert_eq!(stage.calls(), 0);
    let answers: Vec<_> = (0..25)
        .map(|number| json!({ "body": {}, "httpStatusCode": 200, "referenceId": format!("class{number}") }))
        .collect();
    let answer = Answer::json(200, &json!({ "compositeResponse": answers }));
    stage.org.enqueue_at("POST */tooling/composite", answer);
    assert!(client.tooling().composite(&request(25)).await.unwrap().is_success());
}
