//! A provider that cannot be discovered: its issuer, its endpoints and its keys by hand.
//!
//! `cargo run --example by_hand`, then open <http://127.0.0.1:8080/>. Beyond `login`: nothing is asked of the provider before
//! somebody signs in. ID tokens are verified all the same: they must name the issuer and be signed with its keys.

use std::error::Error;
use std::sync::Arc;

use authsession_axum::auth::AuthLayer;
use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_axum::core::random;
use authsession_axum::extractors::Claims;
use authsession_axum::logout::handle_oidc_logout::OidcLogoutHandler;
use authsession_axum::store::memory::MemoryStore;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use axum::Router;
use axum::routing::get;
use serde::Deserialize;
use tokio::net::TcpListener;

#[derive(Deserialize)]
struct User {
    name: String,
}

async fn hello(user: Claims<User>) -> String {
    format!("Hello, {}!", user.name)
}

pub(crate) fn app(provider: &Provider, url: &str) -> Result<Router, Box<dyn Error>> {
    let configuration = OAuthConfigurationBuilder::default()
        .with_issuer_by_hand(provider.issuer())
        .with_authorization_endpoint(&provider.endpoint(Endpoint::Authorization))
        .with_token_endpoint(&provider.endpoint(Endpoint::Token))
        .with_jwks_uri(&provider.endpoint(Endpoint::Jwks))
        .with_revocation_endpoint(&provider.endpoint(Endpoint::Revocation))
        .with_end_session_endpoint(&provider.endpoint(Endpoint::EndSession))
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
    let app = app(&provider, url)?;
    eprintln!("open {url}/");
    Ok(axum::serve(TcpListener::bind("127.0.0.1:8080").await?, app).await?)
}
