//! Providers chosen by name: each row of the table signs users in, keeps them and signs them out at a provider with its habits.

mod apple;
mod github;
mod google;
mod imitation;
mod table;
mod tenants;

use std::sync::Arc;
use std::time::Duration;

use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_axum::known_provider::KnownProvider;
use authsession_axum::provider_table::{Lack, TABLE};
use authsession_core::provider::ProviderMetadata;
use authsession_core::signer::SigningKey;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::key_pair::KeyPair;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::provider::Provider;
use url::Url;

use crate::providers::imitation::{PLAYED, by_name, play, sign_in, until_refreshed};
use crate::stage::COOKIE_KEY;

#[tokio::test]
async fn users_of_each_provider_sign_in_are_kept_signed_in_and_sign_out() {
    for constructor in PLAYED {
        let row = by_name(constructor);
        let stage = play(constructor).await;

        let page = sign_in(&stage).await;

        assert_eq!(page.status, 200, "{constructor}: {}", page.text());
        if !row.lacks.contains(&Lack::RefreshTokens) {
            until_refreshed(&stage, row).await;
            assert_eq!(stage.refreshes(), 1, "{constructor}");
        }
        stage.browser.navigate(stage.url("/public")).await.unwrap();
        let page = stage.browser.submit(stage.url("/auth/logout"), &[]).await.unwrap();
        assert_eq!(stage.session_cookie(), None, "{constructor}: {}", page.text());
        let by_heart = page.url.path() == "/oidc/logout";
        let at_the_provider = by_heart || stage.provider.journal().count(Endpoint::EndSession) == 1;
        assert_eq!(at_the_provider, !row.lacks.contains(&Lack::EndSession), "{constructor}");
        let revokes = !row.lacks.contains(&Lack::Revocation) && !row.lacks.contains(&Lack::RefreshTokens);
        if revokes {
            assert!(stage.provider.journal().reaches(Endpoint::Revocation, 1).await, "{constructor}");
        }
        assert_eq!(stage.fetch("/token").await.0, 401, "{constructor}");
    }
}

#[test]
fn every_row_of_the_table_is_played_by_each_of_its_constructors() {
    let constructors: Vec<_> = TABLE.iter().flat_map(|row| row.constructors).copied().collect();

    assert_eq!(constructors, PLAYED);
}

#[tokio::test]
async fn the_row_asks_for_its_scopes_and_parameters_unless_the_application_does() {
    let stage = imitation::stage(
        |provider| provider,
        async |builder, provider| {
            let google = KnownProvider::google().at(provider.issuer());
            // Earlier or later, a setter goes before the row.
            let builder = builder.with_authorization_parameter("access_type", "online").with_provider(google);
            builder.await.unwrap().with_scopes(vec!["openid"]).with_consent_for_refresh_token(false)
        },
    )
    .await;

    sign_in(&stage).await;

    let request = stage.provider.journal().last(Endpoint::Authorization).unwrap();
    assert_eq!(request.query_value("scope"), Some("openid"));
    let types: Vec<_> = request.query.iter().filter(|(name, _)| name == "access_type").collect();
    assert_eq!(types, [&("access_type".to_owned(), "online".to_owned())]);
}

#[tokio::test]
async fn a_lifetime_is_assumed_only_where_none_is_stated() {
    let hour = Duration::from_secs(3600);
    let stage = imitation::stage(
        |provider| provider.access_token_lifetime(2 * hour),
        async |builder, provider| {
            builder.with_provider(KnownProvider::salesforce().at(provider.issuer())).await.unwrap()
        },
    )
    .await;
    sign_in(&stage).await;
    let before = stage.token().await;

    stage.clock.advance(hour);

    assert_eq!((stage.token().await, stage.refreshes()), (before, 0));
}

#[tokio::test]
async fn what_an_application_fills_in_wrongly_is_a_configuration_error_that_says_so() {
    let wrong = [
        ("by its id", KnownProvider::entra("contoso.onmicrosoft.com")),
        ("by its id", KnownProvider::entra("common")),
        ("by its id", KnownProvider::entra("")),
        ("by its id", KnownProvider::entra_tenants(["{tenantid}"])),
        ("by its id", KnownProvider::entra_tenants(["*"])),
        ("name the tenants", KnownProvider::entra_tenants([""; 0])),
        ("name the realm", KnownProvider::keycloak("https://id.example", "")),
        ("name the realm", KnownProvider::keycloak("https://id.example", "a/../b")),
        ("https", KnownProvider::gitlab().at("http://gitlab.example")),
    ];
    for (says, provider) in wrong {
        let error =
            OAuthConfigurationBuilder::default().with_provider(provider).await.unwrap_err().to_string();
        assert!(error.contains(says), "{error} should say {says}");
    }
}

#[tokio::test]
async fn naming_another_provider_forgets_the_row() {
    let stage = imitation::stage(
        |provider| provider,
        async |builder, provider| {
            let builder = builder.with_provider(KnownProvider::github()).await.unwrap();
            builder.with_issuer(provider.issuer()).await.unwrap()
        },
    )
    .await;

    assert_eq!(sign_in(&stage).await.status, 200);

    let request = stage.provider.journal().last(Endpoint::Authorization).unwrap();
    assert_eq!(request.query_value("scope"), Some("openid profile email"));
}

/// The metadata of a provider known by heart.
async fn by_heart(provider: KnownProvider) -> Arc<ProviderMetadata> {
    let builder = OAuthConfigurationBuilder::default()
        .with_provider(provider)
        .await
        .unwrap()
        .with_client_id("client")
        .with_redirect_uri("https://app.example/auth/callback")
        .with_private_cookie_key(COOKIE_KEY);
    builder.build().unwrap().provider().metadata().await.unwrap()
}

fn endpoints(metadata: &ProviderMetadata) -> Vec<&str> {
    let optional = [&metadata.authorization_endpoint, &metadata.jwks_uri, &metadata.userinfo_endpoint];
    let optional =
        optional.into_iter().chain([&metadata.revocation_endpoint, &metadata.end_session_endpoint]);
    std::iter::once(&metadata.token_endpoint).chain(optional.flatten()).map(Url::as_str).collect()
}

#[tokio::test]
async fn a_provider_known_by_heart_is_asked_nothing_at_the_start() {
    let github = by_heart(KnownProvider::github()).await;
    let pair = KeyPair::generate(SigningAlgorithm::Es256).unwrap();
    let key = SigningKey::from_pem(pair.private_key_pem().unwrap()).unwrap().with_key_id("KEY");
    let apple = by_heart(KnownProvider::apple("TEAM123456", key)).await;

    assert_eq!(github.issuer, None);
    let token = "https://github.com/login/oauth/access_token";
    let authorize = "https://github.com/login/oauth/authorize";
    assert_eq!(endpoints(&github), [token, authorize, "https://api.github.com/user"]);
    assert_eq!(apple.issuer.as_deref(), Some("https://appleid.apple.com"));
    let below =
        ["token", "authorize", "keys", "revoke"].map(|path| format!("https://appleid.apple.com/auth/{path}"));
    assert_eq!(endpoints(&apple), below);
}

#[tokio::test]
async fn tokens_of_an_enterprise_server_are_shown_to_nobody_else() {
    let metadata = by_heart(KnownProvider::github().at("https://github.example/")).await;

    for url in endpoints(&metadata) {
        assert!(url.starts_with("https://github.example/"), "{url}");
    }
}

#[tokio::test]
async fn a_base_url_is_understood_with_its_slash_and_without() {
    let auth0: fn(&str) -> KnownProvider = KnownProvider::auth0;
    let okta: fn(&str) -> KnownProvider = KnownProvider::okta;
    for (path, known) in [("/", auth0), ("", okta)] {
        let provider = Provider::builder().issuer_path(path).start().await.unwrap();
        let origin = format!("http://{}", provider.address());
        for written in [origin.clone(), format!("{origin}/")] {
            let outcome = OAuthConfigurationBuilder::default().with_provider(known(&written)).await;
            assert!(outcome.is_ok(), "{written}: {outcome:?}");
        }
        assert_eq!(provider.journal().count(Endpoint::Discovery), 2);
    }
}
