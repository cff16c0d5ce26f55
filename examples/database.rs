//! Sessions in a database: they outlive the process, and several processes share them.
//!
//! `cargo run --example database`, then open <http://127.0.0.1:8080/>. Beyond `login`: another store (cargo feature `sqlite`), and
//! a key that is the same after a restart. Whoever has the database alone reads no session.

use std::error::Error;
use std::sync::Arc;

use authsession_axum::auth::AuthLayer;
use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_axum::core::random;
use authsession_axum::extractors::Claims;
use authsession_axum::logout::handle_oidc_logout::OidcLogoutHandler;
use authsession_axum::store::seal::KeyRing;
use authsession_axum::store::sealed_store::SealedStore;
use authsession_axum::store::sqlite::SqliteBackend;
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
    format!("Hello, {}! Your session is in a database. Sign out at /auth/logout.", user.name)
}

pub(crate) async fn app(
    provider: &Provider,
    url: &str,
    key: &str,
    database: &str,
) -> Result<Router, Box<dyn Error>> {
    let configuration = OAuthConfigurationBuilder::default()
        .with_issuer(provider.issuer())
        .await?
        .with_client_id(provider.client_id())
        .with_client_secret(provider.client_secret())
        .with_redirect_uri(&format!("{url}/auth/callback"))
        .with_private_cookie_key(key)
        .build()?;
    // Elsewhere `PostgresBackend` or `RedisBackend`, of the feature `postgres` or `redis`; their URLs name a server.
    let backend = SqliteBackend::connect(database).await?;
    let store = SealedStore::new(Arc::new(backend), KeyRing::new(&key.into())?);
    let auth =
        AuthLayer::new(Arc::new(configuration), Arc::new(store), Arc::new(OidcLogoutHandler::default()));
    Ok(Router::new().route("/", get(hello)).layer(auth))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (provider, url) = (Provider::builder().interactive(true).start().await?, "http://127.0.0.1:8080");
    let file = format!("sqlite://{}", std::env::temp_dir().join("authsession-example.db").display());
    // For a real one `openssl rand -base64 32`, kept like every secret: with another key, everybody signs in anew.
    let app = app(&provider, url, &random::text::<32>()?, &file).await?;
    eprintln!("open {url}/");
    Ok(axum::serve(TcpListener::bind("127.0.0.1:8080").await?, app).await?)
}
