//! What sessions for Salesforce promise, through the public API.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod actions;
mod address;
mod apex;
mod api_error;
mod bulk_ingest;
mod bulk_load;
mod bulk_query;
mod bulk_stage;
mod bulk_stream;
mod cirrus_names;
mod cirrus_surfaces;
mod cli_login;
mod client;
mod client_credentials;
mod collections;
mod composite;
mod csv;
mod device;
mod discretion;
mod error;
mod event_monitoring;
mod flow_refusal;
mod governor;
mod graphql;
mod instance_url;
mod jwt;
mod limits;
mod login_url;
#[cfg(feature = "loopback")]
mod loopback;
mod metadata;
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
mod tooling;
mod transport;
mod ui_api;
mod versions;
mod web_server;
