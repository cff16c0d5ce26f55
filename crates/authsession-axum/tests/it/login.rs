//! The login's start.

use std::time::Duration;

use authsession_testkit::endpoint::Endpoint;

use crate::stage::{SESSION_COOKIE, Stage};

#[tokio::test]
async fn a_person_signs_in_and_lands_where_they_were_going() {
    let stage = Stage::new().await;

    let page = stage.browser.navigate(stage.url("/claims?tab=2")).await.unwrap();

    assert_eq!(page.status, 200);
    assert!(page.url.as_str().ends_with("/claims?tab=2"), "{}", page.url);
    assert_eq!(page.json().unwrap()["sub"], "alice");
    assert_eq!(stage.login_cookies(), 0, "the attempt's cookie is gone");
}

#[tokio::test]
async fn the_authorization_request_is_a_code_request_with_pkce_s256_state_and_nonce() {
    let stage = Stage::new().await;

    stage.browser.navigate(stage.url("/auth")).await.unwrap();

    let request = stage.provider.journal().last(Endpoint::Authorization).unwrap();
    assert_eq!(request.query_value("response_type"), Some("code"));
    assert_eq!(request.query_value("code_challenge_method"), Some("S256"));
    assert_eq!(request.query_value("code_challenge").unwrap().len(), 43);
    assert!(request.query_value("state").unwrap().len() >= 43);
    assert!(request.query_value("nonce").unwrap().len() >= 43);
    assert_eq!(request.query_value("scope"), Some("openid profile email"));
}

#[tokio::test]
async fn the_cookies_are_http_only_lax_and_for_the_whole_host() {
    let stage = Stage::new().await;

    let page = stage.browser.navigate(stage.url("/auth")).await.unwrap();

    let session =
        page.set_cookies.iter().flatten().find(|cookie| cookie.starts_with(SESSION_COOKIE)).cloned();
    let all: Vec<_> = page.set_cookies.iter().flatten().collect();
    assert!(session.is_some(), "{all:?}");
    for cookie in all {
        assert!(
            cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"),
            "{cookie}"
        );
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
}

#[tokio::test]
async fn parameters_of_one_login_reach_the_provider() {
    let stage = Stage::new().await;

    let page = stage.browser.navigate(stage.url("/step-up")).await.unwrap();

    let request = stage.provider.journal().last(Endpoint::Authorization).unwrap();
    let asked = [
        ("login_hint", "alice@example.test"),
        ("prompt", "login"),
        ("max_age", "0"),
        ("acr_values", "urn:example:mfa"),
        ("ui_locales", "de en"),
        ("theme", "dark"),
    ];
    for (name, value) in asked {
        assert_eq!(request.query_value(name), Some(value), "{name}");
    }
    assert!(page.url.as_str().ends_with("/claims?after=step-up"));
}

#[tokio::test]
async fn a_link_may_carry_login_parameters_and_no_others() {
    let stage = Stage::new().await;

    let link = "/auth?login_hint=bob&prompt=consent&max_age=60&acr_values=x&ui_locales=fr&redirect_uri=https://evil&state=s";
    stage.browser.navigate(stage.url(link)).await.unwrap();

    let request = stage.provider.journal().last(Endpoint::Authorization).unwrap();
    assert_eq!(request.query_value("login_hint"), Some("bob"));
    assert_eq!(request.query_value("prompt"), Some("consent"));
    assert_eq!(request.query_value("max_age"), Some("60"));
    assert_eq!(request.query_value("redirect_uri").unwrap(), stage.url("/auth/callback"));
    assert_ne!(request.query_value("state"), Some("s"));
}

#[tokio::test]
async fn two_tabs_that_sign_in_at_once_both_end_signed_in() {
    let stage = Stage::new().await;
    let other_tab = stage.browser.tab();

    let first = stage.browser.navigate_without_following(stage.url("/auth?return_to=/token")).await.unwrap();
    let second = other_tab.navigate_without_following(stage.url("/auth?return_to=/version")).await.unwrap();
    assert_eq!(stage.login_cookies(), 2);
    let second = other_tab.navigate(second.location().unwrap()).await.unwrap();
    let first = stage.browser.navigate(first.location().unwrap()).await.unwrap();

    assert_eq!((first.status.as_u16(), second.status.as_u16()), (200, 200));
    assert!(first.url.path() == "/token" && second.url.path() == "/version");
}

#[tokio::test]
async fn login_cookies_do_not_pile_up() {
    let stage = Stage::new().await;

    for _ in 0..12 {
        stage.browser.navigate_without_following(stage.url("/auth")).await.unwrap();
        stage.clock.advance(Duration::from_secs(1));
    }

    assert_eq!(stage.login_cookies(), 5);
}

#[tokio::test]
async fn the_oldest_attempt_is_the_one_evicted() {
    let stage = Stage::new().await;
    let mut starts = Vec::new();
    for _ in 0..6 {
        starts.push(
            stage.browser.navigate_without_following(stage.url("/auth?return_to=/token")).await.unwrap(),
        );
        stage.clock.advance(Duration::from_secs(1));
    }

    let newest = stage.browser.tab().navigate(starts[5].location().unwrap()).await.unwrap();

    assert_eq!(newest.url.path(), "/token");
    assert_eq!(newest.redirects.len(), 2, "provider, callback, page: {:?}", newest.redirects);
}

#[tokio::test]
async fn a_prefetch_starts_no_login() {
    let stage = Stage::new().await;

    let page = stage.browser.prefetch(stage.url("/auth")).await.unwrap();

    assert_eq!(page.status, 503);
    assert_eq!(page.header("cache-control"), Some("no-store"), "nor is the answer kept for later");
    assert_eq!(stage.login_cookies(), 0);
    assert_eq!(stage.provider.journal().count(Endpoint::Authorization), 0);
}

#[tokio::test]
async fn a_script_that_opens_the_login_is_told_where_to_go_instead() {
    let stage = Stage::new().await;

    let (status, problem) = stage.fetch("/auth?return_to=/token").await;

    assert_eq!(status, 401);
    assert_eq!(problem["login_url"], "/auth?return_to=%2Ftoken");
    assert_eq!(stage.login_cookies(), 0);
}

#[tokio::test]
async fn long_ways_back_do_not_make_the_cookies_too_large_for_servers_in_front() {
    let stage = Stage::new().await;

    for number in 0..8 {
        let place = format!("/token?{number}={}", "x".repeat(1000));
        let query: String = url::form_urlencoded::byte_serialize(place.as_bytes()).collect();
        stage
            .browser
            .navigate_without_following(stage.url(&format!("/auth?return_to={query}")))
            .await
            .unwrap();
        stage.clock.advance(Duration::from_secs(1));
    }

    let cookies = stage.browser.cookies(stage.url("/")).unwrap();
    let size: usize = cookies.iter().map(|(name, value)| name.len() + value.len()).sum();
    assert!(size < 6 * 1024, "{size} bytes");
}

#[tokio::test]
async fn what_the_application_asks_of_every_login_is_not_for_a_link_to_change() {
    let stage = Stage::with(
        |provider| provider,
        |application| application.with_authorization_parameter("acr_values", "strong"),
    )
    .await;

    stage.browser.navigate(stage.url("/auth?acr_values=weak")).await.unwrap();

    let request = stage.provider.journal().last(Endpoint::Authorization).unwrap();
    let asked: Vec<_> = request.query.iter().filter(|(name, _)| name == "acr_values").collect();
    assert_eq!(asked, [&("acr_values".to_owned(), "strong".to_owned())]);
}

#[tokio::test]
async fn the_provider_is_away_and_the_person_gets_a_page_that_says_so() {
    let stage = Stage::new().await;
    stage.provider.shutdown().await;
    let start = stage.browser.navigate_without_following(stage.url("/auth")).await.unwrap();
    assert_eq!(start.status, 303, "discovered before, the login can still be started");
    let state =
        start.location().unwrap().query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();

    let page =
        stage.browser.navigate(stage.url(&format!("/auth/callback?code=c&state={state}"))).await.unwrap();

    // The issuer's `iss` is missing: refused before the provider is asked.
    assert_eq!(page.status, 400);
    let issuer: String = url::form_urlencoded::byte_serialize(stage.provider.issuer().as_bytes()).collect();
    let page = stage
        .browser
        .navigate(stage.url(&format!("/auth/callback?code=c&state={state}&iss={issuer}")))
        .await
        .unwrap();
    assert_eq!(page.status, 503);
    assert!(page.header("retry-after").is_some());
}

#[tokio::test]
async fn an_attempt_older_than_a_quarter_of_an_hour_starts_over_though_its_cookie_was_kept() {
    let stage = Stage::new().await;
    let start = stage.browser.navigate_without_following(stage.url("/auth")).await.unwrap();
    let back = stage.browser.navigate_without_following(start.location().unwrap()).await.unwrap();
    let kept = stage.browser.cookies(stage.url("/")).unwrap();
    let (name, value) = kept.iter().find(|(name, _)| name.starts_with("authsession-login-")).unwrap();

    stage.clock.advance(Duration::from_secs(16 * 60));
    stage.browser.set_cookie(stage.url("/"), &format!("{name}={value}; Path=/")).unwrap();
    let page = stage.browser.navigate_without_following(back.location().unwrap()).await.unwrap();

    assert_eq!((page.status.as_u16(), page.location().unwrap().path()), (303, "/authorize"));
    assert_eq!(stage.provider.journal().count(Endpoint::Token), 0);
}

#[tokio::test]
async fn whatever_a_link_to_the_login_says_a_login_starts_and_none_of_it_comes_back() {
    let stage = Stage::new().await;
    let long = "x".repeat(30 * 1024);
    for odd in [
        format!("login_hint=canary{long}&return_to=/canary{long}"),
        "max_age=canary&max_age=1e9&max_age=-1&max_age=99999999999999999999".to_owned(),
        "prompt=%00canary&acr_values=%0d%0acanary&ui_locales=%7fcanary".to_owned(),
        "return_to=//canary.example&return_to=%2f%2fcanary.example&redirect=https://canary.example"
            .to_owned(),
        "return_to=%ff%fecanary&%ff=canary&&&==&state=canary&code=canary&error=canary".to_owned(),
        "claims=canary&request=canary&response_mode=canary&nonce=canary&client_id=canary".to_owned(),
    ] {
        let page =
            stage.browser.navigate_without_following(stage.url(&format!("/auth?{odd}"))).await.unwrap();
        let to = page.location().unwrap();
        assert_eq!((page.status.as_u16(), to.path()), (303, "/authorize"), "{}", &odd[..30]);
        assert!(!to.as_str().contains("canary"), "{to}");
        assert!(page.text().is_empty());
    }
}
