//! What is printed of anything in this crate: never a secret.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use authsession_salesforce::auth::{
    AuthSession, AuthorizeOptions, ClientCredentialsAuth, DeviceFlow, ImportedLogin, JwtAuth,
    RefreshTokenAuth, RotationHandler, SessionRegistry, SubjectTokenType, TokenExchangeFlow, WebServerFlow,
};

use crate::stage::{FOREIGN_TOKEN, Stage};
use crate::web_server::sign_in;

const SECRETS: [&str; 4] = ["the-consumer-secret", "the-refresh-token", "the-access-token", "the-nonce"];

fn assert_discreet(thing: &impl Debug, secrets: &[String]) {
    for shown in [format!("{thing:?}"), format!("{thing:#?}")] {
        for secret in secrets {
            assert!(!shown.contains(secret.as_str()), "{secret} in {shown}");
        }
    }
}

struct Nobody;

#[async_trait]
impl RotationHandler for Nobody {
    async fn on_rotation(&self, _new_refresh_token: &str) {}
}

#[tokio::test]
async fn no_builder_and_nothing_built_shows_a_secret() {
    let stage = Stage::set().await;
    let pem = stage.org.private_key_pem().as_bytes();
    let mut secrets: Vec<_> = SECRETS.into_iter().map(str::to_owned).collect();
    secrets.extend(stage.org.private_key_pem().lines().skip(1).take(3).map(str::to_owned));
    let url = stage.org.login_url();

    let jwt = JwtAuth::builder().consumer_key("k").username("u").private_key_pem_bytes(pem).unwrap();
    let jwt = jwt.consumer_secret(SECRETS[0]).login_url(url);
    assert_discreet(&jwt, &secrets);
    assert_discreet(&jwt.build().unwrap(), &secrets);

    let app = ClientCredentialsAuth::builder().consumer_key("k").consumer_secret(SECRETS[0]).login_url(url);
    assert_discreet(&app, &secrets);
    assert_discreet(&app.build().unwrap(), &secrets);

    let refresh = RefreshTokenAuth::builder()
        .consumer_key("k")
        .consumer_secret(SECRETS[0])
        .refresh_token(SECRETS[1])
        .initial_access_token(SECRETS[2])
        .on_rotation(Arc::new(Nobody))
        .login_url(url);
    assert_discreet(&refresh, &secrets);
    assert_discreet(&refresh.build().unwrap(), &secrets);

    let exchange = TokenExchangeFlow::builder().consumer_key("k").consumer_secret(SECRETS[0]).login_url(url);
    assert_discreet(&exchange, &secrets);
    assert_discreet(&exchange.build().unwrap(), &secrets);

    let device = DeviceFlow::builder().consumer_key("k").consumer_secret(SECRETS[0]).login_url(url);
    assert_discreet(&device, &secrets);
    assert_discreet(&device.build().unwrap(), &secrets);

    let web = WebServerFlow::builder()
        .consumer_key("k")
        .consumer_secret(SECRETS[0])
        .redirect_uri("https://app.example/callback")
        .login_url(url);
    assert_discreet(&web, &secrets);
    assert_discreet(&web.build().unwrap(), &secrets);
    assert_discreet(&AuthorizeOptions::new().nonce(SECRETS[3]).param("x", SECRETS[3]), &secrets);

    let login = format!("force://PlatformCLI:{}:{}@acme.my.salesforce.com", SECRETS[0], SECRETS[1]);
    assert_discreet(&ImportedLogin::from_auth_url(&login).unwrap(), &secrets);
}

#[tokio::test]
async fn nothing_shows_a_token_once_there_are_some() {
    let stage = Stage::set_with(|org| org.rotation(true)).await;
    let flow = stage.web_server().build().unwrap();
    let (_, pending) = flow.start().unwrap();
    let kept = serde_json::to_value(&pending).unwrap();
    let verifier = kept["pending"]["code_verifier"].as_str().unwrap().to_owned();
    assert_discreet(&pending, &[pending.state().to_owned(), pending.nonce().unwrap().to_owned(), verifier]);

    let session = sign_in(&stage, &flow).await.unwrap();
    let exchanged = stage.token_exchange().build().unwrap();
    let exchanged = exchanged.exchange(FOREIGN_TOKEN, SubjectTokenType::Jwt).await.unwrap();
    let refreshed = stage.refresh(&stage.approve()).build().unwrap();
    let secrets = [
        session.access_token.clone(),
        session.refresh_token.clone().unwrap(),
        session.id_token.clone().unwrap(),
        session.signature.clone().unwrap(),
        exchanged.access_token.clone(),
        refreshed.access_token().await.unwrap().into_owned(),
        stage.org.consumer_secret(),
        FOREIGN_TOKEN.to_owned(),
    ];
    let registry = SessionRegistry::default();
    registry.insert("acme", Arc::new(session.clone()));
    assert_discreet(&(&session, &exchanged, &refreshed), &secrets);
    assert_discreet(&(flow.refresh_auth(&session).unwrap(), &registry, registry.list()), &secrets);
    assert_discreet(&(session.authorization().await.unwrap(), session.snapshot(), session.watch()), &secrets);
}
