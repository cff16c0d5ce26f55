//! What the provider answers instead of signing somebody in, and what the person gets to see.

use std::collections::HashSet;

use authsession_testkit::browser::Page;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;

use crate::login_checks::{stage, title};
use crate::stage::Stage;

async fn refused_with(stage: &Stage, error: &str) -> Page {
    stage.provider.deny_next_authorization(error);
    stage.browser.navigate(stage.url("/token")).await.unwrap()
}

#[tokio::test]
async fn each_error_that_comes_back_has_a_page_that_helps_and_echoes_nothing() {
    const CANCELLED: (u16, &str) = (403, "You were not signed in");
    const ASKS: (u16, &str) = (403, "Sign in to go on");
    const STRONGER: (u16, &str) = (403, "A stronger sign-in is needed");
    const LATER: (u16, &str) = (503, "Try again in a moment");
    const NOT_SET_UP: (u16, &str) = (403, "Not set up right");
    let stage = stage().await;
    for (error, wanted) in [
        ("access_denied", CANCELLED),
        ("canary_nobody_registered", CANCELLED),
        ("<script>canary</script>", CANCELLED),
        ("login_required", ASKS),
        ("interaction_required", ASKS),
        ("consent_required", ASKS),
        ("account_selection_required", ASKS),
        ("unmet_authentication_requirements", STRONGER),
        ("server_error", LATER),
        ("temporarily_unavailable", LATER),
        ("invalid_request", NOT_SET_UP),
        ("invalid_scope", NOT_SET_UP),
        ("unauthorized_client", NOT_SET_UP),
        ("unsupported_response_type", NOT_SET_UP),
    ] {
        let page = refused_with(&stage, error).await;

        assert_eq!((page.status.as_u16(), title(&page).as_str()), wanted, "{error}");
        assert_eq!(page.header("retry-after").is_some(), wanted == LATER, "{error}");
        assert!(page.text().contains("href=\"/auth?return_to=%2Ftoken\""), "{error}: {}", page.text());
        assert!(!page.text().contains("canary"), "{error}");
        assert_eq!((stage.store.len(), stage.login_cookies()), (0, 0), "{error}");
        assert_eq!(stage.provider.journal().count(Endpoint::Token), 0, "{error}");
    }
}

#[tokio::test]
async fn after_any_error_the_same_browser_signs_in() {
    let stage = stage().await;
    for error in ["access_denied", "login_required", "interaction_required", "canary"] {
        refused_with(&stage, error).await;
    }
    assert_eq!(stage.browser.navigate(stage.url("/token")).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_dead_code_a_refused_client_and_a_busy_provider_are_told_apart() {
    let stage = stage().await;
    let mut titles = HashSet::new();
    for (answer, status, retry_after) in [
        (Answer::error(400, "invalid_grant"), 400, None),
        (Answer::error(401, "invalid_client"), 500, None),
        (Answer::status(429).retry_after(17), 503, Some("17")),
    ] {
        stage.provider.enqueue(Endpoint::Token, answer);
        let page = stage.browser.navigate(stage.url("/token")).await.unwrap();
        assert_eq!((page.status.as_u16(), page.header("retry-after")), (status, retry_after));
        assert_eq!(stage.store.len(), 0);
        assert!(titles.insert(title(&page)), "{}", title(&page));
    }
    for broken in [500, 502, 503, 504] {
        stage.provider.enqueue(Endpoint::Token, Answer::status(broken));
        let page = stage.browser.navigate(stage.url("/token")).await.unwrap();
        assert!(page.status == 503 && page.header("retry-after").is_some(), "{broken}");
    }
}

#[tokio::test]
async fn a_token_answer_that_is_absurd_signs_nobody_in() {
    let stage = stage().await;
    for (name, value) in [
        ("token_type", "".into()),
        ("token_type", "mac".into()),
        ("access_token", "".into()),
        ("expires_in", 0.into()),
        ("expires_in", (-1).into()),
        ("expires_in", serde_json::json!(1e300)),
        ("expires_in", "soon".into()),
    ] {
        let value: serde_json::Value = value;
        let shown = format!("{name} = {value}");
        stage.provider.enqueue(Endpoint::Token, Answer::tampered(move |body| body[name] = value.clone()));
        let page = stage.browser.navigate(stage.url("/token")).await.unwrap();
        assert_eq!((page.status.as_u16(), stage.store.len()), (400, 0), "{shown}");
    }
}

#[tokio::test]
async fn a_lifetime_in_quotes_or_left_out_signs_the_person_in() {
    for lifetime in [serde_json::json!("300"), serde_json::Value::Null] {
        let stage = stage().await;
        stage
            .provider
            .enqueue(Endpoint::Token, Answer::tampered(move |body| body["expires_in"] = lifetime.clone()));
        assert_eq!(stage.browser.navigate(stage.url("/token")).await.unwrap().status, 200);
    }
}
