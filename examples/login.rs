//! The base: a page for whoever is signed in. The other examples differ from it by one idea.
//!
//! `cargo run --example login`, then open <http://127.0.0.1:8080/>. It runs offline, with the testkit's provider; for a
//! real one, its issuer, client id and client secret take the place of `provider`.

use std::error::Error;
use std::sync::Arc;

use authsession_axum::auth::AuthLayer;
use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_axum::core::random;
use authsession_axum::extractors::{AccessToken, Claims};
use authsession_axum::logout::handle_oidc_logout::OidcLogoutHandler;
use authsession_axum::store::memory::MemoryStore;
use authsession_testkit::provider::Provider;
use axum::Router;
use axum::routing::get;
use serde::Deserialize;
use tokio::net::TcpListener;

#[derive(Deserialize)]
struct User {
    name: String,
}

/// A browser that is not signed in is sent to the provider first, and comes back here.
async fn hello(user: Claims<User>, token: AccessToken) -> String {
    format!(
        "Hello, {}! Here is an access token that is valid now: {} characters. Sign out at /auth/logout.",
        user.name,
        token.len()
    )
}

pub(crate) async fn app(provider: &Provider, url: &str) -> Result<Router, Box<dyn Error>> {
    let configuration = OAuthConfigurationBuilder::default()
        .with_issuer(provider.issuer())
        .await?
        .with_client_id(provider.client_id())
        .with_client_secret(provider.client_secret())
        .with_redirect_uri(&format!("{url}/auth/callback"))
        .with_private_cookie_key(&random::text::<32>()?)
        .build()?;
    let auth = AuthLayer::new(
        Arc::new(configuration),
        Arc::new(MemoryStore::new()),
        Arc::new(OidcLogoutHandler::default()),
    );
    Ok(Router::new().route("/", get(hello)).layer(auth))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (provider, url) = (Provider::builder().interactive(true).start().await?, "http://127.0.0.1:8080");
    let app = app(&provider, url).await?;
    eprintln!("open {url}/");
    Ok(axum::serve(TcpListener::bind("127.0.0.1:8080").await?, app).await?)
}
