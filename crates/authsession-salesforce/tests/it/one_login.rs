//! One login, one user: what two sessions of it share, and what two users never do.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use authsession_core::token_store::memory::MemoryTokenStore;
use authsession_salesforce::CirrusError;
use authsession_salesforce::auth::{AuthSession, Recovery, RotationHandler, WebServerFlow};
use authsession_testkit::org::user::OrgUser;

use crate::stage::{CALLBACK, Stage, minutes};
use crate::web_server::sign_in;

#[tokio::test]
async fn two_users_of_one_flow_and_store_never_see_each_others_token() {
    let stage = Stage::set_with(|org| {
        org.user(OrgUser::new("ann@acme.example")).user(OrgUser::new("eve@acme.example"))
    })
    .await;
    let store = Arc::new(MemoryTokenStore::default());
    // Without `openid`, so that it is not the ID token that tells them apart.
    let flow = WebServerFlow::builder()
        .consumer_key(stage.org.consumer_key())
        .consumer_secret(stage.org.consumer_secret())
        .redirect_uri(CALLBACK)
        .login_url(stage.org.login_url())
        .scopes(["api", "refresh_token"])
        .clock(stage.clock())
        .token_store(store)
        .build()
        .unwrap();
    let one = sign_in(&stage, &flow).await.unwrap();
    stage.org.sign_in_as("eve@acme.example");
    let other = sign_in(&stage, &flow).await.unwrap();
    assert_ne!(one.id, other.id);
    stage.time.advance(minutes(2));
    one.invalidate(&one.access_token).await;
    let refused = one.access_token().await.unwrap_err();
    assert!(matches!(refused, CirrusError::Untrusted(_)), "{refused:?}");
    assert!(refused.to_string().contains("another user"), "{refused}");
    stage.opens(&other).await;
}

#[tokio::test]
async fn a_sign_in_and_the_session_made_of_it_share_the_refresh_token_that_rotates() {
    let stage = Stage::set_with(|org| org.rotation(true)).await;
    let flow = stage.web_server().build().unwrap();
    let completed = sign_in(&stage, &flow).await.unwrap();
    let auth = flow.refresh_auth(&completed).unwrap().build().unwrap();
    for _ in 0..3 {
        for session in [&completed as &dyn AuthSession, &auth] {
            stage.time.advance(minutes(2));
            let token = session.access_token().await.unwrap().into_owned();
            session.invalidate(&token).await;
            let next = session.access_token().await.unwrap();
            assert_eq!(stage.api_status(&next).await, 200);
        }
    }
}

/// Panics the first time.
#[derive(Default)]
struct Stumbling(AtomicUsize);

#[async_trait]
impl RotationHandler for Stumbling {
    async fn on_rotation(&self, _new_refresh_token: &str) {
        assert!(self.0.fetch_add(1, Ordering::SeqCst) > 0, "stumbled");
    }
}

#[tokio::test]
async fn a_handler_that_did_not_get_to_the_end_is_told_again() {
    let stage = Stage::set_with(|org| org.rotation(true)).await;
    let told = Arc::new(Stumbling::default());
    let handler = Arc::clone(&told) as Arc<dyn RotationHandler>;
    let auth = stage.refresh(&stage.approve()).on_rotation(handler).build().unwrap();
    let error = auth.access_token().await.unwrap_err();
    assert!(matches!(error.recovery(), Recovery::RetryAfter(_)), "{error:?}");
    stage.time.advance(minutes(1));
    stage.opens(&auth).await;
    assert_eq!(told.0.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_callback_that_says_no_says_what_to_do() {
    let stage = Stage::set().await;
    let flow = stage.web_server().build().unwrap();
    let (_, pending) = flow.start().unwrap();
    let query = format!("error=access_denied&error_description=end-user+denied&state={}", pending.state());
    let refused = flow.complete_callback(pending.clone(), &query).await.unwrap_err();
    assert_eq!(refused.recovery(), Recovery::Reauthorize);
    assert!(!refused.to_string().contains("end-user"));
    let forged = flow.complete_callback(pending, "error=access_denied&state=another").await.unwrap_err();
    assert!(matches!(forged, CirrusError::StateMismatch));
}

#[tokio::test]
async fn a_header_that_was_awaited_is_not_waited_for_again() {
    let stage = Stage::set().await;
    let auth = stage.jwt().build().unwrap();
    let mut authorization = auth.authorization();
    (&mut authorization).await.unwrap();
    assert!((&mut authorization).await.is_err());
}
