//! The URL that signs the user out at the provider (RP-Initiated Logout 1.0 §2).

use std::collections::HashMap;

use authsession_core::end_session::EndSessionRequest;
use authsession_core::secret::Secret;
use url::Url;

fn endpoint() -> Url {
    Url::parse("https://login.example.com/logout?tenant=1").unwrap()
}

fn sent(request: &EndSessionRequest<'_>) -> HashMap<String, String> {
    request.url().query_pairs().into_owned().collect()
}

#[test]
fn everything_that_is_known_is_said() {
    let (endpoint, hint) = (endpoint(), Secret::from("a.b.c"));
    let request = EndSessionRequest {
        endpoint: &endpoint,
        client_id: "client",
        id_token_hint: Some(&hint),
        post_logout_redirect_uri: Some("https://app.example/bye?a=b&c=d"),
        state: Some("a state&more"),
    };
    let sent = sent(&request);
    assert_eq!(sent["tenant"], "1");
    assert_eq!(sent["client_id"], "client");
    assert_eq!(sent["id_token_hint"], "a.b.c");
    assert_eq!(sent["post_logout_redirect_uri"], "https://app.example/bye?a=b&c=d");
    assert_eq!(sent["state"], "a state&more");
}

#[test]
fn without_an_id_token_the_client_id_and_state_still_make_a_request() {
    let endpoint = endpoint();
    let request = EndSessionRequest {
        endpoint: &endpoint,
        client_id: "client",
        id_token_hint: None,
        post_logout_redirect_uri: Some("https://app.example/bye"),
        state: Some("state"),
    };
    let sent = sent(&request);
    assert_eq!((&*sent["client_id"], &*sent["state"]), ("client", "state"));
    assert!(!sent.contains_key("id_token_hint"));
}

#[test]
fn a_state_without_a_place_to_bring_it_to_is_left_out() {
    let endpoint = endpoint();
    let request = EndSessionRequest {
        endpoint: &endpoint,
        client_id: "client",
        id_token_hint: None,
        post_logout_redirect_uri: None,
        state: Some("state"),
    };
    assert!(!sent(&request).contains_key("state"));
}

#[test]
fn debug_does_not_show_the_id_token() {
    let (endpoint, hint) = (endpoint(), Secret::from("canary"));
    let request = EndSessionRequest {
        endpoint: &endpoint,
        client_id: "client",
        id_token_hint: Some(&hint),
        post_logout_redirect_uri: None,
        state: None,
    };
    assert!(!format!("{request:?}").contains("canary"));
}
