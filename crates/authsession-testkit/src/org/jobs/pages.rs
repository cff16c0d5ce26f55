//! The result of a query job: a page of it as CSV, and where the pages are.

use crate::bodies::Chunks;
use crate::org::api_error::ApiError;
use crate::org::call::Call;
use crate::org::jobs::Job;
use crate::org::jobs::State;
use crate::org::jobs::dialect::Dialect;
use crate::org::jobs::list::located;
use crate::org::jobs::list::locator;
use crate::org::jobs::not_now;
use crate::org::jobs::query::Found;
use crate::org::jobs::query::Selection;
use crate::org::jobs::query::selection;
use crate::org::jobs::results::gathered;
use crate::org::jobs::rows;
use crate::wire::Reply;
use bytes::Bytes;
use serde_json::Value;
use serde_json::json;
use std::ops::Range;
use std::sync::Arc;

/// How many pages are named at a time.
const NAMED: usize = 5;

fn complete<'a>(call: &Call<'_>, job: &'a Job) -> Result<&'a Job, ApiError> {
    if job.version != call.version {
        let message = format!("The job was created with version {}.0", job.version);
        return Err(ApiError::new(409, "API_VERSION_MISMATCH", message));
    }
    if job.state == State::JobComplete {
        Ok(job)
    } else {
        Err(not_now(format!("The job is {}: there are results once it is JobComplete", job.state.name())))
    }
}

pub(crate) fn results(call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    let parameter = |name: &str| call.parameter(name);
    let from = parameter("locator").map_or(Ok(0), located)?;
    let most = parameter("maxRecords").and_then(|most| most.parse::<usize>().ok());
    let mut jobs = call.tenant.jobs();
    let usual = jobs.pace.result_rows;
    let job = complete(call, jobs.find(id, false)?)?;
    let selection = selection(job)?;
    let total = selection.found.rows();
    let until = from.saturating_add(most.unwrap_or(usual).max(1)).min(total);
    if from > total {
        return Err(ApiError::new(400, "INVALID_QUERY_LOCATOR", "invalid query locator".to_owned()));
    }
    let next = if until < total { locator(until) } else { "null".to_owned() };
    let lines = lines(call, selection, job.dialect, from..until);
    Ok(Reply::streamed("text/csv", lines)
        .header("sforce-locator", next)
        .header("sforce-numberofrecords", (until - from).to_string()))
}

/// Every page begins with the names of the columns.
fn lines(call: &Call<'_>, selection: &Selection, dialect: Dialect, range: Range<usize>) -> Chunks {
    let columns = selection.columns();
    let head = std::iter::once(dialect.line(&columns));
    match &selection.found {
        Found::Rows(rows) => {
            let (database, plan) = (call.tenant.lent_database(), Arc::clone(&selection.plan));
            Box::new(head.map(Bytes::from).chain(rows::lines(
                database,
                plan,
                Arc::clone(rows),
                range,
                dialect,
            )))
        }
        Found::MadeUp { bytes, .. } => {
            let row = MadeUp::new(dialect, columns.len(), *bytes);
            // One that breaks off has rows by then.
            gathered(head.chain(range.map(move |at| row.line(at))))
        }
    }
}

/// A line that is the same for every row but for the row's number, which is its first value.
struct MadeUp {
    line: Vec<u8>,
}

const DIGITS: usize = 10;

impl MadeUp {
    fn new(dialect: Dialect, columns: usize, bytes: usize) -> Self {
        let number = "0".repeat(DIGITS);
        let mut values = vec![String::new(); columns.max(2)];
        values.truncate(columns.max(1));
        values.insert(0, number);
        values.truncate(columns.max(1));
        let bare = dialect.line(&values).len();
        if let Some(last) = values.last_mut() {
            last.push_str(&"x".repeat(bytes.saturating_sub(bare)));
        }
        Self { line: dialect.line(&values) }
    }

    fn line(&self, at: usize) -> Vec<u8> {
        let mut line = self.line.clone();
        let number = format!("{at:0DIGITS$}");
        // After the first quote.
        if let Some(place) = line.get_mut(1..=DIGITS) {
            place.copy_from_slice(&number.as_bytes()[..DIGITS]);
        }
        line
    }
}

pub(crate) fn list(call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    let from = call.parameter("locator").map_or(Ok(0), located)?;
    let mut jobs = call.tenant.jobs();
    let rows = jobs.pace.result_rows.max(1);
    let job = complete(call, jobs.find(id, false)?)?;
    let total = selection(job)?.found.rows();
    let starts: Vec<usize> = (from..total.max(1)).step_by(rows).take(NAMED + 1).collect();
    let folder = format!("{}/jobs/query/{}", call.base, job.id);
    let url = |at: &usize| json!({ "resultUrl": format!("{folder}/results?locator={}", locator(*at)) });
    let pages: Vec<Value> = starts.iter().take(NAMED).map(url).collect();
    let next = starts.get(NAMED);
    let more = next.map(|at| format!("{folder}/resultPages?locator={}", locator(*at)));
    Ok(Reply::json(200, &json!({ "resultPages": pages, "nextRecordsUrl": more, "done": next.is_none() })))
}
