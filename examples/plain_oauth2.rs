//! A provider that knows OAuth 2.0 and no OpenID Connect, as GitHub: no ID token, the user comes from its API.
//!
//! `cargo run --example plain_oauth2`, then open <http://127.0.0.1:8080/>. Beyond `by_hand`: scopes without `openid`, and
//! the userinfo in place of an ID token. For GitHub the three URLs are `https://github.com/login/oauth/authorize`,
//! `https://github.com/login/oauth/access_token` and `https://api.github.com/user`, and the subject claim is `id`.

use std::error::Error;
use std::sync::Arc;

use authsession_axum::auth::AuthLayer;
use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_axum::core::random;
use authsession_axum::extractors::{Claims, Session};
use authsession_axum::logout::handle_default_logout::DefaultLogoutHandler;
use authsession_axum::store::memory::MemoryStore;
use authsession_testkit::builder::ProviderBuilder;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use authsession_testkit::user::User as Person;
use axum::Router;
use axum::routing::get;
use serde::Deserialize;
use tokio::net::TcpListener;

#[derive(Deserialize)]
struct User {
    login: String,
}

async fn hello(user: Claims<User>, session: Session) -> String {
    format!("Hello, {}, number {}!", user.login, session.subject())
}

pub(crate) fn provider() -> ProviderBuilder {
    let octocat = Person::new("octocat", "The Octocat").claim("id", 583_231).claim("login", "octocat");
    Provider::builder().plain_oauth2(true).user(octocat)
}

pub(crate) fn app(provider: &Provider, url: &str) -> Result<Router, Box<dyn Error>> {
    let configuration = OAuthConfigurationBuilder::default()
        .with_authorization_endpoint(&provider.endpoint(Endpoint::Authorization))
        .with_token_endpoint(&provider.endpoint(Endpoint::Token))
        .with_userinfo_endpoint(&provider.endpoint(Endpoint::Userinfo))
        .with_subject_claim("id")
        .with_scopes(vec!["read:user", "user:email"])
        .with_client_id(provider.client_id())
        .with_client_secret(provider.client_secret())
        .with_redirect_uri(&format!("{url}/auth/callback"))
        .with_private_cookie_key(&random::text::<32>()?)
        .build()?;
    let auth =
        AuthLayer::new(Arc::new(configuration), Arc::new(MemoryStore::new()), Arc::new(DefaultLogoutHandler));
    Ok(Router::new().route("/", get(hello)).layer(auth))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (provider, url) = (provider().interactive(true).start().await?, "http://127.0.0.1:8080");
    let app = app(&provider, url)?;
    eprintln!("open {url}/");
    Ok(axum::serve(TcpListener::bind("127.0.0.1:8080").await?, app).await?)
}
