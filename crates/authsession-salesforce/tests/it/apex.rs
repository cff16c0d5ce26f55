//! Apex REST: classes of the org's own, of which nobody knows what they do.

use authsession_salesforce::{CirrusError, RawBody};
use authsession_testkit::script::Answer;
use http::Method;
use serde_json::{Value, json};

use crate::stage::Stage;

const APEX: &str = "/services/apexrest*";

fn calls(stage: &Stage) -> usize {
    stage.org.journal().count_at(APEX)
}

#[tokio::test]
async fn every_verb_reaches_the_class() {
    let stage = Stage::set().await;
    let client = stage.client();
    let apex = client.apex();
    let body = json!({ "item": "pen" });
    let told: [Value; 6] = [
        apex.get("orders/1").await.unwrap(),
        apex.get_with_query("orders", &[("q", "a&b")]).await.unwrap(),
        apex.post("/orders", &body).await.unwrap(),
        apex.put("/services/apexrest/orders/1", &body).await.unwrap(),
        apex.patch("acme/orders/1", &body).await.unwrap(),
        apex.delete("orders/1").await.unwrap(),
    ];
    let seen = told.each_ref().map(|told| format!("{} {}", told["method"], told["path"]).replace('"', ""));
    assert_eq!(
        seen,
        [
            "GET /orders/1",
            "GET /orders",
            "POST /orders",
            "PUT /orders/1",
            "PATCH /acme/orders/1",
            "DELETE /orders/1"
        ]
    );
    assert_eq!(told[1]["query"], json!({ "q": "a&b" }));
    assert_eq!((&told[2]["body"], &told[2]["contentType"]), (&body, &json!("application/json")));
}

#[tokio::test]
async fn a_class_that_may_have_run_is_not_called_again_whatever_the_method() {
    let stage = Stage::set().await;
    let client = stage.client();
    let apex = client.apex();
    stage.org.always_at(APEX, Answer::status(503));
    apex.get::<Value>("orders").await.unwrap_err();
    apex.get_with_query::<Value, _>("orders", &[("a", "b")]).await.unwrap_err();
    apex.post::<Value, _>("orders", &()).await.unwrap_err();
    apex.put::<Value, _>("orders", &()).await.unwrap_err();
    apex.patch::<Value, _>("orders", &()).await.unwrap_err();
    apex.delete::<Value>("orders").await.unwrap_err();
    let answer = apex.send_raw(Method::GET, "orders", None, &[], None).await.unwrap();
    assert_eq!((answer.status, calls(&stage)), (503, 7));
}

#[tokio::test]
async fn a_call_that_never_reached_the_class_is_made_again() {
    let stage = Stage::set().await;
    let client = stage.client();
    let () = client.get::<Value>("limits").await.map(|_| ()).unwrap();
    stage.org.expire_sessions();
    let told: Value = client.apex().post("orders", &json!({ "item": "pen" })).await.unwrap();
    assert_eq!(told["body"]["item"], "pen");
    assert_eq!((calls(&stage), stage.grants()), (2, 2));

    stage.org.enqueue_at(APEX, Answer::status(429));
    client.apex().post::<Value, _>("orders", &()).await.unwrap_err();
    assert_eq!(calls(&stage), 3, "it may have been the class that said so");
}

#[tokio::test]
async fn any_body_goes_and_any_answer_comes() {
    let stage = Stage::set().await;
    let client = stage.client();
    stage.org.enqueue_at(APEX, Answer::raw(418, "text/csv", "a,b"));
    let body = Some(RawBody::new("<order/>", "text/xml"));
    let headers = [("x-order", "1")];
    let answer =
        client.apex().send_raw(Method::POST, "orders", Some(&[("a", "b")]), &headers, body).await.unwrap();

    assert_eq!((answer.status, &answer.body[..]), (418, &b"a,b"[..]));
    let request = stage.org.journal().requests_at(APEX).remove(0);
    assert_eq!((request.header("content-type"), request.header("x-order")), (Some("text/xml"), Some("1")));
    assert_eq!((request.query_value("a"), &request.body[..]), (Some("b"), &b"<order/>"[..]));
}

#[tokio::test]
async fn a_path_stays_below_apex_rest() {
    let stage = Stage::set().await;
    let client = stage.client();
    for path in ["", "/", "../data/v66.0/limits", "a/%2e%2e/b", "https://elsewhere.example/x", "a#b"] {
        let error = client.apex().get::<Value>(path).await.unwrap_err();
        assert!(matches!(error, CirrusError::InvalidInput { field: "path", .. }), "{path}: {error:?}");
    }
    assert_eq!(calls(&stage), 0);
}
