//! Providers such as Google, which issue a refresh token only when the user consents: asked for once, when none is held.

use std::time::Duration;

use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::habits::Habits;
use authsession_testkit::ledger::RefreshTokens;
use authsession_testkit::script::Answer;
use serde_json::{Value, json};

use crate::pains::scene::until;
use crate::stage::{COOKIE_KEY, Stage, TOKEN_LIFETIME};

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

    let after = stage.fetch("/session").await.1["refresh_token"].clone();
    assert_ne!(after, before);
    assert!(stage.provider.live_refresh_token(after.as_str().unwrap()));
    assert_eq!(stage.provider.journal().count(Endpoint::Revocation), 0, "it could take the new one along");
}

/// As with `max_age`, or by another factor: a refresh would say of this login what was true of the one before.
#[tokio::test]
async fn who_authenticated_anew_or_otherwise_is_asked_and_gets_a_refresh_token_of_that_login() {
    let lies: [fn(&mut Value, &mut Value); 2] = [
        |_, claims| claims["acr"] = "pwd".into(),
        |_, claims| {
            let claims = claims.as_object_mut().unwrap();
            claims.remove("auth_time");
        },
    ];
    for lie in lies {
        let stage = stage().await;
        stage.sign_in().await;
        let before = stage.fetch("/session").await.1["refresh_token"].clone();
        stage.provider.enqueue(Endpoint::Token, Answer::lying_id_token(lie));

        stage.browser.navigate(stage.url("/auth?return_to=/claims")).await.unwrap();

        assert_eq!(prompts(&stage), [None, Some(CONSENT.to_owned())]);
        let after = stage.fetch("/session").await.1["refresh_token"].clone();
        assert!(after != "" && after != before);
    }
}

#[tokio::test]
async fn claims_follow_the_refreshes_of_whoever_authenticated_anew() {
    let stage = stage().await;
    stage.sign_in().await;
    stage.clock.advance(Duration::from_secs(100));
    let page = stage.browser.navigate(stage.url("/auth?prompt=login&return_to=/token")).await.unwrap();
    assert_eq!(page.status, 200);

    let told = Answer::lying_id_token(|_, claims| claims["groups"] = json!(["ops"]));
    stage.provider.enqueue(Endpoint::Token, told);
    stage.expire_token();

    assert_eq!(stage.fetch("/claims").await.1["groups"], json!(["ops"]));
}

/// A refresh of it was sent, and nothing is known of what came of it.
async fn in_doubt(stage: &Stage) -> String {
    stage.sign_in().await;
    let token = stage.fetch("/session").await.1["refresh_token"].as_str().unwrap().to_owned();
    stage.clock.advance(TOKEN_LIFETIME - Duration::from_secs(30));
    stage.provider.enqueue(Endpoint::Token, Answer::dropped_after());
    assert_eq!(stage.fetch("/token").await.0, 200);
    assert!(stage.provider.journal().reaches(Endpoint::Token, 1).await);
    assert!(until(async || stage.provider.journal().last(Endpoint::Token).unwrap().status.is_none()).await);
    stage.provider.journal().clear();
    token
}

#[tokio::test]
async fn a_refresh_token_that_may_be_spent_is_not_handed_over_and_ends_no_grant() {
    let habits = Habits::default().refresh_token_with_consent();
    let one_for_good = RefreshTokens::Static;
    let stage = Stage::with(|provider| provider.habits(habits).refresh_tokens(one_for_good), asking).await;
    let before = in_doubt(&stage).await;

    stage.browser.navigate(stage.url("/auth?prompt=none&return_to=/claims")).await.unwrap();

    assert!(!has_refresh_token(&stage).await);
    assert_eq!(stage.provider.journal().count(Endpoint::Revocation), 0);
    assert!(
        stage.provider.live_refresh_token(&before),
        "the user's sessions elsewhere are of the same grant"
    );
}

/// A laptop nobody came back to; the phone is in use.
#[tokio::test]
async fn a_session_that_grows_old_ends_no_grant() {
    let stage = stage().await;
    stage.sign_in().await;
    let token = stage.fetch("/session").await.1["refresh_token"].as_str().unwrap().to_owned();

    stage.clock.advance(Duration::from_secs(25 * 3600));

    assert_eq!(stage.fetch("/token").await.1["reason"], "idle");
    assert_eq!(stage.provider.journal().count(Endpoint::Revocation), 0);
    assert!(stage.provider.live_refresh_token(&token));
}

#[tokio::test]
async fn tokens_the_store_would_not_take_end_no_grant_when_their_user_signs_in_anew() {
    let stage = stage().await;
    stage.sign_in().await;
    stage.store.fail_updates_after(1);
    stage.expire_token();
    assert_eq!(stage.fetch("/token").await.0, 503);
    stage.store.work_again();

    stage.browser.navigate(stage.url("/auth?prompt=none&return_to=/claims")).await.unwrap();

    assert!(!has_refresh_token(&stage).await);
    assert_eq!(stage.provider.journal().count(Endpoint::Revocation), 0);
}

#[tokio::test]
async fn who_is_asked_for_consent_and_goes_away_is_as_signed_in_as_before() {
    let stage = stage().await;
    in_doubt(&stage).await;
    let start = stage.browser.navigate_without_following(stage.url("/auth")).await.unwrap();
    let back = stage.browser.navigate_without_following(start.location().unwrap()).await.unwrap();

    let again = stage.browser.navigate_without_following(back.location().unwrap()).await.unwrap();

    assert_eq!(again.location().unwrap().path(), "/authorize");
    assert_eq!(stage.fetch("/token").await.0, 200);
    assert_eq!(stage.provider.journal().count(Endpoint::Revocation), 0);
}

#[tokio::test]
async fn a_login_that_fails_after_its_code_was_redeemed_ends_no_grant() {
    let stage = elsewhere().await;
    stage.store.away_for(&["create"]);
    let redeems = || stage.provider.journal().grants("authorization_code");
    let before = redeems();

    let page = stage.browser.navigate(stage.url("/auth?prompt=consent&return_to=/claims")).await.unwrap();

    assert_eq!(page.status, 503, "{}", page.text());
    assert_eq!(redeems(), before + 1, "it was redeemed");
    stage.store.away_for(&[]);
    stage.browser.navigate(stage.url("/auth?prompt=consent&return_to=/claims")).await.unwrap();
    stage.browser.submit(stage.url("/auth/logout"), &[]).await.unwrap();
    assert!(stage.provider.journal().reaches(Endpoint::Revocation, 1).await, "by the logout");
    assert_eq!(stage.provider.journal().count(Endpoint::Revocation), 1, "and by nothing before");
}

/// Such providers have one grant for each user, and end all of it with any of its refresh tokens.
#[tokio::test]
async fn a_new_refresh_token_is_not_revoked_along_with_the_one_it_replaces() {
    let stage = stage().await;
    stage.sign_in().await;
    let before = stage.fetch("/session").await.1["refresh_token"].clone();
    stage.browser.navigate(stage.url("/auth?prompt=consent&return_to=/claims")).await.unwrap();
    let after = stage.fetch("/session").await.1["refresh_token"].clone();
    assert!(after != "" && after != before);

    stage.provider.end_all_sessions();
    stage.provider.sign_in_as("bob");
    stage.browser.navigate(stage.url("/auth?return_to=/claims")).await.unwrap();

    assert!(stage.provider.journal().reaches(Endpoint::Revocation, 1).await, "another user's");
    let revoked = stage.provider.journal().requests(Endpoint::Revocation);
    let revoked: Vec<_> = revoked.iter().filter_map(|request| request.form_value("token")).collect();
    assert_eq!(revoked, [after.as_str().unwrap()]);
}

#[tokio::test]
async fn a_refresh_token_the_new_session_cannot_take_ends_no_grant_and_the_user_is_signed_in() {
    let stage = stage().await;
    stage.sign_in().await;
    stage.store.fail_updates_after(0);

    let page = stage.browser.navigate(stage.url("/auth?return_to=/claims")).await.unwrap();

    assert_eq!((page.status.as_u16(), prompts(&stage)), (200, vec![None]));
    assert!(!has_refresh_token(&stage).await);
    assert_eq!(stage.provider.journal().count(Endpoint::Revocation), 0);
}

#[test]
fn to_ask_for_consent_takes_knowing_who_the_user_is() {
    let nameless = || {
        let builder = OAuthConfigurationBuilder::default()
            .with_authorization_endpoint("https://login.example/authorize")
            .with_token_endpoint("https://login.example/token")
            .with_client_id("client")
            .with_redirect_uri("https://app.example/auth/callback")
            .with_private_cookie_key(COOKIE_KEY)
            .with_scopes(vec!["read"]);
        asking(builder)
    };
    let error = nameless().build().unwrap_err().to_string();
    assert!(error.contains("openid") && error.contains("userinfo"), "{error}");
    assert!(nameless().with_userinfo_endpoint("https://login.example/me").build().is_ok());
    assert!(nameless().with_consent_for_refresh_token(false).build().is_ok());
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
