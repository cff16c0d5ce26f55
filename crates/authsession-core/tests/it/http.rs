//! The one road to the network.

use std::time::Duration;

use authsession_core::error::Fault;
use authsession_core::http::{HttpClient, client_builder, is_loopback};
use authsession_core::provider::Endpoints;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use url::Url;

use crate::parties::Parties;
use crate::verdict::{fault, hint, told, untrusted};

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

#[test]
fn plain_http_goes_to_this_machine_only() {
    let http = HttpClient::builder().build().unwrap();
    for secure in [
        "https://login.example.com",
        "http://localhost:8080",
        "http://app.localhost",
        "http://127.0.0.1",
        "http://127.9.9.9",
        "http://[::1]:1",
    ] {
        assert!(http.check_url(&url(secure)).is_ok(), "{secure}");
    }
    for insecure in [
        "http://login.example.com",
        "http://localhost.example.com",
        "http://notlocalhost",
        "http://10.0.0.1",
        "http://169.254.169.254",
        "http://0.0.0.0",
        "http://[::]",
        "http://[::ffff:10.0.0.1]",
        "ftp://localhost",
        "file:///etc/passwd",
        "data:,x",
        "javascript:alert(1)",
    ] {
        assert!(hint(http.check_url(&url(insecure))).contains("must be https"), "{insecure}");
    }
}

#[test]
fn urls_with_credentials_are_refused() {
    let http = HttpClient::builder().build().unwrap();
    for credentials in ["https://user@login.example.com", "https://:pw@login.example.com"] {
        assert!(hint(http.check_url(&url(credentials))).contains("user name or password"));
    }
}

#[test]
fn plain_http_elsewhere_takes_a_danger_switch() {
    let http = HttpClient::builder().danger_allow_http().build().unwrap();
    assert!(http.check_url(&url("http://login.example.com")).is_ok());
    assert!(hint(http.check_url(&url("ftp://login.example.com"))).contains("must be https"));
}

#[test]
fn a_host_whose_name_begins_like_loopback_is_not_loopback() {
    for public in
        ["http://127.0.0.1.example.com", "http://localhost.evil", "http://localhost.", "data:,localhost"]
    {
        assert!(!is_loopback(&url(public)), "{public}");
    }
}

#[test]
fn a_root_certificate_that_is_not_pem_is_a_misconfiguration() {
    let pem = "-----BEGIN CERTIFICATE-----\nnot base64!\n-----END CERTIFICATE-----\n";
    let outcome = HttpClient::builder().root_certificate(pem).build();
    assert!(!hint(outcome).is_empty());
}

#[tokio::test]
async fn a_body_up_to_the_limit_is_read_and_one_byte_more_is_not() {
    const LIMIT: usize = 512 * 1024;
    let body = |length: usize| format!(r#"{{"x":"{}"}}"#, "a".repeat(length - 8));
    let parties = Parties::meet().await;
    for length in [LIMIT, LIMIT + 1] {
        parties.opposite.enqueue(Endpoint::Discovery, Answer::raw(200, "application/json", body(length)));
    }
    assert!(untrusted(parties.provider.metadata().await).contains("lacks the token endpoint"), "it was read");
    parties.time.advance(Duration::from_secs(1));
    assert_eq!(fault(parties.provider.metadata().await), Fault::BadAnswer);
}

#[tokio::test]
async fn the_limit_counts_after_decompression_and_can_be_set() {
    let parties = Parties::meet().await;
    let http = HttpClient::builder().largest_body(100).timeout(Duration::from_secs(5)).build().unwrap();
    let provider = parties.newcomer(Endpoints::default(), &http);
    assert_eq!(fault(provider.metadata().await), Fault::BadAnswer);
    parties.opposite.enqueue(Endpoint::Discovery, Answer::gzip_bomb());
    assert_eq!(fault(parties.provider.metadata().await), Fault::BadAnswer);
}

#[tokio::test]
async fn requests_say_what_they_take_and_who_we_are() {
    let parties = Parties::meet().await;
    parties.provider.metadata().await.unwrap();
    let sent = parties.opposite.journal().last(Endpoint::Discovery).unwrap();
    assert_eq!(sent.header("accept"), Some("application/json"));
    assert!(sent.header("user-agent").unwrap().starts_with("authsession/"));
    assert_eq!(sent.header("referer"), None);
    assert_eq!(sent.header("cookie"), None);
}

#[tokio::test]
async fn a_json_body_by_any_of_its_names_is_json() {
    for name in ["application/json; charset=utf-8", "Application/JSON", "application/problem+json", ""] {
        let parties = Parties::meet().await;
        parties.opposite.enqueue(Endpoint::Discovery, Answer::raw(200, name, "{}"));
        let outcome = parties.provider.metadata().await;
        assert!(untrusted(outcome).contains("lacks the token endpoint"), "{name}");
    }
}

#[tokio::test]
async fn no_body_of_the_metadata_or_the_keys_reaches_an_error() {
    for endpoint in [Endpoint::Discovery, Endpoint::Jwks] {
        for answer in [
            Answer::html(200, "canary"),
            Answer::html(503, "canary"),
            Answer::json(200, &serde_json::json!({ "issuer": "canary", "keys": "canary" })),
            Answer::raw(200, "application/json", "{canary"),
            Answer::redirect("https://canary.example"),
        ] {
            let mut parties = Parties::meet().await;
            let login = parties.log_in().await;
            let tokens = parties.redeem(&login).await.unwrap();
            parties.opposite.always(endpoint, answer);
            let provider = parties.newcomer(Endpoints::default(), &parties.http);
            parties.provider = std::sync::Arc::new(provider);
            let error = parties.verify(&parties.verifier(), &login, &tokens).await.unwrap_err();
            assert!(!told(&error).contains("canary"), "{}", told(&error));
        }
    }
}

#[tokio::test]
async fn a_client_made_elsewhere_is_used_and_an_answer_that_was_redirected_is_not() {
    let parties = Parties::meet().await;
    let ours = HttpClient::over(client_builder().build().unwrap());
    parties.newcomer(Endpoints::default(), &ours).metadata().await.unwrap();

    #[expect(clippy::disallowed_methods, reason = "one that follows redirects")]
    let theirs = HttpClient::over(reqwest::Client::new());
    let elsewhere = format!("{}/.well-known/openid-configuration?again", parties.opposite.issuer());
    parties.opposite.enqueue(Endpoint::Discovery, Answer::redirect(elsewhere));
    let outcome = parties.newcomer(Endpoints::default(), &theirs).metadata().await;

    assert!(untrusted(outcome).contains("turn redirects off"));
}
