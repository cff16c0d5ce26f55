//! Logins in frames, where answers come by a redirect: only a page of the application's own has one there.

use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::habits::Habits;
use axum::http::Method;

use crate::login_checks::stage;
use crate::stage::Stage;
use crate::wire::{Answer, send};

const DEST: &str = "Sec-Fetch-Dest";
const SITE: &str = "Sec-Fetch-Site";

/// What a frame of the application's own page gets, and one of another.
async fn framed(stage: &Stage, target: &str, site: &str) -> Answer {
    let cookies = stage.browser.cookies(stage.url("/")).unwrap();
    let cookies: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let headers = [(DEST, "iframe"), (SITE, site), ("Cookie", &cookies.join("; "))];
    send(stage, Method::GET, target, &headers, b"").await
}

#[tokio::test]
async fn a_frame_in_a_page_of_another_origin_starts_no_login() {
    let stage = stage().await;
    for dest in ["iframe", "frame", "embed", "object", "fencedframe"] {
        for site in ["cross-site", "same-site", "none", "odd"] {
            for target in ["/auth?return_to=/token", "/step-up", "/auth/callback?code=c&state=s"] {
                let answer = send(&stage, Method::GET, target, &[(DEST, dest), (SITE, site)], b"").await;
                let came = (answer.status, answer.location(), answer.headers("set-cookie").len());
                assert_eq!(came, (403, "", 0), "{dest} {site} {target}");
            }
        }
    }
    assert_eq!(send(&stage, Method::GET, "/auth", &[(DEST, "iframe")], b"").await.status, 403, "by whom?");
    assert_eq!(stage.provider.journal().count(Endpoint::Authorization), 0);
}

/// The page of another origin shows it, or nobody would know why there is nothing.
#[tokio::test]
async fn the_page_that_says_so_can_be_shown_there_and_leads_to_a_window_of_its_own() {
    let stage = stage().await;
    let guarded = framed(&stage, "/token", "cross-site").await;
    assert_eq!(guarded.location(), "/auth?return_to=%2Ftoken");

    let page = framed(&stage, guarded.location(), "cross-site").await;

    assert!(page.text.contains("<a href=\"/auth\" target=\"_blank\" rel=\"noopener\">"), "{}", page.text);
    let policy = page.headers("content-security-policy")[0];
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("frame-ancestors"), "{policy}");
}

/// What comes back is a redirect of the provider's, so it counts as another site's.
#[tokio::test]
async fn a_frame_of_the_applications_own_page_signs_in_without_a_word() {
    let stage = stage().await;
    stage.sign_in().await;
    signs_in_framed(&stage, "/auth?prompt=none&return_to=/token").await;
}

/// Its page of consent could not be shown there.
#[tokio::test]
async fn in_a_frame_nobody_is_asked_for_consent() {
    let habits = Habits::default().refresh_token_with_consent();
    let asking = |application: OAuthConfigurationBuilder| application.with_consent_for_refresh_token(true);
    let stage = Stage::with(|provider| provider.habits(habits), asking).await;
    signs_in_framed(&stage, "/auth?return_to=/token").await;
}

/// In a frame of the application's own page.
async fn signs_in_framed(stage: &Stage, login: &str) {
    let start = framed(stage, login, "same-origin").await;
    assert_eq!(start.status, 303, "{}", start.text);
    let cookie = start.headers("set-cookie")[0];
    stage.browser.set_cookie(stage.url("/"), cookie).unwrap();
    let back = stage.browser.navigate_without_following(start.location()).await.unwrap();
    let callback = back.location().unwrap();

    let home = framed(stage, &callback[url::Position::BeforePath..], "cross-site").await;

    assert_eq!((home.status, home.location(), home.headers("set-cookie").len()), (303, "/token", 2));
}
