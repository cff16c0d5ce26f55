//! A page that calls Salesforce as whoever signed in there: the accounts that user may see.
//!
//! `cargo run --example salesforce`, then open <http://127.0.0.1:8080/>. It runs offline, with the testkit's org, which signs
//! its one user in at once; for a real one, the issuer is `https://login.salesforce.com` or the org's My Domain URL, and id and
//! secret are those of a connected app.

use std::error::Error;
use std::sync::Arc;

use authsession_axum::auth::AuthLayer;
use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_axum::core::http::api_client_builder;
use authsession_axum::core::random;
use authsession_axum::extractors::SalesforceSession;
use authsession_axum::logout::handle_oidc_logout::OidcLogoutHandler;
use authsession_axum::salesforce::{Cirrus, CirrusResult, SharedAuth};
use authsession_axum::store::memory::MemoryStore;
use authsession_testkit::org::Org;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use futures_util::TryStreamExt;
use serde::Deserialize;
use tokio::net::TcpListener;

#[derive(Deserialize)]
struct Account {
    #[serde(rename = "Name")]
    name: String,
}

/// A browser that is not signed in is sent to the org first, and comes back here.
async fn accounts(
    State(http): State<reqwest::Client>,
    user: SalesforceSession,
) -> Result<String, (StatusCode, String)> {
    let names = names(http, user.auth()).await;
    let names = names.map_err(|error| (StatusCode::BAD_GATEWAY, error.to_string()))?;
    Ok(format!("Your accounts: {}. Sign out at /auth/logout.", names.join(", ")))
}

/// What a job that outlives the request would do, too: the token is fresh whenever it is needed, until the user signs out. Where
/// the org ends its session before its time, the client gets another one, and nobody here sees it.
async fn names(http: reqwest::Client, auth: SharedAuth) -> CirrusResult<Vec<String>> {
    let salesforce = Cirrus::builder().auth(auth).http_client(http).build()?;
    let accounts = salesforce.query_stream_as::<Account>("SELECT Name FROM Account ORDER BY Name");
    accounts.map_ok(|account| account.name).try_collect().await
}

pub(crate) async fn app(org: &Org, url: &str) -> Result<Router, Box<dyn Error>> {
    let configuration = OAuthConfigurationBuilder::default()
        .with_issuer(org.url())
        .await?
        .with_client_id(&org.consumer_key())
        .with_client_secret(&org.consumer_secret())
        .with_redirect_uri(&format!("{url}/auth/callback"))
        .with_scopes(vec!["openid", "api", "refresh_token"])
        .with_private_cookie_key(&random::text::<32>()?)
        .salesforce()
        .build()?;
    let auth = AuthLayer::new(
        Arc::new(configuration),
        Arc::new(MemoryStore::new()),
        Arc::new(OidcLogoutHandler::default()),
    );
    Ok(Router::new().route("/", get(accounts)).with_state(api_client_builder().build()?).layer(auth))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (org, url) = (Org::builder().rotation(true).start().await?, "http://127.0.0.1:8080");
    let app = app(&org, url).await?;
    eprintln!("open {url}/");
    Ok(axum::serve(TcpListener::bind("127.0.0.1:8080").await?, app).await?)
}
