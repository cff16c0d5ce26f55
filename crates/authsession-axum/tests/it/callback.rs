//! The login's end: what comes back from the provider, and what somebody else might send instead.

use authsession_testkit::browser::Browser;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use axum::http::Method;

use crate::stage::Stage;

const CANARY: &str = "canary-8d1f";

#[tokio::test]
async fn a_forged_state_is_refused_before_any_request_is_sent() {
    let stage = Stage::new().await;

    let page = stage
        .browser
        .navigate_without_following(stage.url("/auth/callback?code=stolen&state=forged"))
        .await
        .unwrap();

    assert_eq!(page.status, 303, "starts over");
    assert_eq!(stage.provider.journal().count(Endpoint::Token), 0);
    assert_eq!(stage.session_cookie(), None);
}

#[tokio::test]
async fn a_response_meant_for_another_browser_signs_nobody_in() {
    let stage = Stage::new().await;
    let attacker = Browser::with_clock(stage.clock.clone()).unwrap();
    let start = attacker.navigate_without_following(stage.url("/auth")).await.unwrap();
    let back = attacker.navigate_without_following(start.location().unwrap()).await.unwrap();
    let link = back.location().unwrap();

    let page = stage.browser.navigate_without_following(&link).await.unwrap();

    assert_eq!(page.status, 303);
    assert_eq!(stage.session_cookie(), None);
    assert_eq!(stage.provider.journal().count(Endpoint::Token), 0);
}

#[tokio::test]
async fn a_callback_opened_again_continues_to_the_application() {
    let stage = Stage::new().await;
    let page = stage.browser.navigate(stage.url("/token")).await.unwrap();
    let callback = page.redirects.iter().find(|url| url.path() == "/auth/callback").unwrap().clone();

    let again = stage.browser.navigate(callback).await.unwrap();

    assert_eq!((again.status.as_u16(), again.url.path()), (200, "/"));
    assert_eq!(stage.provider.journal().grants("authorization_code"), 1);
}

#[tokio::test]
async fn a_bookmarked_callback_starts_over_once_and_signs_in() {
    let stage = Stage::new().await;

    let page = stage.browser.navigate(stage.url("/auth/callback?code=old&state=old")).await.unwrap();

    assert_eq!((page.status.as_u16(), page.url.path()), (200, "/"));
    assert!(stage.session_cookie().is_some());
}

#[tokio::test]
async fn a_browser_that_keeps_no_cookies_gets_a_page_and_not_a_loop() {
    let stage = Stage::new().await;
    let mut target = stage.url("/auth/callback?code=old&state=old");
    let mut hops = 0;

    let page = loop {
        stage.browser.clear_cookies();
        let page = stage.browser.navigate_without_following(&target).await.unwrap();
        match page.location() {
            Some(next) => target = next.to_string(),
            None => break page,
        }
        hops += 1;
        assert!(hops < 10, "a loop");
    };

    assert_eq!(page.status, 400);
    assert!(page.text().contains("cookie"));
}

#[tokio::test]
async fn the_same_callback_sent_twice_at_once_redeems_the_code_once() {
    let stage = Stage::new().await;
    let callback = stage.to_the_callback("/auth?return_to=/token").await;
    let (answer, gate) = Answer::normal().held_after();
    stage.provider.enqueue(Endpoint::Token, answer);

    let (tab, other) = (stage.browser.tab(), stage.browser.tab());
    let url = callback.clone();
    let first = tokio::spawn(async move { tab.navigate_without_following(url).await });
    assert!(gate.reached().await);
    let second = tokio::spawn(async move { other.navigate_without_following(callback).await });
    tokio::task::yield_now().await;
    gate.open();
    let (first, second) = (first.await.unwrap().unwrap(), second.await.unwrap().unwrap());

    assert_eq!((first.status.as_u16(), second.status.as_u16()), (303, 303));
    assert_eq!(stage.provider.journal().grants("authorization_code"), 1);
    assert_eq!(stage.browser.navigate(stage.url("/token")).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_browser_that_leaves_during_the_callback_loses_nothing() {
    let stage = Stage::new().await;
    let callback = stage.to_the_callback("/auth?return_to=/token").await;
    let (answer, gate) = Answer::normal().held_after();
    stage.provider.enqueue(Endpoint::Token, answer);

    let (tab, url) = (stage.browser.tab(), callback.clone());
    let first = tokio::spawn(async move { tab.navigate_without_following(url).await });
    assert!(gate.reached().await);
    first.abort();
    let _gone = first.await;
    let again = stage.browser.tab();
    let again = tokio::spawn(async move { again.navigate(callback).await });
    gate.open();

    let page = again.await.unwrap().unwrap();
    assert_eq!(page.status, 200, "{}", page.text());
}

#[tokio::test]
async fn a_user_who_cancels_gets_a_page_that_helps() {
    let stage = Stage::new().await;
    stage.provider.deny_next_authorization("access_denied");

    let page = stage.browser.navigate(stage.url("/token")).await.unwrap();

    assert_eq!(page.status, 403);
    assert!(page.text().contains("/auth"));
    assert_eq!(stage.store.len(), 0);
    assert_eq!(stage.login_cookies(), 0);
}

#[tokio::test]
async fn garbage_on_the_callback_is_a_page_and_echoes_nothing() {
    let stage = Stage::new().await;
    let long = format!("?code={}&state=x", "a".repeat(17_000));
    let garbage = [
        "?code=a&code=b&state=x",
        "?code=a&error=access_denied&state=x",
        "",
        "?state=x",
        "?code=%00canary-8d1f&state=x",
        "?code=%ff%fe&state=canary-8d1f",
        "?error=%3Cscript%3Ecanary-8d1f%3C/script%3E&code=1",
        long.as_str(),
    ];

    for query in garbage {
        let page = stage.browser.navigate(stage.url(&format!("/auth/callback{query}"))).await.unwrap();
        assert_eq!(page.status, 400, "{query}");
        assert!(!page.text().contains(CANARY), "{query}");
        assert_eq!(page.header("cache-control"), Some("no-store"));
    }
    assert_eq!(stage.store.len(), 0);
    assert_eq!(stage.provider.journal().count(Endpoint::Token), 0);
}

#[tokio::test]
async fn a_provider_that_answers_nonsense_stores_nothing_and_echoes_nothing() {
    let stage = Stage::new().await;
    let page = format!("<html>{CANARY}</html>");
    let nonsense = [
        (Answer::html(200, page.clone()), 503),
        (Answer::html(502, page), 503),
        (Answer::raw(200, "application/json", format!("{{\"access_token\":\"{CANARY}\"")), 503),
        (Answer::oversized(10 * 1024 * 1024), 503),
        (Answer::endless(), 503),
        (Answer::gzip_bomb(), 503),
        (Answer::truncated(), 503),
        (Answer::dropped_before(), 503),
        (Answer::redirect("https://evil.example/"), 503),
        (Answer::error(400, "invalid_grant"), 400),
        (Answer::error(401, "invalid_client"), 500),
        (Answer::id_token_with_wrong_signature(), 400),
        (Answer::id_token_unsigned(), 400),
        (Answer::id_token(CANARY), 400),
        (Answer::lying_id_token(|_, claims| claims["nonce"] = "another".into()), 400),
        (Answer::tampered(|answer| drop(answer.as_object_mut().unwrap().remove("id_token"))), 400),
    ];

    for (number, (answer, status)) in nonsense.into_iter().enumerate() {
        stage.provider.enqueue(Endpoint::Token, answer);
        let page = stage.browser.navigate(stage.url("/token")).await.unwrap();
        assert_eq!(page.status, status, "answer {number}: {}", page.text());
        assert!(!page.text().contains(CANARY), "answer {number}");
        assert_eq!(stage.store.len(), 0, "answer {number}");
        assert_eq!(stage.session_cookie(), None, "answer {number}");
    }
}

#[tokio::test]
async fn a_provider_that_never_answers_is_a_page_and_not_a_hang() {
    let stage = Stage::with(
        |provider| provider,
        |application| application.with_request_timeout(std::time::Duration::from_millis(300)),
    )
    .await;
    let (answer, gate) = Answer::normal().held_before();
    stage.provider.enqueue(Endpoint::Token, answer);

    let page = stage.browser.navigate(stage.url("/token")).await.unwrap();

    assert_eq!(page.status, 503);
    assert!(page.header("retry-after").is_some());
    gate.open();
}

#[tokio::test]
async fn a_session_id_the_attacker_chose_never_becomes_a_session() {
    let stage = Stage::new().await;
    let planted = "A".repeat(43);
    stage.browser.set_cookie(stage.url("/"), &format!("authsession={planted}; Path=/")).unwrap();

    stage.browser.navigate(stage.url("/token")).await.unwrap();

    assert_ne!(stage.session_cookie().unwrap(), planted);
}

#[tokio::test]
async fn signing_in_as_someone_else_ends_the_session_before() {
    let stage = Stage::signed_in().await;
    let alice = stage.session_cookie().unwrap();
    stage.provider.end_all_sessions();
    stage.provider.sign_in_as("bob");

    stage.browser.navigate(stage.url("/auth?return_to=/claims")).await.unwrap();

    assert_ne!(stage.session_cookie().unwrap(), alice);
    assert_eq!(stage.fetch("/claims").await.1["sub"], "bob");
    stage.browser.set_cookie(stage.url("/"), &format!("authsession={alice}; Path=/")).unwrap();
    assert_eq!(stage.fetch("/claims").await.1["reason"], "replaced");
}

#[tokio::test]
async fn an_old_authentication_is_refused_when_max_age_was_asked() {
    let stage = Stage::new().await;
    stage
        .provider
        .enqueue(Endpoint::Token, Answer::lying_id_token(|_, claims| claims["auth_time"] = 1.into()));

    let page = stage.browser.navigate(stage.url("/step-up")).await.unwrap();

    assert_eq!(page.status, 400);
    assert_eq!(stage.session_cookie(), None);
}

#[tokio::test]
async fn a_callback_whose_answer_was_lost_signs_in_when_sent_again() {
    let stage = Stage::new().await;
    let callback = stage.to_the_callback("/auth?return_to=/token").await;
    let cookies = stage.browser.cookies(stage.url("/")).unwrap();
    let header: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let lost = Browser::with_clock(stage.clock.clone()).unwrap();
    let navigation = [("cookie", header.join("; ")), ("accept", "text/html".to_owned())];
    let navigation: Vec<_> = navigation.iter().map(|(name, value)| (*name, value.as_str())).collect();
    lost.fetch_with(Method::GET, &callback, &navigation, "").await.unwrap();

    let page = stage.browser.navigate(&callback).await.unwrap();

    assert_eq!((page.status.as_u16(), page.url.path()), (200, "/token"));
    assert_eq!(stage.provider.journal().grants("authorization_code"), 1);
}

#[tokio::test]
async fn a_failed_sign_in_leaves_nothing_to_send_again_and_its_tokens_are_revoked() {
    let stage = Stage::new().await;
    stage
        .provider
        .enqueue(Endpoint::Token, Answer::lying_id_token(|_, claims| claims["nonce"] = "another".into()));

    let page = stage.browser.navigate(stage.url("/token")).await.unwrap();

    assert_eq!((page.status.as_u16(), stage.login_cookies()), (400, 0));
    assert!(stage.provider.journal().reaches(Endpoint::Revocation, 1).await);
}

#[tokio::test]
async fn entras_line_breaks_in_an_error_description_are_no_garbage() {
    let stage = Stage::new().await;
    let start = stage.browser.navigate_without_following(stage.url("/auth")).await.unwrap();
    let state =
        start.location().unwrap().query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();

    let query = format!("error=access_denied&error_description=AADSTS65004:%0d%0aDeclined&state={state}");
    let page = stage.browser.navigate(stage.url(&format!("/auth/callback?{query}"))).await.unwrap();

    assert_eq!((page.status.as_u16(), stage.login_cookies()), (403, 0));
}

#[tokio::test]
async fn a_code_that_never_left_is_sent_when_the_person_tries_again() {
    let stage = Stage::new().await;
    let callback = stage.to_the_callback("/auth?return_to=/token").await;
    stage.provider.enqueue(Endpoint::Token, Answer::status(429).retry_after(2));
    assert_eq!(stage.browser.navigate(&callback).await.unwrap().status, 503);

    let page = stage.browser.navigate(&callback).await.unwrap();

    assert_eq!((page.status.as_u16(), page.url.path()), (200, "/token"));
}

#[tokio::test]
async fn a_refusal_without_a_state_is_a_page_and_not_a_loop() {
    let stage = Stage::new().await;

    for query in ["error=access_denied", "error=server_error&state=unknown", "code=c"] {
        let page = stage
            .browser
            .navigate_without_following(stage.url(&format!("/auth/callback?{query}")))
            .await
            .unwrap();
        assert_eq!((page.status.as_u16(), page.location()), (403, None), "{query}");
    }
}

#[tokio::test]
async fn a_script_at_the_callback_starts_no_login() {
    let stage = Stage::new().await;

    let (status, _) = stage.fetch("/auth/callback?code=c&state=s").await;

    assert_eq!((status, stage.login_cookies()), (401, 0));
}
