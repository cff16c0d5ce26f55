//! What the axum edge promises, through its public API, against a provider in process, on a clock that stands still.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and helpers are not `#[test]` functions")]

mod acr;
mod by_hand;
mod callback;
mod configuration;
mod consent;
#[cfg(feature = "cookie-store")]
mod cookie_store;
mod extractors;
mod finish;
mod form_post;
mod guard;
mod id_token_algorithms;
mod landings;
mod log;
mod login;
mod login_checks;
mod logout;
mod pains;
mod parked;
mod plain_oauth2;
mod property;
mod providers;
mod quick_start;
mod quirks;
mod refresh;
mod refresh_failures;
mod remember_me;
mod replicas;
mod return_to;
mod return_to_whatwg;
#[cfg(feature = "salesforce")]
mod salesforce;
mod session_ends;
mod session_expiry;
mod settings;
mod stage;
mod sweeping;
mod token_answer;
#[cfg(feature = "metrics")]
mod watch;
mod wire;
