//! `authsession doctor`: one line for each lie, and an exit status for pipelines.

mod application;
mod client;
mod keys;
mod metadata;

use authsession_testkit::builder::ProviderBuilder;
use authsession_testkit::client::Client;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use authsession_testkit::script::Answer;
use serde_json::{Map, Value, json};

use crate::process::{Ended, authsession, ended};

const SECRET: &str = "hush-the-client-secret-of-32-bytes-or-so";
const COOKIE_KEY: &str = "hush-9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e";
const REDIRECT_URI: &str = "https://app.example.com/auth/callback";

/// A provider where our client is registered.
async fn provider() -> Provider {
    provider_with(|builder| builder).await
}

async fn provider_with(edit: impl FnOnce(ProviderBuilder) -> ProviderBuilder) -> Provider {
    let client = Client::confidential("shop", SECRET).redirect_uri(REDIRECT_URI);
    edit(Provider::builder().client(client)).start().await.unwrap()
}

/// A provider that says this about itself.
async fn provider_that_says(edit: impl Fn(&mut Map<String, Value>) + Send + Sync + 'static) -> Provider {
    provider_with(|builder| builder.metadata(edit)).await
}

/// Has it look at that provider, and at our client there.
async fn doctor(provider: &Provider, more: &[&str]) -> Ended {
    let mut command = authsession(&["doctor", "--issuer", provider.issuer(), "--client-id", "shop"]);
    command.args(["--client-secret-env", "HUSH_SECRET", "--cookie-key-env", "HUSH_KEY"]).args(more);
    command.env("HUSH_SECRET", SECRET).env("HUSH_KEY", COOKIE_KEY);
    ended(command.spawn().unwrap()).await
}

/// How that check came out, by the JSON; nothing, where it was not made.
async fn verdict(provider: &Provider, more: &[&str], check: &str) -> (Option<String>, Option<i32>) {
    let ended = doctor(provider, &[&["--json"], more].concat()).await;
    let report: Value = serde_json::from_str(&ended.out).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let finding = findings.iter().find(|finding| finding["check"] == check);
    let verdict = finding.map(|finding| finding["verdict"].as_str().unwrap().to_owned());
    let says_what_next =
        finding.is_none_or(|finding| (finding["verdict"] == "ok") == finding["next"].is_null());
    assert!(says_what_next, "{finding:?}");
    (verdict, ended.status)
}

#[track_caller]
fn assert_verdict(found: &(Option<String>, Option<i32>), wanted: &str, what: &str) {
    let status = i32::from(wanted == "wrong");
    assert_eq!((found.0.as_deref(), found.1), (Some(wanted), Some(status)), "{what}");
}

#[tokio::test]
async fn an_honest_provider_and_client_pass() {
    let provider = provider().await;

    let ended = doctor(&provider, &["--redirect-uri", REDIRECT_URI, "--try-client"]).await;

    assert_eq!(ended.status, Some(0), "{}", ended.out);
    assert!(ended.out.contains("1 warning, 0 wrong"), "only that it is http: {}", ended.out);
    assert!(ended.out.contains("plain http, on this machine alone"), "{}", ended.out);
    assert_eq!(ended.log, "");
}

#[tokio::test]
async fn the_json_stays_as_programs_know_it() {
    let provider = provider().await;

    let ended = doctor(&provider, &["--json", "--redirect-uri", REDIRECT_URI, "--try-client"]).await;

    let report: Value = serde_json::from_str(&ended.out).unwrap();
    let members = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(members(&report), "findings issuer ok verdict warnings wrong");
    assert_eq!(report["verdict"], "warning");
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(
        (&report["ok"], &report["warnings"], &report["wrong"]),
        (&json!(findings.len() - 1), &json!(1), &json!(0))
    );
    let checks: Vec<_> = findings
        .iter()
        .inspect(|finding| assert_eq!(members(finding), "area check found next verdict"))
        .map(|finding| {
            format!("{} {}", finding["area"].as_str().unwrap(), finding["check"].as_str().unwrap())
        })
        .collect();
    let wanted = [
        "provider metadata",
        "provider issuer",
        "provider endpoints",
        "provider transport",
        "provider clock",
        "keys jwks",
        "keys usable",
        "keys strength",
        "keys kid",
        "provider signing",
        "provider code flow",
        "provider PKCE",
        "provider client auth",
        "provider scopes",
        "provider refresh",
        "provider logout",
        "provider revocation",
        "provider mix-up",
        "application redirect URI",
        "application cookie key",
        "application cookie",
        "client registration",
        "client token endpoint",
    ];
    assert_eq!(checks, wanted);
}

#[tokio::test]
async fn warnings_count_when_asked_to_be_strict() {
    assert_eq!(doctor(&provider().await, &["--strict"]).await.status, Some(1));
}

#[tokio::test]
async fn the_environment_of_an_application_is_all_it_needs() {
    let provider = provider().await;
    let mut command = authsession(&["doctor", "--json"]);
    command.env("AUTHSESSION_ISSUER", provider.issuer()).env("AUTHSESSION_CLIENT_ID", "shop");
    command.env("AUTHSESSION_CLIENT_SECRET", SECRET).env("AUTHSESSION_COOKIE_KEY", COOKIE_KEY);
    command.env("AUTHSESSION_REDIRECT_URI", REDIRECT_URI);

    let ended = ended(command.arg("--try-client").spawn().unwrap()).await;

    let report: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((&report["ok"], ended.status), (&json!(22), Some(0)), "{}", ended.out);
}

#[tokio::test]
async fn no_secret_is_in_what_it_says() {
    let provider = provider().await;
    provider.always(
        Endpoint::Token,
        Answer::json(400, &json!({ "error": SECRET, "error_description": COOKIE_KEY })),
    );
    for form in ["--json", "--strict"] {
        let mut command = authsession(&["doctor", form, "--try-client", "--issuer", provider.issuer()]);
        command.args(["--client-id", "shop", "--redirect-uri", REDIRECT_URI]).env("RUST_LOG", "trace");
        command.env("AUTHSESSION_CLIENT_SECRET", SECRET).env("AUTHSESSION_COOKIE_KEY", COOKIE_KEY);

        let ended = ended(command.spawn().unwrap()).await;

        assert!(!ended.out.contains("hush") && !ended.log.contains("hush"), "{} {}", ended.out, ended.log);
        let request = provider.journal().last(Endpoint::Token).unwrap();
        for sent in [request.form_value("code").unwrap(), request.form_value("code_verifier").unwrap()] {
            assert!(!ended.out.contains(sent) && !ended.log.contains(sent), "{} {}", ended.out, ended.log);
        }
    }
}

#[tokio::test]
async fn a_secret_on_the_command_line_is_not_taken() {
    let ended = doctor(&provider().await, &["--client-secret", "hush"]).await;

    assert_eq!(ended.status, Some(2));
}

#[tokio::test]
async fn what_the_provider_writes_does_not_command_the_terminal() {
    let provider = provider_that_says(|says| {
        says.insert("issuer".into(), "https://\u{1b}[2Jevil.example\u{7}\u{202e}".into());
    })
    .await;

    let ended = doctor(&provider, &[]).await;

    assert!(ended.out.contains("evil.example"), "{}", ended.out);
    assert!(!ended.out.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{:?}", ended.out);
}
