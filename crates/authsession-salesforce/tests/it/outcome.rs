//! What is known, after an error, of what was asked.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use authsession_salesforce::auth::AuthSession;
use authsession_salesforce::{Cirrus, CirrusError, CirrusResult, Governor, RetryPolicy, async_trait};
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;
use serde_json::{Value, json};

use crate::stage::Stage;

async fn created(client: &Cirrus) -> CirrusResult<()> {
    client.sobject("Account").create(&json!({ "Name": "Initech" })).await.map(drop)
}

#[tokio::test]
async fn an_error_after_which_nobody_knows_whether_it_was_done_says_so() {
    let stage = Stage::set().await;
    let client = stage.client();
    for answer in [
        Answer::status(503),
        Answer::html(500, "<h1>oh</h1>"),
        Answer::dropped_before(),
        Answer::dropped_after(),
        Answer::truncated(),
    ] {
        stage.org.enqueue(OrgEndpoint::Rest, answer);
        let error = created(&client).await.unwrap_err();
        assert!(error.may_have_been_done() && error.is_transient(), "{error:?}");
        assert!(error.to_string().contains("may have"), "{error}");
    }
    for answer in [Answer::raw(201, "application/json", "{\"id\":"), Answer::gzip_bomb()] {
        stage.org.enqueue(OrgEndpoint::Rest, answer);
        assert!(created(&client).await.unwrap_err().may_have_been_done());
    }
    let (held, _gate) = Answer::normal().held();
    stage.org.enqueue(OrgEndpoint::Rest, held);
    let error = created(&client.with_timeout(Duration::from_millis(50))).await.unwrap_err();
    assert!(error.may_have_been_done(), "{error:?}");
}

#[tokio::test]
async fn an_error_before_anything_was_done_says_that_nothing_was() {
    let stage = Stage::set().await;
    let client = stage.client_builder().retry_policy(RetryPolicy::none()).build().unwrap();
    let accounts = stage.org.count("Account").unwrap();
    stage.org.enqueue(OrgEndpoint::Token, Answer::error(400, "invalid_grant"));
    let refused_login = created(&client).await.unwrap_err();

    let client = stage.client_builder().retry_policy(RetryPolicy::none()).build().unwrap();
    stage.org.enqueue(OrgEndpoint::Rest, Answer::status(429));
    let put_off = created(&client).await.unwrap_err();
    let refused = client.sobject("Account").create(&json!({ "Nonsense": 1 })).await.unwrap_err();
    let no_argument = client.sobject("..").create(&json!({})).await.unwrap_err();
    let governor = Governor::new().reserve(u32::MAX);
    let kept = stage.client_builder().governor(governor).build().unwrap();
    kept.get::<Value>("limits").await.unwrap();
    let kept_for_others = created(&kept).await.unwrap_err();
    stage.org.shutdown().await;
    let never_sent = created(&client).await.unwrap_err();

    for error in [refused_login, put_off, refused, no_argument, kept_for_others, never_sent] {
        assert!(!error.may_have_been_done(), "{error:?}");
        assert!(!error.to_string().contains("may have"), "{error}");
    }
    assert_eq!(stage.org.count("Account").unwrap(), accounts);
}

#[tokio::test]
async fn a_refusal_of_what_was_asked_a_second_time_says_that_the_first_may_have_done_it() {
    let stage = Stage::set().await;
    let client = stage.client();
    let id = stage.org.insert("Account", json!({ "Name": "Initech" })).unwrap();
    stage.org.enqueue(OrgEndpoint::Rest, Answer::dropped_after());
    let error = client.sobject("Account").delete(&id).await.unwrap_err();
    assert!(matches!(error, CirrusError::Api { status: 404, repeated: true, .. }), "{error:?}");
    assert!(error.may_have_been_done() && !error.is_transient());
    assert!(error.to_string().contains("may have"), "{error}");

    let error = client.sobject("Account").delete(&id).await.unwrap_err();
    assert!(!error.may_have_been_done(), "{error:?}");
}

/// A session that has a token once.
struct Once {
    asked: AtomicUsize,
    token: String,
    instance_url: String,
}

#[async_trait]
impl AuthSession for Once {
    async fn access_token(&self) -> CirrusResult<Cow<'_, str>> {
        match self.asked.fetch_add(1, Ordering::SeqCst) {
            0 => Ok(self.token.as_str().into()),
            _ => Err(CirrusError::Other("there is no other".into())),
        }
    }

    fn instance_url(&self) -> &str {
        &self.instance_url
    }
}

#[tokio::test]
async fn a_loss_is_not_hidden_by_what_kept_the_call_from_being_made_again() {
    let stage = Stage::set().await;
    let auth = Arc::new(Once {
        asked: AtomicUsize::new(0),
        token: stage.org.open_session(&stage.org.username()).unwrap(),
        instance_url: stage.org.instance_url().to_owned(),
    });
    let client = Cirrus::builder().auth(auth).build().unwrap();
    let id = stage.org.insert("Account", json!({ "Name": "Initech" })).unwrap();
    stage.org.enqueue(OrgEndpoint::Rest, Answer::dropped_after());
    let error = client.sobject("Account").delete(&id).await.unwrap_err();
    assert!(matches!(error, CirrusError::Http(_)) && error.may_have_been_done(), "{error:?}");
    assert_eq!(stage.org.query(&format!("SELECT Id FROM Account WHERE Id = '{id}'")).unwrap().len(), 0);
}

#[tokio::test]
async fn an_org_that_falls_silent_is_given_up_and_the_call_may_have_been_done() {
    let stage = Stage::set().await;
    let client = stage.client_builder().read_timeout(Duration::from_millis(50)).build().unwrap();
    for answer in [Answer::stalled(), Answer::normal().held().0] {
        stage.org.enqueue(OrgEndpoint::Rest, answer);
        let error = created(&client).await.unwrap_err();
        assert!(matches!(error, CirrusError::Http(_)) && error.may_have_been_done(), "{error:?}");
        assert!(error.to_string().contains("did not answer in time"), "{error}");
    }
}

#[tokio::test]
async fn what_salesforce_finds_too_long_says_what_to_do() {
    let stage = Stage::set().await;
    let client = stage.client();
    for (status, reason) in [(414, "URI Too Long"), (431, "Request Header Fields Too Large")] {
        let page = format!("<h1>Bad Message {status}</h1><pre>reason: {reason}</pre>");
        stage.org.enqueue(OrgEndpoint::Rest, Answer::html(status, page));
        let error = client.query("SELECT Id FROM Account").await.unwrap_err();
        assert!(error.to_string().contains("fewer ids"), "{error}");
        assert!(!error.is_transient() && !error.may_have_been_done());
    }
}
