//! Issuers with a path, with a slash at the end: compared to the letter everywhere (OpenID Connect Discovery §4.3).

use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;

use crate::quirks::life::{lead, stage_at};

#[tokio::test]
async fn an_issuer_with_a_path_or_a_slash_at_its_end_is_as_good_as_any() {
    for path in ["/api/oidc", "/o", "/", "/realms/one/"] {
        let stage = stage_at(|provider| provider.host("localhost").issuer_path(path)).await;
        assert!(stage.provider.issuer().ends_with(path));
        lead(&stage).await;
    }
}

#[tokio::test]
async fn the_metadata_are_looked_for_without_a_double_slash() {
    for (path, place) in [
        ("/", "/.well-known/openid-configuration"),
        ("/o", "/o/.well-known/openid-configuration"),
        ("/realms/one/", "/realms/one/.well-known/openid-configuration"),
    ] {
        let provider = Provider::builder().issuer_path(path).start().await.unwrap();
        let found = OAuthConfigurationBuilder::default().with_issuer(provider.issuer()).await;
        assert!(found.is_ok(), "{path}");
        assert_eq!(provider.journal().last(Endpoint::Discovery).unwrap().path, place);
    }
}

#[tokio::test]
async fn an_issuer_that_differs_by_a_slash_is_another_one_and_the_error_says_so() {
    for (path, typed) in [("/", ""), ("", "/"), ("/o", "/o/")] {
        let provider = Provider::builder().issuer_path(path).start().await.unwrap();
        let issuer = format!("http://{}{typed}", provider.address());
        let refused = OAuthConfigurationBuilder::default().with_issuer(&issuer).await.unwrap_err();
        let why = std::error::Error::source(&refused).unwrap().to_string();
        assert!(why.contains("exactly as the provider writes it"), "{why}");
    }
}
