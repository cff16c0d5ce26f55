//! What sessions for Salesforce promise, through the public API.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod api_error;
mod bulk_ingest;
mod bulk_load;
mod bulk_names;
mod bulk_query;
mod bulk_stage;
mod bulk_stream;
mod cirrus_names;
mod cli_login;
mod client_credentials;
mod csv;
mod device;
mod discretion;
mod error;
mod flow_refusal;
mod instance_url;
mod jwt;
mod login_url;
#[cfg(feature = "loopback")]
mod loopback;
mod one_login;
mod pains;
#[cfg(feature = "legacy")]
mod password;
mod pinned_login;
mod refresh;
mod refusal;
mod registry;
mod session;
mod shared_login;
mod stage;
mod token_answer;
mod token_exchange;
mod transport;
mod web_server;
