//! The command line of `authsession salesforce`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::arguments::kept::KeptArguments;

pub(crate) const EXAMPLES: &str = "\
Sign in, with the org's own address as the issuer:
  authsession login --store acme.json --issuer https://acme.my.salesforce.com --client-id ID --scope \"api refresh_token\"

Query:
  authsession salesforce query --store acme.json \"SELECT Id, Name FROM Account\"
  authsession salesforce query --store acme.json --bulk --out contacts.csv \"SELECT Id, Email FROM Contact\"

Load rows, and see what became of them:
  authsession salesforce bulk upsert Account accounts.csv --store acme.json --external-id Number__c --results results

Go on waiting for a job after this command was interrupted:
  authsession salesforce bulk upsert Account --store acme.json --resume 7505fEXAMPLE4C2AAM --results results

Exit status:
  0  done
  1  rows were not loaded, or something has to be put right: the message says what
  2  the command line is wrong, or a variable or file it names
  3  nobody is signed in any more: `authsession login`
  4  Salesforce is away: try again later
  5  rows are with Salesforce, and what becomes of them is not known: go on with --resume, and do not load them again
  130  interrupted; a job that runs goes on
  141  whoever read the output wanted no more of it";

#[derive(Args, Debug)]
pub(crate) struct SalesforceArguments {
    #[command(subcommand)]
    pub(crate) command: SalesforceCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SalesforceCommand {
    /// Print what a query finds.
    Query(QueryArguments),
    /// Load the rows of a CSV file by Bulk API 2.0.
    ///
    /// A file that is too much for one job is cut between two rows. An upload that fails leaves no open job behind.
    Bulk(BulkArguments),
}

#[derive(Args, Debug)]
pub(crate) struct OrgArguments {
    #[command(flatten)]
    pub(crate) kept: KeptArguments,

    /// The org's address, such as `https://acme.my.salesforce.com`; not needed when FILE knows it.
    #[arg(long, value_name = "URL", help_heading = "The org")]
    pub(crate) instance_url: Option<String>,

    /// The version of the API, such as v66.0.
    #[arg(long, value_name = "VERSION", help_heading = "The org")]
    pub(crate) api_version: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct QueryArguments {
    /// The query.
    #[arg(value_name = "SOQL")]
    pub(crate) soql: String,

    /// Print CSV; this is the default.
    #[arg(long, group = "format")]
    pub(crate) csv: bool,

    /// Print one JSON list.
    #[arg(long, group = "format")]
    pub(crate) json: bool,

    /// Print one JSON object a line.
    #[arg(long, group = "format")]
    pub(crate) ndjson: bool,

    /// Find what is deleted or archived too.
    #[arg(long)]
    pub(crate) all: bool,

    /// Query by a job of Bulk API 2.0: for very many rows.
    #[arg(long)]
    pub(crate) bulk: bool,

    /// Write to this file, in place of standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) org: OrgArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Operation {
    /// New records.
    Insert,
    /// Changes records, by the column Id.
    Update,
    /// Changes records by an external id, or makes them.
    Upsert,
    /// Moves records to the bin, by the column Id.
    Delete,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Delimiter {
    Backquote,
    Caret,
    Comma,
    Pipe,
    Semicolon,
    Tab,
}

#[derive(Args, Debug)]
pub(crate) struct BulkArguments {
    /// What is done with the rows.
    pub(crate) operation: Operation,

    /// The object they are of, such as Account.
    pub(crate) object: String,

    /// The CSV file, UTF-8, its first line the names of the fields. An empty column leaves a field as it is, #N/A empties it.
    #[arg(value_name = "FILE", required_unless_present = "resume")]
    pub(crate) file: Option<PathBuf>,

    /// What parts the columns.
    #[arg(long, value_enum, default_value = "comma")]
    pub(crate) delimiter: Delimiter,

    /// The field an upsert goes by.
    #[arg(long, value_name = "FIELD", required_if_eq("operation", "upsert"))]
    pub(crate) external_id: Option<String>,

    /// Write what became of the rows to this folder: JOB-success.csv, JOB-failed.csv and JOB-unprocessed.csv.
    #[arg(long, value_name = "DIR")]
    pub(crate) results: Option<PathBuf>,

    /// Do not load: wait for a job that was begun before. May be repeated.
    #[arg(long, value_name = "JOB", conflicts_with = "file")]
    pub(crate) resume: Vec<String>,

    #[command(flatten)]
    pub(crate) org: OrgArguments,
}
