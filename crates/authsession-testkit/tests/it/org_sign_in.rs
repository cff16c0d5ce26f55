//! Signing in at the org: codes, PKCE, ID tokens, devices, and somebody else's tokens.

use crate::org_client::CALLBACK;
use crate::org_client::Stage;
use crate::org_client::parameter;
use crate::org_client::refused;
use crate::org_client::text;
use authsession_testkit::browser::Page;
use authsession_testkit::org::connected_app::ConnectedApp;
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::org::user::OrgUser;
use aws_lc_rs::digest;
use aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256;
use aws_lc_rs::signature::RsaPublicKeyComponents;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::time::Duration;

const VERIFIER: &str = "a-code-verifier-that-is-long-enough-for-the-rfc-7636";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const HYBRID: &str = "urn:ietf:params:oauth:grant-type:hybrid-token-exchange";

fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, VERIFIER.as_bytes()))
}

async fn redeem(stage: &Stage, code: &str, extra: &[(&str, &str)]) -> Page {
    let mut fields = vec![("code", code), ("redirect_uri", CALLBACK)];
    fields.retain(|(name, _)| !extra.iter().any(|(other, _)| other == name));
    fields.extend_from_slice(extra);
    stage.grant("authorization_code", &fields).await
}

#[tokio::test]
async fn a_code_brings_a_session_and_a_refresh_token_and_goes_back_with_the_state() {
    let stage = Stage::new().await;
    let back = stage.authorized(&[]).await;
    assert_eq!(parameter(&back, "state").unwrap(), "s1");
    let answer = redeem(&stage, &parameter(&back, "code").unwrap(), &[]).await.json().unwrap();
    assert_eq!(stage.api_status(text(&answer, "access_token")).await, 200);
    assert_eq!(stage.refresh(text(&answer, "refresh_token")).await.status, 200);
}

#[tokio::test]
async fn a_code_works_once_and_for_fifteen_minutes() {
    let stage = Stage::new().await;
    let code = parameter(&stage.authorized(&[]).await, "code").unwrap();
    assert_eq!(redeem(&stage, &code, &[]).await.status, 200);
    refused(&redeem(&stage, &code, &[]).await, "invalid_grant", "expired authorization code");
    let late = parameter(&stage.authorized(&[]).await, "code").unwrap();
    stage.clock.advance(Duration::from_secs(900));
    refused(&redeem(&stage, &late, &[]).await, "invalid_grant", "expired authorization code");
}

#[tokio::test]
async fn a_challenge_without_a_method_is_s256() {
    let stage = Stage::new().await;
    let challenge = challenge();
    for extra in [vec![], vec![("code_challenge_method", "S256")]] {
        let mut asked = vec![("code_challenge", challenge.as_str())];
        asked.extend_from_slice(&extra);
        let code = parameter(&stage.authorized(&asked).await, "code").unwrap();
        assert_eq!(redeem(&stage, &code, &[("code_verifier", VERIFIER)]).await.status, 200);
    }
    let code = parameter(&stage.authorized(&[("code_challenge", &challenge)]).await, "code").unwrap();
    let wrong = redeem(&stage, &code, &[("code_verifier", &challenge)]).await;
    refused(&wrong, "invalid_grant", "invalid code verifier");
}

#[tokio::test]
async fn an_app_can_require_pkce() {
    let stage = Stage::new().await;
    stage.org.change_app(&stage.org.consumer_key(), |app| app.requires_pkce(true));
    let back = stage.authorized(&[]).await;
    assert_eq!(parameter(&back, "error").unwrap(), "invalid_request");
    assert_eq!(parameter(&back, "error_description").unwrap(), "missing required code challenge");
}

#[tokio::test]
async fn only_a_registered_callback_is_sent_to() {
    let stage = Stage::with(|org| org.app(ConnectedApp::new("web", "s3cret").callback_url(CALLBACK))).await;
    let page = stage.authorization_page(&[("redirect_uri", "https://evil.example")]).await;
    assert_eq!(page.status, 400);
    assert!(page.text().contains("redirect_uri must match configuration"));
    let code = parameter(&stage.authorized(&[]).await, "code").unwrap();
    let moved = redeem(&stage, &code, &[("redirect_uri", "https://evil.example")]).await;
    refused(&moved, "redirect_uri_mismatch", "redirect_uri must match configuration");
}

#[tokio::test]
async fn who_says_no_is_sent_back_with_it() {
    let stage = Stage::with(|org| {
        let inactive = OrgUser::new("gone@acme.example").inactive();
        org.user(OrgUser::new("here@acme.example")).user(inactive)
    })
    .await;
    stage.org.deny_next_authorization("access_denied");
    assert_eq!(parameter(&stage.authorized(&[]).await, "error").unwrap(), "access_denied");
    stage.org.sign_in_as("gone@acme.example");
    assert_eq!(parameter(&stage.authorized(&[]).await, "error").unwrap(), "inactive_user");
}

#[tokio::test]
async fn a_scope_without_refresh_token_brings_none_and_a_foreign_one_is_refused() {
    let stage = Stage::new().await;
    assert_eq!(stage.signed_in(&[("scope", "api")]).await.get("refresh_token"), None);
    let back = stage.authorized(&[("scope", "api eclair_api")]).await;
    assert_eq!(parameter(&back, "error").unwrap(), "invalid_scope");
}

#[tokio::test]
async fn an_id_token_echoes_the_nonce_and_is_signed_by_a_published_key() {
    let stage = Stage::new().await;
    let answer = stage.signed_in(&[("scope", "openid api"), ("nonce", "n-1")]).await;
    let (message, signature) = text(&answer, "id_token").rsplit_once('.').unwrap();
    let claims = URL_SAFE_NO_PAD.decode(message.split_once('.').unwrap().1).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!((text(&claims, "nonce"), text(&claims, "iss")), ("n-1", stage.org.url()));
    assert_eq!((&claims["aud"], &claims["sub"]), (&stage.org.consumer_key().into(), &answer["id"]));
    let keys = stage.browser.fetch(stage.org.endpoint(OrgEndpoint::Jwks)).await.unwrap().json().unwrap();
    let member = |name| URL_SAFE_NO_PAD.decode(text(&keys["keys"][0], name)).unwrap();
    let key = RsaPublicKeyComponents { n: member("n"), e: member("e") };
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    key.verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &signature).unwrap();
}

#[tokio::test]
async fn the_keys_rotate_when_told_to() {
    let stage = Stage::new().await;
    let mut seen = Vec::new();
    for _ in 0..2 {
        let keys = stage.browser.fetch(stage.org.endpoint(OrgEndpoint::Jwks)).await.unwrap().json().unwrap();
        seen.push(text(&keys["keys"][0], "kid").to_owned());
        stage.org.rotate_keys().unwrap();
    }
    assert_ne!(seen[0], seen[1]);
}

#[tokio::test]
async fn discovery_names_what_is_there() {
    let stage = Stage::new().await;
    let page = stage.browser.fetch(stage.org.endpoint(OrgEndpoint::Discovery)).await.unwrap();
    let document = page.json().unwrap();
    assert_eq!(document["issuer"], stage.org.url());
    assert_eq!(document["token_endpoint"], stage.org.endpoint(OrgEndpoint::Token));
}

#[tokio::test]
async fn a_device_waits_until_somebody_approves() {
    let stage = Stage::new().await;
    let key = stage.org.consumer_key();
    let begun = [("response_type", "device_code"), ("client_id", &*key), ("scope", "api refresh_token")];
    let begun = stage.token(&begun).await.json().unwrap();
    let code = text(&begun, "device_code");
    let ask =
        || async { stage.token(&[("grant_type", "device"), ("client_id", &key), ("code", code)]).await };
    assert_eq!(ask().await.json().unwrap()["error"], "authorization_pending");
    assert_eq!(ask().await.json().unwrap()["error"], "slow_down");
    assert!(stage.org.approve_device(text(&begun, "user_code"), &stage.org.username()));
    let answer = ask().await.json().unwrap();
    assert!(stage.org.is_live_refresh_token(text(&answer, "refresh_token")));
    assert_eq!(ask().await.json().unwrap()["error"], "invalid_grant");
}

#[tokio::test]
async fn a_denied_device_is_told_so() {
    let stage = Stage::new().await;
    let key = stage.org.consumer_key();
    let begun = stage.token(&[("response_type", "device_code"), ("client_id", &key)]).await.json().unwrap();
    assert!(stage.org.deny_device(text(&begun, "user_code")));
    let code = text(&begun, "device_code");
    let answer = stage.token(&[("grant_type", "device"), ("client_id", &key), ("code", code)]).await;
    assert_eq!(answer.json().unwrap()["error"], "access_denied");
    assert!(!stage.org.approve_device("NONESUCH", "nobody"));
}

fn foreign(handler: &'static str) -> [(&'static str, &'static str); 3] {
    [
        ("subject_token", "foreign-token"),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
        ("token_handler", handler),
    ]
}

#[tokio::test]
async fn somebody_elses_token_is_exchanged_by_the_handler_that_knows_it() {
    let stage = Stage::with(|org| {
        org.token_handler("Partner").subject_token("foreign-token", "integration@acme.example")
    })
    .await;
    let answer = stage.grant(EXCHANGE, &foreign("Partner")).await.json().unwrap();
    assert_eq!(answer["issued_token_type"], "urn:ietf:params:oauth:token-type:access_token");
    assert_eq!(stage.api_status(text(&answer, "access_token")).await, 200);
    assert_eq!(stage.org.journal().grants(EXCHANGE), 1);
    let elsewhere = stage.grant(EXCHANGE, &foreign("Other")).await;
    refused(&elsewhere, "invalid_request", "invalid token handler");
    let unknown = [("subject_token", "x"), foreign("Partner")[1], foreign("Partner")[2]];
    refused(&stage.grant(EXCHANGE, &unknown).await, "invalid_grant", "authentication failure");
    refused(&stage.grant(EXCHANGE, &unknown[2..]).await, "invalid_request", "invalid subject token");
}

#[tokio::test]
async fn a_hybrid_exchange_brings_what_a_web_view_needs_and_requires_the_refresh_scope() {
    let stage = Stage::with(|org| org.subject_token("foreign-token", "integration@acme.example")).await;
    let answer = stage.grant(HYBRID, &foreign("any")).await.json().unwrap();
    assert!(answer["lightning_sid"].is_string() && answer["refresh_token"].is_string());
    let mut narrow = foreign("any").to_vec();
    narrow.push(("scope", "api"));
    let refusal = stage.grant(HYBRID, &narrow).await;
    refused(&refusal, "invalid_request", "hybrid token exchange requires a refresh_token scope");
}
