//! Ending the session at the provider.

use crate::relying_party::parameter;
use crate::relying_party::sent_back;
use crate::relying_party::signed_in;
use crate::relying_party::text;
use authsession_testkit::browser::Browser;
use authsession_testkit::client::Client;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use url::Url;

const GOODBYE: &str = "https://app.example/goodbye";

fn logout_url(provider: &Provider, parameters: &[(&str, &str)]) -> String {
    Url::parse_with_params(&provider.endpoint(Endpoint::EndSession), parameters).unwrap().into()
}

async fn start() -> (Provider, Browser) {
    let client = Client::confidential("client", "s3cret").post_logout_redirect_uri(GOODBYE);
    (Provider::builder().client(client).start().await.unwrap(), Browser::new().unwrap())
}

#[tokio::test]
async fn a_logout_ends_the_session_and_sends_back_with_the_state() {
    let (provider, browser) = start().await;
    let tokens = signed_in(&browser, &provider).await;
    let hint = text(&tokens, "id_token");
    let url = logout_url(
        &provider,
        &[("id_token_hint", hint), ("post_logout_redirect_uri", GOODBYE), ("state", "s2")],
    );
    let back = browser.navigate_without_following(url).await.unwrap().location().unwrap();
    assert!(back.as_str().starts_with(GOODBYE));
    assert_eq!(parameter(&back, "state").unwrap(), "s2");
    assert_eq!(provider.sessions(), 0);
    let back = sent_back(&browser, &provider, &[("prompt", "none")]).await;
    assert_eq!(parameter(&back, "error").unwrap(), "login_required");
}

#[tokio::test]
async fn the_client_id_does_when_there_is_no_hint() {
    let (provider, browser) = start().await;
    signed_in(&browser, &provider).await;
    let url = logout_url(&provider, &[("client_id", "client"), ("post_logout_redirect_uri", GOODBYE)]);
    assert_eq!(browser.navigate_without_following(url).await.unwrap().location().unwrap().as_str(), GOODBYE);
}

#[tokio::test]
async fn nobody_is_sent_where_the_client_did_not_register() {
    let (provider, browser) = start().await;
    signed_in(&browser, &provider).await;
    for parameters in [
        vec![("client_id", "client"), ("post_logout_redirect_uri", "https://evil.example/")],
        vec![("post_logout_redirect_uri", GOODBYE)],
        vec![("id_token_hint", "a.b.c"), ("post_logout_redirect_uri", GOODBYE)],
    ] {
        let page = browser.navigate_without_following(logout_url(&provider, &parameters)).await.unwrap();
        assert_eq!(page.status, 400);
    }
    assert_eq!(provider.sessions(), 1);
}

#[tokio::test]
async fn a_hint_is_good_after_the_key_was_rotated() {
    let (provider, browser) = start().await;
    let tokens = signed_in(&browser, &provider).await;
    provider.rotate_keys().unwrap();
    let page = browser.navigate(logout_url(&provider, &[("id_token_hint", text(&tokens, "id_token"))])).await;
    assert!(page.unwrap().text().contains("Signed out"));
    assert_eq!(provider.sessions(), 0);
}
