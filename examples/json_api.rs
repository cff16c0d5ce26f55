//! A single-page application: its script asks an API, and is told with a 401 where to sign in.
//!
//! `cargo run --example json_api`, then open <http://127.0.0.1:8080/>. Beyond `login`: a page that anybody may see, whose
//! script sends whoever is not signed in to the `login_url` of the answer; they come back to the page they were on.

use std::error::Error;
use std::sync::Arc;

use authsession_axum::auth::AuthLayer;
use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_axum::core::random;
use authsession_axum::extractors::Claims;
use authsession_axum::logout::handle_oidc_logout::OidcLogoutHandler;
use authsession_axum::store::memory::MemoryStore;
use authsession_testkit::provider::Provider;
use axum::response::Html;
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

const PAGE: &str = r#"<!doctype html><html lang="en"><meta charset="utf-8"><title>json_api</title>
<p id="who">…</p>
<script>
fetch("/api/me").then(async (answer) => {
  const body = await answer.json();
  if (answer.ok) document.getElementById("who").textContent = `Hello, ${body.name}!`;
  else if (answer.status === 401) location.assign(body.login_url);
  else document.getElementById("who").textContent = body.detail; // 503: still signed in, try again
});
</script></html>"#;

#[derive(Deserialize, Serialize)]
struct User {
    name: String,
    email: String,
}

async fn me(user: Claims<User>) -> Json<Arc<User>> {
    Json(user.0)
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
    Ok(Router::new().route("/", get(Html(PAGE))).route("/api/me", get(me)).layer(auth))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (provider, url) = (Provider::builder().interactive(true).start().await?, "http://127.0.0.1:8080");
    let app = app(&provider, url).await?;
    eprintln!("open {url}/");
    Ok(axum::serve(TcpListener::bind("127.0.0.1:8080").await?, app).await?)
}
