//! `authsession salesforce`: a query, or rows loaded in bulk, by a kept login.

mod bulk;
mod csv_file;
mod draft;
mod harmless;
mod output;
mod printer;
mod progress;
mod query;
mod record;
mod row_count;
mod select_list;
mod session;
mod table;

use std::process::ExitCode;

use authsession_salesforce::Cirrus;

use crate::arguments::salesforce::{OrgArguments, SalesforceArguments, SalesforceCommand};
use crate::errors::Error;
use crate::interrupts;
use crate::salesforce::session::KeptSession;

/// Does it.
pub(crate) async fn run(arguments: SalesforceArguments) -> Result<ExitCode, Error> {
    match arguments.command {
        SalesforceCommand::Query(mut arguments) => {
            let (session, salesforce) = open(&mut arguments.org).await?;
            let interrupted = "interrupted: not all of it was printed";
            carried(&session, query::run(&salesforce, arguments), interrupted).await
        }
        SalesforceCommand::Bulk(mut arguments) => {
            let (session, salesforce) = open(&mut arguments.org).await?;
            let interrupted = "interrupted: what was handed over goes on, and --resume JOB waits for it";
            carried(&session, bulk::run(&salesforce, arguments), interrupted).await
        }
    }
}

async fn open(org: &mut OrgArguments) -> Result<(KeptSession, Cirrus), Error> {
    let session = KeptSession::open(&org.kept, org.instance_url.take()).await?;
    let mut builder = Cirrus::builder().auth(session.shared());
    if let Some(version) = org.api_version.take() {
        builder = builder.api_version(version);
    }
    Ok((session, builder.build().map_err(Error::Salesforce)?))
}

/// Runs the work until it is done, or somebody does not want to wait. A token that is being renewed is seen to its end: a rotated
/// one is nowhere else.
async fn carried(
    session: &KeptSession,
    work: impl Future<Output = Result<(), Error>>,
    interrupted: &'static str,
) -> Result<ExitCode, Error> {
    tokio::select! {
        outcome = work => match outcome {
            Ok(()) => Ok(ExitCode::SUCCESS),
            // Its cause is told there.
            Err(error @ Error::Begun { .. }) => Err(error),
            Err(error) => Err(session.failure().unwrap_or(error)),
        },
        () = interrupts::came() => {
            session.settle().await;
            Err(Error::Interrupted(interrupted))
        }
    }
}
