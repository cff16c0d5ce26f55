//! The token exchange flow against the org.

use authsession_salesforce::CirrusError;
use authsession_salesforce::auth::{
    AuthSession, MAX_SUBJECT_TOKEN_CHARS, Recovery, SubjectTokenType, TokenExchangeFlow,
    TokenExchangeGrantType,
};
use authsession_testkit::org::endpoint::OrgEndpoint;

use crate::stage::{FOREIGN_TOKEN, Stage};

#[tokio::test]
async fn somebody_elses_token_opens_the_org() {
    let stage = Stage::set().await;
    let flow = stage.token_exchange().scopes(["api", "refresh_token"]).build().unwrap();
    let session = flow.exchange(FOREIGN_TOKEN, SubjectTokenType::Jwt).await.unwrap();
    stage.opens(&session).await;
    session.invalidate(&session.access_token).await;
    stage.opens(&session).await;
    assert_eq!(stage.refreshes(), 1, "with a refresh token it stays valid");
    flow.revoke(session.refresh_token.as_deref().unwrap()).await.unwrap();
    assert_eq!(stage.org.sessions(), 0);
}

#[tokio::test]
async fn without_a_refresh_token_another_exchange_is_needed() {
    let stage = Stage::set().await;
    let flow = stage.token_exchange().scope("api").build().unwrap();
    let session = flow.exchange(FOREIGN_TOKEN, &SubjectTokenType::AccessToken).await.unwrap();
    stage.opens(&session).await;
    session.invalidate(&session.access_token).await;
    assert_eq!(session.access_token().await.unwrap_err().recovery(), Recovery::Reauthorize);
}

#[tokio::test]
async fn each_setting_is_sent() {
    let stage = Stage::set_with(|org| org.token_handler("Acme_Handler")).await;
    let flow = stage
        .token_exchange()
        .grant_type(TokenExchangeGrantType::HybridTokenExchange)
        .token_handler("Acme_Handler")
        .scope("api")
        .scope("refresh_token")
        .build()
        .unwrap();
    let kinds = [
        SubjectTokenType::AccessToken,
        SubjectTokenType::RefreshToken,
        SubjectTokenType::IdToken,
        SubjectTokenType::Saml2,
        SubjectTokenType::Jwt,
        SubjectTokenType::Custom("urn:acme:ticket".to_owned()),
    ];
    for kind in kinds {
        flow.exchange(FOREIGN_TOKEN, &kind).await.unwrap();
        let sent = stage.org.journal().last(OrgEndpoint::Token).unwrap();
        assert_eq!(sent.form_value("subject_token_type"), Some(kind.as_urn()));
        assert_eq!(sent.form_value("grant_type"), Some(TokenExchangeGrantType::HybridTokenExchange.as_urn()));
        assert_eq!(sent.form_value("token_handler"), Some("Acme_Handler"));
        assert_eq!(sent.form_value("scope"), Some("api refresh_token"));
        assert_eq!(sent.form_value("client_id"), Some(stage.org.consumer_key().as_str()));
    }
}

#[tokio::test]
async fn a_token_that_is_none_or_too_long_is_not_sent() {
    let stage = Stage::set().await;
    let flow = stage.token_exchange().build().unwrap();
    for token in [String::new(), "x".repeat(MAX_SUBJECT_TOKEN_CHARS + 1)] {
        let error = flow.exchange(&token, SubjectTokenType::Jwt).await.unwrap_err();
        assert!(matches!(error, CirrusError::InvalidArgument { name: "subject_token", .. }), "{error:?}");
    }
    assert_eq!(stage.org.journal().count(OrgEndpoint::Token), 0);
    let longest = "x".repeat(MAX_SUBJECT_TOKEN_CHARS);
    let error = flow.exchange(&longest, SubjectTokenType::Jwt).await.unwrap_err();
    assert!(matches!(error, CirrusError::OAuth { .. } | CirrusError::Misconfigured { .. }), "{error:?}");
}

#[test]
fn where_all_orgs_log_in_this_flow_is_not_served() {
    let begun = || TokenExchangeFlow::builder().consumer_key("k").consumer_secret("s");
    assert!(matches!(begun().build().unwrap_err(), CirrusError::MissingField("login_url")));
    let error = begun().login_url("https://login.salesforce.com").build().unwrap_err();
    assert!(error.to_string().contains("My Domain"), "{error}");
    begun().login_url("https://acme.my.site.com/partners").build().unwrap();
}
