//! The org's JWT bearer flow: a real signature, a lenient clock, and the reasons for a no.

use crate::org_client::Stage;
use crate::org_client::refused;
use crate::org_client::text;
use authsession_testkit::browser::Page;
use authsession_testkit::key_pair::KeyPair;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::org::connected_app::ConnectedApp;
use authsession_testkit::org::user::OrgUser;
use serde_json::Value;
use serde_json::json;

async fn with_claim(stage: &Stage, claim: &str, value: Value) -> Page {
    let mut claims = stage.claims();
    claims[claim] = value;
    stage.jwt(&stage.signed(&claims)).await
}

#[tokio::test]
async fn an_assertion_is_a_session_without_lifetime_time_or_refresh_token() {
    let stage = Stage::new().await;
    let page = stage.jwt(&stage.signed(&stage.claims())).await;
    assert_eq!((page.status.as_u16(), page.header("cache-control")), (200, Some("no-store")));
    let answer = page.json().unwrap();
    let mut members: Vec<_> = answer.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["access_token", "id", "instance_url", "scope", "token_type"]);
    assert!(text(&answer, "access_token").starts_with(&format!("{}!AQ", &stage.org.organization_id()[..15])));
    assert_eq!(stage.api_status(text(&answer, "access_token")).await, 200);
}

#[tokio::test]
async fn an_expiry_is_seconds_milliseconds_a_text_or_up_to_three_minutes_ago() {
    let stage = Stage::new().await;
    let now = stage.clock.unix_seconds();
    for expiry in [json!(now), json!(now - 179), json!((now + 300).to_string()), json!((now + 300) * 1000)] {
        assert_eq!(with_claim(&stage, "exp", expiry.clone()).await.status, 200, "{expiry}");
    }
    let late = with_claim(&stage, "exp", json!(now - 181)).await;
    refused(&late, "invalid_grant", "expired authorization code");
    refused(&with_claim(&stage, "exp", json!("soon")).await, "invalid_grant", "invalid assertion");
}

#[tokio::test]
async fn an_assertion_may_be_used_again() {
    let stage = Stage::new().await;
    let assertion = stage.signed(&stage.claims());
    let first = stage.jwt(&assertion).await.json().unwrap();
    let second = stage.jwt(&assertion).await.json().unwrap();
    assert_ne!(first["access_token"], second["access_token"]);
    assert_eq!(stage.org.sessions(), 2);
}

#[tokio::test]
async fn the_audience_is_a_login_host_or_the_org_with_or_without_a_slash() {
    let stage = Stage::with(|org| org.login_host(true)).await;
    let hosts = ["https://login.salesforce.com", "https://test.salesforce.com"];
    for audience in [stage.org.login_url(), stage.org.instance_url(), hosts[0], hosts[1]] {
        assert_eq!(with_claim(&stage, "aud", json!(audience)).await.status, 200, "{audience}");
        assert_eq!(with_claim(&stage, "aud", json!(format!("{audience}/"))).await.status, 200, "{audience}/");
    }
    let wrong = with_claim(&stage, "aud", json!("https://login.example")).await;
    refused(&wrong, "invalid_grant", "audience is invalid");
}

#[tokio::test]
async fn only_the_apps_key_signs_for_it() {
    let stage = Stage::new().await;
    let stranger = KeyPair::generate(SigningAlgorithm::Rs256).unwrap();
    let forged = stage.jwt(&stranger.sign(&stage.claims()).unwrap()).await;
    refused(&forged, "invalid_grant", "invalid assertion");
    refused(&stage.jwt("no.jwt").await, "invalid_grant", "invalid assertion");
}

#[tokio::test]
async fn an_elliptic_key_signs_too() {
    let pair = KeyPair::generate(SigningAlgorithm::Es256).unwrap();
    let app = ConnectedApp::new("ec", "s").certificate(pair.public_key().unwrap());
    let stage = Stage::with(|org| org.app(app)).await;
    assert_eq!(stage.jwt(&pair.sign(&stage.claims()).unwrap()).await.status, 200);
}

#[tokio::test]
async fn an_unknown_app_is_no_client() {
    let stage = Stage::new().await;
    let unknown = with_claim(&stage, "iss", json!("3MVG9.nobody")).await;
    refused(&unknown, "invalid_client_id", "client identifier invalid");
}

#[tokio::test]
async fn a_user_who_has_not_approved_the_app_must_sign_in_once() {
    let stage = Stage::with(|org| org.user(OrgUser::new("new@acme.example").unapproved())).await;
    let assertion = stage.signed(&stage.claims());
    refused(&stage.jwt(&assertion).await, "invalid_grant", "user hasn't approved this consumer");
    stage.signed_in(&[]).await;
    assert_eq!(stage.jwt(&assertion).await.status, 200);
    let nobody = with_claim(&stage, "sub", json!("nobody@acme.example")).await;
    refused(&nobody, "invalid_grant", "user hasn't approved this consumer");
}

#[tokio::test]
async fn an_inactive_user_is_dead() {
    let stage = Stage::new().await;
    stage.org.deactivate_user(&stage.org.username());
    refused(&stage.jwt(&stage.signed(&stage.claims())).await, "inactive_user", "user is inactive");
}

#[tokio::test]
async fn an_app_for_admin_approved_users_turns_the_others_away() {
    let stage = Stage::with(|org| org.user(OrgUser::new("a@acme.example").not_admin_approved())).await;
    assert_eq!(stage.jwt(&stage.signed(&stage.claims())).await.status, 200);
    stage.org.change_app(&stage.org.consumer_key(), |app| app.admin_approved_only(true));
    let refusal = stage.jwt(&stage.signed(&stage.claims())).await;
    refused(&refusal, "invalid_app_access", "user is not admin approved to access this app");
}
