//! The test provider, playing each of those in the table.

use std::sync::Arc;
use std::time::Duration;

use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_axum::known_provider::KnownProvider;
use authsession_axum::provider_table::{Lack, Row, TABLE};
use authsession_core::signer::SigningKey;
use authsession_testkit::browser::{Browser, Page};
use authsession_testkit::builder::ProviderBuilder;
use authsession_testkit::client::{AuthMethod, Client};
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::habits::Habits;
use authsession_testkit::key_pair::KeyPair;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::ledger::RefreshTokens;
use authsession_testkit::provider::Provider;
use authsession_testkit::serve::Server;
use authsession_testkit::user::User;
use serde_json::{Map, Value};

use crate::stage::{CountingStore, Stage, TOKEN_LIFETIME, app, application};

pub(crate) const TENANT: &str = "aaaaaaaa-0000-4000-8000-000000000001";
pub(crate) const OTHER_TENANT: &str = "bbbbbbbb-0000-4000-8000-000000000002";
/// How long before the end of a token it is refreshed, unless configured.
const MARGIN: Duration = Duration::from_secs(60);
const PERSONAL: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// The constructors played, in the order of the table.
pub(crate) const PLAYED: [&str; 12] = [
    "google()",
    "entra(tenant)",
    "entra_personal_accounts()",
    "entra_tenants(tenants)",
    "danger_entra_any_tenant()",
    "okta(issuer)",
    "auth0(domain)",
    "keycloak(base, realm)",
    "github()",
    "gitlab()",
    "apple(team_id, key)",
    "salesforce()",
];

pub(crate) fn by_name(constructor: &str) -> &'static Row {
    TABLE.iter().copied().find(|row| row.constructors.contains(&constructor)).unwrap()
}

/// A stage with this application at this provider.
pub(crate) async fn stage(
    imitate: impl FnOnce(ProviderBuilder) -> ProviderBuilder,
    configure: impl AsyncFnOnce(OAuthConfigurationBuilder, &Provider) -> OAuthConfigurationBuilder,
) -> Stage {
    let clock = VirtualClock::halted();
    let builder = Provider::builder().clock(clock.clone()).access_token_lifetime(TOKEN_LIFETIME);
    let builder = builder.signing_algorithm(SigningAlgorithm::Es256);
    let provider = imitate(builder).start().await.unwrap();
    let slot = Server::reserve().await.unwrap();
    let builder = configure(application(&provider, &slot, &clock), &provider).await;
    let store = Arc::new(CountingStore::new(&clock));
    let server = slot.serve(app(builder, Arc::clone(&store)));
    let browser = Browser::with_clock(clock.clone()).unwrap();
    Stage { clock, provider, store, server, browser }
}

/// A stage at the provider that constructor is for.
pub(crate) async fn play(constructor: &str) -> Stage {
    let row = by_name(constructor);
    let lacking = lacking(row);
    match constructor {
        "google()" => stage(|it| google(lacking(it)), at(|url| KnownProvider::google().at(url))).await,
        "entra(tenant)" => {
            let path = format!("/{TENANT}/v2.0");
            stage(
                |it| offline(lacking(it)).issuer_path(path),
                at_origin(|url| KnownProvider::entra(TENANT).at(url)),
            )
            .await
        }
        "entra_personal_accounts()" => {
            let path = format!("/{PERSONAL}/v2.0");
            let known = |url: &str| KnownProvider::entra_personal_accounts().at(url);
            stage(|it| offline(lacking(it)).issuer_path(path), at_origin(known)).await
        }
        "entra_tenants(tenants)" => {
            let known = |url: &str| KnownProvider::entra_tenants([TENANT, OTHER_TENANT]).at(url);
            stage(|it| entra("organizations", offline(lacking(it))), at_origin(known)).await
        }
        "danger_entra_any_tenant()" => {
            let known = |url: &str| KnownProvider::danger_entra_any_tenant().at(url);
            stage(|it| entra("common", offline(lacking(it))), at_origin(known)).await
        }
        "okta(issuer)" => {
            stage(|it| offline(lacking(it)).issuer_path("/oauth2/default"), at(KnownProvider::okta)).await
        }
        "auth0(domain)" => stage(|it| auth0(offline(it)), at(KnownProvider::auth0)).await,
        "keycloak(base, realm)" => {
            let known = |url: &str| KnownProvider::keycloak(&format!("{url}/"), "acme");
            stage(|it| lacking(it).issuer_path("/realms/acme"), at_origin(known)).await
        }
        "github()" => stage(github, async |builder, provider| as_at_github(builder, provider).await).await,
        "gitlab()" => stage(lacking, at(|url| KnownProvider::gitlab().at(url))).await,
        "apple(team_id, key)" => apple(|builder| builder).await,
        "salesforce()" => {
            stage(|it| lacking(it).expires_in_stated(false), at(|url| KnownProvider::salesforce().at(url)))
                .await
        }
        other => unreachable!("nobody plays {other}"),
    }
}

/// Uses the session until its tokens were refreshed: when the row says, or when the access token ends.
pub(crate) async fn until_refreshed(stage: &Stage, row: &Row) {
    let before = stage.token().await;
    let lifetime = row.assumed_token_lifetime.unwrap_or(TOKEN_LIFETIME);
    let due = row.least_refresh_interval.unwrap_or(lifetime) + MARGIN;
    // Unused for a day the session would be over.
    for _ in 0..2 {
        stage.clock.advance(due / 2 + Duration::from_secs(1));
        stage.token().await;
    }
    assert_ne!(stage.token().await, before);
}

/// Signs in, pressing on where the provider answers with a form.
pub(crate) async fn sign_in(stage: &Stage) -> Page {
    stage.provider.journal().clear();
    let page = stage.browser.navigate(stage.url("/token")).await.unwrap();
    let by_form = page.url.port() == Some(stage.provider.address().port()) && page.status == 200;
    if by_form { stage.browser.submit_form(&[]).await.unwrap() } else { page }
}

/// Known by its issuer.
fn at(
    known: impl Fn(&str) -> KnownProvider,
) -> impl AsyncFnOnce(OAuthConfigurationBuilder, &Provider) -> OAuthConfigurationBuilder {
    async move |builder: OAuthConfigurationBuilder, provider: &Provider| {
        builder.with_provider(known(provider.issuer())).await.unwrap()
    }
}

/// Known by the origin of its issuer.
fn at_origin(
    known: impl Fn(&str) -> KnownProvider,
) -> impl AsyncFnOnce(OAuthConfigurationBuilder, &Provider) -> OAuthConfigurationBuilder {
    async move |builder: OAuthConfigurationBuilder, provider: &Provider| {
        let origin = format!("http://{}", provider.address());
        builder.with_provider(known(&origin)).await.unwrap()
    }
}

/// Announces nothing of what the row says it lacks.
fn lacking(row: &'static Row) -> impl Fn(ProviderBuilder) -> ProviderBuilder + Copy {
    move |provider| {
        provider.metadata(move |document| {
            for (lack, name) in [
                (Lack::Userinfo, "userinfo_endpoint"),
                (Lack::Revocation, "revocation_endpoint"),
                (Lack::EndSession, "end_session_endpoint"),
            ] {
                if row.lacks.contains(&lack) {
                    document.remove(name);
                }
            }
        })
    }
}

fn offline(provider: ProviderBuilder) -> ProviderBuilder {
    provider.offline_access_required(true)
}

pub(crate) fn google(provider: ProviderBuilder) -> ProviderBuilder {
    provider.refresh_tokens(RefreshTokens::Static).habits(Habits::default().refresh_token_with_consent())
}

/// Metadata with a template; every user's issuer is that of the tenant the claim `tid` names, and keys are for all of them.
pub(crate) fn entra(at: &'static str, provider: ProviderBuilder) -> ProviderBuilder {
    let template = move |document: &mut Map<String, Value>| {
        let issuer = document["issuer"].as_str().unwrap().replace(at, "{tenantid}");
        document.insert("issuer".to_owned(), issuer.into());
        document.remove("authorization_response_iss_parameter_supported");
    };
    let habits = Habits::default()
        .id_token(move |_, claims| {
            let tenant = claims["tid"].as_str().unwrap_or(TENANT).to_owned();
            claims["iss"] = claims["iss"].as_str().unwrap().replace(at, &tenant).into();
            claims["tid"] = tenant.into();
        })
        .authorization_response(|parameters| parameters.retain(|(name, _)| name != "iss"));
    provider.issuer_path(format!("/{at}/v2.0")).metadata(template).habits(habits)
}

/// An older tenant: it has the standard logout, and does not say so.
fn auth0(provider: ProviderBuilder) -> ProviderBuilder {
    provider.issuer_path("/").metadata(|document| drop(document.remove("end_session_endpoint")))
}

pub(crate) fn github(provider: ProviderBuilder) -> ProviderBuilder {
    let habits = Habits::default().token_type("bearer").token_answer(|answer| {
        let scope = answer["scope"].as_str().unwrap().replace(' ', ",");
        answer.insert("scope".to_owned(), scope.into());
    });
    provider
        .plain_oauth2(true)
        .expires_in_stated(false)
        .refresh_tokens(RefreshTokens::None)
        .user(User::new("octocat", "Mona").claim("id", 583_231).claim("login", "octocat"))
        .client(
            Client::confidential("client", "secret-of-the-test-client-32-bytes")
                .auth_method(AuthMethod::Post),
        )
        .habits(habits)
}

pub(crate) async fn as_at_github(
    builder: OAuthConfigurationBuilder,
    provider: &Provider,
) -> OAuthConfigurationBuilder {
    let builder = builder
        .with_authorization_endpoint(&provider.endpoint(Endpoint::Authorization))
        .with_token_endpoint(&provider.endpoint(Endpoint::Token))
        .with_userinfo_endpoint(&provider.endpoint(Endpoint::Userinfo));
    builder.with_provider(KnownProvider::github()).await.unwrap()
}

/// No metadata, no userinfo, answers by form, and a secret that is a token signed by the team's key.
pub(crate) async fn apple(
    configure: impl FnOnce(OAuthConfigurationBuilder) -> OAuthConfigurationBuilder,
) -> Stage {
    let pair = KeyPair::generate(SigningAlgorithm::Es256).unwrap();
    let client = Client::with_key("com.example.app", pair.public_key().unwrap());
    let key = SigningKey::from_pem(pair.private_key_pem().unwrap()).unwrap().with_key_id(pair.key_id());
    let habits =
        Habits::default().authorization_response(|parameters| parameters.retain(|(name, _)| name != "iss"));
    stage(
        |provider| {
            provider
                .client(client.auth_method(AuthMethod::SignedSecret))
                .refresh_tokens(RefreshTokens::Static)
                .habits(habits)
        },
        async |builder, provider| {
            let apple = KnownProvider::apple("TEAM123456", key).at(provider.issuer());
            let builder = builder
                .with_authorization_endpoint(&provider.endpoint(Endpoint::Authorization))
                .with_token_endpoint(&provider.endpoint(Endpoint::Token))
                .with_jwks_uri(&provider.endpoint(Endpoint::Jwks))
                .with_revocation_endpoint(&provider.endpoint(Endpoint::Revocation));
            configure(builder).with_provider(apple).await.unwrap()
        },
    )
    .await
}
