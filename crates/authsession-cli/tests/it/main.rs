//! The authsession command, started as people start it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what fails in a step of a test fails the test")]

mod command;
mod demo;
mod demo_store;
mod doctor;
mod login;
mod login_file;
mod process;
mod salesforce;
mod salesforce_files;
mod salesforce_pipes;
mod salesforce_proxy;
mod salesforce_rows;
mod salesforce_table;
#[cfg(unix)]
mod salesforce_terminal;
mod shared_login;
#[cfg(unix)]
mod terminal;
mod token;
