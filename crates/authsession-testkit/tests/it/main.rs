//! What the kit promises, one file a subject.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails in a step of a test fails the test")]

mod api;
mod authorization;
mod client_assertion;
mod client_credentials;
mod cookies;
mod device;
mod discovery;
mod habits;
mod jwt_bearer;
mod key_pair;
mod lifecycle;
mod login_page;
mod logout;
mod navigation;
mod org_actions;
mod org_api;
mod org_blobs;
mod org_bulk;
mod org_bulk_query;
mod org_client;
mod org_composite;
mod org_compression;
mod org_faults;
mod org_jwt_bearer;
mod org_metadata;
mod org_query;
mod org_records;
mod org_refresh;
mod org_rest;
mod org_script;
mod org_search;
mod org_session;
mod org_sign_in;
mod org_soap;
mod org_token_endpoint;
mod org_tooling;
mod org_ui_api;
mod refresh;
mod relying_party;
mod script;
mod token_exchange;
mod tokens;
