//! What the protocol promises, through its public API, against a provider that lies on demand.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up fails")]

mod authorization;
mod claims;
mod client_auth;
mod clock;
mod discovery;
mod end_session;
mod http;
mod id_token;
mod keys;
mod mint;
mod outage;
mod parties;
mod refresh;
mod retry;
mod revocation;
mod secret;
mod signature;
mod single_flight;
mod token_endpoint;
mod token_set;
mod userinfo;
mod verdict;
