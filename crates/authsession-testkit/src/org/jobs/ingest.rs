//! `/jobs/ingest`: rows inserted, updated, upserted or deleted from CSV.

use crate::org::api_error::ApiError;
use crate::org::call::Call;
use crate::org::jobs::Job;
use crate::org::jobs::State;
use crate::org::jobs::Work;
use crate::org::jobs::create;
use crate::org::jobs::list::list;
use crate::org::jobs::load::Load;
use crate::org::jobs::not_now;
use crate::org::jobs::results::Which;
use crate::org::jobs::results::results;
use crate::wire::Reply;
use http::Method;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

pub(crate) fn answer(call: &Call<'_>, rest: &[&str]) -> Result<Reply, ApiError> {
    let reads = call.method() == Method::GET;
    match (rest, call.method()) {
        ([], &Method::GET) => list(call, true),
        ([], &Method::POST) => create(call),
        ([id], &Method::GET) => polled(call, id),
        ([id], &Method::PATCH) => changed(call, id),
        ([id], &Method::DELETE) => removed(call, id),
        ([id, "batches"], &Method::PUT) => uploaded(call, id),
        ([id, "successfulResults"], _) if reads => told(call, id, Which::Successful),
        ([id, "failedResults"], _) if reads => told(call, id, Which::Failed),
        ([id, "unprocessedrecords" | "unprocessedRecords"], _) if reads => told(call, id, Which::Unprocessed),
        ([] | [_] | [_, "batches"], _) => Err(ApiError::method()),
        _ => Err(ApiError::not_found()),
    }
}

fn load(job: &mut Job) -> Result<&mut Load, ApiError> {
    match &mut job.work {
        Work::Ingest(load) => Ok(load),
        Work::Query(_) => Err(ApiError::not_found()),
    }
}

fn create(call: &Call<'_>) -> Result<Reply, ApiError> {
    let (spec, data) = create::described(call.inquiry)?;
    let mut jobs = call.tenant.jobs();
    let job = create::ingest(call, &mut jobs, &spec, data)?;
    let mut made = job.described();
    let url = format!("{}/jobs/ingest/{}/batches", call.base.trim_start_matches('/'), job.id);
    made.insert("contentUrl".to_owned(), url.into());
    Ok(Reply::json(200, &made.into()))
}

fn uploaded(call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    let content_type = call.inquiry.header("content-type").unwrap_or_default();
    if !content_type.starts_with("text/csv") {
        let message = format!("Content-Type {content_type} is not supported: it must be text/csv");
        return Err(ApiError::new(415, "UNSUPPORTED_MEDIA_TYPE", message));
    }
    let mut jobs = call.tenant.jobs();
    let job = jobs.find(id, true)?;
    if job.state != State::Open {
        return Err(not_now(format!("Job is not Open. Current job state is '{}'", job.state.name())));
    }
    let id = job.id.clone();
    let load = load(job)?;
    if load.data.is_some() {
        return Err(not_now(format!(
            "Found multiple contents for job: <{id}>, please 'Close' / 'Abort' / 'Delete' the current Job then create a \
             new Job and make sure you only do 'PUT' once on a given Job."
        )));
    }
    load.data = Some(call.inquiry.exchange.body.clone());
    job.modified = call.tenant.clock.now();
    Ok(Reply::empty(201))
}

fn changed(call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    let wanted = call.json()?;
    let wanted = wanted.get("state").and_then(Value::as_str).unwrap_or_default();
    let mut jobs = call.tenant.jobs();
    let job = jobs.find(id, true)?;
    let next = match (wanted, job.state) {
        ("UploadComplete", State::Open) => State::UploadComplete,
        ("Aborted", State::Open | State::UploadComplete | State::InProgress) => State::Aborted,
        ("UploadComplete", _) => return Err(not_now("Closing already Completed Job not allowed")),
        ("Aborted", _) => return Err(not_now("Aborting already Completed Job not allowed")),
        _ => return Err(not_now(format!("Invalid job state: {wanted}"))),
    };
    job.enter(next, call.tenant.clock.now());
    Ok(Reply::json(200, &job.outline().into()))
}

fn polled(call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    let mut jobs = call.tenant.jobs();
    let polls = jobs.pace.polls;
    let job = jobs.find(id, true)?;
    job.poll(call.tenant, polls);
    Ok(Reply::json(200, &told_whole(job).into()))
}

fn told_whole(job: &mut Job) -> Map<String, Value> {
    let mut told = job.described();
    told.insert("jobType".to_owned(), job.job_type().into());
    if let Work::Ingest(load) = &job.work {
        let figures = json!({
            "contentUrl": format!("services/data/v{}.0/jobs/ingest/{}/batches", job.version, job.id),
            "numberRecordsProcessed": load.outcomes.len(),
            "numberRecordsFailed": load.refused(),
            "retries": 0,
            "totalProcessingTime": load.outcomes.len(),
            "apiActiveProcessingTime": load.outcomes.len(),
            "apexProcessingTime": 0,
        });
        told.extend(figures.as_object().cloned().unwrap_or_default());
    }
    if let Some(error) = &job.error {
        told.insert("errorMessage".to_owned(), error.clone().into());
    }
    told
}

fn removed(call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    let mut jobs = call.tenant.jobs();
    let job = jobs.find(id, true)?;
    if !job.state.is_over() && job.state != State::UploadComplete {
        return Err(not_now(format!("Deleting a Job in state {} not allowed", job.state.name())));
    }
    jobs.remove(id);
    Ok(Reply::empty(204))
}

fn told(call: &Call<'_>, id: &str, which: Which) -> Result<Reply, ApiError> {
    let mut jobs = call.tenant.jobs();
    let job = jobs.find(id, true)?;
    let dialect = job.dialect;
    Ok(Reply::streamed("text/csv", results(load(job)?, dialect, which)))
}
