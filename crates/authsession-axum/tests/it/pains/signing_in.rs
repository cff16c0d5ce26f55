//! Rows about signing in: 6, 7, 8, 24.

use authsession_axum::extractors::Session;
use authsession_testkit::browser::{Browser, Page};
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::user::User;
use axum::Router;
use axum::http::Method;
use axum::routing::get;
use futures_util::future::join_all;

use crate::pains::scene::{Scene, cookies_of, minutes};
use crate::stage::{SESSION_COOKIE, Stage};

/// A provider that shows a login page, as providers do.
async fn with_a_login_page() -> Scene {
    let routes =
        Router::new().route("/mail", get(|session: Session| async move { session.subject().to_owned() }));
    Scene::set(|provider| provider.interactive(true), |application| application, routes).await
}

const ALICE: &str = "Continue as Alice";

fn came_to(page: &Page) -> (u16, String) {
    (page.status.as_u16(), page.url[url::Position::BeforePath..].to_owned())
}

/// The browser restores two tabs; both show the login page.
#[tokio::test]
async fn row_6_two_tabs_sign_in_one_after_the_other_and_both_get_where_they_were_going() {
    let scene = with_a_login_page().await;
    let (one, other) = (scene.browser.tab(), scene.browser.tab());
    one.navigate(scene.url("/mail?folder=1")).await.unwrap();
    other.navigate(scene.url("/mail?folder=2")).await.unwrap();

    assert_eq!(came_to(&one.press(ALICE).await.unwrap()), (200, "/mail?folder=1".to_owned()));
    assert_eq!(came_to(&other.press(ALICE).await.unwrap()), (200, "/mail?folder=2".to_owned()));

    assert_eq!(
        one.navigate(scene.url("/mail")).await.unwrap().text(),
        "alice",
        "the first tab still is signed in"
    );
    assert_eq!(scene.login_cookies(), 0);
}

/// The second tab was forgotten for a day. Its login is long over, its user is not.
#[tokio::test]
async fn row_6_a_tab_whose_login_is_over_continues_when_another_one_signed_in() {
    let scene = with_a_login_page().await;
    let (one, forgotten) = (scene.browser.tab(), scene.browser.tab());
    forgotten.navigate(scene.url("/mail?folder=2")).await.unwrap();
    scene.clock.advance(minutes(60));
    one.navigate(scene.url("/mail")).await.unwrap();
    one.press(ALICE).await.unwrap();
    let session = scene.session_cookie();

    let page = forgotten.press(ALICE).await.unwrap();

    assert_eq!((page.status.as_u16(), page.url.origin()), (200, one.current().unwrap().url.origin()));
    assert_eq!(scene.session_cookie(), session, "and nothing was redeemed or replaced for it");
}

/// Signed out over night: the page's scripts, images and a preview knock at once when the lid is opened.
#[tokio::test]
async fn row_7_what_is_no_navigation_leaves_no_login_cookie() {
    let stage = Stage::new().await;
    stage.browser.navigate(stage.url("/public")).await.unwrap();
    let image: &[(&str, &str)] = &[("sec-fetch-dest", "image"), ("sec-fetch-mode", "no-cors")];

    let scripts = join_all((0..20).map(|_| stage.browser.fetch(stage.url("/token")))).await;
    let previews = join_all((0..5).map(|_| stage.browser.prefetch(stage.url("/token")))).await;
    let logins = join_all((0..5).map(|_| stage.browser.prefetch(stage.url("/auth")))).await;
    let image = stage.browser.fetch_with(Method::GET, stage.url("/auth"), image, "").await;

    for page in scripts.into_iter().chain(previews).chain(logins).chain([image]) {
        assert_eq!(cookies_of(&page.unwrap()), Vec::<&String>::new());
    }
    assert_eq!((stage.login_cookies(), stage.provider.journal().count(Endpoint::Authorization)), (0, 0));
}

fn cookie_bytes(stage: &Stage) -> usize {
    let cookies = stage.browser.cookies(stage.url("/")).unwrap();
    cookies.iter().map(|(name, value)| name.len() + value.len() + 3).sum()
}

/// Started and never finished, over and over.
#[tokio::test]
async fn row_7_logins_nobody_finishes_stay_few_and_the_oldest_goes() {
    let stage = Stage::new().await;
    let mut started = Vec::new();
    for number in 0..20 {
        let place = stage.url(&format!("/auth?return_to=/token?{number}"));
        started.push(stage.browser.tab().navigate_without_following(place).await.unwrap());
        stage.clock.advance(std::time::Duration::from_secs(1));
        assert!(cookie_bytes(&stage) < 6 * 1024, "{} bytes", cookie_bytes(&stage));
    }
    assert_eq!(stage.login_cookies(), 5);

    for (number, start) in started.iter().enumerate().skip(15) {
        let page = stage.browser.tab().navigate(start.location().unwrap()).await.unwrap();
        assert_eq!(came_to(&page), (200, format!("/token?{number}")), "the newest five can be finished");
    }
    let oldest = stage.browser.tab().navigate(started[0].location().unwrap()).await.unwrap();
    assert_eq!(oldest.status, 200, "and who comes late continues, signed in");
}

/// Twenty tabs are restored at once: none of their requests carries the others' cookies.
#[tokio::test]
async fn row_7_twenty_tabs_at_once_do_not_lock_the_browser_out() {
    let stage = Stage::new().await;
    let tabs: Vec<_> = (0..20).map(|_| stage.browser.tab()).collect();
    join_all(tabs.iter().map(|tab| tab.navigate_without_following(stage.url("/auth?return_to=/token"))))
        .await;

    stage.clock.advance(std::time::Duration::from_secs(1));
    let one_more =
        stage.browser.navigate_without_following(stage.url("/auth?return_to=/token")).await.unwrap();

    assert!(stage.login_cookies() <= 5, "{} login cookies after the next login", stage.login_cookies());
    assert_eq!(stage.browser.navigate(one_more.location().unwrap()).await.unwrap().status, 200);
}

/// A user in three hundred groups has tokens of many kilobytes.
#[tokio::test]
async fn row_8_the_session_cookie_is_small_whatever_the_provider_says_of_the_user() {
    let groups: Vec<String> =
        (0..300).map(|number| format!("CN=Department {number},OU=Groups,DC=example,DC=test")).collect();
    let many = groups.clone();
    let alice = move |provider: authsession_testkit::builder::ProviderBuilder| {
        provider.host("localhost").user(User::new("alice", "Alice Example").claim("groups", many))
    };
    let scene = Scene::set(alice, |application| application, Router::new()).await;

    let page = scene.browser.navigate(scene.url("/claims")).await.unwrap();

    assert_eq!(page.json().unwrap()["groups"].as_array().unwrap().len(), groups.len());
    let session = cookies_of(&page)
        .into_iter()
        .find(|cookie| cookie.starts_with(SESSION_COOKIE) && !cookie.starts_with("authsession-login"));
    assert!(session.unwrap().len() < 200);
    assert!(cookie_bytes(&scene) < 100, "{} bytes with every request", cookie_bytes(&scene));
}

/// People bookmark the page they type their password into.
#[tokio::test]
async fn row_24_a_bookmarked_login_page_signs_in() {
    let scene = with_a_login_page().await;
    let bookmark = scene.browser.navigate(scene.url("/mail")).await.unwrap().url;
    scene.clock.advance(minutes(3 * 24 * 60));
    let days_later = Browser::with_clock(scene.clock.clone()).unwrap();

    days_later.navigate(bookmark).await.unwrap();
    let mut page = days_later.press(ALICE).await.unwrap();
    if page.url.path() == "/authorize" {
        page = days_later.press(ALICE).await.unwrap();
    }

    assert_eq!(page.status, 200, "{}", page.text());
    assert_eq!(days_later.navigate(scene.url("/mail")).await.unwrap().text(), "alice");
}

/// Signed in, then Back, Back: the login page is shown again, and used again.
#[tokio::test]
async fn row_24_the_back_button_and_a_second_sign_in_end_in_the_application() {
    let scene = with_a_login_page().await;
    let login_page = scene.browser.navigate(scene.url("/mail")).await.unwrap().url;
    let as_it_was = scene.browser.tab();
    as_it_was.navigate(&login_page).await.unwrap();
    let page = scene.browser.press(ALICE).await.unwrap();
    let callback = page.redirects.iter().find(|url| url.path() == "/auth/callback").unwrap().clone();
    let here = page.url.origin();

    let pressed_again = as_it_was.press(ALICE).await.unwrap();
    let reloaded = scene.browser.navigate(&login_page).await.unwrap();
    let further_back = scene.browser.navigate(callback).await.unwrap();

    for page in [pressed_again, reloaded, further_back] {
        assert_eq!((page.status.as_u16(), page.url.origin()), (200, here.clone()), "{}", page.url);
    }
    assert_eq!(scene.browser.navigate(scene.url("/mail")).await.unwrap().text(), "alice");
    assert_eq!(scene.provider.journal().grants("authorization_code"), 1);
}

/// A browser that keeps no cookies would go round for ever.
#[tokio::test]
async fn row_24_starting_over_happens_once_and_then_a_page_says_why() {
    let scene = with_a_login_page().await;
    let mut page =
        scene.browser.navigate(scene.url("/auth/callback?code=old&state=bookmarked")).await.unwrap();
    for _ in 0..3 {
        if page.url.path() == "/authorize" {
            scene.browser.clear_cookies();
            page = scene.browser.press(ALICE).await.unwrap();
        }
    }
    assert_eq!((page.status.as_u16(), page.url.path()), (400, "/auth/callback"));
    assert!(page.text().contains("Allow cookies"), "{}", page.text());
}
