//! Looking at what a provider publishes, as it is.

use authsession_core::error::Endpoint as Looked;
use authsession_core::examine::{Published, look, usable_with};
use authsession_core::jws::Algorithm;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use serde_json::json;

use crate::mint::Mint;
use crate::parties::Parties;
use crate::verdict::hint;

/// The key set, after the provider was told to answer so.
async fn published(parties: &Parties, answer: Answer) -> Published {
    parties.opposite.enqueue(Endpoint::Jwks, answer);
    let url = parties.opposite.endpoint(Endpoint::Jwks).parse().unwrap();
    look(&parties.http, Looked::Jwks, &url, &parties.clock()).await.unwrap()
}

#[tokio::test]
async fn an_answer_is_shown_whatever_it_is() {
    let parties = Parties::meet().await;
    let document = published(&parties, Answer::normal()).await;
    assert_eq!((document.status(), document.media_type()), (200, Some("application/json")));
    assert!(document.object().unwrap().contains_key("keys") && document.redirects_to().is_none());

    let away = published(&parties, Answer::redirect("https://elsewhere.example/")).await;
    assert_eq!((away.redirects_to(), away.object()), (Some("https://elsewhere.example/"), None));

    let broken = published(&parties, Answer::status(500)).await;
    assert_eq!((broken.status(), broken.object()), (500, None));
    assert!(published(&parties, Answer::html(200, "{}")).await.object().is_none(), "a page is no document");
    let twice = Answer::raw(200, "application/json", r#"{"keys":[],"keys":[]}"#);
    assert!(published(&parties, twice).await.object().is_none());
}

#[tokio::test]
async fn the_clocks_are_compared_by_the_date_of_the_answer_and_the_time_a_cache_kept_it() {
    // The clock of the parties stands at 2030-01-01T00:00:00Z; a date stands for the second that begins with it.
    let parties = Parties::meet().await;
    let dated = |text: &str| Answer::normal().header("date", text);
    let offset = |published: Published| published.clock_offset_millis();

    let ahead = dated("Tue, 01 Jan 2030 00:00:30 GMT");
    assert_eq!(offset(published(&parties, ahead).await), Some(30_500));
    let kept_for_90_s = dated("Mon, 31 Dec 2029 23:58:30 GMT").header("age", "90");
    assert_eq!(offset(published(&parties, kept_for_90_s).await), Some(500));
    assert_eq!(offset(published(&parties, dated("yesterday")).await), None);
}

#[tokio::test]
async fn nothing_is_asked_of_a_url_that_is_not_https() {
    let parties = Parties::meet().await;
    let url = "http://login.example/keys".parse().unwrap();
    assert!(hint(look(&parties.http, Looked::Jwks, &url, &parties.clock()).await).contains("https"));
}

#[tokio::test]
async fn what_was_published_is_not_in_its_debug() {
    let parties = Parties::meet().await;
    let document = published(&parties, Answer::json(200, &json!({ "canary": "canary" }))).await;
    assert!(!format!("{document:?}").contains("canary"));
}

#[test]
fn a_key_is_usable_with_what_it_would_verify() {
    let mut key = Mint::new("key").jwk();
    assert_eq!(usable_with(&key), [Algorithm::EdDsa]);
    key.as_object_mut().unwrap().remove("alg");
    assert_eq!(usable_with(&key), [Algorithm::EdDsa, Algorithm::Ed25519]);
    key["use"] = "enc".into();
    assert_eq!(usable_with(&key), []);
    for odd in [json!(null), json!("key"), json!({ "kty": "oct", "k": "c2VjcmV0" })] {
        assert_eq!(usable_with(&odd), []);
    }
}
