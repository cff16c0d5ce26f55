//! The org's refresh tokens: static or rotating, five approvals, and what a revocation takes along.

use crate::org_client::Stage;
use crate::org_client::refused;
use crate::org_client::text;
use authsession_testkit::key_pair::KeyPair;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::org::connected_app::ConnectedApp;
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;
use serde_json::json;

const EXPIRED: (&str, &str) = ("invalid_grant", "expired access/refresh token");
const BUSY: (&str, &str) = ("invalid_grant", "token request is already being processed");

#[tokio::test]
async fn without_rotation_a_refresh_brings_no_refresh_token() {
    let stage = Stage::new().await;
    let refresh = stage.org.approve(&stage.org.username()).unwrap();
    for _ in 0..2 {
        let answer = stage.refresh(&refresh).await.json().unwrap();
        assert_eq!(answer.get("refresh_token"), None);
        assert!(stage.org.is_live(text(&answer, "access_token")));
    }
}

#[tokio::test]
async fn rotation_can_be_turned_on_under_a_running_integration() {
    let stage = Stage::new().await;
    let refresh = stage.org.approve(&stage.org.username()).unwrap();
    assert_eq!(stage.refresh(&refresh).await.status, 200);
    stage.org.rotate_refresh_tokens(true);
    let answer = stage.refresh(&refresh).await.json().unwrap();
    assert!(stage.org.is_live_refresh_token(text(&answer, "refresh_token")));
    assert!(!stage.org.is_live_refresh_token(&refresh));
}

#[tokio::test]
async fn reusing_a_rotated_token_revokes_the_family() {
    let stage = Stage::with(|org| org.rotation(true)).await;
    let first = stage.org.approve(&stage.org.username()).unwrap();
    let answer = stage.refresh(&first).await.json().unwrap();
    let second = text(&answer, "refresh_token").to_owned();
    assert_eq!(stage.refresh(&second).await.status, 200);
    refused(&stage.refresh(&first).await, EXPIRED.0, EXPIRED.1);
    refused(&stage.refresh(&second).await, EXPIRED.0, EXPIRED.1);
    assert_eq!(stage.org.sessions(), 0);
}

#[tokio::test]
async fn a_second_request_with_the_same_token_is_told_that_one_is_in_process() {
    let stage = Stage::with(|org| org.rotation(true)).await;
    let refresh = stage.org.approve(&stage.org.username()).unwrap();
    let (answer, gate) = Answer::normal().held_before();
    stage.org.enqueue(OrgEndpoint::Token, answer);
    let (first, second) = tokio::join!(stage.refresh(&refresh), async {
        assert!(gate.reached().await);
        let second = stage.refresh(&refresh).await;
        gate.open();
        second
    });
    refused(&second, BUSY.0, BUSY.1);
    assert_eq!(first.status, 200);
    assert!(!stage.org.is_live_refresh_token(&refresh));
}

#[tokio::test]
async fn a_request_is_in_process_until_its_answer_leaves() {
    let stage = Stage::with(|org| org.rotation(true)).await;
    let refresh = stage.org.approve(&stage.org.username()).unwrap();
    let (answer, gate) = Answer::normal().held_after();
    stage.org.enqueue(OrgEndpoint::Token, answer);
    let (first, second) = tokio::join!(stage.refresh(&refresh), async {
        assert!(gate.reached().await);
        let second = stage.refresh(&refresh).await;
        gate.open();
        second
    });
    refused(&second, BUSY.0, BUSY.1);
    let rotated = first.json().unwrap();
    assert!(stage.org.is_live_refresh_token(text(&rotated, "refresh_token")));
}

#[tokio::test]
async fn the_oldest_of_six_approvals_dies() {
    let stage = Stage::new().await;
    let mut tokens = Vec::new();
    for _ in 0..6 {
        tokens.push(stage.org.approve(&stage.org.username()).unwrap());
    }
    refused(&stage.refresh(&tokens[0]).await, EXPIRED.0, EXPIRED.1);
    for token in &tokens[1..] {
        assert_eq!(stage.refresh(token).await.status, 200);
    }
}

#[tokio::test]
async fn another_apps_refresh_token_is_none() {
    let stage = Stage::with(|org| {
        org.app(ConnectedApp::new("one", "secret-1")).app(ConnectedApp::new("two", "secret-2"))
    })
    .await;
    let refresh = stage.org.approve(&stage.org.username()).unwrap();
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", "two"),
        ("client_secret", "secret-2"),
        ("refresh_token", &refresh),
    ];
    refused(&stage.token(&fields).await, EXPIRED.0, EXPIRED.1);
}

#[tokio::test]
async fn a_public_app_needs_no_secret() {
    let stage =
        Stage::with(|org| org.app(ConnectedApp::new("mobile", "s3cret").requires_secret(false))).await;
    let refresh = stage.org.approve(&stage.org.username()).unwrap();
    let mut fields =
        vec![("grant_type", "refresh_token"), ("client_id", "mobile"), ("refresh_token", &*refresh)];
    assert_eq!(stage.token(&fields).await.status, 200);
    fields.push(("client_secret", "wrong"));
    refused(&stage.token(&fields).await, "invalid_client", "invalid client credentials");
}

#[tokio::test]
async fn a_signed_assertion_stands_in_for_the_secret() {
    let pair = KeyPair::generate(SigningAlgorithm::Rs256).unwrap();
    let app = ConnectedApp::new("signing", "s3cret").certificate(pair.public_key().unwrap());
    let stage = Stage::with(|org| org.app(app)).await;
    let refresh = stage.org.approve(&stage.org.username()).unwrap();
    let claims = json!({
        "iss": "signing",
        "sub": "signing",
        "aud": stage.org.endpoint(OrgEndpoint::Token),
        "exp": stage.clock.unix_seconds() + 60,
    });
    for (key, status) in [(pair, 200), (KeyPair::generate(SigningAlgorithm::Rs256).unwrap(), 400)] {
        let assertion = key.sign(&claims).unwrap();
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", &*refresh),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &*assertion),
        ];
        assert_eq!(stage.token(&fields).await.status.as_u16(), status);
    }
}

#[tokio::test]
async fn revoking_a_refresh_token_ends_its_sessions_but_no_others() {
    let stage = Stage::new().await;
    let refresh = stage.org.approve(&stage.org.username()).unwrap();
    let mine = stage.refresh(&refresh).await.json().unwrap();
    let other = stage.session().await;
    let revoked = stage.post(OrgEndpoint::Revocation, &[("token", &refresh)]).await;
    assert_eq!((revoked.status.as_u16(), revoked.body.len()), (200, 0));
    assert!(!stage.org.is_live(text(&mine, "access_token")));
    assert!(stage.org.is_live(&other));
    refused(&stage.refresh(&refresh).await, EXPIRED.0, EXPIRED.1);
}

#[tokio::test]
async fn a_session_is_revoked_by_post_or_get_and_only_once() {
    let stage = Stage::new().await;
    let (one, two) = (stage.session().await, stage.session().await);
    assert_eq!(stage.post(OrgEndpoint::Revocation, &[("token", &one)]).await.status, 200);
    let url = url::Url::parse_with_params(&stage.org.endpoint(OrgEndpoint::Revocation), [("token", &two)]);
    assert_eq!(stage.browser.fetch(url.unwrap()).await.unwrap().status, 200);
    assert_eq!(stage.org.sessions(), 0);
    let again = stage.post(OrgEndpoint::Revocation, &[("token", &one)]).await;
    refused(&again, "invalid_token", "invalid token");
    let jwt = stage.post(OrgEndpoint::Revocation, &[("token", "a.b.c")]).await;
    refused(&jwt, "unsupported_token_type", "this token type is not supported");
}

#[tokio::test]
async fn an_inactive_users_refresh_token_is_refused() {
    let stage = Stage::new().await;
    let refresh = stage.org.approve(&stage.org.username()).unwrap();
    stage.org.deactivate_user(&stage.org.username());
    refused(&stage.refresh(&refresh).await, "inactive_user", "user is inactive");
}
