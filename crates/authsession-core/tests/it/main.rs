//! What the protocol promises, through its public API, against a provider that lies on demand.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up fails")]

mod assertion;
mod authorization;
mod bearer_origin;
#[cfg(all(feature = "reqwest-middleware", feature = "tower"))]
mod bearer_reqwest_middleware;
#[cfg(all(feature = "reqwest-middleware", feature = "tower"))]
mod bearer_roads;
#[cfg(all(feature = "reqwest-middleware", feature = "tower"))]
mod bearer_stage;
#[cfg(all(feature = "reqwest-middleware", feature = "tower"))]
mod bearer_tower;
mod claims;
mod client_auth;
mod clock;
mod device_authorization;
mod discovery;
mod end_session;
mod examine;
mod extras;
mod grant_mint;
mod grants;
mod headers;
mod http;
mod id_token;
mod idle_connection;
mod introspection;
mod keys;
mod login_parameters;
#[cfg(feature = "loopback")]
mod loopback;
#[cfg(feature = "loopback")]
mod loopback_sign_in;
mod mint;
mod odd_keys;
mod outage;
mod parties;
mod refresh;
mod refresh_mint;
mod refresh_owner;
mod refresh_saving;
mod refresh_stage;
mod refusal;
mod retry;
mod revocation;
mod scripted_mint;
mod secret;
mod shared_login;
mod signature;
mod signer;
mod single_flight;
mod skew;
mod slow;
mod symmetric;
mod tenant;
mod token_cache;
#[cfg(feature = "metrics")]
mod token_cache_counted;
mod token_cache_late;
mod token_cache_schedules;
mod token_cache_trouble;
mod token_endpoint;
mod token_set;
mod token_source;
mod token_store;
mod userinfo;
mod verdict;
mod wycheproof;
