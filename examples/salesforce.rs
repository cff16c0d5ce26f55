//! A page that calls Salesforce as whoever signed in there: the accounts that user may see.
//!
//! `cargo run --example salesforce`, then open <http://127.0.0.1:8080/>. It runs offline, with the testkit's org, which signs
//! its one user in at once; for a real one, the issuer is `https://login.salesforce.com` or the org's My Domain URL, and id and
//! secret are those of a connected app.

use std::error::Error;
use std::sync::Arc;

use authsession_axum::auth::AuthLayer;
use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_axum::core::http::client_builder;
use authsession_axum::core::random;
use authsession_axum::extractors::SalesforceSession;
use authsession_axum::logout::handle_oidc_logout::OidcLogoutHandler;
use authsession_axum::salesforce::SharedAuth;
use authsession_axum::salesforce::auth::authorization::token_in;
use authsession_axum::store::memory::MemoryStore;
use authsession_testkit::org::Org;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::routing::get;
use serde::Deserialize;
use tokio::net::TcpListener;

#[derive(Deserialize)]
struct Found {
    records: Vec<Account>,
}

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
    let found = query(&http, user.auth(), "SELECT Name FROM Account ORDER BY Name").await;
    let found = found.map_err(|error| (StatusCode::BAD_GATEWAY, error.to_string()))?;
    let names: Vec<_> = found.records.into_iter().map(|account| account.name).collect();
    Ok(format!("Your accounts: {}. Sign out at /auth/logout.", names.join(", ")))
}

/// Runs a query. It takes what a job that outlives the request would take, too: the token is fresh whenever it runs, until the
/// user signs out.
async fn query(http: &reqwest::Client, auth: SharedAuth, soql: &str) -> Result<Found, Box<dyn Error>> {
    let url = format!("{}/services/data/v66.0/query", auth.instance_url());
    let send =
        |authorization| http.get(&url).query(&[("q", soql)]).header(AUTHORIZATION, authorization).send();
    let authorization = auth.authorization().await?;
    let mut answer = send(authorization.clone()).await?;
    if answer.status() == 401
        && let Some(refused) = token_in(&authorization)
    {
        // The org ended its session before its time. Once more with a new token, however many find out at the same time.
        auth.invalidate(refused).await;
        answer = send(auth.authorization().await?).await?;
    }
    #[expect(clippy::disallowed_methods, reason = "the org is trusted not to send more than fits in memory")]
    let body = answer.error_for_status()?.text().await?;
    Ok(serde_json::from_str(&body)?)
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
    Ok(Router::new().route("/", get(accounts)).with_state(client_builder().build()?).layer(auth))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (org, url) = (Org::builder().rotation(true).start().await?, "http://127.0.0.1:8080");
    let app = app(&org, url).await?;
    eprintln!("open {url}/");
    Ok(axum::serve(TcpListener::bind("127.0.0.1:8080").await?, app).await?)
}
