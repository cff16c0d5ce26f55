//! Sign users in with OpenID Connect in axum, and keep their tokens fresh.
//!
//! ```no_run
//! # use std::sync::Arc;
//! use authsession_axum::auth::AuthLayer;
//! use authsession_axum::auth_builder::OAuthConfigurationBuilder;
//! use authsession_axum::extractors::AccessToken;
//! use authsession_axum::logout::handle_oidc_logout::OidcLogoutHandler;
//! use authsession_axum::store::memory::MemoryStore;
//! use axum::{Router, routing::get};
//!
//! # async fn app() -> Result<Router, Box<dyn std::error::Error>> {
//! let configuration = OAuthConfigurationBuilder::default()
//!     .with_issuer("https://login.example.com").await?
//!     .with_client_id("my-app")
//!     .with_client_secret("…")
//!     .with_redirect_uri("https://app.example.com/auth/callback")
//!     .with_private_cookie_key(&std::env::var("COOKIE_KEY")?)
//!     .build()?;
//! let auth = AuthLayer::new(
//!     Arc::new(configuration),
//!     Arc::new(MemoryStore::new()),
//!     Arc::new(OidcLogoutHandler::default()),
//! );
//! Ok(Router::new().route("/", get(|token: AccessToken| async move { format!("{} characters", token.len()) })).layer(auth))
//! # }
//! ```
//!
//! The layer alone protects nothing: a route is protected by asking for the user, with an extractor, or for a whole router at
//! once with `route_layer(axum::middleware::from_extractor::<Session>())`.
//!
//! With the feature `salesforce`, a user's session also is a session for calling Salesforce, or any API its access token is
//! meant for, in the request and in the job it leaves behind: `extractors::SalesforceSession` and `Session::for_api`.
//!
//! The flow, in the order of the files: `layer` takes a request, `cookie` finds the session's id, [`current`](extractors)
//! loads the session once a request, `engine` keeps it fresh, [`extractors`] hand it to handlers, `guard` answers who is
//! not signed in. `routes` are the login, its callback and the logout.

pub mod auth;
pub mod auth_builder;
pub mod auth_session;
mod builder;
mod claims_mapper;
mod config;
mod cookie;
mod current;
mod engine;
pub mod errors;
pub mod extractors;
mod failures;
mod guard;
mod keeper;
mod kept;
pub mod known_provider;
mod landings;
mod layer;
pub mod logout;
mod luggage;
mod page;
pub mod polling;
pub mod provider_table;
mod refresh;
#[cfg(feature = "salesforce")]
mod refused_token;
mod replaced;
mod return_to;
mod routes;
mod session_limits;
mod sweeps;
mod token_lifetime;
mod unsaved;
#[cfg(feature = "salesforce")]
pub mod user_session;
mod userinfo;
mod watch;

pub use auth as authentication;
pub use authsession_core as core;
#[cfg(feature = "salesforce")]
pub use authsession_salesforce as salesforce;
pub use authsession_store as store;
