//! What sessions for Salesforce promise, through the public API.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod api_error;
mod cli_login;
mod error;
mod instance_url;
mod login_url;
mod refusal;
mod session;
mod transport;
