//! The web server flow against the org.

use std::sync::Arc;

use authsession_core::token_store::TokenStore as _;
use authsession_core::token_store::memory::MemoryTokenStore;
use authsession_salesforce::CirrusError;
use authsession_salesforce::auth::{
    AuthSession, AuthorizeOptions, CompletedSession, PendingExchange, Recovery, SalesforceRefusal,
    WebServerFlow,
};
use authsession_testkit::org::connected_app::ConnectedApp;
use authsession_testkit::org::endpoint::OrgEndpoint;
use url::Url;

use crate::stage::{CALLBACK, Stage, minutes};

/// The user goes there, says yes, and comes back with these: code and state.
async fn say_yes(stage: &Stage, url: &str) -> (String, String) {
    let page = stage.browser.navigate_without_following(url).await.unwrap();
    let back = page.location().unwrap();
    let value = |name: &str| {
        back.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap()
    };
    (value("code"), value("state"))
}

pub(crate) async fn sign_in(stage: &Stage, flow: &WebServerFlow) -> Result<CompletedSession, CirrusError> {
    let (url, pending) = flow.start().unwrap();
    let (code, state) = say_yes(stage, &url).await;
    flow.complete(pending, &code, &state).await
}

#[tokio::test]
async fn a_user_signs_in_and_the_sign_in_is_a_session() {
    let stage = Stage::set().await;
    let session = sign_in(&stage, &stage.web_server().build().unwrap()).await.unwrap();
    stage.opens(&session).await;
    assert_eq!(session.access_token().await.unwrap(), session.access_token);
    assert_eq!(session.instance_url, stage.org.instance_url());
    assert!(session.refresh_token.is_some() && session.id_token.is_some() && session.signature.is_some());
    assert_eq!(session.scope.as_deref(), Some("api openid refresh_token"));
    assert_eq!(session.claims.as_ref().unwrap().nonce, session.nonce);
    assert_eq!(session.id.as_deref(), Some(session.claims.as_ref().unwrap().subject.as_str()));
    let token = session.access_token.clone();
    stage.org.expire_sessions();
    session.invalidate(&token).await;
    stage.opens(&session).await;
    assert_eq!(stage.refreshes(), 1);
}

#[tokio::test]
async fn without_a_refresh_token_the_session_serves_until_the_org_ends_it() {
    let stage = Stage::set().await;
    let flow = WebServerFlow::builder()
        .consumer_key(stage.org.consumer_key())
        .consumer_secret(stage.org.consumer_secret())
        .redirect_uri(CALLBACK)
        .login_url(stage.org.login_url())
        .scope("api")
        .clock(stage.clock())
        .build()
        .unwrap();
    let session = sign_in(&stage, &flow).await.unwrap();
    stage.opens(&session).await;
    assert!(session.refresh_token.is_none() && session.claims.is_none());
    session.invalidate(&session.access_token).await;
    assert_eq!(session.access_token().await.unwrap_err().recovery(), Recovery::Reauthorize);
    assert!(matches!(flow.refresh_auth(&session).unwrap_err(), CirrusError::MissingField("refresh_token")));
}

#[tokio::test]
async fn without_scopes_an_id_token_that_comes_is_verified() {
    let stage = Stage::set().await;
    let flow = || {
        WebServerFlow::builder()
            .consumer_key(stage.org.consumer_key())
            .consumer_secret(stage.org.consumer_secret())
            .redirect_uri(CALLBACK)
            .login_url(stage.org.login_url())
            .clock(stage.clock())
            .build()
            .unwrap()
    };
    let session = sign_in(&stage, &flow()).await.unwrap();
    assert!(session.claims.unwrap().nonce.is_some());
    let (url, pending) = flow().start().unwrap();
    let (code, state) = say_yes(&stage, &url).await;
    stage.tamper(|answer| answer["id_token"] = "e30.e30.e30".into());
    let error = flow().complete(pending, &code, &state).await.unwrap_err();
    assert_eq!(error.recovery(), Recovery::DoNotTrust);
}

#[tokio::test]
async fn each_setting_is_asked_for() {
    let stage = Stage::set().await;
    let flow =
        stage.web_server().scope("web").prompt("login").login_hint("ann@acme.example").build().unwrap();
    let (url, _) = flow.start().unwrap();
    let url = Url::parse(&url).unwrap();
    let asked =
        |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    assert_eq!(asked("scope").as_deref(), Some("api openid refresh_token web"));
    assert_eq!(asked("prompt").as_deref(), Some("login"));
    assert_eq!(asked("login_hint").as_deref(), Some("ann@acme.example"));
    assert_eq!(asked("redirect_uri").as_deref(), Some(CALLBACK));
    assert_eq!(asked("code_challenge_method").as_deref(), Some("S256"));
    assert!(asked("nonce").is_some() && asked("state").is_some());
}

#[tokio::test]
async fn one_request_may_ask_for_more() {
    let stage = Stage::set().await;
    let flow = stage.web_server().prompt("login").build().unwrap();
    let options = AuthorizeOptions::new()
        .login_hint("bob@acme.example")
        .prompt("consent")
        .nonce("the-nonce-of-the-test")
        .display("popup")
        .immediate(false)
        .sso_provider("corporate")
        .param("ui_color", "1")
        .param("ui_color", "2");
    let (url, pending) = flow.start_with(&options).unwrap();
    for part in [
        "login_hint=bob%40acme.example",
        "prompt=consent",
        "nonce=the-nonce-of-the-test",
        "display=popup",
        "immediate=false",
        "sso_provider=corporate",
        "ui_color=2",
    ] {
        assert!(url.contains(part), "{part}: {url}");
    }
    assert!(!url.contains("ui_color=1") && !url.contains("prompt=login"));
    assert_eq!(pending.nonce(), Some("the-nonce-of-the-test"));
    assert!(!format!("{options:?}").contains("the-nonce-of-the-test"));
    let error = flow.start_with(&AuthorizeOptions::new().param("state", "mine")).unwrap_err();
    assert!(matches!(error.recovery(), Recovery::FixConfig { .. }));
}

#[tokio::test]
async fn a_nonce_may_be_made_whatever_the_scope() {
    let stage = Stage::set().await;
    let flow = WebServerFlow::builder()
        .consumer_key(stage.org.consumer_key())
        .consumer_secret(stage.org.consumer_secret())
        .redirect_uri(CALLBACK)
        .login_url(stage.org.login_url())
        .scope("api")
        .build()
        .unwrap();
    assert!(flow.start().unwrap().1.nonce().is_none());
    let (url, pending) = flow.start_with(&AuthorizeOptions::new().generate_nonce()).unwrap();
    assert!(url.contains(&format!("nonce={}", pending.nonce().unwrap())));
}

#[tokio::test]
async fn the_half_way_of_a_sign_in_can_be_kept_elsewhere() {
    let stage = Stage::set().await;
    let flow = stage.web_server().build().unwrap();
    let (url, pending) = flow.start().unwrap();
    let kept = serde_json::to_string(&pending).unwrap();
    let (code, state) = say_yes(&stage, &url).await;
    let pending: PendingExchange = serde_json::from_str(&kept).unwrap();
    let session = stage.web_server().build().unwrap().complete(pending, &code, &state).await.unwrap();
    stage.opens(&session).await;
}

#[tokio::test]
async fn a_callback_of_another_sign_in_is_refused_before_anything_is_sent() {
    let stage = Stage::set().await;
    let flow = stage.web_server().build().unwrap();
    let (url, pending) = flow.start().unwrap();
    let (code, state) = say_yes(&stage, &url).await;
    let (_, another) = flow.start().unwrap();
    for wrong in ["", &state[1..], another.state()] {
        let error = flow.complete(pending.clone(), &code, wrong).await.unwrap_err();
        assert!(matches!(error, CirrusError::StateMismatch), "{error:?}");
    }
    assert_eq!(stage.org.journal().count(OrgEndpoint::Token), 0);
    assert!(flow.complete(pending, &code, &state).await.is_ok());
}

#[tokio::test]
async fn a_sign_in_is_completed_by_the_flow_that_began_it() {
    let stage = Stage::set().await;
    let (url, pending) = stage.web_server().build().unwrap().start().unwrap();
    let (code, state) = say_yes(&stage, &url).await;
    for other in [
        stage.web_server().consumer_key("another"),
        stage.web_server().redirect_uri("https://app.example/other"),
        stage.web_server().login_url("https://test.salesforce.com"),
    ] {
        let error = other.build().unwrap().complete(pending.clone(), &code, &state).await.unwrap_err();
        assert!(matches!(error, CirrusError::FlowMismatch), "{error:?}");
    }
    assert_eq!(stage.org.journal().count(OrgEndpoint::Token), 0);
}

#[tokio::test]
async fn a_code_works_once() {
    let stage = Stage::set().await;
    let flow = stage.web_server().build().unwrap();
    let (url, pending) = flow.start().unwrap();
    let (code, state) = say_yes(&stage, &url).await;
    flow.complete(pending.clone(), &code, &state).await.unwrap();
    let error = flow.complete(pending, &code, &state).await.unwrap_err();
    assert_eq!(error.refusal(), Some(SalesforceRefusal::CodeExpired));
}

#[tokio::test]
async fn a_user_signs_in_to_a_machine_whose_clock_is_off() {
    let stage = Stage::set().await;
    for clock in [stage.clock_ahead(minutes(60)), stage.clock_behind(minutes(60))] {
        let session = sign_in(&stage, &stage.web_server().clock(clock).build().unwrap()).await.unwrap();
        stage.opens(&session).await;
        session.invalidate(&session.access_token).await;
        stage.opens(&session).await;
    }
}

#[tokio::test]
async fn an_app_without_a_secret_signs_users_in() {
    let app = ConnectedApp::new("public", "unused").requires_secret(false).requires_pkce(true);
    let stage = Stage::set_with(|org| org.app(app)).await;
    let flow = WebServerFlow::builder()
        .consumer_key("public")
        .redirect_uri(CALLBACK)
        .login_url(stage.org.login_url())
        .scopes(["api", "refresh_token"])
        .clock(stage.clock())
        .build()
        .unwrap();
    let session = sign_in(&stage, &flow).await.unwrap();
    session.invalidate(&session.access_token).await;
    stage.opens(&session).await;
}

#[tokio::test]
async fn a_sign_in_is_kept_where_the_next_start_finds_it() {
    let stage = Stage::set_with(|org| org.rotation(true)).await;
    let store = Arc::new(MemoryTokenStore::default());
    let flow = stage.web_server().token_store(store.clone()).build().unwrap();
    sign_in(&stage, &flow).await.unwrap();
    assert!(store.load().await.unwrap().is_some());
    let restarted = stage.refresh_without_token().token_store(store).build().unwrap();
    stage.opens(&restarted).await;
    assert_eq!(stage.refreshes(), 0, "the access token of the sign-in still serves");
    let token = restarted.access_token().await.unwrap().into_owned();
    restarted.invalidate(&token).await;
    stage.opens(&restarted).await;
    assert_eq!(stage.refreshes(), 1);
}

#[tokio::test]
async fn a_sign_in_goes_on_as_a_session_with_settings_of_its_own() {
    let stage = Stage::set_with(|org| org.rotation(true)).await;
    let flow = stage.web_server().build().unwrap();
    let session = sign_in(&stage, &flow).await.unwrap();
    let auth = flow.refresh_auth(&session).unwrap().build().unwrap();
    assert_eq!(auth.access_token().await.unwrap(), session.access_token);
    auth.invalidate(&session.access_token).await;
    stage.opens(&auth).await;
    flow.revoke(&auth.access_token().await.unwrap()).await.unwrap();
    assert_eq!(stage.org.sessions(), 1, "the other one lives");
    flow.revoke(session.refresh_token.as_deref().unwrap()).await.unwrap();
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let begun = WebServerFlow::builder;
    let missing =
        [(begun().redirect_uri(CALLBACK), "consumer_key"), (begun().consumer_key("k"), "redirect_uri")];
    for (builder, name) in missing {
        let error = builder.build().unwrap_err();
        assert!(matches!(error, CirrusError::MissingField(field) if field == name), "{error:?}");
    }
    for wrong in ["http://app.example/callback", "https://app.example/callback#part"] {
        let error = begun().consumer_key("k").redirect_uri(wrong).build().unwrap_err();
        assert!(matches!(error, CirrusError::InvalidArgument { name: "redirect_uri", .. }), "{error:?}");
    }
    for right in ["com.acme.app:/callback", "http://localhost:1717/callback", CALLBACK] {
        begun().consumer_key("k").redirect_uri(right).build().unwrap();
    }
}
