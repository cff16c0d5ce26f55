//! What somebody else might post to the callback, or ask of the login's routes by other methods.

use authsession_testkit::browser::Browser;
use authsession_testkit::endpoint::Endpoint;
use axum::http::Method;

use super::{post, stage, to_the_form};
use crate::stage::Stage;
use crate::wire::{self, Answer, FORM};

const CANARY: &str = "canary-8d1f";
/// Sends it as a navigation of this browser, byte for byte.
async fn send(stage: &Stage, method: Method, target: &str, kind: &str, body: &[u8]) -> Answer {
    let cookies = stage.browser.cookies(stage.url("/")).unwrap();
    let cookies: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let headers = [("Cookie", &*cookies.join("; ")), ("Content-Type", kind)];
    let answer = wire::send(stage, method, target, &headers, body).await;
    Answer { text: answer.text.to_lowercase(), ..answer }
}

async fn posted(stage: &Stage, kind: &str, body: impl AsRef<[u8]>) -> Answer {
    send(stage, Method::POST, "/auth/callback", kind, body.as_ref()).await
}

fn is_a_discreet_page(answer: &Answer, what: &str) {
    assert!((400..500).contains(&answer.status), "{what}: {}", answer.status);
    assert!(answer.text.contains(">sign in</a>"), "{what}: a way on");
    assert!(!answer.text.contains(CANARY), "{what}");
    assert!(answer.text.contains("cache-control: no-store"), "{what}");
    assert!(!answer.text.contains("set-cookie"), "{what}");
}

#[tokio::test]
async fn a_forged_state_is_refused_before_any_request_is_sent() {
    let stage = stage().await;
    let mut form = to_the_form(&stage, &stage.browser, "/token").await;
    form.iter_mut().find(|(name, _)| name == "state").unwrap().1 = "forged".to_owned();

    let page = post(&stage, &stage.browser, &form).await;

    assert_eq!(page.url.path(), "/authorize", "starts over");
    assert_eq!((stage.provider.journal().count(Endpoint::Token), stage.session_cookie()), (0, None));
}

#[tokio::test]
async fn the_form_of_another_browser_signs_nobody_in() {
    let stage = stage().await;
    let attacker = Browser::with_clock(stage.clock.clone()).unwrap();
    let form = to_the_form(&stage, &attacker, "/token").await;

    let page = post(&stage, &stage.browser, &form).await;

    assert_eq!(page.url.path(), "/authorize", "starts over");
    assert_eq!((stage.provider.journal().count(Endpoint::Token), stage.session_cookie()), (0, None));
}

#[tokio::test]
async fn garbage_by_form_is_a_page_and_echoes_nothing() {
    let stage = stage().await;
    let form = to_the_form(&stage, &stage.browser, "/token").await;
    let state = &form.iter().find(|(name, _)| name == "state").unwrap().1;
    let garbage = [
        format!("code={CANARY}&code=b&state={state}").into_bytes(),
        format!("code=a&state={state}&state={CANARY}").into_bytes(),
        format!("code={CANARY}&error=access_denied&state={state}").into_bytes(),
        Vec::new(),
        format!("state={state}").into_bytes(),
        format!("code=%00{CANARY}&state={state}").into_bytes(),
        format!("code=%ff%fe{CANARY}&state={state}").into_bytes(),
        format!("code=a%0d%0aSet-Cookie:{CANARY}&state={state}").into_bytes(),
        format!("\0code={CANARY}").into_bytes(),
        [b"code=\xff\xfe&state=", state.as_bytes()].concat(),
        format!("code={CANARY}{}&state={state}", "a".repeat(64 * 1024)).into_bytes(),
    ];
    for (number, body) in garbage.into_iter().enumerate() {
        is_a_discreet_page(&posted(&stage, FORM, body).await, &format!("{number}"));
    }
    assert_eq!((stage.store.len(), stage.provider.journal().count(Endpoint::Token)), (0, 0));
    assert_eq!(post(&stage, &stage.browser, &form).await.url.path(), "/token", "nor does it spend the login");
}

#[tokio::test]
async fn a_body_of_another_kind_or_without_end_is_not_read() {
    let stage = stage().await;
    for kind in
        ["application/json", "multipart/form-data; boundary=x", "text/plain", "", "application/x-www-form"]
    {
        let answer = posted(&stage, kind, CANARY).await;
        is_a_discreet_page(&answer, kind);
        assert_eq!(answer.status, 415, "{kind}");
    }
    assert_eq!(posted(&stage, FORM, "a".repeat(16 * 1024 + 1)).await.status, 413);
    let spelled = "Application/X-WWW-Form-URLencoded ; charset=UTF-8";
    assert_eq!(posted(&stage, spelled, "error=x").await.status, 303, "read, and on to the second step");
}

#[tokio::test]
async fn no_other_method_does_anything_on_the_routes() {
    let stage = stage().await;
    let (get, both) = ("allow: get\r\n", "allow: get, post\r\n");
    for (route, allow) in [("/auth", get), ("/auth/callback", both), ("/auth/logout", both)] {
        for method in
            [Method::HEAD, Method::PUT, Method::OPTIONS, Method::DELETE, Method::PATCH, Method::TRACE]
        {
            let target = format!("{route}?code={CANARY}&state={CANARY}&return_to=/{CANARY}");
            let answer = send(&stage, method.clone(), &target, FORM, b"").await;
            assert_eq!(answer.status, 405, "{method} {route}");
            assert!(answer.text.contains(allow) && !answer.text.contains("set-cookie"), "{}", answer.text);
            assert!(!answer.text.contains(CANARY), "{}", answer.text);
        }
    }
    assert_eq!(send(&stage, Method::POST, "/auth", FORM, b"return_to=/token").await.status, 405);
}

#[tokio::test]
async fn a_script_that_posts_starts_no_login() {
    let stage = stage().await;
    let kind = [("content-type", FORM)];
    let callback = stage.url("/auth/callback");

    let page = stage.browser.fetch_with(Method::POST, &callback, &kind, "code=c&state=s").await.unwrap();
    let (second_step, _) = stage.fetch("/auth/callback?stale=unknown").await;

    assert_eq!((page.status.as_u16(), second_step, stage.login_cookies()), (401, 401, 0));
}

#[tokio::test]
async fn odd_queries_on_the_second_step_are_pages_like_any_garbage() {
    let stage = stage().await;
    for query in [
        "landed=",
        "landed=short",
        "landed=r.short",
        "landed=%00",
        "stale=",
        "stale=canary-8d1f",
        "landed=a&stale=final",
    ] {
        let answer = send(&stage, Method::GET, &format!("/auth/callback?{query}"), "", b"").await;
        is_a_discreet_page(&answer, query);
    }
    let page = stage.browser.navigate(stage.url("/auth/callback?stale=final")).await.unwrap();
    assert_eq!((page.status.as_u16(), page.redirects.len()), (403, 0));
}
