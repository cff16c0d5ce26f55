//! The protocol: OAuth 2.1 and OpenID Connect as a client speaks them, with every check on by default.
//!
//! No framework, no vendor: what signs users in to a web application, or calls an API for them, is built on it.
//!
//! Read it in the order of the flow: [`provider`] says who the other side is, [`authorization`] sends the user there and
//! checks what comes back, [`token_endpoint`] redeems a [`grant`], [`id_token`] verifies who signed in, and
//! [`token_set`] knows how fresh the tokens are. [`single_flight`] makes shared work happen once.
//!
//! To call an API, begin with [`token_source`]: it gets tokens by any grant, and a [`token_cache`] beneath keeps them fresh.
//! [`bearer`] attaches them to requests, and [`token_store`] keeps a login that has to outlive the program.

mod allowed_algorithms;
pub mod assertion;
pub mod authorization;
pub mod bearer;
pub mod claims;
pub mod client_auth;
pub mod clock;
pub mod device_authorization;
pub mod end_session;
pub mod error;
pub mod examine;
pub mod extras;
pub mod grant;
pub mod grant_mint;
pub mod http;
pub mod id_token;
pub mod introspection;
mod json;
mod jwks;
pub mod jws;
pub mod login_parameters;
#[cfg(feature = "loopback")]
pub mod loopback;
pub mod pkce;
pub mod provider;
pub mod random;
pub mod refresh_mint;
pub mod refusal;
mod remote;
pub mod retry;
pub mod revocation;
pub mod scope;
pub mod secret;
pub mod signer;
pub mod single_flight;
pub mod skew;
pub mod tenant;
pub mod token_cache;
pub mod token_endpoint;
pub mod token_set;
pub mod token_source;
pub mod token_store;
pub mod userinfo;
