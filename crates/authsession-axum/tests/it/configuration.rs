//! Settings, and what is said when one is missing or wrong.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use authsession_axum::auth::{AccessTokenResponse, AuthLayer, CodeChallengeMethod};
use authsession_axum::auth_builder::{OAuthConfigurationBuilder, RememberMe};
use authsession_axum::auth_session::AuthSession;
use authsession_axum::errors::NotSignedIn;
use authsession_axum::logout::handle_default_logout::DefaultLogoutHandler;
use authsession_core::clock::Clock;
use authsession_store::end_reason::EndReason;
use authsession_store::memory::MemoryStore;
use authsession_testkit::provider::Provider;

use crate::by_hand;
use crate::stage::COOKIE_KEY;

fn complete() -> OAuthConfigurationBuilder {
    by_hand::complete().with_client_secret("a-secret-nobody-sees")
}

#[test]
fn a_complete_configuration_builds_and_shows_no_secret() {
    let configuration = complete().build().unwrap();

    let shown = format!("{configuration:?} {:?}", complete());

    assert!(!shown.contains("a-secret-nobody-sees") && !shown.contains(COOKIE_KEY), "{shown}");
}

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn each_missing_or_wrong_setting_is_named() {
    type Edit = fn(OAuthConfigurationBuilder) -> OAuthConfigurationBuilder;
    let wrong: [(&str, Edit); 25] = [
        ("client id", |builder| builder.with_client_id("")),
        ("redirect URI", |builder| builder.with_redirect_uri("")),
        ("redirect URI must be https", |builder| {
            builder.with_redirect_uri("http://app.example/auth/callback")
        }),
        ("32 random bytes", |builder| builder.with_private_cookie_key("too short")),
        ("32 random bytes", |builder| builder.with_private_cookie_key(&"a".repeat(64))),
        ("must be https", |builder| builder.with_token_endpoint("http://login.example/token")),
        ("absolute URL", |builder| builder.with_token_endpoint("/token")),
        ("base path", |builder| builder.with_base_path("auth")),
        ("base path", |builder| builder.with_base_path("//evil")),
        ("default page", |builder| builder.with_default_page("//evil")),
        ("plain code challenge", |builder| builder.with_code_challenge_method(CodeChallengeMethod::Plain)),
        ("max age", |builder| builder.with_session_max_age(-1)),
        ("client secret's file", |builder| builder.with_client_secret_file("/does/not/exist")),
        ("set by the library", |builder| builder.with_authorization_parameter("state", "mine")),
        ("with_session_idle_timeout", |builder| builder.with_session_idle_timeout(Duration::ZERO)),
        ("max age of remembered sessions", |builder| {
            builder
                .with_session_max_age(61)
                .with_remember_me(RememberMe { max_age: HOUR, idle_timeout: 24 * HOUR })
        }),
        ("idle timeout of remembered sessions", |builder| {
            builder.with_remember_me(RememberMe { max_age: 10_000 * HOUR, idle_timeout: 23 * HOUR })
        }),
        ("request timeout", |builder| builder.with_request_timeout(Duration::ZERO)),
        ("token's max age", |builder| builder.with_token_max_age(0)),
        ("client secret is empty", |builder| builder.with_client_secret("")),
        ("such as https://", |builder| builder.with_redirect_uri("https://app.example/")),
        ("such as https://", |builder| builder.with_redirect_uri("https://app.example/auth/callback#top")),
        ("must differ", |builder| builder.with_redirect_uri("https://app.example/auth")),
        ("must differ", |builder| builder.with_redirect_uri("https://app.example/auth/logout")),
        ("post-logout", |builder| builder.with_post_logout_redirect_uri("//evil")),
    ];

    for (names, edit) in wrong {
        let error = edit(complete()).build().unwrap_err().to_string();
        assert!(error.contains(names), "{error} should name {names}");
    }
}

#[test]
fn id_tokens_that_could_not_be_verified_are_a_configuration_error() {
    let builder = OAuthConfigurationBuilder::default()
        .with_client_id("client")
        .with_redirect_uri("https://app.example/auth/callback")
        .with_private_cookie_key(COOKIE_KEY)
        .with_authorization_endpoint("https://login.example/authorize")
        .with_token_endpoint("https://login.example/token");

    assert!(builder.build().unwrap_err().to_string().contains("ID tokens cannot be verified"));
}

#[tokio::test]
async fn the_environment_configures_everything_and_secrets_come_from_files() {
    let provider = Provider::builder().start().await.unwrap();
    let file = std::env::temp_dir().join(format!("authsession-cookie-key-{}", std::process::id()));
    std::fs::write(&file, format!("{COOKIE_KEY}\n")).unwrap();
    let path = file.display().to_string();
    let variables = HashMap::from([
        ("AUTHSESSION_ISSUER", provider.issuer()),
        ("AUTHSESSION_CLIENT_ID", "from-env"),
        ("AUTHSESSION_REDIRECT_URI", "https://app.example/login/callback"),
        ("AUTHSESSION_COOKIE_KEY_FILE", path.as_str()),
        ("AUTHSESSION_SCOPES", "openid  groups"),
        ("AUTHSESSION_BASE_PATH", "/login"),
    ]);

    let variable = |name: &str| variables.get(name).map(|value| (*value).to_owned());
    let configuration = OAuthConfigurationBuilder::from_variables(variable).await.unwrap().build().unwrap();
    std::fs::remove_file(file).unwrap();

    assert_eq!(configuration.client_id(), "from-env");
    assert_eq!(configuration.scope(), "openid groups");
    assert_eq!((configuration.base_path(), configuration.logout_path()), ("/login", "/login/logout"));
}

#[tokio::test]
async fn an_application_starts_while_its_provider_is_away() {
    let provider = Provider::builder().start().await.unwrap();
    let issuer = provider.issuer().to_owned();
    provider.shutdown().await;

    let builder = complete_for_discovery().with_issuer(&issuer).await.unwrap();

    assert!(builder.build().is_ok());
}

#[tokio::test]
async fn an_issuer_that_is_not_its_providers_is_refused_at_once() {
    let provider = Provider::builder()
        .metadata(|metadata| drop(metadata.insert("issuer".to_owned(), "https://other.example".into())))
        .start()
        .await
        .unwrap();

    assert!(complete_for_discovery().with_issuer(provider.issuer()).await.is_err());
    assert!(complete_for_discovery().with_issuer("http://login.example").await.is_err());
    assert!(complete_for_discovery().with_issuer("not a url").await.is_err());
}

#[test]
fn a_session_can_be_made_from_a_token_response() {
    let builder = complete().with_scopes(vec!["openid", "email"]).with_token_max_age(120);
    let configuration = builder.with_clock(Clock::from_fn(|| std::time::UNIX_EPOCH)).build().unwrap();
    let response: AccessTokenResponse =
        serde_json::from_str(r#"{"id_token":"i","access_token":"a","token_type":"Bearer","expires_in":60}"#)
            .unwrap();

    let session = AuthSession::new(&response, &configuration);

    assert_eq!((session.access_token.as_str(), session.refresh_token.as_str()), ("a", ""));
    assert_eq!(session.scope, "openid email");
    assert_eq!(session.expires.timestamp(), 60, "a minute from the clock's now");
}

fn complete_for_discovery() -> OAuthConfigurationBuilder {
    OAuthConfigurationBuilder::default()
        .with_client_id("client")
        .with_redirect_uri("https://app.example/auth/callback")
        .with_private_cookie_key(COOKIE_KEY)
}

#[test]
fn without_a_cookie_key_or_a_provider_the_application_is_told_how_to_set_them() {
    let incomplete = || {
        OAuthConfigurationBuilder::default()
            .with_client_id("client")
            .with_redirect_uri("https://app.example/auth/callback")
    };
    let keyed = || incomplete().with_private_cookie_key(COOKIE_KEY);
    let told = |builder: OAuthConfigurationBuilder| builder.build().unwrap_err().to_string();

    assert!(told(incomplete()).contains("openssl rand -base64 32"));
    assert!(told(keyed()).contains("name the provider"));
    let half = keyed().with_token_endpoint("https://login.example/token");
    assert!(told(half).contains("with_authorization_endpoint"));
}

#[test]
fn plain_http_to_a_provider_elsewhere_takes_a_danger_switch() {
    let plain = || complete().with_token_endpoint("http://login.example/token");

    assert!(plain().build().is_err());
    assert!(plain().danger_allow_http().build().is_ok());
}

#[tokio::test]
async fn an_environment_that_names_no_issuer_leaves_the_provider_to_the_setters() {
    let variable = |name: &str| (name == "AUTHSESSION_CLIENT_ID").then(|| "from-env".to_owned());

    let builder = OAuthConfigurationBuilder::from_variables(variable).await.unwrap();

    let configuration = by_hand::but_for_the_client(builder).build().unwrap();
    assert_eq!(configuration.client_id(), "from-env");
}

#[test]
fn debug_of_a_token_answer_shows_no_token() {
    let response: AccessTokenResponse = serde_json::from_str(
        r#"{"id_token":"one-hidden","access_token":"two-hidden","refresh_token":"three-hidden","token_type":"Bearer"}"#,
    )
    .unwrap();

    let shown = format!("{response:?}");

    assert!(shown.contains("Bearer") && !shown.contains("hidden"), "{shown}");
}

#[tokio::test]
async fn errors_that_pass_are_told_from_errors_that_stay() {
    let provider = Provider::builder().start().await.unwrap();
    let configuration =
        complete_for_discovery().with_issuer(provider.issuer()).await.unwrap().build().unwrap();
    provider.shutdown().await;

    assert!(configuration.ready().await.is_err_and(|error| error.is_transient()));

    assert!(!complete().with_client_id("").build().unwrap_err().is_transient());
    assert_eq!(NotSignedIn::Ended(EndReason::Idle).to_string(), "idle");
}

#[test]
fn debug_of_the_layer_shows_no_secret() {
    let configuration = Arc::new(complete().build().unwrap());
    let auth = AuthLayer::new(configuration, Arc::new(MemoryStore::new()), Arc::new(DefaultLogoutHandler));

    let shown = format!("{auth:?}");

    assert!(shown.contains("https://login.example"), "{shown}");
    assert!(!shown.contains("a-secret-nobody-sees") && !shown.contains(COOKIE_KEY), "{shown}");
}
