//! `authsession doctor`: looks at the provider and at the settings, and says what is wrong before a user finds out.

mod announced;
mod application;
mod capabilities;
mod client;
mod finding;
mod keys;
mod printed;
mod registration;
mod report;
mod settings;
mod shown;

use std::process::ExitCode;

use authsession_core::clock::Clock;
use authsession_core::http::HttpClient;

use crate::arguments::doctor::DoctorArguments;
use crate::doctor::announced::Announced;
use crate::doctor::report::Report;
use crate::doctor::settings::Settings;
use crate::errors::Error;

/// Examines, and prints what was found.
pub(crate) async fn run(arguments: DoctorArguments) -> Result<ExitCode, Error> {
    let (strict, json) = (arguments.strict, arguments.json);
    let settings = Settings::read(arguments)?;
    let report = examine(&settings).await?;
    let printed = if json { printed::json(&report) } else { printed::text(&report) };
    printed.map_err(Error::Output)?;
    Ok(if report.passes(strict) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn examine(settings: &Settings) -> Result<Report, Error> {
    let http = http_client(settings)?;
    let clock = Clock::system();
    let mut report = Report::of(&settings.issuer);
    let announced = Announced::find(settings, &http, &clock, &mut report).await;
    if let Some(announced) = &announced {
        announced.examine(settings, &http, &clock, &mut report).await;
        let keys = keys::examine(announced, &http, &clock, &mut report).await;
        capabilities::examine(announced, &keys, settings, &mut report);
    }
    application::examine(settings, &mut report);
    if let Some(announced) = &announced {
        registration::examine(announced, settings, &http, &clock, &mut report).await;
        client::examine(announced, settings, &http, &clock, &mut report).await;
    }
    Ok(report)
}

fn http_client(settings: &Settings) -> Result<HttpClient, Error> {
    let mut builder = HttpClient::builder();
    if let Some(path) = &settings.custom_ca_cert {
        let cannot = |cause| Error::Unreadable { path: path.clone(), cause };
        builder = builder.root_certificate(std::fs::read(path).map_err(cannot)?);
    }
    builder.build().map_err(Error::Refused)
}
