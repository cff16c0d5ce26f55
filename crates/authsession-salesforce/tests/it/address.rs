//! Where a token goes: to the instance, and nowhere else.

use std::sync::{Arc, LazyLock};

use authsession_salesforce::auth::StaticTokenAuth;
use authsession_salesforce::{Cirrus, CirrusBuilder, CirrusError, RetryPolicy, encode_path_segment};
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;
use http::Method;
use proptest::prelude::*;
use serde_json::Value;

use crate::stage::Stage;

fn client_of(instance_url: &str) -> Cirrus {
    Cirrus::builder().auth(Arc::new(StaticTokenAuth::new("00Dxx!AQ", instance_url))).build().unwrap()
}

#[tokio::test]
async fn a_path_is_below_the_version_from_the_root_or_whole() {
    let stage = Stage::set().await;
    let client = stage.client();
    let whole = format!("{}/services/data/v66.0/limits", stage.org.instance_url());
    for path in ["limits", "/services/data/v66.0/limits", whole.as_str()] {
        let limits: Value = client.get(path).await.unwrap();
        assert!(limits["DailyApiRequests"].is_object());
    }
}

#[tokio::test]
async fn no_path_takes_the_token_elsewhere() {
    let stage = Stage::set().await;
    let other = Stage::set().await;
    let client = stage.client();
    let elsewhere = [
        format!("{}/services/data", other.org.url()),
        "https://evil.example/services/data".to_owned(),
        "HTTPS://evil.example/".to_owned(),
        "javascript://x".to_owned(),
        format!("http://user@{}/", stage.org.address()),
        "https:\\\\evil.example/".to_owned(),
        "../../../id".to_owned(),
        "sobjects/Account/%2e%2e/User".to_owned(),
        "sobjects/..\\..\\x".to_owned(),
        "limits#x".to_owned(),
        "limits\r\nx: y".to_owned(),
    ];
    for path in elsewhere {
        let error = client.get::<Value>(&path).await.unwrap_err();
        assert!(matches!(error, CirrusError::InvalidInput { field: "path", .. }), "{path}: {error:?}");
        assert!(client.request_builder(Method::GET, &path).await.is_err(), "{path}");
    }
    // A host after two slashes is a path of the instance.
    client.get::<Value>("//evil.example/").await.unwrap_err();
    assert_eq!((stage.calls(), other.calls()), (0, 0));
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_a_token() {
    let stage = Stage::set().await;
    let other = Stage::set().await;
    let client = stage.client();
    stage.org.enqueue(
        OrgEndpoint::Rest,
        Answer::redirect(format!("{}/services/data/v66.0/limits", other.org.url())),
    );

    let error = client.get::<Value>("limits").await.unwrap_err();

    assert!(!error.is_transient(), "{error}");
    assert!(!error.to_string().contains(other.org.url()));
    assert_eq!(other.calls(), 0);
}

#[tokio::test]
async fn an_answer_that_a_client_of_ones_own_was_redirected_to_is_not_used() {
    let stage = Stage::set().await;
    let other = Stage::set().await;
    let follows = authsession_core::http::api_client_builder().redirect(reqwest::redirect::Policy::default());
    let client = stage.client_builder().http_client(follows.build().unwrap()).build().unwrap();
    stage.org.enqueue(OrgEndpoint::Rest, Answer::redirect(format!("{}/services/data", other.org.url())));

    let error = client.get::<Value>("limits").await.unwrap_err();

    assert!(matches!(error, CirrusError::InvalidResponse(_)), "{error:?}");
    let arrived = other.org.journal().last(OrgEndpoint::Rest).unwrap();
    assert_eq!(arrived.header("authorization"), None);
}

#[tokio::test]
async fn plain_http_is_for_this_machine_unless_somebody_insists() {
    let error = client_of("http://acme.my.salesforce.com").get::<Value>("limits").await.unwrap_err();
    assert!(matches!(error, CirrusError::InvalidInput { field: "instance_url", .. }), "{error:?}");

    let stage = Stage::set().await;
    let insists = |builder: CirrusBuilder| async {
        let auth = Arc::new(StaticTokenAuth::new("00Dxx!AQ", "http://salesforce.invalid"));
        builder
            .auth(auth)
            .retry_policy(RetryPolicy::none())
            .build()
            .unwrap()
            .get::<Value>("limits")
            .await
            .unwrap_err()
    };
    for builder in [Cirrus::builder().danger_allow_http(), Cirrus::builder().allow_insecure_transport(true)] {
        assert!(insists(builder).await.is_transient(), "it was sent, and nobody is there");
    }

    let proxy = reqwest::Proxy::all("http://127.0.0.1:9").unwrap();
    let client = stage.client_builder().proxy(proxy).build().unwrap();
    let error = client.get::<Value>("limits").await.unwrap_err();
    assert!(matches!(error, CirrusError::InvalidInput { field: "instance_url", .. }), "{error:?}");
}

#[tokio::test]
async fn the_session_alone_says_who_calls() {
    let stage = Stage::set().await;
    let client = stage.client();
    for headers in
        [[("authorization", "Bearer mine")], [("Authorization", "")], [("x\r\n", "y")], [("x", "y\r\nz: 1")]]
    {
        let sent = client.send_with_headers::<Value>(Method::GET, "limits", None, &headers).await;
        assert!(matches!(sent, Err(CirrusError::InvalidHeader(_))), "{sent:?}");
    }
    assert_eq!(stage.calls(), 0);
}

#[test]
fn segments_are_encoded_and_may_not_climb() {
    let client = client_of("https://acme.my.salesforce.com");
    let url = client.versioned_url(&["sobjects", "Widget__c", "Code__c", "a/b?c#d e"]).unwrap();
    assert_eq!(
        url,
        "https://acme.my.salesforce.com/services/data/v66.0/sobjects/Widget__c/Code__c/a%2Fb%3Fc%23d%20e"
    );
    for segment in ["", ".", ".."] {
        assert!(client.versioned_url(&["sobjects", segment]).is_err());
    }
}

proptest! {
    #[test]
    fn whatever_a_segment_is_it_stays_one(segment in "\\PC{1,20}") {
        prop_assume!(segment != "." && segment != "..");
        static CLIENT: LazyLock<Cirrus> = LazyLock::new(|| client_of("https://acme.my.salesforce.com"));
        let url = url::Url::parse(&CLIENT.versioned_url(&["sobjects", &segment]).unwrap()).unwrap();
        prop_assert_eq!(url.path_segments().unwrap().count(), 5);
        prop_assert_eq!(url.path_segments().unwrap().next_back().unwrap(), encode_path_segment(&segment));
        prop_assert_eq!(url.query(), None);
    }
}
