//! The callback as a form that the provider's page posts (OAuth 2.0 Form Post Response Mode): Apple's way back.

mod attacks;
mod frames;
mod second_step;
mod user;

use std::sync::Arc;
use std::time::Duration;

use authsession_core::authorization::ResponseMode;
use authsession_testkit::browser::{Browser, Page, SameSite};
use authsession_testkit::builder::ProviderBuilder;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::habits::Habits;
use authsession_testkit::script::Answer;
use authsession_testkit::serve::Server;
use axum::body::Body;
use axum::http::Request;
use tower::ServiceExt as _;

use crate::consent::asking;
use crate::stage::{SESSION_COOKIE, Stage, app, application};

/// An application on another site than its provider, whose answers come by a form.
async fn stage() -> Stage {
    stage_with(|provider| provider).await
}

async fn stage_with(edit: impl FnOnce(ProviderBuilder) -> ProviderBuilder) -> Stage {
    let by_form = ResponseMode::FormPost;
    Stage::with(|provider| edit(provider.host("localhost")), |app| app.with_response_mode(by_form)).await
}

/// A login up to the provider's page with the form; what the form holds.
async fn to_the_form(stage: &Stage, browser: &Browser, path: &str) -> Vec<(String, String)> {
    let page = browser.navigate(stage.url(path)).await.unwrap();
    assert_eq!(page.url.path(), "/authorize", "{}", page.text());
    fields_of(&page)
}

/// What the hidden fields of the page's form hold.
fn fields_of(page: &Page) -> Vec<(String, String)> {
    let html = page.text().into_owned();
    let quoted = |text: &str, name: &str| {
        text.split(&format!("{name}=\"")).nth(1)?.split('"').next().map(str::to_owned)
    };
    let fields = html.split("<input type=\"hidden\"").skip(1);
    fields
        .map(|field| {
            (quoted(field, " name").unwrap(), quoted(field, " value").unwrap().replace("&quot;", "\""))
        })
        .collect()
}

/// Sends such a form from the provider's page.
async fn post(stage: &Stage, browser: &Browser, form: &[(String, String)]) -> Page {
    let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.cross_site_post(stage.url("/auth/callback"), stage.provider.issuer(), &form).await.unwrap()
}

pub(crate) async fn sign_in(stage: &Stage, path: &str) -> Page {
    let form = to_the_form(stage, &stage.browser, path).await;
    post(stage, &stage.browser, &form).await
}

#[tokio::test]
async fn a_login_whose_answer_is_posted_from_another_site_ends_where_the_person_was_going() {
    let stage = stage().await;

    let page = sign_in(&stage, "/claims?tab=2").await;

    assert_eq!((page.status.as_u16(), page.url.as_str()), (200, stage.url("/claims?tab=2").as_str()));
    let asked = stage.provider.journal().last(Endpoint::Authorization).unwrap();
    assert_eq!(asked.query_value("response_mode"), Some("form_post"));
    assert_eq!(stage.login_cookies(), 0, "the attempt's cookie is gone");
}

#[tokio::test]
async fn no_url_on_the_way_holds_a_code_a_state_or_a_session() {
    let stage = stage().await;
    let form = to_the_form(&stage, &stage.browser, "/token").await;

    let page = post(&stage, &stage.browser, &form).await;

    let session = stage.session_cookie().unwrap();
    let secrets = form.iter().map(|(_, value)| value).chain([&session]);
    for secret in secrets.filter(|secret| secret.len() > 30) {
        assert!(
            !page.redirects.iter().any(|url| url.as_str().contains(secret.as_str())),
            "{:?}",
            page.redirects
        );
    }
}

#[tokio::test]
async fn only_the_cookie_of_a_login_under_way_goes_along_from_other_sites() {
    let stage = stage().await;

    to_the_form(&stage, &stage.browser, "/token").await;
    let under_way = stage.browser.all_cookies();
    let page = sign_in(&stage, "/token").await;

    let login = under_way.iter().find(|cookie| cookie.name.starts_with("authsession-login-")).unwrap();
    assert_eq!((login.same_site, login.secure, login.http_only), (SameSite::None, true, true));
    let session = stage.browser.all_cookies();
    let session = session.iter().find(|cookie| cookie.name == SESSION_COOKIE).unwrap();
    assert_eq!((session.same_site, session.http_only), (SameSite::Lax, true));
    let from_the_form = &page.set_cookies[0];
    assert!(from_the_form.iter().all(|cookie| cookie.contains("SameSite=Lax")), "it leads to a session");
}

#[tokio::test]
async fn on_https_the_login_cookie_is_bound_to_the_host_all_the_same() {
    let stage = stage().await;
    let slot = Server::reserve().await.unwrap();
    let builder = application(&stage.provider, &slot, &stage.clock)
        .with_redirect_uri("https://app.example/auth/callback")
        .with_response_mode(ResponseMode::FormPost);
    let app = app(builder.with_issuer(stage.provider.issuer()).await.unwrap(), Arc::clone(&stage.store));
    let request = Request::get("/auth").header("accept", "text/html").body(Body::empty()).unwrap();

    let response = app.oneshot(request).await.unwrap();

    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    for part in ["__Host-authsession-login-", "SameSite=None", "Secure", "HttpOnly", "Path=/"] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
}

#[tokio::test]
async fn a_post_is_refused_unless_forms_are_asked_for() {
    let stage = Stage::new().await;
    let callback = stage.to_the_callback("/auth").await;
    let form: Vec<_> = callback.query_pairs().into_owned().collect();

    let page = post(&stage, &stage.browser, &form).await;

    assert_eq!((page.status.as_u16(), page.header("allow")), (405, Some("GET")));
    let asked = stage.provider.journal().last(Endpoint::Authorization).unwrap();
    assert_eq!(asked.query_value("response_mode"), None);
    assert_eq!(
        stage.browser.navigate(stage.url("/auth/callback?landed=AAAAAAAAAAAAAAAA")).await.unwrap().status,
        400
    );
}

#[tokio::test]
async fn signing_in_as_someone_else_by_a_form_ends_the_session_before() {
    let stage = stage().await;
    sign_in(&stage, "/token").await;
    let alice = stage.session_cookie().unwrap();
    stage.provider.end_all_sessions();
    stage.provider.sign_in_as("bob");

    sign_in(&stage, "/auth?return_to=/claims").await;

    assert_eq!(stage.fetch("/claims").await.1["sub"], "bob");
    stage.browser.set_cookie(stage.url("/"), &format!("authsession={alice}; Path=/")).unwrap();
    assert_eq!(stage.fetch("/claims").await.1["reason"], "replaced");
}

#[tokio::test]
async fn a_session_id_the_attacker_chose_never_becomes_a_session_by_a_form() {
    let stage = stage().await;
    let planted = "A".repeat(43);
    stage.browser.set_cookie(stage.url("/"), &format!("authsession={planted}; Path=/")).unwrap();

    sign_in(&stage, "/token").await;

    assert_ne!(stage.session_cookie().unwrap(), planted);
}

#[tokio::test]
async fn a_form_sent_again_goes_on_for_who_is_signed_in() {
    let stage = stage().await;
    let form = to_the_form(&stage, &stage.browser, "/token").await;
    post(&stage, &stage.browser, &form).await;
    let session = stage.session_cookie();

    for _ in 0..2 {
        let page = post(&stage, &stage.browser, &form).await;
        assert_eq!((page.status.as_u16(), page.url.path()), (200, "/"));
    }

    assert_eq!(stage.session_cookie(), session);
    assert_eq!(stage.provider.journal().grants("authorization_code"), 1);
}

#[tokio::test]
async fn a_form_from_history_starts_over_once_for_who_is_not_signed_in() {
    let stage = stage().await;
    let old = [("code".to_owned(), "old".to_owned()), ("state".to_owned(), "old".to_owned())];

    let page = post(&stage, &stage.browser, &old).await;
    assert_eq!(page.url.path(), "/authorize", "starts over");
    stage.browser.submit_form(&[]).await.unwrap();

    assert_eq!(stage.fetch("/token").await.0, 200);
}

#[tokio::test]
async fn a_browser_that_keeps_no_cookies_gets_a_page_and_not_a_loop_of_forms() {
    let stage = stage().await;
    let mut form = to_the_form(&stage, &stage.browser, "/token").await;

    for round in 0..2 {
        stage.browser.clear_cookies();
        let page = post(&stage, &stage.browser, &form).await;
        if page.url.path() != "/authorize" {
            assert_eq!((round, page.status.as_u16()), (1, 400));
            assert!(page.text().contains("cookie"));
            return;
        }
        let again = page.redirects.last().unwrap().path().to_owned();
        assert_eq!(again, "/auth/callback");
        let state = page.url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        form = vec![("code".to_owned(), "c".to_owned()), ("state".to_owned(), state)];
    }
    panic!("a loop");
}

#[tokio::test]
async fn the_same_form_sent_twice_at_once_redeems_the_code_once() {
    let stage = stage().await;
    let form = to_the_form(&stage, &stage.browser, "/token").await;
    let (answer, gate) = Answer::normal().held_after();
    stage.provider.enqueue(Endpoint::Token, answer);

    let (tab, other) = (stage.browser.tab(), stage.browser.tab());
    let both = async { tokio::join!(post(&stage, &tab, &form), post(&stage, &other, &form)) };
    let opener = async {
        assert!(gate.reached().await);
        gate.open();
    };
    let ((one, two), ()) = tokio::join!(both, opener);

    assert_eq!((one.status.as_u16(), two.status.as_u16()), (200, 200));
    assert_eq!(stage.provider.journal().grants("authorization_code"), 1);
    assert_eq!(tab.fetch(stage.url("/token")).await.unwrap().status, 200);
}

#[tokio::test]
async fn two_tabs_that_sign_in_by_forms_at_once_both_end_signed_in() {
    let stage = stage().await;
    let other = stage.browser.tab();
    let first = to_the_form(&stage, &stage.browser, "/auth?return_to=/token").await;
    let second = to_the_form(&stage, &other, "/auth?return_to=/version").await;

    let second = post(&stage, &other, &second).await;
    let first = post(&stage, &stage.browser, &first).await;

    assert!(first.url.path() == "/token" && second.url.path() == "/version");
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (200, 200));
    assert_eq!(stage.login_cookies(), 0);
}

#[tokio::test]
async fn a_user_who_cancels_gets_a_page_that_helps_by_a_form_too() {
    let stage = stage().await;
    stage.provider.deny_next_authorization("access_denied");

    let page = sign_in(&stage, "/token").await;

    assert_eq!((page.status.as_u16(), stage.login_cookies()), (403, 0));
    assert!(page.text().contains("/auth"));
}

#[tokio::test]
async fn an_answer_by_redirect_is_taken_all_the_same() {
    let stage = stage().await;
    let form = to_the_form(&stage, &stage.browser, "/token").await;
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&form).finish();

    let page = stage.browser.navigate(stage.url(&format!("/auth/callback?{query}"))).await.unwrap();

    assert_eq!((page.status.as_u16(), page.url.path()), (200, "/token"));
}

#[tokio::test]
async fn a_form_without_a_refresh_token_comes_back_with_consent() {
    let habits = Habits::default().refresh_token_with_consent();
    let stage = Stage::with(
        |provider| provider.habits(habits).host("localhost"),
        |app| asking(app).with_response_mode(ResponseMode::FormPost),
    )
    .await;
    sign_in(&stage, "/token").await;
    stage.browser.clear_cookies();
    stage.provider.journal().clear();

    let page = sign_in(&stage, "/claims").await;
    assert_eq!(page.url.path(), "/authorize", "once more, with consent");
    let page = stage.browser.submit_form(&[]).await.unwrap();

    assert_eq!((page.status.as_u16(), page.url.path(), stage.login_cookies()), (200, "/claims", 0));
    assert_eq!(
        stage.provider.journal().last(Endpoint::Authorization).unwrap().query_value("prompt"),
        Some("consent")
    );
}

#[tokio::test]
async fn a_new_refresh_token_had_by_a_form_is_not_revoked_along_with_the_one_it_replaces() {
    let habits = Habits::default().refresh_token_with_consent();
    let by_form = |app| asking(app).with_response_mode(ResponseMode::FormPost);
    let stage = Stage::with(|provider| provider.host("localhost").habits(habits), by_form).await;
    sign_in(&stage, "/token").await;
    let before = stage.fetch("/session").await.1["refresh_token"].clone();

    sign_in(&stage, "/auth?prompt=consent&return_to=/token").await;

    let after = stage.fetch("/session").await.1["refresh_token"].clone();
    assert!(after != "" && after != before);
    assert_eq!(stage.fetch("/token").await.0, 200);
    assert_eq!(stage.provider.journal().count(Endpoint::Revocation), 0);
}

#[tokio::test]
async fn the_provider_is_away_when_the_form_comes_and_the_page_leads_on() {
    let stage = stage().await;
    let form = to_the_form(&stage, &stage.browser, "/token").await;
    stage.provider.enqueue(Endpoint::Token, Answer::status(503));

    let page = post(&stage, &stage.browser, &form).await;

    assert_eq!(page.status, 503);
    assert!(page.header("retry-after").is_some());
    assert!(page.text().contains("href=\"/auth?return_to=%2Ftoken\""), "{}", page.text());
    assert!(!page.text().contains("href=\"\""), "the form cannot be sent again by its address");
}

#[tokio::test]
async fn a_form_that_makes_no_sense_is_a_page_that_leads_on() {
    let stage = stage().await;
    let form = to_the_form(&stage, &stage.browser, "/token").await;
    let page = post(&stage, &stage.browser, &form[..1]).await;
    assert_eq!((page.status.as_u16(), page.redirects.len()), (403, 1), "a code without a state");

    let twice = [form.clone(), form].concat();
    let page = post(&stage, &stage.browser, &twice).await;
    assert_eq!(page.status, 400);
    assert!(page.text().contains("href=\"/auth\"") && !page.text().contains("href=\"\""));
}

#[tokio::test]
async fn the_second_step_signs_in_only_this_browser_and_only_for_a_minute() {
    let stage = stage().await;
    let page = sign_in(&stage, "/token").await;
    let (hop, landed) = (&page.redirects[1], page.set_cookies[0][0].split(';').next().unwrap());
    assert!(hop.query().unwrap().starts_with("landed="), "{hop}");
    let opened = async |cookie: Option<&str>| {
        let browser = Browser::with_clock(stage.clock.clone()).unwrap();
        if let Some(cookie) = cookie {
            browser.set_cookie(stage.url("/"), &format!("{cookie}; Path=/; Secure")).unwrap();
        }
        let page = browser.navigate_without_following(hop).await.unwrap();
        page.location().unwrap().path().to_owned()
    };

    assert_eq!(opened(None).await, "/authorize", "another browser starts over");
    stage.clock.advance(Duration::from_secs(59));
    assert_eq!(opened(Some(landed)).await, "/token");
    stage.clock.advance(Duration::from_secs(1));
    assert_eq!(opened(Some(landed)).await, "/authorize", "too late");
}
