//! Metadata that leave out what is optional, or list too little: no flow is gated on a list (RFC 8414 §2).

use authsession_testkit::endpoint::Endpoint;
use serde_json::json;

use crate::quirks::life::{lead, stage_at};

const OPTIONAL: [&str; 12] = [
    "grant_types_supported",
    "response_types_supported",
    "response_modes_supported",
    "scopes_supported",
    "claims_supported",
    "subject_types_supported",
    "id_token_signing_alg_values_supported",
    "token_endpoint_auth_methods_supported",
    "token_endpoint_auth_signing_alg_values_supported",
    "code_challenge_methods_supported",
    "prompt_values_supported",
    "introspection_endpoint",
];

#[tokio::test]
async fn metadata_without_any_list_gate_nothing() {
    let stage = stage_at(|provider| {
        provider.metadata(|document| OPTIONAL.iter().for_each(|name| drop(document.remove(*name))))
    })
    .await;

    lead(&stage).await;
}

#[tokio::test]
async fn lists_that_say_too_little_gate_nothing_and_s256_is_sent_all_the_same() {
    let stage = stage_at(|provider| {
        provider.metadata(|document| {
            OPTIONAL.iter().for_each(|name| drop(document.insert((*name).to_owned(), json!([]))));
            document.remove("introspection_endpoint");
        })
    })
    .await;
    stage.browser.navigate(stage.url("/token")).await.unwrap();
    let asked = stage.provider.journal().last(Endpoint::Authorization).unwrap();
    assert_eq!(asked.query_value("code_challenge_method"), Some("S256"));

    lead(&stage).await;
}

#[tokio::test]
async fn a_configured_secret_is_sent_to_a_provider_that_lists_none() {
    let stage = stage_at(|provider| {
        provider.metadata(|document| {
            document.insert("token_endpoint_auth_methods_supported".into(), json!(["none"]));
        })
    })
    .await;
    stage.browser.navigate(stage.url("/token")).await.unwrap();
    let redeemed = stage.provider.journal().last(Endpoint::Token).unwrap();
    assert!(redeemed.header("authorization").unwrap().starts_with("Basic "));

    lead(&stage).await;
}

#[tokio::test]
async fn a_provider_without_revocation_and_logout_endpoints_is_signed_out_of_here() {
    let stage = stage_at(|provider| {
        provider.metadata(|document| {
            document.remove("revocation_endpoint");
            document.remove("end_session_endpoint");
        })
    })
    .await;
    stage.sign_in().await;
    stage.browser.navigate(stage.url("/public")).await.unwrap();

    let page = stage.browser.submit(stage.url("/auth/logout"), &[]).await.unwrap();

    assert_eq!((page.status.as_u16(), page.url.path()), (200, "/"));
    assert_eq!((stage.session_cookie(), stage.fetch("/token").await.0), (None, 401));
    assert_eq!(stage.provider.journal().count(Endpoint::Revocation), 0);
}
