//! What one login asks for beyond every other, and what is verified of it (OpenID Connect Core §3.1.2.1, §5.5.1.1).

use std::collections::HashMap;
use std::time::Duration;

use authsession_core::authorization::{
    AuthorizationRequest, AuthorizationResponse, PendingAuthorization, ResponseMode,
};
use authsession_core::clock::Timestamp;
use authsession_core::error::Error;
use authsession_core::login_parameters::LoginParameters;
use authsession_core::provider::{Endpoints, ProviderMetadata};
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use serde_json::{Value, json};

use crate::parties::{Parties, SCOPE, SignedIn};
use crate::verdict::{hint, untrusted};

fn request() -> AuthorizationRequest {
    AuthorizationRequest::new("client", "https://app.example/cb", SCOPE)
}

fn start(request: &AuthorizationRequest) -> Result<(HashMap<String, String>, PendingAuthorization), Error> {
    let at = |path: &str| format!("https://login.example.com{path}").parse().ok();
    let endpoints =
        Endpoints { authorization: at("/authorize"), token: at("/token"), ..Endpoints::default() };
    let metadata = ProviderMetadata::by_hand(endpoints).unwrap();
    let (url, pending) = request.start(&metadata, Timestamp::from_unix_seconds(0))?;
    Ok((url.query_pairs().into_owned().collect(), pending))
}

/// A login that demands one of two `acr`, answered with that one.
async fn answered(acr: impl Into<Value>) -> Result<SignedIn, Error> {
    let (parties, acr) = (Parties::meet().await, acr.into());
    let answer = Answer::lying_id_token(move |_, claims| claims["acr"] = acr.clone());
    parties.opposite.enqueue(Endpoint::Token, answer);
    let mut request = parties.request();
    request.login.demand_acr(["phr", "urn:example:mfa"]);
    parties.sign_in_with(&request, &parties.verifier()).await
}

#[tokio::test]
async fn an_acr_demanded_and_told_is_accepted() {
    for acr in ["phr", "urn:example:mfa"] {
        assert_eq!(answered(acr).await.unwrap().claims.authentication_context.as_deref(), Some(acr));
    }
}

#[tokio::test]
async fn an_acr_demanded_and_missing_or_another_is_refused() {
    assert_eq!(untrusted(answered(Value::Null).await), "an acr was demanded and the ID token has none");
    for weaker in ["", "0", "PHR", "phr ", "phr urn:example:mfa"] {
        assert_eq!(
            untrusted(answered(weaker).await),
            "the ID token's acr is none of those demanded",
            "{weaker}"
        );
    }
}

#[test]
fn an_acr_demanded_is_an_essential_claim_and_takes_the_place_of_voluntary_ones() {
    let mut asked = request();
    asked.login.acr_values = Some("pwd".to_owned());
    asked.login.demand_acr(["phr", "mfa"]);
    let (sent, pending) = start(&asked).unwrap();
    let claims: Value = serde_json::from_str(&sent["claims"]).unwrap();
    assert_eq!(claims, json!({ "id_token": { "acr": { "essential": true, "values": ["phr", "mfa"] } } }));
    assert_eq!(sent["acr_values"], "phr mfa");
    assert_eq!(pending.essential_acr, ["phr", "mfa"]);
}

#[test]
fn an_acr_demanded_goes_beside_the_claims_asked_for_anyway() {
    for beside in [r#"{"id_token":{"email":null}}"#, r#"{"id_token":{"email":null,"acr":{"value":"pwd"}}}"#] {
        let mut asked = request();
        asked.extra = vec![("claims".to_owned(), beside.to_owned())];
        asked.login.demand_acr(["phr"]);
        let (sent, _) = start(&asked).unwrap();
        let claims: Value = serde_json::from_str(&sent["claims"]).unwrap();
        let acr = json!({ "essential": true, "values": ["phr"] });
        assert_eq!(claims, json!({ "id_token": { "email": null, "acr": acr } }));
    }
    for odd in ["", "null", "[]", "claims", r#"{"id_token":[]}"#] {
        let mut asked = request();
        asked.login.extra = vec![("claims".to_owned(), odd.to_owned())];
        asked.login.demand_acr(["phr"]);
        assert!(hint(start(&asked)).contains("claims"), "{odd}");
    }
}

#[test]
fn demands_that_make_no_sense_are_found_before_the_browser_is_sent_out() {
    let (mut none, mut blank, mut undated, mut plain) = (request(), request(), request(), request());
    none.login.demand_acr([""; 0]);
    blank.login.demand_acr(["a b"]);
    undated.scope = "repo".to_owned();
    undated.login.max_age = Some(Duration::ZERO);
    plain.scope = "repo".to_owned();
    plain.login.demand_acr(["phr"]);
    for (asked, wanted) in [(none, "acr"), (blank, "acr"), (undated, "openid"), (plain, "openid")] {
        assert!(hint(start(&asked)).contains(wanted));
    }
}

#[test]
fn further_parameters_of_a_login_go_before_those_of_every_login() {
    let mut asked = request();
    let named = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    asked.extra = vec![named("audience", "all"), named("theme", "dark")];
    asked.login.extra = vec![named("audience", "one")];
    let (sent, _) = start(&asked).unwrap();
    assert_eq!((sent["audience"].as_str(), sent["theme"].as_str()), ("one", "dark"));
    asked.login.extra = vec![named("state", "mine")];
    assert!(hint(start(&asked)).contains("state"));
}

#[test]
fn a_response_mode_is_sent_only_when_asked_for() {
    assert!(!start(&request()).unwrap().0.contains_key("response_mode"));
    for (mode, name) in [(ResponseMode::Query, "query"), (ResponseMode::FormPost, "form_post")] {
        let mut asked = request();
        asked.response_mode = Some(mode);
        assert_eq!(start(&asked).unwrap().0["response_mode"], name);
    }
}

#[test]
fn the_body_of_a_form_is_read_as_a_query_is() {
    let (_, pending) = start(&request()).unwrap();
    let state = pending.state.expose();
    let body = format!("state={state}&code=a%2Bb+c&user=%7B%22name%22%3A%7B%7D%7D&id_token=x");
    let response = AuthorizationResponse::parse(&body).unwrap();
    assert_eq!(response.state().unwrap().expose(), state);
    assert!(!response.is_refusal());
}

#[test]
fn what_a_login_asks_survives_being_sealed_and_says_nothing_where_nothing_is_asked() {
    let mut asked = request().login;
    assert_eq!(serde_json::to_string(&asked).unwrap(), "{}");
    asked.demand_acr(["phr"]);
    asked.max_age = Some(Duration::from_secs(5));
    let written = serde_json::to_string(&asked).unwrap();
    assert_eq!(serde_json::from_str::<LoginParameters>(&written).unwrap(), asked);
}

#[test]
fn a_login_sealed_by_the_version_before_opens() {
    let (_, pending) = start(&request()).unwrap();
    let written = serde_json::to_string(&pending).unwrap();
    assert!(!written.contains("essential_acr"), "and one sealed now opens there");
    assert!(serde_json::from_str::<PendingAuthorization>(&written).unwrap().essential_acr.is_empty());
}
