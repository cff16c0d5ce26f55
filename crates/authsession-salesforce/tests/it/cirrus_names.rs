//! Code written for the crate whose names these are compiles as it stands, once the dependency is renamed.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use authsession_salesforce as cirrus;

use cirrus::auth::refresh::RotationHandler;
use cirrus::auth::token_exchange::{
    GRANT_TYPE_HYBRID_TOKEN_EXCHANGE, GRANT_TYPE_TOKEN_EXCHANGE, MAX_SUBJECT_TOKEN_CHARS,
};
use cirrus::auth::{
    AuthError, AuthResult, AuthSession, AuthorizeOptions, ClientCredentialsAuth,
    ClientCredentialsAuthBuilder, CompletedSession, DEFAULT_TOKEN_CONNECT_TIMEOUT,
    DEFAULT_TOKEN_REQUEST_TIMEOUT, JwtAuth, JwtAuthBuilder, PendingExchange, RefreshTokenAuth,
    RefreshTokenAuthBuilder, SharedAuth, StaticTokenAuth, SubjectTokenType, TokenExchangeFlow,
    TokenExchangeFlowBuilder, TokenExchangeGrantType, TokenExchangeSession, WebServerFlow,
    WebServerFlowBuilder, async_trait, reqwest, revoke_token, token_client_builder,
};

use authsession_testkit::clock::VirtualClock;

use crate::stage::{CALLBACK, FOREIGN_TOKEN, Stage};

struct Keeper;

#[async_trait]
impl RotationHandler for Keeper {
    async fn on_rotation(&self, new_refresh_token: &str) {
        assert!(!new_refresh_token.is_empty());
    }
}

struct Vault;

#[async_trait]
impl AuthSession for Vault {
    async fn access_token(&self) -> AuthResult<Cow<'_, str>> {
        let answer: serde_json::Value = serde_json::from_str(r#"{"token":"00Dxx!AQ"}"#)?;
        let token =
            answer["token"].as_str().ok_or_else(|| AuthError::Other("the vault is empty".to_string()))?;
        Ok(Cow::Owned(token.to_string()))
    }

    fn instance_url(&self) -> &str {
        "https://acme.my.salesforce.com"
    }

    async fn invalidate(&self, _stale_token: &str) {}
}

/// Of the caller's own making, and what it is asked with.
async fn fetch(url: &str) -> AuthResult<u16> {
    Ok(reqwest::get(url).await?.error_for_status()?.status().as_u16())
}

fn jwt(stage: &Stage, key: &str) -> AuthResult<JwtAuth> {
    let builder: JwtAuthBuilder = JwtAuth::builder();
    builder
        .consumer_key(stage.org.consumer_key())
        .username(stage.org.username())
        .private_key_pem_bytes(key.as_bytes())?
        .login_url(stage.org.login_url())
        .instance_url(stage.org.instance_url())
        .token_ttl(Duration::from_secs(900))
        .http_client(token_client_builder().build().map_err(AuthError::from)?)
        .connect_timeout(Duration::from_secs(5))
        .request_timeout(None)
        .build()
}

#[tokio::test]
async fn sessions_are_built_as_they_were() {
    let stage = Stage::set_at(VirtualClock::system(), |org| org).await;
    let key = stage.org.private_key_pem().to_owned();
    let path = format!("{}/cirrus.key", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&path, &key).unwrap();
    let (secret, token) = (stage.org.consumer_secret(), stage.approve());

    let jwt: SharedAuth = Arc::new(jwt(&stage, &key).unwrap());
    let _ = JwtAuth::builder().private_key_pem_file("/no/such/file").is_err();
    let _ =
        JwtAuth::builder().private_key_pem_file(path.as_str()).unwrap().private_key_pem_file(path).unwrap();

    let builder: ClientCredentialsAuthBuilder = ClientCredentialsAuth::builder();
    let app: SharedAuth = Arc::new(
        builder
            .consumer_key(stage.org.consumer_key())
            .consumer_secret(&secret)
            .login_url(stage.org.login_url())
            .instance_url(stage.org.instance_url())
            .token_ttl(Duration::from_secs(900))
            .connect_timeout(Some(DEFAULT_TOKEN_CONNECT_TIMEOUT))
            .request_timeout(DEFAULT_TOKEN_REQUEST_TIMEOUT)
            .build()
            .unwrap(),
    );

    let builder: RefreshTokenAuthBuilder = RefreshTokenAuth::builder();
    let refresh = builder
        .consumer_key(stage.org.consumer_key())
        .consumer_secret(secret.as_str())
        .refresh_token(&token)
        .initial_access_token(stage.org.open_session(&stage.org.username()).unwrap())
        .on_rotation(Arc::new(Keeper))
        .login_url(stage.org.login_url())
        .instance_url(stage.org.instance_url())
        .token_ttl(Duration::from_secs(900))
        .build()
        .unwrap();
    refresh.quiesce().await;

    for auth in [jwt, app] {
        let token: Cow<'_, str> = auth.access_token().await.unwrap();
        assert_eq!(stage.api_status(&token).await, 200);
        auth.invalidate(&token).await;
    }
    refresh.access_token().await.unwrap();
    refresh.revoke().await.unwrap();

    let fixed: SharedAuth =
        Arc::new(StaticTokenAuth::new("00Dxx!AQ", String::from("https://acme.my.salesforce.com")));
    let vault: SharedAuth = Arc::new(Vault);
    assert_eq!(fixed.access_token().await.unwrap(), vault.access_token().await.unwrap());
    assert!(fetch("http://127.0.0.1:1/").await.unwrap_err().is_transient());
}

#[tokio::test]
async fn users_sign_in_as_they_did() {
    let stage = Stage::set_at(VirtualClock::system(), |org| org).await;
    let builder: WebServerFlowBuilder = WebServerFlow::builder();
    let flow = builder
        .consumer_key(stage.org.consumer_key())
        .consumer_secret(stage.org.consumer_secret())
        .redirect_uri(CALLBACK)
        .login_url(stage.org.login_url())
        .scope("api")
        .scopes(vec!["openid".to_string(), "refresh_token".to_string()])
        .prompt("login")
        .login_hint("ann@acme.example")
        .connect_timeout(None)
        .request_timeout(Duration::from_secs(30))
        .build()
        .unwrap();
    let options = AuthorizeOptions::new()
        .login_hint("ann@acme.example")
        .prompt("consent")
        .generate_nonce()
        .display("page")
        .immediate(false)
        .sso_provider("corporate")
        .param("k", "v");
    let (url, pending): (String, PendingExchange) = flow.start_with(&options).unwrap();
    let _: (&str, Option<&str>) = (pending.state(), pending.nonce());
    let pending: PendingExchange = serde_json::from_str(&serde_json::to_string(&pending).unwrap()).unwrap();
    let back = stage.browser.navigate_without_following(&url).await.unwrap().location().unwrap();
    let value = |name: &str| back.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    let (code, state) = (value("code"), value("state"));
    let session: CompletedSession = flow.complete(pending, &code, &state).await.unwrap();
    let _: (&String, &Option<String>, &Option<String>, &String) =
        (&session.access_token, &session.refresh_token, &session.id_token, &session.instance_url);
    let _: [&Option<String>; 7] = [
        &session.id,
        &session.issued_at,
        &session.signature,
        &session.scope,
        &session.sfdc_site_url,
        &session.sfdc_site_id,
        &session.nonce,
    ];
    let auth = flow.refresh_auth(&session).unwrap().on_rotation(Arc::new(Keeper)).build().unwrap();
    auth.access_token().await.unwrap();
    flow.revoke(&session.access_token).await.unwrap();
    let http = token_client_builder().build().unwrap();
    revoke_token(&http, stage.org.login_url(), &session.refresh_token.unwrap()).await.unwrap();
}

#[tokio::test]
async fn tokens_are_exchanged_as_they_were() {
    let stage = Stage::set_at(VirtualClock::system(), |org| org).await;
    let builder: TokenExchangeFlowBuilder = TokenExchangeFlow::builder();
    let flow = builder
        .consumer_key(stage.org.consumer_key())
        .consumer_secret(stage.org.consumer_secret())
        .login_url(stage.org.login_url())
        .grant_type(TokenExchangeGrantType::TokenExchange)
        .scope("api")
        .scopes(["refresh_token"])
        .token_handler("handler")
        .build()
        .unwrap();
    let session: TokenExchangeSession =
        flow.exchange(FOREIGN_TOKEN, SubjectTokenType::IdToken).await.unwrap();
    flow.revoke(&session.access_token).await.unwrap();
    assert!(FOREIGN_TOKEN.len() < MAX_SUBJECT_TOKEN_CHARS);
    assert_eq!(TokenExchangeGrantType::TokenExchange.as_urn(), GRANT_TYPE_TOKEN_EXCHANGE);
    assert_eq!(TokenExchangeGrantType::HybridTokenExchange.as_urn(), GRANT_TYPE_HYBRID_TOKEN_EXCHANGE);
    assert_eq!(SubjectTokenType::Custom("urn:x".into()).as_urn(), "urn:x");
}

#[test]
fn names_are_where_they_were() {
    assert_eq!(cirrus::auth::jwt::PRODUCTION_LOGIN_URL, cirrus::auth::refresh::PRODUCTION_LOGIN_URL);
    assert_eq!(cirrus::auth::jwt::SANDBOX_LOGIN_URL, cirrus::auth::web_server::SANDBOX_LOGIN_URL);
    assert_eq!(cirrus::auth::refresh::SANDBOX_LOGIN_URL, "https://test.salesforce.com");
    assert_eq!(cirrus::auth::web_server::PRODUCTION_LOGIN_URL, "https://login.salesforce.com");
    let url: url::Url = "http://127.0.0.1:8080".parse().unwrap();
    assert!(cirrus::auth::transport::is_loopback_host(&url));
    assert!(cirrus::auth::transport::is_secure_transport(&url));
    assert!(!cirrus::auth::transport::is_secure_transport_for(&url, true));
    let _ = cirrus::auth::static_token::StaticTokenAuth::new(
        String::from(" t "),
        "https://acme.my.salesforce.com",
    );
    let _ = cirrus::auth::client_credentials::ClientCredentialsAuth::builder();
    let _ = cirrus::auth::token_exchange::TokenExchangeFlow::builder();
}

#[test]
fn errors_are_told_apart_as_they_were() {
    let error = JwtAuth::builder().build().unwrap_err();
    let name = match error {
        AuthError::MissingField(name) => name,
        AuthError::InvalidArgument { name, .. } => name,
        AuthError::OAuth { .. } | AuthError::StateMismatch | AuthError::FlowMismatch => "",
        AuthError::InstanceUrlMismatch { configured: _, returned: _ } => "",
        AuthError::UnexpectedResponse { status: _, .. }
        | AuthError::ResponseTooLarge { status: _, limit: _ } => "",
        AuthError::InsecureLoginUrl { url: _ } | AuthError::Signing(_) | AuthError::Other(_) => "",
        AuthError::Http(_) | AuthError::Url(_) => "",
        other => unreachable!("{other}"),
    };
    assert_eq!(name, "consumer_key");
}
