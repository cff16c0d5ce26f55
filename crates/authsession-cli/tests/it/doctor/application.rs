//! The application's own settings.

use authsession_testkit::browser::Browser;

use super::{REDIRECT_URI, assert_verdict, doctor, provider, verdict};
use crate::process::{Demo, authsession, ended};

#[tokio::test]
async fn each_fault_of_a_redirect_uri_has_its_line() {
    let provider = provider().await;
    for (uri, wanted) in [
        (REDIRECT_URI, "ok"),
        ("http://127.0.0.1:8080/auth/callback", "warning"),
        ("http://app.example.com/auth/callback", "wrong"),
        ("/auth/callback", "wrong"),
        ("https://app.example.com/", "wrong"),
        ("https://app.example.com/auth/callback#top", "wrong"),
        ("https://app.example.com/*", "wrong"),
    ] {
        let (found, _) = verdict(&provider, &["--redirect-uri", uri], "redirect URI").await;
        assert_eq!(found.as_deref(), Some(wanted), "{uri}");
    }
}

#[tokio::test]
async fn a_redirect_uri_of_another_origin_than_the_application_s_is_wrong() {
    let provider = provider().await;
    for (public, wanted) in [
        ("https://app.example.com", "ok"),
        ("https://www.example.com/", "wrong"),
        ("https://app.example.com:8443", "wrong"),
        ("http://app.example.com", "wrong"),
    ] {
        let more = ["--redirect-uri", REDIRECT_URI, "--public-url", public];
        assert_verdict(&verdict(&provider, &more, "redirect URI").await, wanted, public);
    }
}

#[tokio::test]
async fn a_weak_cookie_key_is_wrong() {
    let provider = provider().await;
    for weak in ["hush", &"a".repeat(64)] {
        let mut command = authsession(&["doctor", "--issuer", provider.issuer(), "--cookie-key-env", "WEAK"]);

        let ended = ended(command.env("WEAK", weak).spawn().unwrap()).await;

        assert_eq!(ended.status, Some(1), "{}", ended.out);
        assert!(ended.out.contains("wrong    cookie key") && ended.out.contains("openssl rand -base64 32"));
        assert!(!ended.out.contains(weak), "{}", ended.out);
    }
}

#[tokio::test]
async fn the_cookies_are_shown_as_they_will_be() {
    let provider = provider().await;

    let lax = doctor(&provider, &["--redirect-uri", REDIRECT_URI]).await;
    let posted = doctor(&provider, &["--redirect-uri", REDIRECT_URI, "--form-post"]).await;

    let session = "__Host-authsession; HttpOnly; SameSite=Lax; Secure; Path=/";
    assert!(lax.out.contains(session) && posted.out.contains(session), "{} {}", lax.out, posted.out);
    let login = "__Host-authsession-login-…; HttpOnly; SameSite=None; Secure; Path=/";
    assert!(posted.out.contains(login) && !lax.out.contains("SameSite=None"), "{}", posted.out);
}

#[tokio::test]
async fn the_cookie_of_a_loopback_application_is_shown_as_the_demo_sets_it() {
    let (demo, browser, provider) = (Demo::start().await, Browser::new().unwrap(), provider().await);
    let start = browser.navigate_without_following(format!("{}auth", demo.url)).await.unwrap();
    let set = start.header("set-cookie").unwrap();
    let flags =
        set.split("; ").skip(1).filter(|flag| !flag.starts_with("Max-Age")).collect::<Vec<_>>().join("; ");

    let ended = doctor(&provider, &["--redirect-uri", &format!("{}auth/callback", demo.url)]).await;

    let shown = format!("warning  cookie          authsession; {flags}");
    assert!(ended.out.contains(&shown), "{shown}\n{}", ended.out);
}

#[tokio::test]
async fn what_the_library_would_refuse_is_told_in_its_words() {
    let provider = provider().await;
    let more = ["--redirect-uri", "https://app.example.com/auth"];

    let ended = doctor(&provider, &more).await;

    assert_eq!(ended.status, Some(1));
    assert!(ended.out.contains("wrong    settings") && ended.out.contains("must differ from those of login"));
}
