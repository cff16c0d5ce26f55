//! `authsession salesforce query`: what a query finds, as CSV or JSON.

use authsession_salesforce::{BulkOperation, BulkOutcome, BulkQuerySpec, Cirrus, CsvFormat, CsvRows};
use futures_util::{StreamExt as _, TryStreamExt as _};

use crate::arguments::salesforce::QueryArguments;
use crate::errors::Error;
use crate::job_id::is_job_id;
use crate::salesforce::printer::{Format, Printer};
use crate::salesforce::progress::Progress;
use crate::salesforce::record::{Cell, Record};
use crate::salesforce::select_list::select_list;

/// Salesforce's pages have no more records.
const PAGE: usize = 2000;

/// Prints what the query finds.
pub(crate) async fn run(salesforce: &Cirrus, arguments: QueryArguments) -> Result<(), Error> {
    let format = match () {
        () if arguments.json => Format::Json,
        () if arguments.ndjson => Format::Ndjson,
        () => Format::Csv,
    };
    if is_bare_count(&arguments.soql) {
        return Err(Error::Arguments("COUNT() finds no rows to print: write COUNT(Id)"));
    }
    let mut printer = Printer::begin(format, arguments.out.as_deref(), select_list(&arguments.soql))?;
    let progress = Progress::begin("querying");
    if arguments.bulk {
        by_job(salesforce, &arguments, &mut printer, &progress).await?;
    } else {
        by_pages(salesforce, &arguments, &mut printer, &progress).await?;
    }
    let rows = printer.end()?;
    progress.note(&format!("{rows} rows"));
    Ok(())
}

/// Whether the answer is a number, and no record.
fn is_bare_count(soql: &str) -> bool {
    let signs: String = soql.chars().filter(|sign| !sign.is_whitespace()).take(13).collect();
    signs.eq_ignore_ascii_case("SELECTCOUNT()")
}

async fn by_job(
    salesforce: &Cirrus,
    arguments: &QueryArguments,
    printer: &mut Printer,
    progress: &Progress,
) -> Result<(), Error> {
    let operation = if arguments.all { BulkOperation::QueryAll } else { BulkOperation::Query };
    let queries = salesforce.bulk().query();
    let spec = BulkQuerySpec::new(&arguments.soql, operation);
    let job = queries.create(&spec).await.map_err(Error::Salesforce)?;
    if !is_job_id(&job.id) {
        return Err(Error::NoJobId);
    }
    progress.say(format!("job {}", job.id));
    let wait = queries.wait(&job.id).on_progress(|at| progress.rows(at.records_processed));
    let job = wait.await.and_then(BulkOutcome::completed).map_err(Error::Salesforce)?;
    let mut results = queries.all_results(&job.id).map_err(Error::Salesforce)?;
    if printer.is_csv() {
        // It is that already.
        while let Some(piece) = results.try_next().await.map_err(Error::Salesforce)? {
            progress.rows(printer.csv(&piece)?);
        }
    } else {
        let mut rows = CsvRows::<Record<Option<String>>>::new(results, CsvFormat::new());
        while let Some(record) = rows.try_next().await.map_err(Error::Salesforce)? {
            progress.rows(printer.json(&record)?);
        }
    }
    let came = printer.rows();
    match job.number_records_processed.and_then(|found| u64::try_from(found).ok()) {
        Some(found) if found != came => Err(Error::OtherRows { found, came }),
        _ => Ok(()),
    }
}

async fn by_pages(
    salesforce: &Cirrus,
    arguments: &QueryArguments,
    printer: &mut Printer,
    progress: &Progress,
) -> Result<(), Error> {
    let records = match arguments.all {
        true => salesforce.query_all_stream_as::<Record<Cell>>(&arguments.soql),
        false => salesforce.query_stream_as(&arguments.soql),
    };
    // What is there at once came in one page.
    let mut pages = records.ready_chunks(PAGE);
    while let Some(page) = pages.next().await {
        let mut failure = None;
        let page: Vec<_> =
            page.into_iter().map_while(|record| record.map_err(|error| failure = Some(error)).ok()).collect();
        if printer.is_csv() {
            printer.table(&page)?;
        } else {
            page.iter().try_for_each(|record| printer.json(record).map(drop))?;
        }
        progress.rows(printer.rows());
        if let Some(error) = failure {
            return Err(Error::Salesforce(error));
        }
    }
    Ok(())
}
