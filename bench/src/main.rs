//! authsession beside its peers from crates.io, in one process and one run: a Markdown report on standard output.
//!
//! `cargo run --release`; with `--quick` in seconds, for the counts rather than the times. It fails when a count that is
//! promised is not so.

mod allocations;
mod contestants;
mod effort;
mod expired_token;
mod id_token;
mod machine;
mod promises;
mod protected_request;
mod provider;
mod report;
mod stopwatch;

use std::error::Error;
use std::process::ExitCode;

use crate::effort::Effort;
use crate::report::Report;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let effort = match std::env::args().nth(1).as_deref() {
        None => Effort::Full,
        Some("--quick") => Effort::Quick,
        Some(_) => return Err("usage: cargo run --release [-- --quick]".into()),
    };
    let mut report = Report::new();
    // One thread, so that nothing measured in process waits for another; storms get the threads a server has.
    let one = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let request = one.block_on(protected_request::measure(effort))?;
    report.protected_request(&request);
    let id_token = one.block_on(id_token::measure(effort))?;
    let many = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let expired = many.block_on(expired_token::measure(effort))?;
    report.expired_token(&expired);
    report.id_token(&id_token);
    println!("{report}");
    let broken = promises::broken(&request, &expired, &id_token);
    for promise in &broken {
        eprintln!("broken promise: {promise}");
    }
    Ok(if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
