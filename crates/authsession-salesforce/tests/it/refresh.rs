//! The refresh token flow against the org, rotation included.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use authsession_core::token_store::TokenStore as _;
use authsession_core::token_store::memory::MemoryTokenStore;
use authsession_salesforce::CirrusError;
use authsession_salesforce::auth::{
    AuthSession, ImportedLogin, Recovery, RefreshTokenAuth, RotationHandler, SalesforceRefusal,
};
use authsession_testkit::key_pair::KeyPair;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::org::connected_app::ConnectedApp;
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::stage::{Stage, minutes};

/// Writes down what it is told, and how many tokens had been used by then.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

#[async_trait]
impl RotationHandler for Told {
    async fn on_rotation(&self, new_refresh_token: &str) {
        self.0.lock().unwrap().push(new_refresh_token.to_owned());
    }
}

impl Told {
    fn tokens(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// Some time later its token is refused, so that the next one is got.
async fn renew(stage: &Stage, auth: &RefreshTokenAuth) {
    stage.time.advance(minutes(2));
    let token = auth.access_token().await.unwrap().into_owned();
    auth.invalidate(&token).await;
    auth.warm_up().await.unwrap();
}

#[tokio::test]
async fn a_refresh_token_opens_the_org() {
    let stage = Stage::set().await;
    let auth = stage.refresh(&stage.approve()).build().unwrap();
    stage.opens(&auth).await;
    stage.opens(&auth).await;
    assert_eq!(stage.refreshes(), 1);
    let sent = stage.org.journal().last(OrgEndpoint::Token).unwrap();
    assert!(sent.header("authorization").unwrap().starts_with("Basic "));
}

#[tokio::test]
async fn an_app_without_a_secret_refreshes_too() {
    let app = ConnectedApp::new("public", "unused").requires_secret(false);
    let stage = Stage::set_with(|org| org.app(app)).await;
    let auth = RefreshTokenAuth::builder()
        .consumer_key("public")
        .refresh_token(stage.approve())
        .login_url(stage.org.login_url())
        .clock(stage.clock())
        .build()
        .unwrap();
    stage.opens(&auth).await;
    let sent = stage.org.journal().last(OrgEndpoint::Token).unwrap();
    assert_eq!(sent.form_value("client_id"), Some("public"));
}

#[tokio::test]
async fn a_key_stands_in_for_the_secret_and_is_made_out_to_the_token_endpoint() {
    let pair = KeyPair::generate(SigningAlgorithm::Rs256).unwrap();
    let app = ConnectedApp::new("keyed", "unused").certificate(pair.public_key().unwrap());
    let stage = Stage::set_with(|org| org.app(app)).await;
    let auth = RefreshTokenAuth::builder()
        .consumer_key("keyed")
        .private_key_pem_bytes(pair.private_key_pem().unwrap().as_bytes())
        .unwrap()
        .refresh_token(stage.approve())
        .login_url(stage.org.login_url())
        .clock(stage.clock())
        .build()
        .unwrap();
    stage.opens(&auth).await;
    let sent = stage.org.journal().last(OrgEndpoint::Token).unwrap();
    let claims = sent.form_value("client_assertion").unwrap().split('.').nth(1).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    assert_eq!(claims["aud"], stage.org.endpoint(OrgEndpoint::Token));
    assert_eq!((&claims["iss"], &claims["sub"]), (&"keyed".into(), &"keyed".into()));
}

#[tokio::test]
async fn a_secret_beside_a_key_is_a_mistake_that_is_named() {
    let stage = Stage::set().await;
    let key = stage.org.private_key_pem().as_bytes();
    let error = stage.refresh("5Aep").private_key_pem_bytes(key).unwrap().build().unwrap_err();
    assert!(matches!(error, CirrusError::InvalidArgument { name: "consumer_secret", .. }), "{error:?}");
}

#[test]
fn what_is_missing_is_named() {
    let begun = RefreshTokenAuth::builder;
    let missing = [
        (begun().refresh_token("t"), "consumer_key"),
        (begun().consumer_key("k"), "refresh_token"),
        (begun().consumer_key("k").refresh_token("t"), "instance_url"),
    ];
    for (builder, name) in missing {
        let error = builder.build().unwrap_err();
        assert!(matches!(error, CirrusError::MissingField(field) if field == name), "{name}: {error:?}");
    }
}

#[tokio::test]
async fn rotated_refresh_tokens_are_used_one_after_the_other() {
    let stage = Stage::set_with(|org| org.rotation(true)).await;
    let auth = stage.refresh(&stage.approve()).build().unwrap();
    auth.warm_up().await.unwrap();
    for _ in 0..4 {
        renew(&stage, &auth).await;
    }
    stage.opens(&auth).await;
    assert_eq!(stage.refreshes(), 5);
}

#[tokio::test]
async fn a_handler_is_told_once_a_rotation_and_before_the_token_is_used() {
    let stage = Stage::set_with(|org| org.rotation(true)).await;
    let told = Arc::new(Told::default());
    let auth = stage.refresh(&stage.approve()).on_rotation(told.clone()).build().unwrap();
    for rotations in 1..=3 {
        let (held, gate) = Answer::normal().held_after();
        stage.org.enqueue(OrgEndpoint::Token, held);
        let asking = tokio::spawn({
            let auth = auth.clone();
            async move { auth.access_token().await.map(std::borrow::Cow::into_owned) }
        });
        assert!(gate.reached().await);
        assert_eq!(told.tokens().len(), rotations - 1);
        gate.open();
        let token = asking.await.unwrap().unwrap();
        assert_eq!(told.tokens().len(), rotations);
        assert!(stage.org.is_live_refresh_token(told.tokens().last().unwrap()));
        auth.invalidate(&token).await;
    }
}

#[tokio::test]
async fn without_rotation_a_handler_is_told_nothing() {
    let stage = Stage::set().await;
    let (told, store) = (Arc::new(Told::default()), Arc::new(MemoryTokenStore::default()));
    let first = stage.refresh(&stage.approve()).token_store(store.clone()).on_rotation(told.clone());
    first.build().unwrap().warm_up().await.unwrap();
    let later = stage.refresh_without_token().token_store(store).on_rotation(told.clone());
    renew(&stage, &later.build().unwrap()).await;
    assert_eq!(stage.refreshes(), 2);
    assert!(told.tokens().is_empty());
}

#[tokio::test]
async fn a_shutdown_waits_for_the_refresh_under_way() {
    let stage = Stage::set_with(|org| org.rotation(true)).await;
    let store = Arc::new(MemoryTokenStore::default());
    let auth = stage.refresh(&stage.approve()).token_store(store.clone()).build().unwrap();
    let (held, gate) = Answer::normal().held_after();
    stage.org.enqueue(OrgEndpoint::Token, held);
    // The caller gives up; the refresh goes on.
    let asking = tokio::time::timeout(Duration::from_millis(100), auth.access_token()).await;
    assert!(asking.is_err() && gate.reached().await);
    let stopping = tokio::spawn({
        let auth = auth.clone();
        async move { auth.quiesce().await }
    });
    gate.open();
    stopping.await.unwrap();
    let kept = store.load().await.unwrap().unwrap().tokens;
    assert!(stage.org.is_live_refresh_token(kept.refresh_token.unwrap().expose()));
    assert_eq!(stage.refreshes(), 1);
}

#[tokio::test]
async fn revoking_ends_the_login_at_the_org() {
    let stage = Stage::set_with(|org| org.rotation(true)).await;
    let store = Arc::new(MemoryTokenStore::default());
    let auth = stage.refresh(&stage.approve()).token_store(store.clone()).build().unwrap();
    let token = auth.access_token().await.unwrap().into_owned();
    auth.revoke().await.unwrap();
    assert!(!stage.org.is_live(&token));
    assert!(store.load().await.unwrap().is_none());
    let error = auth.access_token().await.unwrap_err();
    assert_eq!(error.recovery(), Recovery::Reauthorize);
}

#[tokio::test]
async fn a_refresh_that_is_looked_over_when_the_login_is_revoked_brings_no_token() {
    let stage = Stage::set_with(|org| org.rotation(true)).await;
    let auth = stage.refresh(&stage.approve()).introspect(true).build().unwrap();
    // Its token is saved by then; when it ends is not known yet.
    let (held, gate) = Answer::normal().held();
    stage.org.enqueue(OrgEndpoint::Introspection, held);
    let asking = tokio::spawn({
        let auth = auth.clone();
        async move { auth.access_token().await.map(std::borrow::Cow::into_owned) }
    });
    assert!(gate.reached().await);
    auth.revoke().await.unwrap();
    gate.open();
    assert_eq!(asking.await.unwrap().unwrap_err().recovery(), Recovery::Reauthorize);
    assert!(auth.authorization_at_once().is_none());
    assert_eq!(stage.refreshes(), 1);
}

#[tokio::test]
async fn an_access_token_in_hand_is_used_first() {
    let stage = Stage::set().await;
    let token = stage.org.open_session(&stage.org.username()).unwrap();
    let auth = stage.refresh(&stage.approve()).initial_access_token(&token).build().unwrap();
    assert_eq!(auth.access_token().await.unwrap(), token);
    assert_eq!(stage.refreshes(), 0);
    auth.invalidate(&token).await;
    stage.opens(&auth).await;
    assert_eq!(stage.refreshes(), 1);
}

#[tokio::test]
async fn an_access_token_in_hand_is_as_old_as_the_session_whatever_the_order_of_settings() {
    let stage = Stage::set().await;
    let token = stage.org.open_session(&stage.org.username()).unwrap();
    stage.time.advance(minutes(60 * 24 * 365));
    let auth = RefreshTokenAuth::builder()
        .initial_access_token(&token)
        .consumer_key(stage.org.consumer_key())
        .refresh_token("5Aep")
        .login_url(stage.org.login_url())
        .clock(stage.clock())
        .build()
        .unwrap();
    assert_eq!(auth.access_token().await.unwrap(), token);
}

#[tokio::test]
async fn an_access_token_in_hand_that_has_ended_is_passed_over() {
    let stage = Stage::set().await;
    let then = stage.time.unix_seconds() - 10;
    let claims = serde_json::json!({ "iss": "i", "sub": "s", "aud": "a", "iat": then - 600, "exp": then });
    let token = KeyPair::generate(SigningAlgorithm::Es256).unwrap().sign(&claims).unwrap();
    let auth = stage.refresh(&stage.approve()).initial_access_token(token).build().unwrap();
    stage.opens(&auth).await;
}

#[tokio::test]
async fn a_login_of_the_command_line_is_taken_over() {
    let app = ConnectedApp::new("PlatformCLI", "unused").requires_secret(false);
    let stage = Stage::set_with(|org| org.app(app)).await;
    let host = stage.org.url().strip_prefix("http://").unwrap();
    let url = format!("force://PlatformCLI::{}@{host}", stage.approve());
    let login = ImportedLogin::from_auth_url(&url).unwrap();
    let auth = RefreshTokenAuth::builder().imported(login).clock(stage.clock()).build().unwrap();
    stage.opens(&auth).await;
    assert_eq!(stage.refreshes(), 1);
}

#[tokio::test]
async fn a_login_that_ended_says_so_and_a_new_one_may_begin_at_once() {
    let stage = Stage::set().await;
    let auth = stage.refresh(&stage.approve()).build().unwrap();
    stage.refuse("invalid_grant", "expired access/refresh token");
    let error = auth.access_token().await.unwrap_err();
    assert_eq!(error.refusal(), Some(SalesforceRefusal::TokenExpired));
    let error = auth.access_token().await.unwrap_err();
    assert_eq!((error.recovery(), stage.refreshes()), (Recovery::Reauthorize, 1));
    auth.reset_failures();
    stage.opens(&auth).await;
}

#[tokio::test]
async fn who_never_signed_in_is_told_to() {
    let stage = Stage::set().await;
    let store = Arc::new(MemoryTokenStore::default());
    let auth = stage.refresh_without_token().token_store(store).build().unwrap();
    assert_eq!(auth.access_token().await.unwrap_err().recovery(), Recovery::Reauthorize);
    assert_eq!(stage.refreshes(), 0);
}
