//! All jobs, a page at a time.

use crate::org::api_error::ApiError;
use crate::org::call::Call;
use crate::org::jobs::Job;
use crate::org::jobs::Work;
use crate::wire::Reply;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use serde_json::json;

/// Where a page begins, as an opaque text.
pub(crate) fn locator(at: usize) -> String {
    URL_SAFE_NO_PAD.encode(at.to_string())
}

pub(crate) fn located(locator: &str) -> Result<usize, ApiError> {
    let digits = URL_SAFE_NO_PAD.decode(locator).ok().and_then(|text| String::from_utf8(text).ok());
    let at = digits.and_then(|digits| digits.parse().ok());
    at.ok_or_else(|| ApiError::new(400, "INVALID_QUERY_LOCATOR", "invalid query locator".to_owned()))
}

pub(crate) fn list(call: &Call<'_>, ingest: bool) -> Result<Reply, ApiError> {
    let parameter = |name: &str| call.parameter(name);
    let from = parameter("queryLocator").map_or(Ok(0), located)?;
    let jobs = call.tenant.jobs();
    let fits = |job: &&Job| {
        matches!(job.work, Work::Ingest(_)) == ingest
            && parameter("jobType").is_none_or(|wanted| wanted == job.job_type())
            && parameter("concurrencyMode").is_none_or(|wanted| wanted.eq_ignore_ascii_case("parallel"))
            // No job of Bulk API 2.0 is one of PK chunking.
            && parameter("isPkChunkingEnabled") != Some("true")
    };
    let fitting: Vec<&Job> = jobs.all().iter().filter(fits).collect();
    let page = fitting.iter().skip(from).take(jobs.pace.listed);
    let records: Vec<Value> = page.map(|job| record(job)).collect();
    let next = from + records.len();
    let done = next >= fitting.len();
    let folder = if ingest { "ingest" } else { "query" };
    let more = format!("{}/jobs/{folder}?queryLocator={}", call.base, locator(next));
    let more = if done { Value::Null } else { more.into() };
    Ok(Reply::json(200, &json!({ "done": done, "records": records, "nextRecordsUrl": more })))
}

fn record(job: &Job) -> Value {
    let mut record = job.described();
    record.insert("jobType".to_owned(), job.job_type().into());
    record.into()
}
