//! The authorization request, and lies in the response (RFC 6749 §4.1, RFC 9207, RFC 7636).

use std::collections::HashMap;

use authsession_core::authorization::{AuthorizationRequest, AuthorizationResponse, PendingAuthorization};
use authsession_core::clock::Timestamp;
use authsession_core::error::{Error, OAuthError};
use authsession_core::pkce::CodeChallengeMethod;
use authsession_core::provider::{Endpoints, ProviderMetadata};
use authsession_core::secret::Secret;
use authsession_testkit::endpoint::Endpoint;
use proptest::prelude::{any, proptest};
use url::Url;

use crate::parties::{Parties, SCOPE};
use crate::verdict::{denial, hint, told, untrusted};

const ISSUER: &str = "https://login.example.com";
const WRONG_STATE: &str = "the authorization response's state is not the one of this login";

fn metadata() -> ProviderMetadata {
    let url = |path| Url::parse(&format!("{ISSUER}{path}")).unwrap();
    let (authorization, token) = (Some(url("/authorize?tenant=1")), Some(url("/token")));
    let endpoints = Endpoints { authorization, token, ..Endpoints::default() };
    let mut metadata = ProviderMetadata::by_hand(endpoints).unwrap();
    metadata.issuer = Some(ISSUER.to_owned());
    metadata.authorization_response_iss_parameter_supported = true;
    metadata
}

fn request() -> AuthorizationRequest {
    AuthorizationRequest::new("client", "https://app.example/cb?a=b", SCOPE)
}

fn start(request: &AuthorizationRequest) -> (HashMap<String, String>, PendingAuthorization) {
    let (url, pending) = request.start(&metadata(), Timestamp::from_unix_seconds(0)).unwrap();
    (url.query_pairs().into_owned().collect(), pending)
}

/// A login to which the provider answers with these parameters; `STATE` stands for the right one.
fn answered(query: &str) -> Result<Secret, Error> {
    let (_, pending) = start(&request());
    let query = query.replace("STATE", pending.state.expose());
    AuthorizationResponse::parse(&query)?.check(&pending, &metadata())
}

const ISS: &str = "iss=https%3A%2F%2Flogin.example.com";

#[test]
fn an_honest_response_gives_its_code() {
    let code = answered(&format!("code=abc&state=STATE&{ISS}&session_state=x&scope=openid")).unwrap();
    assert_eq!(code.expose(), "abc");
}

#[test]
fn a_state_missing_or_unknown_is_refused() {
    for state in ["", "&state=", "&state=another", "&state=STATEx", "&STATE=STATE"] {
        assert_eq!(untrusted(answered(&format!("code=abc&{ISS}{state}"))), WRONG_STATE);
    }
    assert_eq!(untrusted(answered("error=access_denied&state=another")), WRONG_STATE);
}

#[test]
fn a_response_to_another_login_is_refused() {
    let ((_, one), (_, another)) = (start(&request()), start(&request()));
    let query = format!("code=abc&state={}&{ISS}", another.state.expose());
    let outcome = AuthorizationResponse::parse(&query).unwrap().check(&one, &metadata());
    assert_eq!(untrusted(outcome), WRONG_STATE);
}

#[test]
fn a_login_started_with_another_provider_is_refused() {
    let (_, pending) = start(&request());
    let mut other = metadata();
    other.issuer = Some("https://evil.example".to_owned());
    let query = format!("code=abc&state={}&iss=https://evil.example", pending.state.expose());
    let outcome = AuthorizationResponse::parse(&query).unwrap().check(&pending, &other);
    assert_eq!(untrusted(outcome), "the login was started with another provider");
}

#[test]
fn a_wrong_iss_is_refused_in_answers_and_in_errors() {
    for iss in ["https://evil.example", "https://login.example.com/", ""] {
        for what in ["code=abc", "error=access_denied"] {
            let outcome = answered(&format!("{what}&state=STATE&iss={iss}"));
            assert_eq!(untrusted(outcome), "the authorization response comes from another provider");
        }
    }
}

#[test]
fn a_missing_iss_is_refused_where_the_metadata_promise_it() {
    let outcome = answered("code=abc&state=STATE");
    let wanted = "the authorization response has no iss although the provider promised it";
    assert_eq!(untrusted(outcome), wanted);
}

#[test]
fn a_missing_iss_is_accepted_where_nothing_was_promised_and_in_errors() {
    let (_, pending) = start(&request());
    let mut silent = metadata();
    silent.authorization_response_iss_parameter_supported = false;
    let query = format!("code=abc&state={}", pending.state.expose());
    assert!(AuthorizationResponse::parse(&query).unwrap().check(&pending, &silent).is_ok());
    assert_eq!(denial(answered("error=access_denied&state=STATE")), OAuthError::AccessDenied);
}

#[test]
fn errors_are_typed_outcomes() {
    for (code, wanted) in [
        ("access_denied", OAuthError::AccessDenied),
        ("login_required", OAuthError::LoginRequired),
        ("interaction_required", OAuthError::InteractionRequired),
        ("consent_required", OAuthError::ConsentRequired),
        ("account_selection_required", OAuthError::AccountSelectionRequired),
        ("temporarily_unavailable", OAuthError::TemporarilyUnavailable),
        ("server_error", OAuthError::ServerError),
        ("made_up", OAuthError::Unknown),
        ("", OAuthError::Unknown),
        ("ACCESS_DENIED", OAuthError::Unknown),
    ] {
        assert_eq!(denial(answered(&format!("error={code}&state=STATE&{ISS}"))), wanted);
    }
}

#[test]
fn nothing_the_provider_says_about_an_error_is_echoed() {
    let query =
        format!("error=canary&error_description=canary+%3Cscript%3E&error_uri=canary&state=STATE&{ISS}");
    let error = answered(&query).unwrap_err();
    assert!(!told(&error).contains("canary"), "{error}");
}

#[test]
fn a_parameter_that_stands_twice_is_refused() {
    for twice in ["code=a&code=a", "code=a&state=x&state=x", "code=a&iss=x&iss=y", "error=a&error=b"] {
        let outcome = AuthorizationResponse::parse(twice);
        assert_eq!(untrusted(outcome), "the authorization response has a parameter twice");
    }
}

#[test]
fn code_and_error_both_or_neither_is_refused() {
    for odd in ["code=a&error=access_denied&state=x", "state=x", "", "code=&state=x", "code", "?code=a"] {
        let outcome = AuthorizationResponse::parse(odd);
        assert_eq!(untrusted(outcome), "the authorization response is malformed", "{odd}");
    }
}

#[test]
fn values_of_64_kib_are_refused() {
    for name in ["code", "state", "iss", "whatever"] {
        let outcome = AuthorizationResponse::parse(&format!("code=a&{name}={}", "x".repeat(64 * 1024)));
        assert_eq!(untrusted(outcome), "the authorization response is larger than 16 KiB");
    }
}

#[test]
fn nul_control_characters_and_invalid_utf_8_are_refused() {
    for odd in ["%00", "a%00b", "%0d%0a", "%1b", "%7f", "%ff", "%c3%28", "%ed%a0%80", "a\0"] {
        for name in ["code", "error", "state", "iss"] {
            let outcome = AuthorizationResponse::parse(&format!("{name}={odd}&code=a"));
            assert_eq!(untrusted(outcome), "the authorization response is malformed", "{name}={odd:?}");
        }
    }
}

#[test]
fn entras_line_breaks_in_error_description_are_harmless() {
    let said = "error_description=AADSTS65004%3a+User+declined+to+consent.%0d%0aTrace+ID%3a+1%0d%0a";
    let outcome = answered(&format!("error=access_denied&{said}&state=STATE&{ISS}"));
    assert_eq!(denial(outcome), OAuthError::AccessDenied);
    assert_eq!(answered(&format!("code=abc&{said}&{said}&state=STATE&{ISS}")).unwrap().expose(), "abc");
}

#[test]
fn a_code_challenge_by_s256_is_always_sent() {
    for scope in [SCOPE, "repo", ""] {
        let request = AuthorizationRequest::new("client", "https://app.example/cb", scope);
        let (sent, pending) = start(&request);
        assert_eq!(sent["code_challenge_method"], "S256");
        assert_eq!(sent["code_challenge"], CodeChallengeMethod::S256.challenge(&pending.code_verifier));
        assert!(!sent.values().any(|value| value == pending.code_verifier.expose()), "it stays here");
        assert_eq!(pending.code_verifier.expose().len(), 43);
    }
}

#[test]
fn s256_is_the_challenge_of_rfc_7636_appendix_b() {
    let verifier = Secret::from("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    let challenge = CodeChallengeMethod::S256.challenge(&verifier);
    assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

#[tokio::test]
async fn a_provider_that_offers_only_plain_gets_s256_all_the_same() {
    let parties = Parties::meet_with(|builder| {
        builder.metadata(|document| {
            drop(document.insert("code_challenge_methods_supported".into(), ["plain"][..].into()))
        })
    })
    .await;
    parties.log_in().await;
    let asked = parties.opposite.journal().last(Endpoint::Authorization).unwrap();
    assert_eq!(asked.query_value("code_challenge_method"), Some("S256"));
}

#[tokio::test]
async fn a_code_is_worth_nothing_with_another_verifier() {
    let parties = Parties::meet().await;
    let (mut one, another) = (parties.log_in().await, parties.log_in().await);
    one.pending.code_verifier = another.pending.code_verifier;
    assert_eq!(crate::verdict::refusal(parties.redeem(&one).await), OAuthError::InvalidGrant);
}

#[test]
fn no_two_requests_share_state_nonce_or_verifier() {
    let ((_, one), (_, two)) = (start(&request()), start(&request()));
    assert_ne!(one.state, two.state);
    assert_ne!(one.nonce, two.nonce);
    assert_ne!(one.code_verifier, two.code_verifier);
    assert_ne!(one.state, one.nonce);
    assert_ne!(one.state, one.code_verifier);
}

#[test]
fn a_nonce_is_sent_where_an_id_token_is_asked_for() {
    let (sent, pending) = start(&request());
    assert_eq!(sent["nonce"], pending.nonce.expose());
    let (sent, _) = start(&AuthorizationRequest::new("client", "https://app.example/cb", "openidx repo"));
    assert!(!sent.contains_key("nonce"));
}

#[test]
fn the_request_says_what_was_asked_and_keeps_what_the_endpoint_s_url_says() {
    let mut asked = request();
    asked.login.max_age = Some(std::time::Duration::from_secs(300));
    asked.login.prompt = Some("login consent".to_owned());
    asked.extra = vec![("audience".to_owned(), "https://api.example/?a=b&c".to_owned())];
    let (sent, pending) = start(&asked);
    for (name, value) in [
        ("tenant", "1"),
        ("response_type", "code"),
        ("client_id", "client"),
        ("redirect_uri", "https://app.example/cb?a=b"),
        ("scope", SCOPE),
        ("max_age", "300"),
        ("prompt", "login consent"),
        ("audience", "https://api.example/?a=b&c"),
        ("state", pending.state.expose()),
    ] {
        assert_eq!(sent[name], value);
    }
}

#[test]
fn a_provider_without_an_authorization_endpoint_takes_no_browser() {
    let mut bare = metadata();
    bare.authorization_endpoint = None;
    let outcome = request().start(&bare, Timestamp::from_unix_seconds(0));
    assert!(hint(outcome).contains("no authorization endpoint"));
}

#[test]
fn no_authorization_parameter_goes_out_twice() {
    let mut asked = request();
    asked.login.prompt = Some("login".to_owned());
    let extra = [("prompt", "none"), ("tenant", "2"), ("ui_locales", "de"), ("ui_locales", "fr")];
    asked.extra = extra.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let mut greedy = metadata();
    greedy.authorization_endpoint = Url::parse(&format!(
        "{ISSUER}/authorize?tenant=1&client_id=evil&prompt=none&kept=a&response_type=token"
    ))
    .ok();

    let (url, _) = asked.start(&greedy, Timestamp::from_unix_seconds(0)).unwrap();

    let names: Vec<_> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    let distinct: std::collections::HashSet<_> = names.iter().collect();
    assert_eq!(names.len(), distinct.len(), "{url}");
    let sent: HashMap<_, _> = url.query_pairs().into_owned().collect();
    for (name, value) in [
        ("client_id", "client"),
        ("response_type", "code"),
        ("prompt", "login"),
        ("tenant", "2"),
        ("ui_locales", "fr"),
        ("kept", "a"),
    ] {
        assert_eq!(sent[name], value, "{name}");
    }
}

#[test]
fn several_resources_may_be_asked_for() {
    let mut asked = request();
    asked.extra = ["https://a.example", "https://b.example"]
        .map(|resource| ("resource".to_owned(), resource.to_owned()))
        .to_vec();
    let (url, _) = asked.start(&metadata(), Timestamp::from_unix_seconds(0)).unwrap();
    assert_eq!(url.query_pairs().filter(|(name, _)| name == "resource").count(), 2);
}

#[test]
fn a_scope_of_nothing_is_not_sent() {
    let (sent, _) = start(&AuthorizationRequest::new("client", "https://app.example/cb", ""));
    assert!(!sent.contains_key("scope"));
    assert_eq!(start(&request()).0["scope"], SCOPE);
}

#[test]
fn a_further_parameter_set_again_replaces_the_one_before() {
    let mut asked = request();
    for audience in ["one", "two"] {
        asked.replace_extra("audience".to_owned(), audience.to_owned());
    }
    asked.replace_extra("other".to_owned(), "x".to_owned());
    let (name, other) = ("audience".to_owned(), ("other".to_owned(), "x".to_owned()));
    assert_eq!(asked.extra, [(name, "two".to_owned()), other]);
}

#[test]
fn what_is_remembered_of_a_login_survives_being_sealed() {
    let (_, pending) = start(&request());
    let written = serde_json::to_vec(&pending).unwrap();
    let read: PendingAuthorization = serde_json::from_slice(&written).unwrap();
    assert_eq!((read.state, read.nonce), (pending.state, pending.nonce));
    assert_eq!((read.code_verifier, read.started_at), (pending.code_verifier, pending.started_at));
}

#[test]
fn a_parameter_the_library_sets_itself_cannot_be_replaced() {
    for name in ["state", "nonce", "redirect_uri", "code_challenge_method", "request_uri", "client_secret"] {
        let mut request = request();
        request.extra = vec![(name.to_owned(), "x".to_owned())];
        let outcome = request.start(&metadata(), Timestamp::from_unix_seconds(0));
        assert!(hint(outcome).contains(name));
    }
}

#[test]
fn debug_of_a_login_half_way_shows_no_secret() {
    let (_, pending) = start(&request());
    let response = AuthorizationResponse::parse("code=canary&state=canary").unwrap();
    let shown = format!("{pending:?} {response:?}");
    for secret in ["canary", pending.state.expose(), pending.nonce.expose(), pending.code_verifier.expose()] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

proptest! {
    #[test]
    fn no_query_makes_it_panic_or_pass(query in any::<String>()) {
        assert!(answered(&query).is_err());
    }
}

#[test]
fn a_nonce_of_ones_own_is_the_one_sent_and_expected() {
    let mut request = request();
    request.nonce = Some("of one's own".into());

    let (sent, pending) = start(&request);

    assert_eq!((sent["nonce"].as_str(), pending.nonce.expose()), ("of one's own", "of one's own"));
}

#[test]
fn a_code_challenge_method_is_shown_as_it_is_sent() {
    assert_eq!(CodeChallengeMethod::S256.to_string(), "S256");
    assert_eq!(CodeChallengeMethod::Plain.to_string(), "plain");
}
