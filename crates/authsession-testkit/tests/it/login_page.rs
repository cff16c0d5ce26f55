//! The interactive provider, through the browser.

use crate::relying_party::VERIFIER;
use crate::relying_party::login_url;
use crate::relying_party::parameter;
use crate::relying_party::part;
use crate::relying_party::post;
use crate::relying_party::text;
use authsession_testkit::browser::Browser;
use authsession_testkit::client::Client;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use authsession_testkit::serve::Server;
use authsession_testkit::user::User;
use axum::Router;

async fn interactive() -> Provider {
    let client = Client::confidential("client", "s3cret-that-is-long-enough-for-hs256").name("Fish & Chips");
    Provider::builder().interactive(true).client(client).start().await.unwrap()
}

#[tokio::test]
async fn a_person_picks_who_to_be_and_stays_signed_in_at_the_provider() {
    let provider = interactive().await;
    let browser = Browser::new().unwrap();
    let app = Server::serve(Router::new()).await.unwrap();
    let callback = format!("{}/callback", app.url());
    let url = login_url(&provider, &[("redirect_uri", &callback)]);

    let page = browser.navigate(&url).await.unwrap();
    assert!(page.text().contains("Fish &amp; Chips"));
    assert!(page.text().contains("Continue as Alice"));
    assert!(page.text().contains("test provider"));
    let back = browser.press("Continue as Bob").await.unwrap();

    assert!(back.url.as_str().starts_with(&callback));
    assert_eq!(parameter(&back.url, "state").unwrap(), "the-state");
    assert!(parameter(&back.url, "code").is_some());
    assert_eq!(provider.sessions(), 1);
    let again = browser.navigate(&url).await.unwrap();
    assert!(parameter(&again.url, "code").is_some(), "the session at the provider answers without a page");
}

#[tokio::test]
async fn the_id_token_is_about_who_was_picked() {
    let provider = interactive().await;
    let browser = Browser::new().unwrap();
    let app = Server::serve(Router::new()).await.unwrap();
    browser.navigate(login_url(&provider, &[("redirect_uri", app.url())])).await.unwrap();
    let back = browser.press("Continue as Bob").await.unwrap();
    let code = parameter(&back.url, "code").unwrap();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", app.url()),
        ("code_verifier", VERIFIER),
    ];
    let tokens = post(&browser, &provider, Endpoint::Token, &fields).await.json().unwrap();
    assert_eq!(part(text(&tokens, "id_token"), 1)["sub"], "bob");
}

#[tokio::test]
async fn cancelling_sends_back_access_denied() {
    let provider = interactive().await;
    let browser = Browser::new().unwrap();
    let app = Server::serve(Router::new()).await.unwrap();
    let page = browser.navigate(login_url(&provider, &[("redirect_uri", app.url())])).await.unwrap();
    let html = page.text().into_owned();
    let link = html.split("<a href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    let back = browser.click(link).await.unwrap();
    assert_eq!(parameter(&back.url, "error").unwrap(), "access_denied");
    assert_eq!(parameter(&back.url, "state").unwrap(), "the-state");
}

#[tokio::test]
async fn the_page_has_no_script_and_escapes_what_it_shows() {
    let provider = Provider::builder()
        .interactive(true)
        .user(User::new("x", "<script>alert(1)</script>"))
        .start()
        .await
        .unwrap();
    let browser = Browser::new().unwrap();
    let page = browser.navigate(login_url(&provider, &[("state", "\"><script>")])).await.unwrap();
    assert!(!page.text().contains("<script"));
    assert!(page.header("content-security-policy").unwrap().contains("default-src 'none'"));
}

#[tokio::test]
async fn prompt_login_shows_the_page_again() {
    let provider = interactive().await;
    let browser = Browser::new().unwrap();
    let app = Server::serve(Router::new()).await.unwrap();
    let extra = [("redirect_uri", app.url()), ("prompt", "login")];
    for person in ["Alice", "Bob"] {
        browser.navigate(login_url(&provider, &extra)).await.unwrap();
        let back = browser.press(&format!("Continue as {person}")).await.unwrap();
        assert!(parameter(&back.url, "code").is_some());
    }
    assert_eq!(provider.sessions(), 1, "the second sign-in ended the first one's session");
    assert!(provider.sid_of("bob").is_some());
}

#[tokio::test]
async fn another_site_than_the_application_when_asked_for() {
    let provider = Provider::builder().host("localhost").start().await.unwrap();
    assert!(provider.issuer().starts_with("http://localhost:"));
    let browser = Browser::new().unwrap();
    let tokens = crate::relying_party::signed_in(&browser, &provider).await;
    assert_eq!(part(text(&tokens, "id_token"), 1)["iss"], provider.issuer());
}
