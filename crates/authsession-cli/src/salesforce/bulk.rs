//! `authsession salesforce bulk`: the rows of a file, loaded.

use std::fs;
use std::path::Path;

use authsession_salesforce::{
    BulkColumnDelimiter, BulkIngestJob, BulkIngestSpec, BulkJob as _, BulkOperation, BulkOutcome, BulkSource,
    ByteStream, Cirrus, CirrusError, CirrusResult,
};
use futures_util::TryStreamExt;

use crate::arguments::salesforce::{BulkArguments, Delimiter, Operation};
use crate::errors::{Error, resuming};
use crate::job_id::is_job_id;
use crate::salesforce::csv_file::require_utf8;
use crate::salesforce::draft::Draft;
use crate::salesforce::output::Output;
use crate::salesforce::progress::Progress;
use crate::salesforce::row_count::RowCount;

/// What became of the rows.
#[derive(Default)]
struct Tally {
    loaded: u64,
    failed: u64,
    unprocessed: u64,
}

/// Loads the file, or waits for jobs that were begun.
pub(crate) async fn run(salesforce: &Cirrus, arguments: BulkArguments) -> Result<(), Error> {
    if !arguments.resume.iter().all(|id| is_job_id(id)) {
        return Err(Error::Arguments(
            "--resume takes a job's id, such as 7505fEXAMPLE4C2AAM: it was told when the job began",
        ));
    }
    if let Some(folder) = &arguments.results {
        // Before anything is loaded, so that it can still be put right.
        let made = fs::create_dir_all(folder).and_then(|()| Draft::open(&folder.join("results")));
        made.map(drop).map_err(|cause| Error::Unwritable { path: folder.clone(), cause })?;
    }
    let progress = Progress::begin("uploading");
    let jobs = load(salesforce, &arguments, &progress).await?;
    let tally = match tally(salesforce, &jobs, arguments.results.as_deref(), &progress).await {
        Ok(tally) => tally,
        Err(cause) => {
            let jobs = jobs.iter().map(|outcome| outcome.job().id.clone()).collect();
            return Err(Error::Begun { jobs, cause: Box::new(cause) });
        }
    };
    let told = if jobs.is_empty() { ": the file has none below its header" } else { "" };
    progress.note(&format!("{} rows loaded{told}", tally.loaded));
    if tally.failed + tally.unprocessed == 0 && jobs.iter().all(|job| matches!(job, BulkOutcome::Complete(_)))
    {
        return Ok(());
    }
    Err(Error::NotLoaded {
        failed: tally.failed,
        unprocessed: tally.unprocessed,
        kept: match &arguments.results {
            Some(folder) => format!("see {}", folder.display()),
            None => {
                let jobs: Vec<_> = jobs.iter().map(|outcome| outcome.job().id.clone()).collect();
                format!(
                    "in place of the file,{} --results DIR writes them and their errors to files",
                    resuming(&jobs)
                )
            }
        },
    })
}

async fn load(
    salesforce: &Cirrus,
    arguments: &BulkArguments,
    progress: &Progress,
) -> Result<Vec<BulkOutcome<BulkIngestJob>>, Error> {
    let operation = match arguments.operation {
        Operation::Insert => BulkOperation::Insert,
        Operation::Update => BulkOperation::Update,
        Operation::Upsert => BulkOperation::Upsert,
        Operation::Delete => BulkOperation::Delete,
    };
    let delimiter = match arguments.delimiter {
        Delimiter::Backquote => BulkColumnDelimiter::Backquote,
        Delimiter::Caret => BulkColumnDelimiter::Caret,
        Delimiter::Comma => BulkColumnDelimiter::Comma,
        Delimiter::Pipe => BulkColumnDelimiter::Pipe,
        Delimiter::Semicolon => BulkColumnDelimiter::Semicolon,
        Delimiter::Tab => BulkColumnDelimiter::Tab,
    };
    let mut spec = BulkIngestSpec::new(&arguments.object, operation).column_delimiter(delimiter);
    if let Some(field) = &arguments.external_id {
        spec = spec.external_id_field_name(field);
    }
    let load = salesforce.bulk().ingest().load(spec);
    let load = load.on_job(|id| {
        // One that is none is refused when the jobs are over.
        if is_job_id(id) {
            progress.note(&format!("job {id}"));
        }
    });
    let load = load.on_progress(|at| progress.rows(at.records_processed));
    let jobs = match &arguments.file {
        Some(file) => {
            require_utf8(file)?;
            match load.send(BulkSource::file(file)).await {
                Err(CirrusError::Csv(fault)) => return Err(Error::Rows { path: file.clone(), fault }),
                jobs => jobs,
            }
        }
        None => load.resume_jobs(&arguments.resume).await,
    };
    jobs.map_err(Error::no_outcome)
}

async fn tally(
    salesforce: &Cirrus,
    jobs: &[BulkOutcome<BulkIngestJob>],
    folder: Option<&Path>,
    progress: &Progress,
) -> Result<Tally, Error> {
    let mut tally = Tally::default();
    let mut failure = None;
    for outcome in jobs {
        // What is wrong with one job is told after what became of all.
        if let Err(error) = told(salesforce, outcome, folder, progress, &mut tally).await {
            failure.get_or_insert(error);
        }
    }
    failure.map_or(Ok(tally), Err)
}

/// Counts what became of a job's rows, and writes them down.
async fn told(
    salesforce: &Cirrus,
    outcome: &BulkOutcome<BulkIngestJob>,
    folder: Option<&Path>,
    progress: &Progress,
    tally: &mut Tally,
) -> Result<(), Error> {
    let (job, ingest) = (outcome.job(), salesforce.bulk().ingest());
    let id = &job.id;
    if !is_job_id(id) {
        return Err(Error::NoJobId);
    }
    let how = match outcome {
        BulkOutcome::Complete(_) => None,
        BulkOutcome::Failed(_) => Some("failed"),
        BulkOutcome::Aborted(_) => Some("was aborted"),
    };
    if let Some(how) = how {
        let why: String =
            job.error_message.iter().flat_map(|why| why.chars()).filter(|sign| !sign.is_control()).collect();
        progress.note(&format!("job {id} {how} {why}"));
    }
    tally.loaded += job.records_processed().saturating_sub(job.records_failed());
    tally.failed += job.records_failed();
    progress.say("fetching results".to_owned());
    let file = |what: &str| folder.map(|folder| folder.join(format!("{id}-{what}.csv")));
    if folder.is_some() || how.is_some() {
        let unprocessed = ingest.unprocessed_records_stream(id).await;
        tally.unprocessed += written(unprocessed, file("unprocessed").as_deref()).await?;
    }
    if folder.is_some() {
        written(ingest.successful_results_stream(id).await, file("success").as_deref()).await?;
        written(ingest.failed_results_stream(id).await, file("failed").as_deref()).await?;
    }
    Ok(())
}

/// How many rows they are, once they are in that file, if in any.
async fn written(csv: CirrusResult<ByteStream>, path: Option<&Path>) -> Result<u64, Error> {
    let mut csv = csv.map_err(Error::Salesforce)?;
    let mut out = path.map(|path| Output::open(Some(path))).transpose()?;
    let mut count = RowCount::default();
    while let Some(piece) = csv.try_next().await.map_err(Error::Salesforce)? {
        count.push(&piece);
        if let Some(out) = &mut out {
            out.write(&piece)?;
        }
    }
    out.map_or(Ok(()), Output::end)?;
    Ok(count.rows())
}
