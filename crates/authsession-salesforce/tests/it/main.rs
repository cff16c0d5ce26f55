//! What sessions for Salesforce promise, through the public API.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod address;
mod api_error;
mod cirrus_names;
mod cli_login;
mod client;
mod client_credentials;
mod device;
mod discretion;
mod error;
mod flow_refusal;
mod governor;
mod graphql;
mod instance_url;
mod jwt;
mod login_url;
#[cfg(feature = "loopback")]
mod loopback;
mod one_login;
mod pagination;
mod pains;
#[cfg(feature = "legacy")]
mod password;
mod pinned_login;
mod query;
mod refresh;
mod refusal;
mod refused_token;
mod registry;
mod retries;
mod search;
mod session;
mod shared_login;
mod sobjects;
mod soql;
mod stage;
mod token_answer;
mod token_exchange;
mod transport;
mod ui_api;
mod web_server;
