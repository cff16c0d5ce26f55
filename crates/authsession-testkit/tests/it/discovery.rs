//! The metadata, and where it is.

use authsession_testkit::browser::Browser;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use serde_json::json;

#[tokio::test]
async fn the_metadata_names_the_issuer_and_every_endpoint() {
    let provider = Provider::builder().start().await.unwrap();
    let url = format!("{}/.well-known/openid-configuration", provider.issuer());
    let document = Browser::new().unwrap().fetch(url).await.unwrap().json().unwrap();
    assert_eq!(document["issuer"], provider.issuer());
    for (member, endpoint) in [
        ("authorization_endpoint", Endpoint::Authorization),
        ("token_endpoint", Endpoint::Token),
        ("userinfo_endpoint", Endpoint::Userinfo),
        ("jwks_uri", Endpoint::Jwks),
        ("revocation_endpoint", Endpoint::Revocation),
        ("introspection_endpoint", Endpoint::Introspection),
        ("device_authorization_endpoint", Endpoint::DeviceAuthorization),
        ("end_session_endpoint", Endpoint::EndSession),
    ] {
        assert_eq!(document[member], provider.endpoint(endpoint), "{member}");
    }
    assert_eq!(document["authorization_response_iss_parameter_supported"], true);
    assert_eq!(document["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(document["id_token_signing_alg_values_supported"], json!(["RS256"]));
}

#[tokio::test]
async fn an_issuer_may_have_a_path() {
    let provider = Provider::builder().issuer_path("/tenant").start().await.unwrap();
    assert!(provider.issuer().ends_with("/tenant"));
    let browser = Browser::new().unwrap();
    let inside = format!("{}/.well-known/openid-configuration", provider.issuer());
    assert_eq!(browser.fetch(inside).await.unwrap().json().unwrap()["issuer"], provider.issuer());
    let by_rfc8414 = format!("http://{}/.well-known/oauth-authorization-server/tenant", provider.address());
    assert_eq!(browser.fetch(by_rfc8414).await.unwrap().json().unwrap()["issuer"], provider.issuer());
    let outside = format!("http://{}/.well-known/openid-configuration", provider.address());
    assert_eq!(browser.fetch(outside).await.unwrap().status, 404);
}

#[tokio::test]
async fn an_issuer_may_end_in_a_slash() {
    let provider = Provider::builder().issuer_path("/").start().await.unwrap();
    assert!(provider.issuer().ends_with('/'));
    let document = Browser::new().unwrap().fetch(provider.endpoint(Endpoint::Discovery)).await.unwrap();
    assert_eq!(document.json().unwrap()["issuer"], provider.issuer());
}

#[tokio::test]
async fn the_test_edits_the_metadata() {
    let provider = Provider::builder()
        .metadata(|document| {
            document.remove("revocation_endpoint");
            document.insert("issuer".into(), "https://someone.example".into());
        })
        .start()
        .await
        .unwrap();
    let document = Browser::new().unwrap().fetch(provider.endpoint(Endpoint::Discovery)).await.unwrap();
    let document = document.json().unwrap();
    assert!(document.get("revocation_endpoint").is_none());
    assert_eq!(document["issuer"], "https://someone.example");
}
