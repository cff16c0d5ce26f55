//! The username-password flow against the org.

use authsession_salesforce::CirrusError;
use authsession_salesforce::auth::{PasswordAuth, PasswordAuthBuilder, Recovery};
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::org::user::OrgUser;

use crate::stage::{Stage, told};

pub(crate) fn login(stage: &Stage) -> PasswordAuthBuilder {
    PasswordAuth::builder()
        .consumer_key(stage.org.consumer_key())
        .consumer_secret(stage.org.consumer_secret())
        .username(stage.org.username())
        .login_url(stage.org.login_url())
        .clock(stage.clock())
}

#[tokio::test]
async fn a_password_opens_the_org_with_and_without_its_security_token() {
    let user = OrgUser::new("ann@acme.example").password("pass+word&1").security_token("Tok=1");
    let stage = Stage::set_with(|org| org.user(user)).await;
    stage.opens(&login(&stage).password("pass+word&1").build().unwrap()).await;
    let auth = login(&stage).password("pass+word&1").security_token("Tok=1").connect().await.unwrap();
    stage.opens(&auth).await;
    let sent = stage.org.journal().last(OrgEndpoint::Token).unwrap();
    assert_eq!(sent.form_value("password"), Some("pass+word&1Tok=1"));
    assert!(sent.header("authorization").is_none(), "the secret is looked for in the body");
}

#[tokio::test]
async fn a_wrong_password_is_named_and_not_repeated() {
    let stage = Stage::set().await;
    let auth = login(&stage).password("hunter2").build().unwrap();
    let error = auth.warm_up().await.unwrap_err();
    assert!(matches!(error.recovery(), Recovery::FixConfig { hint } if hint.contains("Login History")));
    let built = login(&stage).password("hunter2").security_token("hunter2");
    assert!(!format!("{} {auth:?} {built:?}", told(&error)).contains("hunter2"));
}

#[test]
fn what_is_missing_is_named() {
    let begun = || PasswordAuth::builder().instance_url("https://acme.my.salesforce.com");
    let missing = [
        (begun().username("u").password("p"), "consumer_key"),
        (begun().consumer_key("k").password("p"), "username"),
        (begun().consumer_key("k").username("u"), "password"),
    ];
    for (builder, name) in missing {
        let error = builder.build().unwrap_err();
        assert!(matches!(error, CirrusError::MissingField(field) if field == name), "{name}: {error:?}");
    }
}
