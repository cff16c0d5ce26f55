//! What the README shows beyond its quick start, as it stands there, compiled.

use std::error::Error;
use std::sync::Arc;

use authsession_axum::extractors::SalesforceSession;
use authsession_axum::salesforce::auth::JwtAuth;
use authsession_axum::salesforce::{Cirrus, CirrusResult, SharedAuth};
use authsession_axum::store::postgres::PostgresBackend;
use authsession_axum::store::seal::KeyRing;
use authsession_axum::store::sealed_store::SealedStore;
use authsession_core::client_auth::ClientAuth;
use authsession_core::secret::Secret;
use authsession_core::token_source::TokenSource;
use axum::http::StatusCode;
use futures_util::TryStreamExt;
use reqwest::Response;

// Kept as the README shows them.
#[rustfmt::skip]
include!("readme/as_itself.rs");
#[rustfmt::skip]
include!("readme/at_salesforce.rs");
#[rustfmt::skip]
include!("readme/with_a_client.rs");
#[rustfmt::skip]
include!("readme/as_the_user.rs");
#[rustfmt::skip]
include!("readme/that_outlive_the_process.rs");

#[derive(serde::Deserialize)]
struct Account {
    name: String,
}

async fn run_export(auth: SharedAuth) {
    drop(auth.authorization().await);
}

const README: &str = include_str!("../../../README.md");

#[tokio::test]
async fn what_the_readme_shows_of_calling_apis_and_keeping_sessions_compiles() {
    for shown in [
        include_str!("readme/as_itself.rs"),
        include_str!("readme/at_salesforce.rs"),
        include_str!("readme/with_a_client.rs"),
        include_str!("readme/as_the_user.rs"),
        include_str!("readme/that_outlive_the_process.rs"),
    ] {
        assert!(README.contains(shown), "README.md shows something else than:\n{shown}");
    }
    let hint = org().err().map(|error| error.to_string());
    assert!(hint.is_some_and(|hint| hint.contains("private key")), "there is no server.key here");
    let _ = (users, names, export, sessions);
}
