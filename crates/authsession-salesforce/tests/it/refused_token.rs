//! A token that Salesforce refuses: replaced once, by one grant, and callers do not see it.

use std::time::Duration;

use authsession_salesforce::auth::{AuthSession, Recovery, StaticTokenAuth};
use authsession_salesforce::{ApiVerdict, Cirrus, CirrusError, CirrusResult};
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::sync::Arc;

use crate::stage::{Stage, told};

fn refusal(message: &str, code: &str) -> Answer {
    Answer::json(401, &json!([{ "message": message, "errorCode": code }]))
}

#[tokio::test]
async fn a_session_that_ends_costs_one_grant_and_no_call_fails() {
    let stage = Stage::set().await;
    let client = stage.client();
    let _: Value = client.get("limits").await.unwrap();
    stage.org.expire_sessions();

    let calls = (0..200).map(|_| client.get::<Value>("limits"));
    let answers: Vec<CirrusResult<Value>> = join_all(calls).await;

    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(stage.grants(), 2);
}

#[tokio::test]
async fn a_call_with_a_body_is_made_again_with_its_body() {
    let stage = Stage::set().await;
    let client = stage.client();
    let _: Value = client.get("limits").await.unwrap();
    stage.org.expire_sessions();

    let created: Value = client.post("sobjects/Account", &json!({ "Name": "Initech" })).await.unwrap();

    assert_eq!(created["success"], true);
    let sent: Vec<_> = stage.org.journal().requests(OrgEndpoint::Rest).split_off(1);
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].body, sent[1].body);
}

#[tokio::test]
async fn a_token_that_cannot_be_replaced_ends_in_the_refusal() {
    let stage = Stage::set().await;
    let auth = Arc::new(StaticTokenAuth::new("00Dnot-a-session", stage.org.instance_url()));
    let client = Cirrus::builder().auth(auth).build().unwrap();

    let error = client.get::<Value>("limits").await.unwrap_err();

    assert!(
        matches!(&error, CirrusError::Api { status: 401, errors, .. } if errors[0].error_code == "INVALID_SESSION_ID")
    );
    assert_eq!(error.recovery(), Recovery::Reauthorize);
    assert_eq!(stage.calls(), 1);
}

#[tokio::test]
async fn no_token_is_asked_for_where_none_would_help() {
    let stage = Stage::set().await;
    let client = stage.client();
    stage.org.always(
        OrgEndpoint::Rest,
        refusal("This session is not valid for use with the REST API", "INVALID_SESSION_ID"),
    );

    let error = client.get::<Value>("limits").await.unwrap_err();

    assert!(matches!(error, CirrusError::Api { verdict: Some(ApiVerdict::DoNotRefresh { .. }), .. }));
    assert!(matches!(error.recovery(), Recovery::FixConfig { .. }));
    assert_eq!((stage.calls(), stage.grants()), (1, 1));
}

#[tokio::test]
async fn a_refusal_in_other_words_is_understood() {
    let stage = Stage::set().await;
    let client = stage.client();
    let xml = "<?xml version=\"1.0\"?><error xmlns=\"http://www.force.com/2009/06/asyncapi/dataload\">\
               <exceptionCode>InvalidSessionId</exceptionCode><exceptionMessage>Invalid session id</exceptionMessage></error>";
    let refusals =
        [Answer::html(403, "Bad_OAuth_Token"), Answer::raw(400, "application/xml", xml), Answer::status(401)];
    for (turn, refusal) in refusals.into_iter().enumerate() {
        stage.org.enqueue(OrgEndpoint::Rest, refusal);
        let _: Value = client.get("limits").await.unwrap();
        assert_eq!(stage.grants(), turn + 2);
        stage.time.advance(Duration::from_secs(120));
    }
}

#[tokio::test]
async fn a_new_token_that_is_refused_too_is_the_callers_to_know() {
    let stage = Stage::set().await;
    let client = stage.client();
    stage.org.always(OrgEndpoint::Rest, refusal("Session expired or invalid", "INVALID_SESSION_ID"));

    let error = client.get::<Value>("limits").await.unwrap_err();

    assert!(matches!(error, CirrusError::Api { status: 401, .. }));
    assert_eq!((stage.calls(), stage.grants()), (2, 2));
}

/// A session without any care of its own: a new token whenever one was refused.
struct Careless {
    instance_url: String,
    minted: std::sync::atomic::AtomicUsize,
}

#[async_trait::async_trait]
impl AuthSession for Careless {
    async fn access_token(&self) -> CirrusResult<std::borrow::Cow<'_, str>> {
        Ok(format!("token-{}", self.minted.load(std::sync::atomic::Ordering::SeqCst)).into())
    }

    fn instance_url(&self) -> &str {
        &self.instance_url
    }

    async fn invalidate(&self, _: &str) {
        self.minted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_loop_of_new_tokens_that_never_work_is_broken() {
    let stage = Stage::set().await;
    let auth = Arc::new(Careless { instance_url: stage.org.instance_url().to_owned(), minted: 0.into() });
    let client = Cirrus::builder().auth(Arc::clone(&auth) as _).clock(stage.clock()).build().unwrap();
    let minted = || auth.minted.load(std::sync::atomic::Ordering::SeqCst);

    for _ in 0..50 {
        client.get::<Value>("limits").await.unwrap_err();
    }
    assert_eq!(minted(), 3);

    stage.time.advance(Duration::from_secs(60));
    for _ in 0..50 {
        client.get::<Value>("limits").await.unwrap_err();
    }
    assert_eq!(minted(), 4);
}

#[tokio::test]
async fn requests_of_the_callers_own_do_not_loop_either() {
    let stage = Stage::set().await;
    let auth = Arc::new(Careless { instance_url: stage.org.instance_url().to_owned(), minted: 0.into() });
    let client = Cirrus::builder().auth(Arc::clone(&auth) as _).clock(stage.clock()).build().unwrap();

    for _ in 0..50 {
        let request = client.request_builder(http::Method::GET, "limits").await.unwrap().build().unwrap();
        assert_eq!(client.execute(request).await.unwrap().status(), 401);
    }

    assert_eq!(auth.minted.load(std::sync::atomic::Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_login_that_is_dead_is_told_in_place_of_the_refusal() {
    let stage = Stage::set().await;
    let auth = Arc::new(stage.refresh(&stage.approve()).build().unwrap());
    let client = Cirrus::builder().auth(auth).build().unwrap();
    let _: Value = client.get("limits").await.unwrap();
    stage.org.revoke_everything();

    let error = client.get::<Value>("limits").await.unwrap_err();

    assert!(matches!(error, CirrusError::OAuth { .. }), "{error:?}");
    assert_eq!(error.recovery(), Recovery::Reauthorize);
}

#[tokio::test]
async fn a_request_of_the_callers_own_gets_a_new_token_too() {
    let stage = Stage::set().await;
    let client = stage.client();
    let request = client.request_builder(http::Method::GET, "limits").await.unwrap().build().unwrap();
    stage.org.expire_sessions();

    let answer = client.execute(request).await.unwrap();

    assert_eq!(answer.status(), 200);
    assert_eq!(stage.grants(), 2);
}

#[tokio::test]
async fn a_token_that_one_resource_refuses_and_others_take_is_not_renewed_without_end() {
    let stage = Stage::set().await;
    let auth = Arc::new(Careless { instance_url: stage.org.instance_url().to_owned(), minted: 0.into() });
    let client = Cirrus::builder().auth(Arc::clone(&auth) as _).clock(stage.clock()).build().unwrap();
    stage.org.always_at("GET */limits", Answer::json(200, &json!({})));

    for _ in 0..50 {
        client.get::<Value>("sobjects").await.unwrap_err();
        let _: Value = client.get("limits").await.unwrap();
    }

    assert_eq!(auth.minted.load(std::sync::atomic::Ordering::SeqCst), 3);
}

#[tokio::test]
async fn what_code_of_the_org_answers_is_no_refusal_of_the_token_and_does_not_run_it_twice() {
    let answers = [
        Answer::json(401, &json!({ "error": "my own key is wrong" })),
        Answer::json(
            500,
            &json!([{ "errorCode": "APEX_ERROR", "message": "a SOAP fault: INVALID_SESSION_ID: gone" }]),
        ),
        Answer::status(429),
        Answer::status(401),
    ];
    for answer in answers {
        let stage = Stage::set().await;
        let client = stage.client();
        stage.org.always(OrgEndpoint::ApexRest, answer);
        client.apex().post::<Value, _>("charge", &json!({ "cents": 100 })).await.unwrap_err();
        assert_eq!((stage.org.journal().count(OrgEndpoint::ApexRest), stage.grants()), (1, 1));
    }

    let stage = Stage::set().await;
    let client = stage.client();
    let _: Value = client.get("limits").await.unwrap();
    stage.org.expire_sessions();
    let _: Value = client.apex().post("charge", &json!({ "cents": 100 })).await.unwrap();
    assert_eq!(stage.grants(), 2, "Salesforce's own refusal came before the class");
}

#[tokio::test]
async fn somebody_elses_credential_does_not_become_the_sessions() {
    let stage = Stage::set().await;
    let client = stage.client();
    let _: Value = client.get("limits").await.unwrap();
    let request = || client.http_client().get(client.versioned_url(&["limits"]).unwrap());
    let theirs = request().bearer_auth("00Dxx!AQ-of-somebody-else").build().unwrap();
    assert_eq!(client.execute(theirs).await.unwrap().status(), 401);
    let theirs = request().basic_auth("user", Some("password")).build().unwrap();
    assert_eq!(client.execute(theirs).await.unwrap().status(), 401);
    assert_eq!((stage.calls(), stage.grants()), (3, 1));

    let token = client.auth().access_token().await.unwrap().into_owned();
    let ours = request().bearer_auth(token).build().unwrap();
    stage.org.expire_sessions();
    assert_eq!(client.execute(ours).await.unwrap().status(), 200);
}

#[tokio::test]
async fn an_answer_that_was_looked_at_is_handed_over_whole() {
    let stage = Stage::set().await;
    let client = stage.client();
    let request =
        || async { client.request_builder(http::Method::GET, "limits").await.unwrap().build().unwrap() };
    stage.org.enqueue(OrgEndpoint::Rest, Answer::html(404, "x".repeat(1_000_000)));
    let mut answer = client.execute(request().await).await.unwrap();
    let mut length = 0;
    while let Some(chunk) = answer.chunk().await.unwrap() {
        length += chunk.len();
    }
    assert_eq!(length, 1_000_000);

    stage.org.enqueue(OrgEndpoint::Rest, Answer::truncated());
    let nowhere = client.request_builder(http::Method::GET, "nowhere").await.unwrap().build().unwrap();
    let mut answer = client.execute(nowhere).await.unwrap();
    let broke = loop {
        match answer.chunk().await {
            Ok(Some(_)) => {}
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(broke, "half an answer does not look whole");
}

#[tokio::test]
async fn what_salesforce_says_of_a_token_never_shows_it() {
    let stage = Stage::set().await;
    let client = stage.client();
    let token = client.auth().access_token().await.unwrap().into_owned();
    let message = format!("no such column near {token}");
    let answers = [
        Answer::json(400, &json!([{ "message": message, "errorCode": "INVALID_FIELD", "hint": message }])),
        Answer::html(400, &message),
        Answer::raw(
            400,
            "application/json",
            json!([{ "message": message, "errorCode": "X" }]).to_string().replace('!', "\\u0021"),
        ),
    ];
    for answer in answers {
        stage.org.enqueue(OrgEndpoint::Rest, answer);
        let error = client.get::<Value>("limits").await.unwrap_err();
        assert!(told(&error).contains("[redacted]"));
        assert!(!told(&error).contains(&token));
        assert!(!error.to_string().contains("column"));
    }
}
