//! The authsession command.

mod app;
mod arguments;
mod assets;
mod busy;
mod claims;
mod demo;
mod doctor;
mod errors;
mod html;
mod interrupts;
mod job_id;
mod kept_login;
mod login;
mod login_file;
mod notice;
mod origin;
mod outage;
mod page;
mod parties;
mod salesforce;
mod site;
mod snapshot;
mod store;
mod switch;
mod token;

use std::error::Error as _;
use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use clap::Parser as _;
use tracing_subscriber::EnvFilter;

use crate::arguments::{Arguments, Command};
use crate::errors::Error;
use crate::notice::say;

/// What the demo's log shows unless `RUST_LOG` says otherwise: sign-ins and refreshes, and whatever goes wrong.
const DEMO_LOG: &str = "warn,authsession=info,authsession::refresh=debug";
/// The other commands': scripts show it to people.
const LOG: &str = "warn";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let log = if matches!(arguments.command, Command::Demo(_)) { DEMO_LOG } else { LOG };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(log));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .compact()
        .init();
    let outcome = match arguments.command {
        Command::Demo(arguments) => demo::run(arguments).await.map(|()| ExitCode::SUCCESS),
        Command::Login(arguments) => login::run(arguments).await.map(|()| ExitCode::SUCCESS),
        Command::Token(arguments) => token::run(arguments).await.map(|()| ExitCode::SUCCESS),
        Command::Salesforce(arguments) => salesforce::run(arguments).await,
        Command::Doctor(arguments) => doctor::run(arguments).await,
    };
    match outcome {
        Ok(status) => status,
        Err(error) => {
            if !error.is_closed_pipe() {
                report(&error);
            }
            error.exit_code()
        }
    }
}

fn report(error: &Error) {
    say(format_args!("error: {error}"));
    let mut cause = error.source();
    while let Some(error) = cause {
        say(format_args!("  because: {error}"));
        cause = error.source();
    }
}
