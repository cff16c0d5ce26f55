//! The device flow against the org.

use std::time::Duration;

use authsession_salesforce::auth::{AuthSession, DeviceFlow, DeviceFlowBuilder, Recovery, SalesforceRefusal};
use authsession_testkit::org::endpoint::OrgEndpoint;

use crate::stage::Stage;

fn flow(stage: &Stage) -> DeviceFlowBuilder {
    DeviceFlow::builder()
        .consumer_key(stage.org.consumer_key())
        .consumer_secret(stage.org.consumer_secret())
        .login_url(stage.org.login_url())
        .clock(stage.clock())
}

#[tokio::test]
async fn a_user_signs_in_on_another_device() {
    let stage = Stage::set().await;
    let flow = flow(&stage).scopes(["api", "openid"]).scope("refresh_token").build().unwrap();
    let pending = flow.start().await.unwrap();
    assert!(stage.org.approve_device(&pending.user_code, &stage.org.username()));
    tokio::time::pause();
    let session = flow.complete(&pending).await.unwrap();
    tokio::time::resume();
    stage.opens(&session).await;
    assert_eq!(session.claims.as_ref().map(|claims| claims.nonce.is_none()), Some(true));
    session.invalidate(&session.access_token).await;
    stage.opens(&session).await;
    assert_eq!(stage.refreshes(), 1);
}

#[tokio::test]
async fn a_user_who_says_no_ends_the_wait() {
    let stage = Stage::set().await;
    let flow = flow(&stage).build().unwrap();
    let pending = flow.start().await.unwrap();
    assert!(stage.org.deny_device(&pending.user_code));
    tokio::time::pause();
    let error = flow.complete(&pending).await.unwrap_err();
    assert_eq!(error.refusal(), Some(SalesforceRefusal::AccessDenied));
    assert_eq!(error.recovery(), Recovery::Reauthorize);
}

#[tokio::test]
async fn a_user_who_takes_too_long_ends_the_wait() {
    let stage = Stage::set().await;
    let flow = flow(&stage).build().unwrap();
    let pending = flow.start().await.unwrap();
    stage.time.advance(Duration::from_secs(601));
    tokio::time::pause();
    let error = flow.complete(&pending).await.unwrap_err();
    assert_eq!(error.recovery(), Recovery::Reauthorize, "{error:?}");
}

#[tokio::test]
async fn a_code_is_asked_for_as_the_org_wants_it() {
    let stage = Stage::set().await;
    flow(&stage).scope("api").build().unwrap().start().await.unwrap();
    let sent = stage.org.journal().last(OrgEndpoint::Token).unwrap();
    assert_eq!(sent.form_value("response_type"), Some("device_code"));
    assert_eq!(sent.form_value("client_id"), Some(stage.org.consumer_key().as_str()));
    assert_eq!(sent.form_value("scope"), Some("api"));
}
