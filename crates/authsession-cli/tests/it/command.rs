//! The command line: what it refuses, and what it never shows.

use authsession_testkit::browser::Browser;
use authsession_testkit::client::Client;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use authsession_testkit::user::User;
use tokio::net::TcpListener;

use crate::process::{Demo, authsession, run};

#[tokio::test]
async fn a_taken_port_is_an_error_that_says_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();

    let ended = run(&["demo", "--listen", &address]).await;

    assert!(!ended.succeeded);
    assert!(ended.log.contains(&format!("{address} is in use")), "{}", ended.log);
    assert!(ended.log.contains("--listen 127.0.0.1:0"), "{}", ended.log);
    assert_eq!(ended.out, "");
}

#[tokio::test]
async fn help_names_the_variables_and_shows_no_secret_in_them() {
    let mut command = authsession(&["demo", "--help"]);
    command.env("AUTHSESSION_CLIENT_SECRET", "hush-client").env("AUTHSESSION_COOKIE_KEY", "hush-cookie");

    let help = String::from_utf8(command.output().await.unwrap().stdout).unwrap();

    assert!(help.contains("AUTHSESSION_CLIENT_SECRET") && help.contains("AUTHSESSION_COOKIE_KEY"), "{help}");
    assert!(help.contains("offline_access") && help.contains("prompt=consent"), "{help}");
    assert!(!help.contains("hush"), "{help}");
}

#[tokio::test]
async fn an_issuer_without_a_client_id_is_an_error_that_says_so() {
    let ended = run(&["demo", "--listen", "127.0.0.1:0", "--issuer", "https://login.example.com"]).await;

    assert!(!ended.succeeded);
    assert!(ended.log.contains("--client-id"), "{}", ended.log);
}

#[tokio::test]
async fn a_cookie_key_that_is_too_short_is_refused_and_not_repeated() {
    let ended = run(&["demo", "--listen", "127.0.0.1:0", "--cookie-key", "hush"]).await;

    assert!(!ended.succeeded);
    assert!(ended.log.contains("key") && !ended.log.contains("hush"), "{}", ended.log);
}

const SECRET: &str = "a-client-secret-of-32-bytes-or-so";

/// The demo as the client of that provider, which knows its secret.
async fn demo_at(provider: &Provider) -> Demo {
    let client = ["--issuer", provider.issuer(), "--client-id", "shop", "--client-secret", SECRET];
    let wishes =
        ["--scope", "openid profile", "--scope", "email", "--parameter", "prompt=consent", "--userinfo"];
    Demo::start_with(&[&client[..], &wishes].concat()).await
}

#[tokio::test]
async fn the_page_signs_in_at_any_provider() {
    let provider = Provider::builder().client(Client::confidential("shop", SECRET)).start().await.unwrap();
    let (demo, browser) = (demo_at(&provider).await, Browser::new().unwrap());
    browser.navigate(&demo.url).await.unwrap();

    let page = browser.click("/auth").await.unwrap();

    assert!(page.text().contains("Alice Example"), "{}", page.text());
    let asked = provider.journal().last(Endpoint::Authorization).unwrap();
    assert_eq!(asked.query_value("scope"), Some("openid profile email"));
    assert_eq!(asked.query_value("prompt"), Some("consent"));
    assert_eq!(asked.query_value("redirect_uri"), Some(format!("{}auth/callback", demo.url).as_str()));
}

#[tokio::test]
async fn markup_in_a_claim_is_text_on_the_page() {
    let mallory = User::new("mallory", "<script>alert(1)</script>").claim("<b>", "\" onload=\"x");
    let client = Client::confidential("shop", SECRET);
    let provider = Provider::builder().client(client).user(mallory).start().await.unwrap();
    let (demo, browser) = (demo_at(&provider).await, Browser::new().unwrap());
    browser.navigate(&demo.url).await.unwrap();

    let page = browser.click("/auth").await.unwrap();

    assert!(page.text().contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{}", page.text());
    for markup in ["<script>", "<b>", "\" onload"] {
        assert!(!page.text().contains(markup), "{}", page.text());
    }
}

#[tokio::test]
async fn neither_the_client_secret_nor_an_access_token_is_shown_or_logged() {
    let provider = Provider::builder().client(Client::confidential("shop", SECRET)).start().await.unwrap();
    let (demo, browser) = (demo_at(&provider).await, Browser::new().unwrap());
    browser.navigate(&demo.url).await.unwrap();
    let page = browser.click("/auth").await.unwrap();
    let answer = browser.fetch("/session").await.unwrap();

    let bearer = provider.journal().last(Endpoint::Userinfo).unwrap();
    let token = bearer.header("authorization").unwrap().strip_prefix("Bearer ").unwrap();
    let ended = demo.end().await;

    for text in [&page.text(), &answer.text(), ended.log.as_str(), ended.out.as_str()] {
        assert!(!text.contains(token) && !text.contains(SECRET), "{text}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn an_interrupt_ends_it_cleanly() {
    let demo = Demo::start().await;

    let ended = demo.interrupt().await;

    assert!(ended.succeeded, "{}", ended.log);
}
