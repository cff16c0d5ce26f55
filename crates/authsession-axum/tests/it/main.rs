//! What the axum edge promises, through its public API, against a provider in process, on a clock that stands still.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and helpers are not `#[test]` functions")]

mod callback;
mod configuration;
mod extractors;
mod guard;
mod login;
mod logout;
mod plain_oauth2;
mod quick_start;
mod refresh;
mod refresh_failures;
mod return_to;
#[cfg(feature = "salesforce")]
mod salesforce;
mod session_ends;
mod stage;
mod token_answer;
#[cfg(feature = "metrics")]
mod watch;
