//! Rows about who asks, and where they may be sent: 9, 10, 12, 27.

use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_axum::extractors::AccessToken;
use authsession_testkit::browser::Browser;
use axum::Router;
use axum::http::header::{CONTENT_TYPE, LOCATION, SET_COOKIE, VARY};
use axum::routing::get;
use serde_json::Value;
use url::Url;

use crate::pains::scene::Scene;
use crate::stage::Stage;

async fn scene() -> Scene {
    Scene::set(|provider| provider, |application| application, Router::new()).await
}

const MODE: &str = "sec-fetch-mode";
const DEST: &str = "sec-fetch-dest";
const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

/// A redirect to the provider is no answer for a script: all it sees is a CORS error.
#[tokio::test]
async fn row_9_scripts_get_401_json_with_the_login_url_and_never_a_redirect() {
    let scripts: [&[(&str, &str)]; 14] = [
        &[(MODE, "cors"), (DEST, "empty"), ("accept", "*/*")],
        &[(MODE, "same-origin"), (DEST, "empty"), ("accept", "application/json")],
        &[(MODE, "cors"), (DEST, "empty"), HTML],
        &[(MODE, "no-cors"), (DEST, "image"), ("accept", "image/avif,image/*")],
        &[(MODE, "no-cors"), (DEST, "script")],
        &[(MODE, "cors"), (DEST, "empty"), ("accept", "text/event-stream")],
        &[(MODE, "websocket"), (DEST, "empty"), ("upgrade", "websocket")],
        &[(MODE, "cors"), (DEST, "empty"), HTML, ("hx-request", "true")],
        &[(MODE, "cors"), (DEST, "worker")],
        &[("x-requested-with", "XMLHttpRequest"), HTML],
        &[("x-requested-with", "XMLHttpRequest")],
        &[("accept", "application/json, text/plain, */*")],
        &[("accept", "*/*"), ("user-agent", "curl/8.0")],
        &[],
    ];
    let scene = scene().await;
    for headers in scripts {
        let answer = scene.asked("/token", headers).await;
        assert_eq!(answer.status(), 401, "{headers:?}");
        assert_eq!(answer.headers()[CONTENT_TYPE], "application/problem+json", "{headers:?}");
        assert!(!answer.headers().contains_key(LOCATION) && !answer.headers().contains_key(SET_COOKIE));
        let body = axum::body::to_bytes(answer.into_body(), 10_000).await.unwrap();
        let problem: Value = serde_json::from_slice(&body).unwrap();
        assert!(problem["login_url"].as_str().unwrap().starts_with("/auth"), "{headers:?}");
        assert_eq!(problem["reason"], "no_session", "{headers:?}");
    }
}

#[tokio::test]
async fn row_9_people_are_sent_to_the_login_here_and_not_across_origins() {
    let people: [&[(&str, &str)]; 5] = [
        &[(MODE, "navigate"), (DEST, "document"), HTML],
        &[(MODE, "navigate"), (DEST, "iframe"), HTML],
        &[(MODE, "navigate"), (DEST, "document"), ("accept", "*/*")],
        &[HTML],
        &[("accept", "text/html")],
    ];
    let scene = scene().await;
    for headers in people {
        let answer = scene.asked("/token?page=2", headers).await;
        assert_eq!(answer.status(), 303, "{headers:?}");
        assert_eq!(answer.headers()[LOCATION], "/auth?return_to=%2Ftoken%3Fpage%3D2", "{headers:?}");
        assert!(answer.headers()[VARY].to_str().unwrap().to_lowercase().contains("cookie"), "{headers:?}");
    }
}

/// A page that was open over night: what its scripts are told leads back to where they are.
#[tokio::test]
async fn row_9_the_login_url_a_script_is_told_leads_back_to_its_page() {
    let stage = Stage::new().await;
    stage.browser.navigate(stage.url("/public?tab=3")).await.unwrap();

    let (_, problem) = stage.fetch("/token").await;
    let page = stage.browser.navigate(stage.url(problem["login_url"].as_str().unwrap())).await.unwrap();

    assert_eq!(page.url.as_str(), stage.url("/public?tab=3"));
    assert_eq!(stage.fetch("/token").await.0, 200);
}

/// The provider is on another site, as providers are.
async fn elsewhere() -> Scene {
    Scene::set(|provider| provider.host("localhost"), |application| application, Router::new()).await
}

/// With SameSite=Strict the cookie would stay at home, and the user sign in once more.
#[tokio::test]
async fn row_10_a_link_in_an_email_finds_the_user_signed_in() {
    let scene = elsewhere().await;
    scene.sign_in().await;

    for from in ["https://mail.example", "https://chat.example", scene.provider.issuer()] {
        let page = scene.browser.cross_site_get(scene.url("/token"), from).await.unwrap();
        assert_eq!((page.status.as_u16(), page.redirects.len()), (200, 0), "{from}");
    }
}

#[tokio::test]
async fn row_10_a_link_in_an_email_signs_in_who_is_not_without_a_loop() {
    let scene = elsewhere().await;

    let page = scene.browser.cross_site_get(scene.url("/token"), "https://mail.example").await.unwrap();

    assert_eq!((page.status.as_u16(), page.url.path()), (200, "/token"));
    let way: Vec<_> = page.redirects.iter().map(Url::path).collect();
    assert_eq!(way, ["/token", "/auth", "/authorize", "/auth/callback"]);
}

/// Forms of other sites do not act in the user's name all the same.
#[tokio::test]
async fn row_10_a_form_of_another_site_does_not_carry_the_session() {
    let stage = Stage::signed_in().await;

    let page = stage.browser.cross_site_post(stage.url("/token"), "https://evil.example", &[]).await.unwrap();

    assert_ne!(page.text(), "done", "{}", page.text());
}

const PUBLIC: &str = "https://app.example.com/auth/callback";

async fn behind_a_tls_terminator() -> Scene {
    let public = |application: OAuthConfigurationBuilder| application.with_redirect_uri(PUBLIC);
    Scene::set(|provider| provider, public, Router::new()).await
}

fn redirect_uri(location: &Url) -> String {
    location.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1.into_owned()
}

/// The application hears http, its users see https.
#[tokio::test]
async fn row_12_behind_a_tls_terminator_everything_is_of_the_public_url() {
    let scene = behind_a_tls_terminator().await;
    let start = scene.browser.navigate_without_following(scene.url("/auth?return_to=/token")).await.unwrap();
    assert_eq!(redirect_uri(&start.location().unwrap()), PUBLIC);

    let back = scene.browser.navigate_without_following(start.location().unwrap()).await.unwrap();
    let public = back.location().unwrap();
    assert_eq!(public.origin().ascii_serialization(), "https://app.example.com");
    // What the terminator does.
    let inside = scene.url(&public[url::Position::BeforePath..]);
    let page = scene.browser.navigate_without_following(inside).await.unwrap();

    assert_eq!(page.header("location"), Some("/token"));
    let session =
        page.set_cookies.concat().into_iter().find(|cookie| cookie.starts_with("__Host-authsession="));
    assert!(session.unwrap().contains("Secure"));
    assert_eq!(scene.browser.navigate(scene.url("/token")).await.unwrap().status, 200);
}

/// Such headers are the terminator's to set, and anybody's to send.
#[tokio::test]
async fn row_12_forwarded_headers_are_not_read() {
    let scene = behind_a_tls_terminator().await;
    let lies: [&[(&str, &str)]; 7] = [
        &[("host", "evil.example")],
        &[("x-forwarded-proto", "http")],
        &[("x-forwarded-host", "evil.example"), ("x-forwarded-port", "8080")],
        &[("forwarded", "for=1.2.3.4;host=evil.example;proto=http")],
        &[("x-original-host", "evil.example"), ("x-original-url", "/elsewhere")],
        &[("x-forwarded-prefix", "/evil"), ("x-forwarded-path", "/evil")],
        &[("x-host", "evil.example"), ("x-rewrite-url", "/evil")],
    ];
    for lie in lies {
        let headers: Vec<_> = [&[(MODE, "navigate"), (DEST, "document"), HTML], lie].concat();
        let login = scene.asked("/auth", &headers).await;
        let location = Url::parse(login.headers()[LOCATION].to_str().unwrap()).unwrap();
        assert_eq!(redirect_uri(&location), PUBLIC, "{lie:?}");
        assert!(login.headers()[SET_COOKIE].to_str().unwrap().contains("Secure"), "{lie:?}");
        let guarded = scene.asked("/token", &headers).await;
        assert_eq!(guarded.headers()[LOCATION], "/auth?return_to=%2Ftoken", "{lie:?}");
    }
}

/// What looks like a path of ours, and is read as a host by the browser that is sent there.
#[tokio::test]
async fn row_27_no_link_into_the_application_leads_out_of_it_after_the_login() {
    let routes = Router::new().fallback(get(|_: AccessToken| async { "a page" }));
    let scene = Scene::set(|provider| provider, |application| application, routes).await;
    let places = [
        "//evil.example",
        "///evil.example",
        "//evil.example/%2e%2e",
        "/%2f%2fevil.example",
        "/%5cevil.example",
        "/%5c%5cevil.example",
        "/.//evil.example",
        "/x/..//evil.example",
        "/%09/evil.example",
        "/%0d%0aLocation:%20evil",
    ];
    for place in places {
        let written: String = url::form_urlencoded::byte_serialize(place.as_bytes()).collect();
        for link in [scene.url("") + place, scene.url(&format!("/auth?return_to={written}"))] {
            let browser = Browser::with_clock(scene.clock.clone()).unwrap();
            let page = browser.navigate(&link).await.unwrap();
            assert_eq!(page.url.origin(), Url::parse(&scene.url("/")).unwrap().origin(), "{link}");
            assert_eq!(page.status, 200, "{link}");
        }
    }
}

/// A form's page is known by its Referer, which is the other site's to choose.
#[tokio::test]
async fn row_27_a_referer_of_another_site_is_no_place_to_go_back_to() {
    let scene = scene().await;
    let told = async |from: &str| {
        let answer = scene.asked("/token", &[(MODE, "cors"), ("referer", from)]).await;
        let body = axum::body::to_bytes(answer.into_body(), 10_000).await.unwrap();
        let problem: Value = serde_json::from_slice(&body).unwrap();
        problem["login_url"].as_str().unwrap().to_owned()
    };
    for from in ["https://evil.example/page", "//evil.example", "/\\evil.example", "javascript:alert(1)"] {
        assert_eq!(told(from).await, "/auth", "{from}");
    }
    assert_eq!(told(&scene.url("/public")).await, "/auth?return_to=%2Fpublic");
}
