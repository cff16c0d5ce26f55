//! Lies about the provider's metadata (OpenID Connect Discovery 1.0 §4.3).

use std::sync::Arc;
use std::time::Duration;

use authsession_core::error::Fault;
use authsession_core::http::HttpClient;
use authsession_core::provider::{Provider, ProviderMetadata};
use authsession_testkit::endpoints::Endpoint;
use authsession_testkit::script::Answer;
use serde_json::Value;
use url::Url;

use crate::parties::Parties;
use crate::verdict::{fault, hint, untrusted};

const TWO_HOURS: Duration = Duration::from_secs(7200);

async fn answered(answer: Answer) -> Result<Arc<ProviderMetadata>, authsession_core::error::Error> {
    let parties = Parties::meet().await;
    parties.opposite.enqueue(Endpoint::Discovery, answer);
    parties.provider.metadata().await
}

#[tokio::test]
async fn metadata_that_name_another_issuer_are_refused() {
    for other in ["https://evil.example", "", "HTTP://127.0.0.1"] {
        let outcome = answered(Answer::tampered(move |document| document["issuer"] = other.into())).await;
        assert!(untrusted(outcome).contains("names another issuer"));
    }
    let missing = |document: &mut Value| drop(document.as_object_mut().unwrap().remove("issuer"));
    assert!(untrusted(answered(Answer::tampered(missing)).await).contains("names another issuer"));
}

#[tokio::test]
async fn a_slash_at_the_end_makes_another_issuer() {
    let slash = |document: &mut Value| {
        document["issuer"] = format!("{}/", document["issuer"].as_str().unwrap()).into();
    };
    assert!(untrusted(answered(Answer::tampered(slash)).await).contains("names another issuer"));
}

#[tokio::test]
async fn an_issuer_that_ends_in_a_slash_is_found() {
    let parties = Parties::meet_with(|builder| builder.issuer_path("/")).await;
    let signed_in = parties.sign_in().await.unwrap();
    assert!(signed_in.claims.issuer.ends_with('/'));
    let asked = parties.opposite.journal().last(Endpoint::Discovery).unwrap();
    assert_eq!(asked.path, "/.well-known/openid-configuration");
}

#[tokio::test]
async fn an_issuer_with_a_path_is_found() {
    let parties = Parties::meet_with(|builder| builder.issuer_path("/tenant/one")).await;
    assert!(parties.sign_in().await.is_ok());
    let asked = parties.opposite.journal().last(Endpoint::Discovery).unwrap();
    assert_eq!(asked.path, "/tenant/one/.well-known/openid-configuration");
}

#[tokio::test]
async fn metadata_that_are_html_are_a_bad_answer() {
    assert_eq!(fault(answered(Answer::html(200, "<html>welcome</html>")).await), Fault::BadAnswer);
}

#[tokio::test]
async fn metadata_of_10_mb_or_without_an_end_are_a_bad_answer() {
    for answer in [Answer::oversized(10_000_000), Answer::endless(), Answer::gzip_bomb()] {
        assert_eq!(fault(answered(answer).await), Fault::BadAnswer);
    }
}

#[tokio::test]
async fn metadata_that_break_off_are_no_answer() {
    let fault = fault(answered(Answer::truncated()).await);
    assert!(matches!(fault, Fault::NoAnswer | Fault::BadAnswer), "{fault:?}");
}

#[tokio::test]
async fn metadata_that_redirect_are_a_bad_answer_and_not_followed() {
    let parties = Parties::meet().await;
    let elsewhere = parties.opposite.endpoint(Endpoint::Userinfo);
    parties.opposite.enqueue(Endpoint::Discovery, Answer::redirect(elsewhere));
    assert_eq!(fault(parties.provider.metadata().await), Fault::BadAnswer);
    assert_eq!(parties.opposite.journal().count(Endpoint::Userinfo), 0);
}

#[tokio::test]
async fn metadata_that_are_slow_time_out() {
    let parties = Parties::meet().await;
    let (answer, _never_opened) = Answer::normal().held();
    parties.opposite.enqueue(Endpoint::Discovery, answer);
    let http = HttpClient::builder().timeout(Duration::from_millis(200)).build().unwrap();
    let provider = Provider::discover(parties.opposite.issuer(), http, parties.clock()).unwrap();
    assert_eq!(fault(provider.metadata().await), Fault::TimedOut);
}

#[tokio::test]
async fn metadata_that_are_broken_json_or_name_something_twice_are_a_bad_answer() {
    for body in ["", "{", "[]", "null", r#"{"issuer":"a","issuer":"b"}"#, "{} {}"] {
        let outcome = answered(Answer::raw(200, "application/json", body)).await;
        assert_eq!(fault(outcome), Fault::BadAnswer, "{body}");
    }
}

#[tokio::test]
async fn metadata_without_an_endpoint_are_refused() {
    for name in ["authorization_endpoint", "token_endpoint"] {
        let outcome = answered(Answer::tampered(move |document| document[name] = Value::Null)).await;
        assert!(untrusted(outcome).contains("lacks an endpoint"));
    }
    let no_url = Answer::tampered(|document| document["jwks_uri"] = "not a URL".into());
    assert!(untrusted(answered(no_url).await).contains("lacks an endpoint"));
}

#[tokio::test]
async fn metadata_without_anything_optional_serve() {
    let bare = |document: &mut Value| {
        let kept = ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"];
        document.as_object_mut().unwrap().retain(|name, _| kept.contains(&name.as_str()));
    };
    let parties = Parties::meet().await;
    parties.opposite.enqueue(Endpoint::Discovery, Answer::tampered(bare));
    assert!(parties.sign_in().await.is_ok());
}

#[tokio::test]
async fn an_endpoint_by_http_on_a_public_host_is_refused() {
    for name in [
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "userinfo_endpoint",
        "revocation_endpoint",
        "end_session_endpoint",
    ] {
        for url in ["http://login.example.com/x", "ftp://127.0.0.1/x", "https://user:pw@login.example.com/"] {
            let outcome = answered(Answer::tampered(move |document| document[name] = url.into())).await;
            assert!(hint(outcome).contains("the provider's URLs must"), "{name} {url}");
        }
    }
}

#[tokio::test]
async fn an_issuer_that_cannot_be_one_is_refused_before_any_request() {
    let parties = Parties::meet().await;
    for issuer in [
        "",
        "login.example.com",
        "http://login.example.com",
        "http://localhost.example.com",
        "https://login.example.com?tenant=1",
        "https://login.example.com#x",
        "https://user@login.example.com",
    ] {
        let outcome = Provider::discover(issuer, parties.http.clone(), parties.clock());
        assert!(!hint(outcome).is_empty(), "{issuer}");
    }
}

#[tokio::test]
async fn an_issuer_without_a_document_is_a_misconfiguration() {
    let outcome = answered(Answer::status(404)).await;
    assert!(hint(outcome).contains("no discovery document at the issuer"));
}

#[tokio::test]
async fn a_provider_that_is_away_at_the_start_is_found_when_it_is_back() {
    let parties = Parties::meet().await;
    parties.opposite.shutdown().await;
    assert_eq!(fault(parties.provider.metadata().await), Fault::Unreachable);
    parties.opposite.restart().await.unwrap();
    assert!(parties.provider.metadata().await.is_ok());
}

#[tokio::test]
async fn however_many_ask_at_once_one_request_is_sent() {
    let parties = Parties::meet().await;
    let (answer, gate) = Answer::normal().held();
    parties.opposite.enqueue(Endpoint::Discovery, answer);
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let provider = Arc::clone(&parties.provider);
            tokio::spawn(async move { provider.metadata().await.is_ok() })
        })
        .collect();
    gate.reached().await;
    gate.open();
    for task in tasks {
        assert!(task.await.unwrap());
    }
    assert_eq!(parties.opposite.journal().count(Endpoint::Discovery), 1);
}

#[tokio::test]
async fn metadata_are_fetched_once_and_kept() {
    let parties = Parties::meet().await;
    for _ in 0..10 {
        parties.provider.metadata().await.unwrap();
    }
    assert_eq!(parties.opposite.journal().count(Endpoint::Discovery), 1);
}

#[tokio::test]
async fn the_last_good_copy_serves_while_the_provider_is_away() {
    let parties = Parties::meet().await;
    let before = parties.provider.metadata().await.unwrap();
    parties.opposite.always(Endpoint::Discovery, Answer::html(503, "away"));
    parties.time.advance(TWO_HOURS);
    for _ in 0..20 {
        let metadata = parties.provider.metadata().await.unwrap();
        assert_eq!(metadata.token_endpoint, before.token_endpoint);
    }
    parties.until_asked(Endpoint::Discovery, 2).await;
}

#[tokio::test]
async fn a_provider_that_turns_to_lies_does_not_displace_the_last_good_copy() {
    let parties = Parties::meet().await;
    let before = parties.provider.metadata().await.unwrap();
    let lie = Answer::tampered(|document| document["issuer"] = "https://evil.example".into());
    parties.opposite.always(Endpoint::Discovery, lie);
    parties.time.advance(TWO_HOURS);
    parties.provider.metadata().await.unwrap();
    parties.until_asked(Endpoint::Discovery, 2).await;
    for _ in 0..50 {
        tokio::task::yield_now().await;
        assert_eq!(parties.provider.metadata().await.unwrap().issuer, before.issuer);
    }
}

#[tokio::test]
async fn old_metadata_are_fetched_anew_and_nobody_waits_for_it() {
    let parties = Parties::meet().await;
    parties.provider.metadata().await.unwrap();
    parties.time.advance(TWO_HOURS);
    let (answer, gate) = Answer::normal().held();
    parties.opposite.enqueue(Endpoint::Discovery, answer);
    parties.provider.metadata().await.unwrap();
    gate.reached().await;
    parties.provider.metadata().await.unwrap();
    gate.open();
}

#[tokio::test]
async fn a_provider_described_by_hand_is_not_asked_for_metadata() {
    let parties = Parties::meet_with(|builder| builder.plain_oauth2(true)).await;
    let url = |endpoint| Url::parse(&parties.opposite.endpoint(endpoint)).unwrap();
    let metadata = ProviderMetadata::by_hand(url(Endpoint::Authorization), url(Endpoint::Token));
    let provider = Provider::by_hand(metadata, parties.http.clone(), parties.clock()).unwrap();
    assert_eq!(provider.metadata().await.unwrap().issuer, None);
    assert_eq!(parties.opposite.journal().count(Endpoint::Discovery), 0);
}

#[tokio::test]
async fn a_provider_described_by_hand_over_http_is_refused() {
    let parties = Parties::meet().await;
    let url = Url::parse("http://login.example.com/token").unwrap();
    let metadata = ProviderMetadata::by_hand(url.clone(), url);
    let outcome = Provider::by_hand(metadata, parties.http.clone(), parties.clock());
    assert!(hint(outcome).contains("must be https"));
}
