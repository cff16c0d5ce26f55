//! Every example, signed in to.

#[expect(dead_code, reason = "its main is for `cargo run`")]
#[path = "../../by_hand.rs"]
mod by_hand;
#[expect(dead_code, reason = "its main is for `cargo run`")]
#[path = "../../json_api.rs"]
mod json_api;
#[expect(dead_code, reason = "its main is for `cargo run`")]
#[path = "../../login.rs"]
mod login;
#[expect(dead_code, reason = "its main is for `cargo run`")]
#[path = "../../plain_oauth2.rs"]
mod plain_oauth2;
#[expect(dead_code, reason = "its main is for `cargo run`")]
#[path = "../../step_up.rs"]
mod step_up;

use std::time::Duration;

use authsession_testkit::browser::Browser;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use authsession_testkit::serve::Server;

#[tokio::test]
async fn login_says_hello_to_whoever_signs_in() {
    let provider = Provider::builder().interactive(true).start().await.unwrap();
    let slot = Server::reserve().await.unwrap();
    let app = login::app(&provider, slot.url()).await.unwrap();
    let (browser, server) = (Browser::new().unwrap(), slot.serve(app));

    browser.navigate(server.url()).await.unwrap();
    let page = browser.press("Bob").await.unwrap();

    assert!(page.text().contains("Hello, Bob Example!"), "{}", page.text());
}

#[tokio::test]
async fn json_api_tells_its_script_where_to_sign_in() {
    let provider = Provider::builder().start().await.unwrap();
    let slot = Server::reserve().await.unwrap();
    let app = json_api::app(&provider, slot.url()).await.unwrap();
    let (browser, server) = (Browser::new().unwrap(), slot.serve(app));

    browser.navigate(server.url()).await.unwrap();
    let refused = browser.fetch("/api/me").await.unwrap();
    assert_eq!(refused.status, 401);
    let page = browser.click(refused.json().unwrap()["login_url"].as_str().unwrap()).await.unwrap();

    assert_eq!(page.url.as_str(), format!("{}/", server.url()));
    assert_eq!(browser.fetch("/api/me").await.unwrap().json().unwrap()["name"], "Alice Example");
}

#[tokio::test]
async fn step_up_asks_once_more_after_five_minutes() {
    let clock = VirtualClock::halted();
    let provider = Provider::builder().clock(clock.clone()).start().await.unwrap();
    let slot = Server::reserve().await.unwrap();
    let app = step_up::app(&provider, slot.url()).await.unwrap();
    let (browser, server) = (Browser::with_clock(clock.clone()).unwrap(), slot.serve(app));
    let transfer = format!("{}/transfer", server.url());

    let page = browser.navigate(&transfer).await.unwrap();
    assert!(page.text().contains("Alice Example, you may transfer"), "{}", page.text());
    clock.advance(Duration::from_secs(301));
    let page = browser.navigate(&transfer).await.unwrap();

    assert!(page.text().contains("you signed in 0 s ago"), "{}", page.text());
    let asked = provider.journal().last(Endpoint::Authorization).unwrap();
    assert_eq!(asked.query_value("max_age"), Some("0"));
    assert_eq!(asked.query_value("acr_values"), Some("urn:example:mfa phr"));
}

#[tokio::test]
async fn by_hand_signs_in_without_discovery() {
    let provider = Provider::builder().start().await.unwrap();
    let slot = Server::reserve().await.unwrap();
    let app = by_hand::app(&provider, slot.url()).unwrap();
    let (browser, server) = (Browser::new().unwrap(), slot.serve(app));

    let page = browser.navigate(server.url()).await.unwrap();

    assert_eq!(page.text(), "Hello, Alice Example!");
    assert_eq!(provider.journal().count(Endpoint::Discovery), 0);
}

#[tokio::test]
async fn plain_oauth2_takes_the_user_from_the_api() {
    let provider = plain_oauth2::provider().start().await.unwrap();
    let slot = Server::reserve().await.unwrap();
    let app = plain_oauth2::app(&provider, slot.url()).unwrap();
    let (browser, server) = (Browser::new().unwrap(), slot.serve(app));

    let page = browser.navigate(server.url()).await.unwrap();

    assert_eq!(page.text(), "Hello, octocat, number 583231!");
}
