//! The provider away and back.

use crate::relying_party::refresh;
use crate::relying_party::signed_in;
use crate::relying_party::text;
use authsession_testkit::browser::Browser;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;

#[tokio::test]
async fn after_a_restart_it_answers_on_the_same_port_and_remembers_its_grants() {
    let provider = Provider::builder().start().await.unwrap();
    let browser = Browser::new().unwrap();
    let tokens = signed_in(&browser, &provider).await;
    let discovery = provider.endpoint(Endpoint::Discovery);

    provider.shutdown().await;
    assert!(browser.fetch(&discovery).await.is_err());

    provider.restart().await.unwrap();
    assert_eq!(provider.endpoint(Endpoint::Discovery), discovery);
    assert_eq!(browser.fetch(&discovery).await.unwrap().status, 200);
    assert_eq!(refresh(&browser, &provider, text(&tokens, "refresh_token")).await.status, 200);
}

#[tokio::test]
async fn it_stops_when_it_is_dropped() {
    let provider = Provider::builder().start().await.unwrap();
    let discovery = provider.endpoint(Endpoint::Discovery);
    let address = provider.address();
    drop(provider);
    // The port is free once the task has ended.
    while tokio::net::TcpListener::bind(address).await.is_err() {
        tokio::task::yield_now().await;
    }
    assert!(Browser::new().unwrap().fetch(discovery).await.is_err());
}

#[tokio::test]
async fn what_holds_secrets_does_not_print_them() {
    let provider = Provider::builder().start().await.unwrap();
    let browser = Browser::new().unwrap();
    signed_in(&browser, &provider).await;
    let shown = format!("{provider:?} {browser:?} {:?} {:?}", Provider::builder(), browser.all_cookies());
    assert!(!shown.contains(provider.client_secret()));
    let (_, value) = browser.cookies(provider.issuer()).unwrap().remove(0);
    assert!(!shown.contains(&value));
}
