//! authsession beside its peers from crates.io, in one process and one run: a Markdown report on standard output.
//!
//! `cargo run --release`; with `--quick` in seconds, for the counts rather than the times; with `inbound`, `outbound`, `stores`
//! or `salesforce` that part alone. It fails when a count that is promised is not so.

mod allocations;
mod contestants;
mod effort;
mod expired_token;
mod id_token;
mod machine;
mod outbound;
mod promises;
mod protected_request;
mod provider;
mod report;
mod salesforce;
mod stopwatch;
mod stores;

use std::error::Error;
use std::process::ExitCode;

use crate::effort::Effort;
use crate::report::Report;
use crate::salesforce::downloads;
use crate::stores::weigh;

/// What to measure: all, or one part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Inbound,
    Outbound,
    Stores,
    Salesforce,
}

fn main() -> Result<ExitCode, Box<dyn Error + Send + Sync>> {
    // One thread, so that nothing measured in process waits for another; storms get the threads a server has.
    let one = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match *arguments.iter().map(String::as_str).collect::<Vec<_>>() {
        [weigh::ARGUMENT, whose, sessions] => {
            return weigh::print(whose, sessions, &one).map(|()| ExitCode::SUCCESS);
        }
        [downloads::ARGUMENT, whose, instance, token, job, rows] => {
            let how = [whose, instance, token, job, rows];
            return downloads::print(how, &one).map(|()| ExitCode::SUCCESS);
        }
        _ => {}
    }
    let (mut effort, mut only) = (Effort::Full, None);
    for argument in &arguments {
        match argument.as_str() {
            "--quick" => effort = Effort::Quick,
            "inbound" => only = Some(Part::Inbound),
            "outbound" => only = Some(Part::Outbound),
            "stores" => only = Some(Part::Stores),
            "salesforce" => only = Some(Part::Salesforce),
            _ => {
                let parts = "inbound|outbound|stores|salesforce";
                return Err(format!("usage: cargo run --release [-- [--quick] [{parts}]]").into());
            }
        }
    }
    let mut report = Report::new();
    let many = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut broken = Vec::new();
    let wanted = |part| only.is_none_or(|only| only == part);
    if wanted(Part::Inbound) {
        let request = one.block_on(protected_request::measure(effort)).map_err(|error| error.to_string())?;
        report.protected_request(&request);
        let id_token = one.block_on(id_token::measure(effort)).map_err(|error| error.to_string())?;
        let expired = many.block_on(expired_token::measure(effort)).map_err(|error| error.to_string())?;
        report.expired_token(&expired);
        report.id_token(&id_token);
        broken.extend(promises::broken(&request, &expired, &id_token));
    }
    if wanted(Part::Outbound) {
        let figures = outbound::measure(effort, &one, &many)?;
        outbound::tables::add(&mut report, &figures);
        broken.extend(promises::broken_outbound(&figures));
    }
    if wanted(Part::Stores) {
        let figures = stores::measure(effort, &many)?;
        stores::tables::add(&mut report, &figures);
    }
    if wanted(Part::Salesforce) {
        let figures = salesforce::measure(effort, &one, &many)?;
        salesforce::tables::add(&mut report, &figures);
        broken.extend(promises::broken_salesforce(&figures));
    }
    println!("{report}");
    for promise in &broken {
        eprintln!("broken promise: {promise}");
    }
    Ok(if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
