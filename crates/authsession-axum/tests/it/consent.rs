//! Providers such as Google, which issue a refresh token only when the user consents: asked for once, when none is held.

use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::habits::Habits;
use authsession_testkit::ledger::RefreshTokens;
use authsession_testkit::script::Answer;

use crate::stage::Stage;

/// An application at such a provider.
async fn stage() -> Stage {
    let habits = Habits::default().refresh_token_with_consent();
    Stage::with(|provider| provider.habits(habits), asking).await
}

pub(crate) fn asking(app: OAuthConfigurationBuilder) -> OAuthConfigurationBuilder {
    app.with_authorization_parameter("access_type", "offline").with_consent_for_refresh_token(true)
}

/// The prompts of the logins so far.
fn prompts(stage: &Stage) -> Vec<Option<String>> {
    let requests = stage.provider.journal().requests(Endpoint::Authorization);
    requests.iter().map(|request| request.query_value("prompt").map(str::to_owned)).collect()
}

async fn has_refresh_token(stage: &Stage) -> bool {
    stage.fetch("/session").await.1["refresh_token"].as_str().is_some_and(|token| !token.is_empty())
}

/// The user, who has consented before, in another browser.
async fn elsewhere() -> Stage {
    let stage = stage().await;
    stage.sign_in().await;
    stage.browser.clear_cookies();
    stage
}

const CONSENT: &str = "consent";

#[tokio::test]
async fn nobody_is_asked_for_consent_at_a_first_try() {
    let stage = stage().await;
    let page = stage.browser.navigate(stage.url("/token")).await.unwrap();
    assert_eq!(page.status, 200);
    assert_eq!(prompts(&stage), [None]);
    assert!(has_refresh_token(&stage).await);
}

#[tokio::test]
async fn a_login_without_a_refresh_token_comes_back_with_consent_and_ends_where_it_should() {
    let stage = elsewhere().await;

    let page = stage.browser.navigate(stage.url("/claims?tab=2")).await.unwrap();

    assert_eq!((page.status.as_u16(), page.url.query()), (200, Some("tab=2")));
    assert_eq!(prompts(&stage), [None, Some(CONSENT.to_owned())]);
    assert!(has_refresh_token(&stage).await);
    assert_eq!(stage.login_cookies(), 0);
}

#[tokio::test]
async fn what_the_login_asked_is_asked_again() {
    let stage = elsewhere().await;

    stage.browser.navigate(stage.url("/step-up")).await.unwrap();

    let again = stage.provider.journal().last(Endpoint::Authorization).unwrap();
    let asked = [("prompt", CONSENT), ("max_age", "0"), ("theme", "dark"), ("acr_values", "urn:example:mfa")];
    for (name, value) in asked {
        assert_eq!(again.query_value(name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn a_provider_that_never_issues_one_is_asked_once_and_the_user_is_signed_in() {
    let stage = Stage::with(|provider| provider.refresh_tokens(RefreshTokens::None), asking).await;

    let page = stage.browser.navigate(stage.url("/claims")).await.unwrap();

    assert_eq!((page.status.as_u16(), page.url.path()), (200, "/claims"));
    assert_eq!(prompts(&stage), [None, Some(CONSENT.to_owned())]);
    assert!(!has_refresh_token(&stage).await);
}

#[tokio::test]
async fn who_signs_in_again_where_they_are_signed_in_keeps_the_refresh_token_they_have() {
    let stage = stage().await;
    stage.sign_in().await;
    let (before, cookie) =
        (stage.fetch("/session").await.1["refresh_token"].clone(), stage.session_cookie().unwrap());

    let page = stage.browser.navigate(stage.url("/auth?return_to=/claims")).await.unwrap();

    assert_eq!((page.status.as_u16(), prompts(&stage)), (200, vec![None]));
    assert_eq!(stage.fetch("/session").await.1["refresh_token"], before);
    assert_eq!(stage.provider.journal().count(Endpoint::Revocation), 0, "it is in use");
    stage.browser.set_cookie(stage.url("/"), &format!("authsession={cookie}; Path=/")).unwrap();
    assert_eq!(stage.fetch("/claims").await.1["reason"], "replaced");
}

#[tokio::test]
async fn a_refresh_token_in_use_at_this_moment_is_not_taken_over() {
    let habits = Habits::default().refresh_token_with_consent();
    let one_for_good = RefreshTokens::Static;
    let stage = Stage::with(|provider| provider.habits(habits).refresh_tokens(one_for_good), asking).await;
    stage.sign_in().await;
    let before = stage.fetch("/session").await.1["refresh_token"].clone();
    stage.expire_token();
    let (answer, gate) = Answer::normal().held_after();
    stage.provider.enqueue(Endpoint::Token, answer);
    let (tab, url) = (stage.browser.tab(), stage.url("/token"));
    let refreshing = tokio::spawn(async move { tab.fetch(url).await });
    assert!(gate.reached().await);

    stage.browser.navigate(stage.url("/auth?return_to=/claims")).await.unwrap();
    gate.open();
    refreshing.await.unwrap().unwrap();

    assert!(stage.provider.journal().reaches(Endpoint::Revocation, 1).await, "of the session before");
    let after = stage.fetch("/session").await.1["refresh_token"].clone();
    assert_ne!(after, before);
    assert!(stage.provider.live_refresh_token(after.as_str().unwrap()));
}

#[tokio::test]
async fn nobody_gets_the_refresh_token_of_the_user_before() {
    let stage = stage().await;
    for user in ["bob", "alice"] {
        stage.browser.clear_cookies();
        stage.provider.sign_in_as(user);
        stage.sign_in().await;
    }
    let of_alice = stage.fetch("/session").await.1["refresh_token"].clone();
    stage.provider.sign_in_as("bob");

    stage.browser.navigate(stage.url("/auth?return_to=/claims")).await.unwrap();

    assert_eq!(stage.fetch("/claims").await.1["sub"], "bob");
    assert_eq!(prompts(&stage), [None, Some(CONSENT.to_owned())]);
    assert_ne!(stage.fetch("/session").await.1["refresh_token"], of_alice);
    assert!(stage.provider.journal().reaches(Endpoint::Revocation, 1).await, "that session is over");
}

#[tokio::test]
async fn a_login_that_must_show_nothing_does_not_ask() {
    let stage = stage().await;
    stage.sign_in().await;
    stage.browser.set_cookie(stage.url("/"), "authsession=x; Path=/; Max-Age=0").unwrap();

    let page = stage.browser.navigate(stage.url("/auth?prompt=none&return_to=/claims")).await.unwrap();

    assert_eq!((page.status.as_u16(), prompts(&stage)), (200, vec![Some("none".to_owned())]));
    assert!(!has_refresh_token(&stage).await);
}

#[tokio::test]
async fn without_the_setting_nobody_is_asked() {
    let stage = Stage::with(|provider| provider.refresh_tokens(RefreshTokens::None), |app| app).await;
    stage.browser.navigate(stage.url("/token")).await.unwrap();
    assert_eq!(prompts(&stage), [None]);
}

#[tokio::test]
async fn parameters_too_large_for_a_cookie_are_given_up_before_the_login_is() {
    let stage = elsewhere().await;
    let long = "x".repeat(500);
    let link = format!("/auth?login_hint={long}&ui_locales={long}&acr_values={long}&return_to=/{long}{long}");

    let page = stage.browser.navigate(stage.url(&link)).await.unwrap();

    assert_eq!(page.url.path(), format!("/{long}{long}"));
    assert_eq!((prompts(&stage), stage.fetch("/token").await.0), (vec![None], 200));
}

#[tokio::test]
async fn a_user_who_does_not_consent_gets_a_page_that_helps() {
    let stage = elsewhere().await;
    let start = stage.browser.navigate_without_following(stage.url("/auth")).await.unwrap();
    let back = stage.browser.navigate_without_following(start.location().unwrap()).await.unwrap();
    let again = stage.browser.navigate_without_following(back.location().unwrap()).await.unwrap();
    assert_eq!(again.location().unwrap().path(), "/authorize");
    stage.provider.deny_next_authorization("access_denied");

    let page = stage.browser.navigate(again.location().unwrap()).await.unwrap();

    assert_eq!((page.status.as_u16(), stage.login_cookies()), (403, 0));
    assert!(page.text().contains("/auth"));
}
