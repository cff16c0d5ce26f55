//! `/jobs/query`: a query whose result is fetched as CSV.

use crate::org::call::Call;
use crate::org::jobs::Job;
use crate::org::jobs::State;
use crate::org::jobs::Work;
use crate::org::jobs::create;
use crate::org::jobs::list::list;
use crate::org::jobs::not_now;
use crate::org::jobs::pages;
use crate::org::jobs::rows;
use crate::org::jobs::rows::Selected;
use crate::org::rest::ApiError;
use crate::org::tenant::Tenant;
use crate::wire::Reply;
use http::Method;
use serde_json::Value;
use serde_json::json;
use std::sync::Arc;

/// What a query job is asked for, and what it found.
pub(crate) struct Selection {
    text: String,
    all: bool,
    pub(crate) columns: Vec<String>,
    pub(crate) found: Found,
}

#[derive(Clone)]
pub(crate) enum Found {
    Nothing,
    Rows(Arc<Selected>),
    /// Rows made up while they are sent.
    MadeUp {
        rows: usize,
        bytes: usize,
    },
}

impl Found {
    pub(crate) fn rows(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Rows(selected) => selected.rows.len(),
            Self::MadeUp { rows, .. } => *rows,
        }
    }
}

impl Selection {
    /// A query that can be run, and the object it is of.
    pub(crate) fn planned(
        tenant: &Tenant,
        text: &str,
        all: bool,
        made_up: Option<(usize, usize)>,
    ) -> Result<(String, Self), ApiError> {
        let selected = rows::select(tenant, text, all)?;
        let found = made_up.map_or(Found::Nothing, |(rows, bytes)| Found::MadeUp { rows, bytes });
        let selection = Self { text: text.to_owned(), all, columns: selected.columns, found };
        Ok((selected.object, selection))
    }

    pub(crate) fn run(&mut self, tenant: &Tenant) -> Result<(), String> {
        if matches!(self.found, Found::Nothing) {
            let selected = rows::select(tenant, &self.text, self.all);
            let selected = selected.map_err(|error| {
                format!("InvalidBatch : Failed to process query: {}: {}", error.1, error.2)
            })?;
            self.found = Found::Rows(Arc::new(selected));
        }
        Ok(())
    }
}

pub(crate) fn answer(call: &Call<'_>, rest: &[&str]) -> Result<Reply, ApiError> {
    match (rest, call.method()) {
        ([], &Method::GET) => list(call, false),
        ([], &Method::POST) => {
            let mut jobs = call.tenant.jobs();
            let job = create::query(call, &mut jobs, &call.json()?.into())?;
            Ok(Reply::json(200, &job.described().into()))
        }
        ([id], &Method::GET) => polled(call, id),
        ([id], &Method::PATCH) => aborted(call, id),
        ([id], &Method::DELETE) => removed(call, id),
        ([id, "results"], &Method::GET) => pages::results(call, id),
        ([id, "resultPages"], &Method::GET) if call.version >= 58 => pages::list(call, id),
        ([] | [_], _) => Err(ApiError::method()),
        _ => Err(ApiError::not_found()),
    }
}

pub(crate) fn selection(job: &Job) -> Result<&Selection, ApiError> {
    match &job.work {
        Work::Query(selection) => Ok(selection),
        Work::Ingest(_) => Err(ApiError::not_found()),
    }
}

fn polled(call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    let mut jobs = call.tenant.jobs();
    let polls = jobs.pace.polls;
    let job = jobs.find(id, false)?;
    job.poll(call.tenant, polls);
    let mut told = job.described();
    let rows = if job.state == State::JobComplete { selection(job)?.found.rows() } else { 0 };
    let figures = json!({
        "jobType": job.job_type(),
        "numberRecordsProcessed": rows,
        "retries": 0,
        "totalProcessingTime": rows,
        "isPkChunkingSupported": true,
    });
    told.extend(figures.as_object().cloned().unwrap_or_default());
    if let Some(error) = &job.error {
        told.insert("errorMessage".to_owned(), error.clone().into());
    }
    Ok(Reply::json(200, &told.into()))
}

fn aborted(call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    let wanted = call.json()?;
    let mut jobs = call.tenant.jobs();
    let job = jobs.find(id, false)?;
    if wanted.get("state").and_then(Value::as_str) != Some("Aborted") {
        return Err(not_now("A query job can only be Aborted"));
    }
    if job.state.is_over() {
        return Err(not_now("Aborting already Completed Job not allowed"));
    }
    job.enter(State::Aborted, call.tenant.clock.now());
    Ok(Reply::json(200, &job.outline().into()))
}

fn removed(call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    let mut jobs = call.tenant.jobs();
    let job = jobs.find(id, false)?;
    if !job.state.is_over() {
        return Err(not_now(format!("Deleting a Job in state {} not allowed", job.state.name())));
    }
    jobs.remove(id);
    Ok(Reply::empty(204))
}
