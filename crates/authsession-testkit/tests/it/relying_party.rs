//! An application written by hand: the requests of a sign-in, without any library.

use authsession_testkit::browser::Browser;
use authsession_testkit::browser::Page;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use serde_json::Value;
use url::Url;
use url::form_urlencoded;

pub(crate) const CALLBACK: &str = "https://app.example/callback";
pub(crate) const VERIFIER: &str = "a-code-verifier-that-is-long-enough-for-the-rfc-7636";

pub(crate) fn login_url(provider: &Provider, extra: &[(&str, &str)]) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, VERIFIER.as_bytes()));
    let mut parameters = vec![
        ("response_type", "code"),
        ("client_id", provider.client_id()),
        ("redirect_uri", CALLBACK),
        ("scope", "openid profile email"),
        ("state", "the-state"),
        ("nonce", "the-nonce"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    parameters.retain(|(name, _)| !extra.iter().any(|(other, _)| other == name));
    parameters.extend_from_slice(extra);
    Url::parse_with_params(&provider.endpoint(Endpoint::Authorization), parameters).unwrap().into()
}

pub(crate) fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Where the provider sends the browser back to.
pub(crate) async fn sent_back(browser: &Browser, provider: &Provider, extra: &[(&str, &str)]) -> Url {
    let page = browser.navigate_without_following(login_url(provider, extra)).await.unwrap();
    page.location().unwrap_or_else(|| panic!("not sent back: {} {}", page.status, page.text()))
}

pub(crate) async fn code(browser: &Browser, provider: &Provider) -> String {
    parameter(&sent_back(browser, provider, &[]).await, "code").unwrap()
}

pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// Posts to an endpoint as the client, by Basic.
pub(crate) async fn post(
    browser: &Browser,
    provider: &Provider,
    endpoint: Endpoint,
    fields: &[(&str, &str)],
) -> Page {
    try_post(browser, provider, endpoint, fields).await.unwrap()
}

pub(crate) async fn try_post(
    browser: &Browser,
    provider: &Provider,
    endpoint: Endpoint,
    fields: &[(&str, &str)],
) -> Result<Page, authsession_testkit::browser::BrowserError> {
    let pair = STANDARD.encode(format!("{}:{}", provider.client_id(), provider.client_secret()));
    let headers = [
        ("authorization", format!("Basic {pair}")),
        ("content-type", "application/x-www-form-urlencoded".to_owned()),
    ];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.fetch_with(Method::POST, provider.endpoint(endpoint), &headers, &form(fields)).await
}

/// Posts to an endpoint with nothing but these fields.
pub(crate) async fn post_bare(
    browser: &Browser,
    provider: &Provider,
    endpoint: Endpoint,
    fields: &[(&str, &str)],
) -> Page {
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    browser.fetch_with(Method::POST, provider.endpoint(endpoint), &headers, &form(fields)).await.unwrap()
}

/// An access token for the client itself.
pub(crate) async fn own_token(browser: &Browser, provider: &Provider) -> Value {
    let fields = [("grant_type", "client_credentials"), ("scope", "read write")];
    post(browser, provider, Endpoint::Token, &fields).await.json().unwrap()
}

/// The status and the OAuth error of an answer; an empty text when it is none.
pub(crate) fn refusal(page: &Page) -> (u16, String) {
    let error = page.json().unwrap()["error"].as_str().unwrap_or_default().to_owned();
    (page.status.as_u16(), error)
}

pub(crate) async fn redeem(browser: &Browser, provider: &Provider, code: &str) -> Page {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    post(browser, provider, Endpoint::Token, &fields).await
}

pub(crate) async fn refresh(browser: &Browser, provider: &Provider, token: &str) -> Page {
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
    post(browser, provider, Endpoint::Token, &fields).await
}

/// The tokens of a whole sign-in.
pub(crate) async fn signed_in(browser: &Browser, provider: &Provider) -> Value {
    let code = code(browser, provider).await;
    let page = redeem(browser, provider, &code).await;
    assert_eq!(page.status, 200, "{}", page.text());
    page.json().unwrap()
}

pub(crate) fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_else(|| panic!("no {member}"))
}

pub(crate) fn part(jwt: &str, at: usize) -> Value {
    let part = URL_SAFE_NO_PAD.decode(jwt.split('.').nth(at).unwrap()).unwrap();
    serde_json::from_slice(&part).unwrap()
}
