//! What happens to refresh tokens, by policy.

use crate::relying_party::post;
use crate::relying_party::refresh;
use crate::relying_party::sent_back;
use crate::relying_party::signed_in;
use crate::relying_party::text;
use authsession_testkit::browser::Browser;
use authsession_testkit::browser::Page;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::ledger::RefreshTokens;
use authsession_testkit::provider::Provider;
use std::time::Duration;

async fn provider_with(policy: RefreshTokens) -> (Provider, Browser) {
    let provider = Provider::builder().refresh_tokens(policy).start().await.unwrap();
    (provider, Browser::new().unwrap())
}

#[tokio::test]
async fn a_reused_refresh_token_kills_the_family_and_its_access_token() {
    let (provider, browser) = provider_with(RefreshTokens::RotatingWithReuseDetection).await;
    let first = signed_in(&browser, &provider).await;
    let second = refresh(&browser, &provider, text(&first, "refresh_token")).await.json().unwrap();
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert!(provider.live_access_token(text(&second, "access_token")));

    let reused = refresh(&browser, &provider, text(&first, "refresh_token")).await;

    assert_eq!((reused.status.as_u16(), text(&reused.json().unwrap(), "error")), (400, "invalid_grant"));
    assert!(!provider.refresh_family_alive(text(&second, "refresh_token")));
    assert!(!provider.live_access_token(text(&second, "access_token")));
    assert_eq!(provider.journal().grants("refresh_token"), 2);
}

#[tokio::test]
async fn without_reuse_detection_the_successor_lives_on() {
    let (provider, browser) = provider_with(RefreshTokens::Rotating).await;
    let first = signed_in(&browser, &provider).await;
    let second = refresh(&browser, &provider, text(&first, "refresh_token")).await.json().unwrap();
    assert_eq!(refresh(&browser, &provider, text(&first, "refresh_token")).await.status, 400);
    assert!(provider.live_refresh_token(text(&second, "refresh_token")));
}

#[tokio::test]
async fn a_static_refresh_token_works_again_and_is_not_replaced() {
    let (provider, browser) = provider_with(RefreshTokens::Static).await;
    let first = signed_in(&browser, &provider).await;
    for _ in 0..2 {
        let page = refresh(&browser, &provider, text(&first, "refresh_token")).await;
        assert_eq!(page.status, 200);
        assert!(page.json().unwrap().get("refresh_token").is_none());
    }
}

#[tokio::test]
async fn the_policy_none_issues_no_refresh_token() {
    let (provider, browser) = provider_with(RefreshTokens::None).await;
    assert!(signed_in(&browser, &provider).await.get("refresh_token").is_none());
}

#[tokio::test]
async fn offline_access_can_be_required() {
    let provider = Provider::builder().offline_access_required(true).start().await.unwrap();
    let browser = Browser::new().unwrap();
    assert!(signed_in(&browser, &provider).await.get("refresh_token").is_none());
    let back = sent_back(&browser, &provider, &[("scope", "openid offline_access")]).await;
    let code = crate::relying_party::parameter(&back, "code").unwrap();
    let tokens = crate::relying_party::redeem(&browser, &provider, &code).await.json().unwrap();
    assert!(tokens.get("refresh_token").is_some());
}

#[tokio::test]
async fn a_refresh_brings_an_id_token_without_a_nonce_and_the_same_auth_time() {
    let clock = VirtualClock::halted();
    let provider = Provider::builder().clock(clock.clone()).start().await.unwrap();
    let browser = Browser::with_clock(clock.clone()).unwrap();
    let first = signed_in(&browser, &provider).await;
    clock.advance(Duration::from_secs(100));
    let second = refresh(&browser, &provider, text(&first, "refresh_token")).await.json().unwrap();
    let claims = |tokens| crate::relying_party::part(text(tokens, "id_token"), 1);
    assert_eq!(claims(&first)["auth_time"], claims(&second)["auth_time"]);
    assert_eq!(claims(&first)["nonce"], "the-nonce");
    assert!(claims(&second).get("nonce").is_none());
}

#[tokio::test]
async fn a_refresh_may_narrow_the_scope_but_not_widen_it() {
    let (provider, browser) = provider_with(RefreshTokens::Static).await;
    let first = signed_in(&browser, &provider).await;
    let with_scope = async |scope| {
        let token = text(&first, "refresh_token");
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)];
        post(&browser, &provider, Endpoint::Token, &fields).await
    };
    assert_eq!(with_scope("openid").await.json().unwrap()["scope"], "openid");
    assert_eq!(with_scope("openid admin").await.json().unwrap()["error"], "invalid_scope");
}

#[tokio::test]
async fn revoking_everything_leaves_no_token_alive() {
    let (provider, browser) = provider_with(RefreshTokens::default()).await;
    let tokens = signed_in(&browser, &provider).await;
    provider.revoke_everything();
    assert!(!provider.live_access_token(text(&tokens, "access_token")));
    assert_eq!(refresh(&browser, &provider, text(&tokens, "refresh_token")).await.status, 400);
}

#[tokio::test]
async fn revoking_a_refresh_token_revokes_its_access_tokens() {
    let (provider, browser) = provider_with(RefreshTokens::default()).await;
    let tokens = signed_in(&browser, &provider).await;
    let fields = [("token", text(&tokens, "refresh_token"))];
    assert_eq!(post(&browser, &provider, Endpoint::Revocation, &fields).await.status, 200);
    assert!(!provider.live_access_token(text(&tokens, "access_token")));
}

#[tokio::test]
async fn an_access_token_dies_when_its_lifetime_is_over() {
    let clock = VirtualClock::halted();
    let provider = Provider::builder().clock(clock.clone()).start().await.unwrap();
    let browser = Browser::with_clock(clock.clone()).unwrap();
    let tokens = signed_in(&browser, &provider).await;
    let fields = [("token", text(&tokens, "access_token"))];
    clock.advance(Duration::from_secs(299));
    assert!(provider.live_access_token(text(&tokens, "access_token")));
    let introspected = post(&browser, &provider, Endpoint::Introspection, &fields).await.json().unwrap();
    assert_eq!((&introspected["active"], &introspected["sub"]), (&true.into(), &"alice".into()));
    clock.advance(Duration::from_secs(1));
    assert!(!provider.live_access_token(text(&tokens, "access_token")));
    let introspected = post(&browser, &provider, Endpoint::Introspection, &fields).await.json().unwrap();
    assert_eq!(introspected["active"], false);
}

/// The answers to one refresh token presented three times at once.
async fn three_at_once(policy: RefreshTokens) -> (Provider, Browser, String, Vec<Page>) {
    let clock = VirtualClock::halted();
    let provider = Provider::builder().clock(clock.clone()).refresh_tokens(policy).start().await.unwrap();
    let browser = Browser::with_clock(clock).unwrap();
    let token = text(&signed_in(&browser, &provider).await, "refresh_token").to_owned();
    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.push(refresh(&browser, &provider, &token).await);
    }
    (provider, browser, token, answers)
}

/// Which were served, and of what each of those brought, whether the access and the refresh token live.
fn outcome(provider: &Provider, answers: &[Page]) -> Vec<Option<(bool, bool)>> {
    let lives = |answer: &Page| {
        let tokens = answer.json().ok().filter(|_| answer.status == 200)?;
        let access = provider.live_access_token(text(&tokens, "access_token"));
        Some((access, provider.live_refresh_token(text(&tokens, "refresh_token"))))
    };
    answers.iter().map(lives).collect()
}

#[tokio::test]
async fn a_family_of_refresh_tokens_may_die_and_spare_its_access_tokens() {
    let (provider, _, _, answers) = three_at_once(RefreshTokens::RotatingSparingAccessTokens).await;
    assert_eq!(outcome(&provider, &answers), [Some((true, false)), None, None]);
}

#[tokio::test]
async fn within_the_grace_everything_works_and_after_it_the_old_one_is_dead() {
    let policy = RefreshTokens::RotatingWithGrace(Duration::from_secs(10));
    let (provider, browser, token, answers) = three_at_once(policy).await;
    assert_eq!(outcome(&provider, &answers), [Some((true, true)); 3]);
    provider.clock().advance(Duration::from_secs(10));
    assert_eq!(refresh(&browser, &provider, &token).await.status, 200);
    provider.clock().advance(Duration::from_secs(1));
    assert_eq!(refresh(&browser, &provider, &token).await.status, 400);
    assert_eq!(outcome(&provider, &answers), [Some((true, true)); 3], "the others live on");
}

#[tokio::test]
async fn of_tokens_served_at_once_only_the_last_may_work() {
    let (provider, browser, token, answers) = three_at_once(RefreshTokens::RotatingLastWins).await;
    assert_eq!(outcome(&provider, &answers), [Some((true, false)), Some((true, false)), Some((true, true))]);
    provider.clock().advance(Duration::from_secs(1));
    assert_eq!(refresh(&browser, &provider, &token).await.status, 400);
}

#[tokio::test]
async fn what_comes_of_a_second_use_may_change_by_turns() {
    let (provider, browser, token, answers) = three_at_once(RefreshTokens::RotatingByTurns).await;
    assert_eq!(outcome(&provider, &answers), [Some((true, true)), None, Some((true, true))]);
    assert_eq!(refresh(&browser, &provider, &token).await.status, 400);
    assert_eq!(outcome(&provider, &answers), [Some((true, false)), None, Some((true, false))]);
}
