//! Authorization responses: `iss` here and there, parameters nobody asked for (RFC 9207, RFC 6749 §4.1.2).

use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::habits::Habits;
use serde_json::json;

use crate::quirks::life::{lead, stage_at, stage_with};

#[tokio::test]
async fn a_refusal_without_the_promised_iss_is_understood_as_one() {
    let stage = stage_with(Habits::default().no_iss_in_errors()).await;
    stage.provider.deny_next_authorization("access_denied");

    let page = stage.browser.navigate(stage.url("/token")).await.unwrap();

    assert_eq!(page.status, 403);
    assert!(page.text().contains("href=\"/auth"));
    lead(&stage).await;
}

#[tokio::test]
async fn a_code_without_the_promised_iss_is_not_redeemed() {
    let without = |response: &mut Vec<(String, String)>| response.retain(|(name, _)| name != "iss");
    let stage = stage_with(Habits::default().authorization_response(without)).await;

    let page = stage.browser.navigate(stage.url("/token")).await.unwrap();

    assert_eq!(page.status, 400);
    assert_eq!(stage.provider.journal().count(Endpoint::Token), 0);
}

#[tokio::test]
async fn where_nobody_promised_iss_a_code_without_it_is_redeemed() {
    let without = |response: &mut Vec<(String, String)>| response.retain(|(name, _)| name != "iss");
    let stage = stage_at(|provider| {
        provider.habits(Habits::default().authorization_response(without)).metadata(|document| {
            document.remove("authorization_response_iss_parameter_supported");
        })
    })
    .await;

    lead(&stage).await;
}

#[tokio::test]
async fn only_a_code_is_asked_for_whatever_else_a_provider_offers() {
    let stage = stage_at(|provider| {
        provider.metadata(|document| {
            document.insert("response_types_supported".into(), json!(["code id_token", "id_token", "code"]));
        })
    })
    .await;

    stage.browser.navigate(stage.url("/token")).await.unwrap();

    let asked = stage.provider.journal().last(Endpoint::Authorization).unwrap();
    assert_eq!(
        (asked.query_value("response_type"), asked.query_value("response_mode")),
        (Some("code"), None)
    );
}

#[tokio::test]
async fn parameters_nobody_asked_for_are_left_alone() {
    let habits = Habits::default().authorization_response(|response| {
        for (name, value) in
            [("session_state", "a.b"), ("client_id", "other"), ("scope", "openid"), ("id_token", "x")]
        {
            response.push((name.to_owned(), value.to_owned()));
        }
    });

    lead(&stage_with(habits).await).await;
}
