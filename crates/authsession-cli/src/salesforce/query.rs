//! `authsession salesforce query`: what a query finds, as CSV or JSON.

use authsession_salesforce::{
    BulkJob as _, BulkOperation, BulkOutcome, BulkQuerySpec, Cirrus, CsvFormat, CsvRows,
};
use futures_util::TryStreamExt;
use serde::Deserialize;

use crate::arguments::salesforce::QueryArguments;
use crate::errors::Error;
use crate::salesforce::job_id;
use crate::salesforce::printer::{Format, Printer};
use crate::salesforce::progress::Progress;
use crate::salesforce::record::{Cell, Record};
use crate::salesforce::select_list::select_list;

/// A page of the REST API's answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    records: Vec<Record<Cell>>,
    next_records_url: Option<String>,
}

/// Prints what the query finds.
pub(crate) async fn run(salesforce: &Cirrus, arguments: QueryArguments) -> Result<(), Error> {
    let format = match () {
        () if arguments.json => Format::Json,
        () if arguments.ndjson => Format::Ndjson,
        () => Format::Csv,
    };
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
    let id = job_id::checked(&job.id)?;
    progress.say(format!("job {id}"));
    let wait = queries.wait(id).on_progress(|at| progress.rows(at.records_processed));
    let job = wait.await.and_then(BulkOutcome::completed).map_err(Error::Salesforce)?;
    let mut results = queries.all_results(&job.id).map_err(Error::Salesforce)?;
    if printer.is_csv() {
        // It is that already.
        while let Some(piece) = results.try_next().await.map_err(Error::Salesforce)? {
            printer.csv(&piece)?;
        }
        printer.count(job.records_processed());
        return Ok(());
    }
    let mut rows = CsvRows::<Record<Option<String>>>::new(results, CsvFormat::new());
    while let Some(record) = rows.try_next().await.map_err(Error::Salesforce)? {
        progress.rows(printer.json(&record)?);
    }
    Ok(())
}

async fn by_pages(
    salesforce: &Cirrus,
    arguments: &QueryArguments,
    printer: &mut Printer,
    progress: &Progress,
) -> Result<(), Error> {
    let path = if arguments.all { "queryAll" } else { "query" };
    let first = salesforce.get_with_query(path, &[("q", &arguments.soql)]).await;
    let mut page: Page = first.map_err(Error::Salesforce)?;
    loop {
        if printer.is_csv() {
            printer.table(&page.records)?;
        } else {
            page.records.iter().try_for_each(|record| printer.json(record).map(drop))?;
        }
        progress.rows(printer.rows());
        let Some(next) = page.next_records_url else { return Ok(()) };
        page = salesforce.get(&next).await.map_err(Error::Salesforce)?;
    }
}
