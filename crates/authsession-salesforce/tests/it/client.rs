//! What a client promises whatever is called.

use std::time::Duration;

use authsession_salesforce::{Cirrus, CirrusError, RawBody, Replay};
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::stage::{Stage, told};

#[derive(Debug, Deserialize)]
struct Named {
    #[serde(rename = "Name")]
    name: String,
}

#[tokio::test]
async fn every_verb_does_its_work() {
    let stage = Stage::set().await;
    let client = stage.client();
    let created: Value = client.post("sobjects/Account", &json!({ "Name": "Initech" })).await.unwrap();
    let path = format!("sobjects/Account/{}", created["id"].as_str().unwrap());
    let () = client.patch(&path, &json!({ "Name": "Initrode" })).await.unwrap();
    let account: Named = client.get(&path).await.unwrap();
    assert_eq!(account.name, "Initrode");
    let nothing: Option<Value> = client.delete(&path).await.unwrap();
    assert_eq!(nothing, None);
    let found: Value = client
        .get_with_query("query", &[("q", "SELECT Id FROM Account WHERE Name = 'Initrode'")])
        .await
        .unwrap();
    assert_eq!(found["totalSize"], 0);
}

#[tokio::test]
async fn an_answer_that_says_no_is_taken_apart() {
    let stage = Stage::set().await;
    let client = stage.client();
    let error = client.get::<Value>("sobjects/Account/001000000000000AAA").await.unwrap_err();

    let CirrusError::Api { status, errors, raw, retry_after, .. } = &error else { panic!("{error:?}") };
    assert_eq!((*status, errors.len(), raw, retry_after), (404, 1, &None, &None));
    assert_eq!(errors[0].error_code, "NOT_FOUND");
    assert!(!errors[0].message.is_empty());
    assert!(error.to_string().contains("NOT_FOUND"));
    assert!(!error.to_string().contains(&errors[0].message));
    assert!(!error.is_transient());
}

#[tokio::test]
async fn an_error_has_the_same_parts_whichever_api_it_is_of() {
    let stage = Stage::set().await;
    let client = stage.client();
    for (content_type, body) in [
        ("application/json", r#"[{"errorCode":"ODD_THING","message":"It is odd"}]"#),
        ("application/json", r#"{"exceptionCode":"ODD_THING","exceptionMessage":"It is odd"}"#),
        ("application/json", r#"[{"statusCode":"ODD_THING","message":"It is odd","fields":[]}]"#),
        ("application/json", r#"{"error":"ODD_THING","error_description":"It is odd"}"#),
        (
            "application/json",
            r#"{"hasErrors":true,"results":[{"referenceId":"one","errors":[{"statusCode":"ODD_THING","message":"It is odd"}]}]}"#,
        ),
        (
            "application/xml",
            "<Errors><Error><errorCode>ODD_THING</errorCode><message>It is odd</message></Error></Errors>",
        ),
        (
            "text/xml",
            "<error xmlns=\"x\">\n<exceptionCode>ODD_THING</exceptionCode><exceptionMessage>It is odd</exceptionMessage></error>",
        ),
        (
            "text/xml",
            "<s:Fault xmlns:s=\"x\"><faultcode>sf:ODD_THING</faultcode><faultstring>It is odd</faultstring></s:Fault>",
        ),
    ] {
        stage.org.enqueue(OrgEndpoint::Rest, Answer::raw(400, content_type, body));
        let error = client.get::<Value>("limits").await.unwrap_err();
        let CirrusError::Api { raw: None, errors, verdict: None, .. } = &error else { panic!("{error:?}") };
        let parts: Vec<_> = errors.iter().map(|one| (one.name(), one.message.as_str())).collect();
        assert_eq!(parts, [(Some("ODD_THING"), "It is odd")], "{body}");
        assert!(error.to_string().contains("ODD_THING"), "{error}");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_error_of_salesforces_is_kept_as_it_is_and_not_all_of_it() {
    let stage = Stage::set().await;
    let client = stage.client();
    stage.org.enqueue(OrgEndpoint::Rest, Answer::html(400, "é".repeat(100_000)));
    let error = client.get::<Value>("limits").await.unwrap_err();
    let CirrusError::Api { raw: Some(raw), errors, .. } = &error else { panic!("{error:?}") };
    assert!(errors.is_empty());
    assert_eq!(raw.len(), 2048);
}

#[tokio::test]
async fn several_records_of_one_external_id_are_told_apart() {
    let stage = Stage::set().await;
    let client = stage.client();
    stage
        .org
        .enqueue(OrgEndpoint::Rest, Answer::json(300, &json!(["/services/data/v66.0/sobjects/X/1", "/2"])));
    let error = client.get::<Value>("sobjects/Account/Code__c/a").await.unwrap_err();
    assert!(matches!(error, CirrusError::MultipleMatches { records, .. } if records.len() == 2));
}

#[tokio::test]
async fn json_of_another_shape_says_where_and_not_what() {
    let stage = Stage::set().await;
    let client = stage.client();
    stage.org.enqueue(OrgEndpoint::Rest, Answer::json(200, &json!({ "Name": ["very private"] })));
    let error = client.get::<Named>("limits").await.unwrap_err();
    assert!(matches!(error, CirrusError::Serialization(fault) if fault.is_of_another_shape()));
    assert!(!told(&error).contains("very private"));

    stage.org.enqueue(OrgEndpoint::Rest, Answer::raw(200, "application/json", "{\"Name\":\"very pri"));
    let error = client.get::<Named>("limits").await.unwrap_err();
    assert!(matches!(error, CirrusError::Serialization(fault) if fault.is_truncated()));
}

#[tokio::test]
async fn more_than_is_read_into_memory_is_an_error() {
    let stage = Stage::set().await;
    let client = stage.client_builder().max_response_size(10_000).build().unwrap();
    for answer in [Answer::oversized(20_000), Answer::endless(), Answer::gzip_bomb()] {
        stage.org.enqueue(OrgEndpoint::Rest, answer);
        let error = client.get::<Value>("limits").await.unwrap_err();
        assert!(matches!(error, CirrusError::ResponseTooLarge { limit: 10_000, .. }), "{error:?}");
    }
    assert_eq!(stage.calls(), 3);
}

#[tokio::test]
async fn what_is_too_long_for_a_url_is_not_sent() {
    let stage = Stage::set().await;
    let client = stage.client();
    let soql = format!("SELECT Id FROM Account WHERE Id IN ('{}')", "001000000000000AAA','".repeat(900));
    let error = client.get_with_query::<Value, _>("query", &[("q", soql)]).await.unwrap_err();
    assert!(matches!(error, CirrusError::InvalidInput { field: "query", .. }), "{error:?}");
    assert_eq!(stage.calls(), 0);
}

#[tokio::test]
async fn an_answer_in_the_raw_is_whatever_came() {
    let stage = Stage::set().await;
    let client = stage.client();
    let body = RawBody::new(&b"{}"[..], "application/json");
    let answer = client
        .send_raw(Method::POST, "sobjects/Nothing", None, &[], Some(body), Replay::Never)
        .await
        .unwrap();
    assert!(!answer.is_success());
    assert!(answer.headers["content-type"].to_str().unwrap().starts_with("application/json"));
    assert!(!answer.body.is_empty());
}

#[tokio::test]
async fn a_call_ends_when_its_time_is_up() {
    let stage = Stage::set().await;
    let client = stage.client();
    client.auth().access_token().await.unwrap();
    let (held, _gate) = Answer::normal().held();
    stage.org.enqueue(OrgEndpoint::Rest, held);
    let error = client.with_timeout(Duration::from_millis(50)).get::<Value>("limits").await.unwrap_err();
    assert!(matches!(error, CirrusError::TimedOut { .. }), "{error:?}");
}

#[tokio::test]
async fn a_call_that_is_dropped_loses_no_rotated_login() {
    let stage = Stage::set_with(|org| org.rotation(true)).await;
    let auth = std::sync::Arc::new(stage.refresh(&stage.approve()).build().unwrap());
    let client = Cirrus::builder().auth(auth).build().unwrap();
    let (held, gate) = Answer::normal().held_after();
    stage.org.enqueue(OrgEndpoint::Token, held);

    let call = tokio::spawn({
        let client = client.clone();
        async move { client.get::<Value>("limits").await }
    });
    assert!(gate.reached().await);
    call.abort();
    gate.open();

    let _: Value = client.get("limits").await.unwrap();
    assert_eq!(stage.refreshes(), 1);
}

#[test]
fn settings_that_cannot_be_used_fail_when_the_client_is_made() {
    let auth = || {
        std::sync::Arc::new(authsession_salesforce::auth::StaticTokenAuth::new(
            "x",
            "https://acme.my.salesforce.com",
        ))
    };
    assert!(matches!(Cirrus::builder().build(), Err(CirrusError::MissingField("auth"))));
    for version in ["", "v", "latest", "v66.1", "v40.0", "66.0/../..", "v99999999"] {
        let built = Cirrus::builder().auth(auth()).api_version(version).build();
        assert!(matches!(built, Err(CirrusError::InvalidInput { field: "api_version", .. })), "{version}");
    }
    for version in ["v66.0", "66.0", "66", " v66 "] {
        let client = Cirrus::builder().auth(auth()).api_version(version).build().unwrap();
        assert_eq!(client.api_version(), "v66.0");
    }
    let agent = Cirrus::builder().auth(auth()).user_agent("a\r\nb").build();
    assert!(matches!(agent, Err(CirrusError::Misconfigured { .. })));
}

#[tokio::test]
async fn nothing_of_a_client_shows_a_token() {
    let stage = Stage::set().await;
    let client = stage.client();
    let token = client.auth().access_token().await.unwrap().into_owned();
    let request = client.request_builder(Method::GET, "limits").await.unwrap();
    assert!(!format!("{client:?} {request:?}").contains(&token));
}
