use std::sync::Arc;

use authsession_axum::auth::AuthLayer;
use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_axum::extractors::Claims;
use authsession_axum::logout::handle_oidc_logout::OidcLogoutHandler;
use authsession_axum::store::memory::MemoryStore;
use axum::{Router, routing::get};

#[derive(serde::Deserialize)]
struct User { name: String }

async fn app(issuer: &str, url: &str, secret: &str, key: &str) -> Result<Router, authsession_axum::errors::Error> {
    let configuration = OAuthConfigurationBuilder::default()
        .with_issuer(issuer).await?
        .with_client_id("client")
        .with_client_secret(secret)
        .with_redirect_uri(&format!("{url}/auth/callback"))
        .with_private_cookie_key(key)
        .build()?;
    let auth = AuthLayer::new(Arc::new(configuration), Arc::new(MemoryStore::new()), Arc::new(OidcLogoutHandler::default()));
    Ok(Router::new().route("/", get(|user: Claims<User>| async move { format!("Hello, {}!", user.name) })).layer(auth))
}
