//! The application as the provider's client: its registration, and its secret.

use authsession_testkit::client::Client;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::key_pair::KeyPair;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::provider::Provider;
use authsession_testkit::script::Answer;
use serde_json::json;

use super::{REDIRECT_URI, assert_verdict, doctor, provider, provider_that_says, verdict};
use crate::login_file::LoginFile;
use crate::process::{authsession, ended};

const REGISTERED: [&str; 2] = ["--redirect-uri", REDIRECT_URI];

#[tokio::test]
async fn a_registered_redirect_uri_is_known_and_nobody_was_signed_in() {
    let provider = provider().await;

    assert_verdict(&verdict(&provider, &REGISTERED, "registration").await, "ok", "registered");

    let asked = provider.journal().last(Endpoint::Authorization).unwrap();
    assert_eq!(
        (asked.query_value("prompt"), asked.query_value("code_challenge_method")),
        (Some("none"), Some("S256"))
    );
    assert_eq!(provider.sessions(), 0);
}

#[tokio::test]
async fn one_that_is_not_registered_is_wrong() {
    let provider = provider().await;
    let other = ["--redirect-uri", "https://app.example.com/auth/return"];

    assert_verdict(&verdict(&provider, &other, "registration").await, "wrong", "not registered");
}

#[tokio::test]
async fn a_client_id_that_is_not_registered_is_wrong() {
    let provider = provider().await;
    let mut command = authsession(&["doctor", "--issuer", provider.issuer(), "--client-id", "stranger"]);

    let ended = ended(command.args(REGISTERED).spawn().unwrap()).await;

    assert!(ended.out.contains("wrong    registration"), "{}", ended.out);
    assert_eq!(ended.status, Some(1));
}

#[tokio::test]
async fn what_comes_back_is_told_and_what_cannot_be_told_is_left_open() {
    for (error, wanted) in [
        ("consent_required", "ok"),
        ("invalid_scope", "wrong"),
        ("unauthorized_client", "wrong"),
        ("odd", "warning"),
    ] {
        let provider = provider().await;
        provider.deny_next_authorization(error);
        assert_verdict(&verdict(&provider, &REGISTERED, "registration").await, wanted, error);
    }
    for answer in [
        Answer::html(200, "<h1>Sign in</h1>"),
        Answer::redirect("/login"),
        Answer::status(500),
        Answer::status(429),
    ] {
        let provider = provider().await;
        provider.enqueue(Endpoint::Authorization, answer);
        assert_verdict(&verdict(&provider, &REGISTERED, "registration").await, "warning", "open");
    }
}

#[tokio::test]
async fn the_client_s_secret_is_tried_only_if_asked_for() {
    let provider = provider().await;

    assert_eq!(verdict(&provider, &REGISTERED, "token endpoint").await.0, None);

    assert_eq!(provider.journal().count(Endpoint::Token), 0);
}

#[tokio::test]
async fn a_secret_that_fits_is_told_from_one_that_does_not() {
    let provider = provider().await;
    assert_verdict(&verdict(&provider, &["--try-client"], "token endpoint").await, "ok", "fits");

    let mut command =
        authsession(&["doctor", "--try-client", "--issuer", provider.issuer(), "--client-id", "shop"]);
    command.env("AUTHSESSION_CLIENT_SECRET", "hush-not-this-one");
    let ended = ended(command.spawn().unwrap()).await;

    assert!(
        ended.out.contains("wrong    token endpoint") && ended.out.contains("invalid_client"),
        "{}",
        ended.out
    );
    assert_eq!(ended.status, Some(1));
}

#[tokio::test]
async fn a_key_in_place_of_a_secret_is_tried_too() {
    let pair = KeyPair::generate(SigningAlgorithm::Es256).unwrap();
    let client = Client::with_key("batch", pair.public_key().unwrap());
    let provider = Provider::builder().client(client).start().await.unwrap();
    let folder = LoginFile::new();
    let file = folder.beside("key.pem", &pair.private_key_pem().unwrap());
    let issuer = ["doctor", "--try-client", "--issuer", provider.issuer()];
    let key = ["--client-id", "batch", "--private-key", &file, "--key-id", pair.key_id()];

    let ended = crate::process::run(&[&issuer[..], &key].concat()).await;

    assert!(
        ended.out.contains("ok       client auth     private_key_jwt, signed with ES256"),
        "{}",
        ended.out
    );
    assert!(ended.out.contains("ok       token endpoint"), "{}", ended.out);
}

#[tokio::test]
async fn it_is_tried_whatever_else_is_wrong() {
    let provider =
        provider_that_says(|says| drop(says.insert("issuer".into(), "https://evil.example".into()))).await;

    let (found, status) = verdict(&provider, &["--try-client"], "token endpoint").await;

    assert_eq!((found.as_deref(), status), (Some("ok"), Some(1)));
}

#[tokio::test]
async fn without_a_token_endpoint_nobody_refused_the_client() {
    let provider = provider_that_says(|says| drop(says.remove("token_endpoint"))).await;

    let (found, status) = verdict(&provider, &["--try-client"], "token endpoint").await;

    assert_eq!((found, status), (None, Some(1)), "what is wrong is what the provider says");
}

#[tokio::test]
async fn a_refusal_that_says_nothing_of_the_client_is_left_open() {
    for answer in [Answer::json(403, &json!({ "error": "invalid_code" })), Answer::status(503)] {
        let provider = provider().await;
        provider.enqueue(Endpoint::Token, answer);
        assert_verdict(&verdict(&provider, &["--try-client"], "token endpoint").await, "warning", "open");
    }
}

#[tokio::test]
async fn a_provider_that_issues_tokens_for_any_code_is_wrong() {
    let provider = provider().await;
    let tokens = json!({ "access_token": "hush", "token_type": "Bearer" });
    provider.enqueue(Endpoint::Token, Answer::json(200, &tokens));

    let ended = doctor(&provider, &["--try-client"]).await;

    assert!(ended.out.contains("issued tokens for a code") && !ended.out.contains("hush"), "{}", ended.out);
    assert_eq!(ended.status, Some(1));
}

#[tokio::test]
async fn a_secret_without_a_client_id_is_an_error_that_says_so() {
    let provider = provider().await;
    let mut command = authsession(&["doctor", "--issuer", provider.issuer()]);

    let ended = ended(command.env("AUTHSESSION_CLIENT_SECRET", "hush").spawn().unwrap()).await;

    assert!(
        ended.status == Some(2) && ended.log.contains("--client-id") && !ended.log.contains("hush"),
        "{}",
        ended.log
    );
}

#[tokio::test]
async fn a_variable_or_file_that_is_not_there_or_empty_is_the_command_lines_fault() {
    let provider = provider().await;
    let folder = LoginFile::new();
    let (empty, none) = (folder.beside("empty", "\n"), folder.beside("none", "") + "-at-all");
    for wrong in [
        ["--client-secret-env", "NOT_THERE"],
        ["--client-secret-file", &empty],
        ["--client-secret-file", &none],
        ["--custom-ca-cert", &none],
        ["--cookie-key-env", "NOT_THERE"],
    ] {
        let mut command = authsession(&["doctor", "--issuer", provider.issuer(), "--client-id", "shop"]);

        let ended = ended(command.args(wrong).spawn().unwrap()).await;

        assert_eq!((ended.status, ended.out.as_str()), (Some(2), ""), "{wrong:?}: {}", ended.log);
    }
}
