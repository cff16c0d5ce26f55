//! `/jobs/query`: a query whose result is fetched as CSV.

use crate::org::api_error::ApiError;
use crate::org::call::Call;
use crate::org::jobs::Job;
use crate::org::jobs::State;
use crate::org::jobs::Work;
use crate::org::jobs::create;
use crate::org::jobs::list::list;
use crate::org::jobs::not_now;
use crate::org::jobs::pages;
use crate::org::jobs::rows;
use crate::org::soql::compile::Plan;
use crate::org::tenant::Tenant;
use crate::wire::Reply;
use http::Method;
use serde_json::Value;
use serde_json::json;
use std::sync::Arc;

/// What a query job is asked for, and what it found.
pub(crate) struct Selection {
    pub(crate) plan: Arc<Plan>,
    pub(crate) found: Found,
}

pub(crate) enum Found {
    /// The numbers of rows, in order; none before it ran.
    Rows(Arc<Vec<i64>>),
    /// Rows made up while they are sent.
    MadeUp { rows: usize, bytes: usize },
}

impl Found {
    pub(crate) fn rows(&self) -> usize {
        match self {
            Self::Rows(rows) => rows.len(),
            Self::MadeUp { rows, .. } => *rows,
        }
    }
}

impl Selection {
    pub(crate) fn new(plan: Plan, made_up: Option<(usize, usize)>) -> Self {
        let found = match made_up {
            Some((rows, bytes)) => Found::MadeUp { rows, bytes },
            None => Found::Rows(Arc::default()),
        };
        Self { plan: Arc::new(plan), found }
    }

    pub(crate) fn run(&mut self, tenant: &Tenant) -> Result<(), String> {
        if let Found::Rows(rows) = &mut self.found {
            *rows = Arc::new(rows::found(tenant, &self.plan).map_err(|error| {
                format!("InvalidBatch : Failed to process query: {}: {}", error.code, error.message)
            })?);
        }
        Ok(())
    }

    pub(crate) fn columns(&self) -> Vec<String> {
        self.plan.columns.iter().map(|column| column.path()).collect()
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
