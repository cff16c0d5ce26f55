//! Something dear: whoever signed in more than five minutes ago proves once more who they are.
//!
//! `cargo run --example step_up`, then open <http://127.0.0.1:8080/transfer>. Beyond `login`: a [`Login`] with parameters of
//! its own. `max_age` is verified when the user comes back; how strongly they signed in is for you to see in `acr`, or to demand
//! with [`essential_acr`](Login::essential_acr), which is verified too.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use authsession_axum::auth::AuthLayer;
use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_axum::core::clock::{Clock, Timestamp};
use authsession_axum::core::random;
use authsession_axum::extractors::{Claims, Login};
use authsession_axum::logout::handle_oidc_logout::OidcLogoutHandler;
use authsession_axum::store::memory::MemoryStore;
use authsession_testkit::provider::Provider;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde::Deserialize;
use tokio::net::TcpListener;

const RECENT: Duration = Duration::from_secs(5 * 60);

#[derive(Deserialize)]
struct User {
    name: String,
    auth_time: i64,
}

async fn transfer(user: Claims<User>, login: Login, State(clock): State<Clock>) -> Response {
    let age = clock.now().since(Timestamp::from_unix_seconds(user.auth_time));
    if age > RECENT {
        let again = login.max_age(Duration::ZERO).acr_values("urn:example:mfa phr");
        return again.return_to("/transfer").start().await;
    }
    format!("{}, you may transfer: you signed in {} s ago.", user.name, age.as_secs()).into_response()
}

pub(crate) async fn app(provider: &Provider, url: &str) -> Result<Router, Box<dyn Error>> {
    let time = provider.clock();
    let clock = Clock::from_fn(move || time.now());
    let configuration = OAuthConfigurationBuilder::default()
        .with_clock(clock.clone())
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
    Ok(Router::new().route("/transfer", get(transfer)).layer(auth).with_state(clock))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (provider, url) = (Provider::builder().interactive(true).start().await?, "http://127.0.0.1:8080");
    let app = app(&provider, url).await?;
    eprintln!("open {url}/transfer");
    Ok(axum::serve(TcpListener::bind("127.0.0.1:8080").await?, app).await?)
}
