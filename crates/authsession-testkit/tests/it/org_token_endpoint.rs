//! The org's token endpoint: the answer's form, who may ask, and the other grants.

use crate::org_client::FORM;
use crate::org_client::Stage;
use crate::org_client::form;
use crate::org_client::refused;
use crate::org_client::text;
use authsession_testkit::org::connected_app::AppState;
use authsession_testkit::org::connected_app::ConnectedApp;
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::json;
use std::time::Duration;

const USER: &str = "integration@acme.example";

#[tokio::test]
async fn an_answer_says_who_where_and_when_and_is_signed_with_the_secret() {
    let stage = Stage::new().await;
    let answer = stage.grant("client_credentials", &[]).await.json().unwrap();
    let millis = format!("{}000", stage.clock.unix_seconds());
    assert_eq!(answer["issued_at"], millis);
    assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("Bearer"), &json!(null)));
    assert_eq!(answer["instance_url"], stage.org.instance_url());
    let key = hmac::Key::new(hmac::HMAC_SHA256, stage.org.consumer_secret().as_bytes());
    let message = format!("{}{millis}", text(&answer, "id"));
    let signature = hmac::sign(&key, message.as_bytes());
    assert_eq!(answer["signature"], STANDARD.encode(signature));
}

#[tokio::test]
async fn the_date_is_the_orgs_own() {
    let stage = Stage::new().await;
    stage.clock.advance(Duration::from_secs(86_400 * 790 + 3723));
    let page = stage.grant("client_credentials", &[]).await;
    assert_eq!(page.header("date"), Some("Mon, 01 Mar 2032 01:02:03 GMT"));
    stage.org.enqueue(OrgEndpoint::Token, Answer::status(503));
    stage.org.enqueue(OrgEndpoint::Token, Answer::normal().header("date", "yesterday"));
    assert_eq!(stage.grant("client_credentials", &[]).await.header("date"), page.header("date"));
    assert_eq!(stage.grant("client_credentials", &[]).await.header("date"), Some("yesterday"));
}

#[tokio::test]
async fn the_secret_comes_in_the_body_or_by_basic_encoded_or_not() {
    let stage = Stage::new().await;
    let secret = "s+cr/t=%";
    let key = stage.org.consumer_key();
    stage.org.change_app(&key, |app| ConnectedApp::new(app.consumer_key(), secret).run_as(USER));
    let body = form(&[("grant_type", "client_credentials")]);
    for pair in [format!("{key}:{secret}"), format!("{key}:s%2Bcr%2Ft%3D%25")] {
        let basic = format!("Basic {}", STANDARD.encode(pair));
        let headers = [FORM, ("authorization", basic.as_str())];
        let url = stage.org.endpoint(OrgEndpoint::Token);
        let page = stage.browser.fetch_with(Method::POST, url, &headers, &body).await.unwrap();
        assert_eq!(page.status, 200, "{}", page.text());
    }
    assert_eq!(stage.grant("client_credentials", &[]).await.status, 200);
}

#[tokio::test]
async fn a_wrong_or_missing_secret_is_refused() {
    let stage = Stage::new().await;
    let key = stage.org.consumer_key();
    let wrong = [("grant_type", "client_credentials"), ("client_id", &key), ("client_secret", "wrong")];
    refused(&stage.token(&wrong).await, "invalid_client", "invalid client credentials");
    refused(&stage.token(&wrong[..2]).await, "invalid_client", "invalid client credentials");
    refused(&stage.token(&wrong[..1]).await, "invalid_client_id", "client identifier invalid");
}

#[tokio::test]
async fn client_credentials_act_as_the_run_as_user_if_there_is_one() {
    let stage = Stage::new().await;
    let answer = stage.grant("client_credentials", &[]).await.json().unwrap();
    assert!(text(&answer, "id").ends_with(&stage.org.user_id(&stage.org.username())));
    stage.org.change_app(&stage.org.consumer_key(), |app| app.without_run_as());
    let refusal = stage.grant("client_credentials", &[]).await;
    refused(&refusal, "invalid_grant", "no client credentials user enabled");
}

#[tokio::test]
async fn client_credentials_belong_to_my_domain_not_to_a_login_host() {
    let stage = Stage::with(|org| org.login_host(true)).await;
    let refusal = stage.grant("client_credentials", &[]).await;
    refused(&refusal, "invalid_grant", "request not supported on this domain");
    let (key, secret) = (stage.org.consumer_key(), stage.org.consumer_secret());
    let fields = [("grant_type", "client_credentials"), ("client_id", &key), ("client_secret", &secret)];
    let url = format!("{}{}", stage.org.instance_url(), OrgEndpoint::Token.path());
    let page = stage.browser.fetch_with(Method::POST, url, &[FORM], &form(&fields)).await.unwrap();
    assert_eq!(page.status, 200);
}

#[tokio::test]
async fn a_password_is_taken_with_and_without_the_security_token() {
    let stage = Stage::new().await;
    let user = stage.org.username();
    for password in ["password", "passwordTOKEN"] {
        let page = stage.grant("password", &[("username", &user), ("password", password)]).await;
        assert_eq!(page.status, 200, "{password}");
    }
    let wrong = stage.grant("password", &[("username", &user), ("password", "passwort")]).await;
    refused(&wrong, "invalid_grant", "authentication failure");
}

#[tokio::test]
async fn an_unknown_grant_is_not_supported() {
    let stage = Stage::new().await;
    refused(&stage.grant("magic", &[]).await, "unsupported_grant_type", "grant type not supported");
}

#[tokio::test]
async fn an_app_that_is_gone_blocked_or_broken_is_turned_away() {
    let stage = Stage::new().await;
    let generic = "An unexpected error has occured during authentication. Please try again.";
    for (state, error, description) in [
        (
            AppState::NotInstalled,
            "OAUTH_EC_APP_NOT_FOUND",
            "External client app is not installed in this org",
        ),
        (AppState::Blocked, "OAUTH_APP_BLOCKED", "this app is blocked by admin"),
        (AppState::ApprovalError, "OAUTH_APPROVAL_ERROR_GENERIC", generic),
    ] {
        stage.org.change_app(&stage.org.consumer_key(), |app| app.state(state));
        refused(&stage.grant("client_credentials", &[]).await, error, description);
        refused(&stage.jwt(&stage.signed(&stage.claims())).await, error, description);
    }
}

#[tokio::test]
async fn a_user_has_so_many_logins_an_hour() {
    let stage = Stage::with(|org| org.login_budget(2)).await;
    stage.session().await;
    stage.clock.advance(Duration::from_secs(60));
    stage.session().await;
    let refusal = stage.grant("client_credentials", &[]).await;
    refused(&refusal, "LOGIN_RATE_EXCEEDED", "login rate exceeded");
    stage.clock.advance(Duration::from_secs(3540));
    assert_eq!(stage.grant("client_credentials", &[]).await.status, 200);
}
