//! A new job, as its description says.

use crate::org::api_error::ApiError;
use crate::org::call::Call;
use crate::org::endpoint::OrgEndpoint;
use crate::org::jobs::Job;
use crate::org::jobs::Jobs;
use crate::org::jobs::State;
use crate::org::jobs::Work;
use crate::org::jobs::dialect::Dialect;
use crate::org::jobs::load::Load;
use crate::org::jobs::query::Selection;
use crate::org::jobs::rows;
use crate::org::rest::multipart::boundary;
use crate::org::rest::multipart::parts;
use crate::wire::Inquiry;
use bytes::Bytes;
use serde_json::Value;

const INGESTS: [&str; 5] = ["insert", "update", "upsert", "delete", "hardDelete"];

fn unreadable(message: impl Into<String>) -> ApiError {
    ApiError::new(400, "JSON_PARSER_ERROR", message.into())
}

fn invalid_job(message: String) -> ApiError {
    ApiError::new(400, "INVALIDJOB", message)
}

/// The description, and the data if it came along (a multipart request).
pub(crate) fn described(inquiry: &Inquiry<OrgEndpoint>) -> Result<(Value, Option<Bytes>), ApiError> {
    let content_type = inquiry.header("content-type").unwrap_or_default();
    let body = &inquiry.exchange.body;
    let (spec, data) = match boundary(content_type) {
        Some(boundary) => {
            let parts = parts(body, &boundary);
            let of = |name: &str| parts.iter().find(|part| part.name.as_deref() == Some(name));
            let of = |name: &str| of(name).map(|part| body.slice_ref(part.body));
            (of("job").unwrap_or_default(), of("content"))
        }
        None => (body.clone(), None),
    };
    let spec: Value =
        serde_json::from_slice(&spec).map_err(|_| unreadable("The HTTP entity body is not a JSON object"))?;
    Ok((spec, data))
}

pub(crate) fn ingest<'a>(
    call: &Call<'_>,
    jobs: &'a mut Jobs,
    spec: &Value,
    data: Option<Bytes>,
) -> Result<&'a mut Job, ApiError> {
    let text = |name: &str| spec[name].as_str().map(str::to_owned);
    let operation = text("operation").unwrap_or_default();
    if !INGESTS.contains(&operation.as_str()) {
        return Err(unreadable(format!("{operation} is not a valid value for the enum OperationEnum")));
    }
    let object = text("object").unwrap_or_default();
    let found = rows::object(call.tenant, &object);
    let object = found.ok_or_else(|| invalid_job(format!("Unable to find object: {object}")))?;
    let external_id = text("externalIdFieldName");
    if operation == "upsert" && external_id.is_none() {
        return Err(invalid_job(format!(
            "External ID was blank for {object}. An External ID must be specified for upsert."
        )));
    }
    let state = if data.is_some() { State::UploadComplete } else { State::Open };
    let load = Load { external_id, data, assignment_rule: text("assignmentRuleId"), ..Load::default() };
    let dialect = Dialect::of(spec)?;
    Ok(add(call, jobs, (operation, object), dialect, (state, Work::Ingest(load))))
}

pub(crate) fn query<'a>(call: &Call<'_>, jobs: &'a mut Jobs, spec: &Value) -> Result<&'a mut Job, ApiError> {
    let operation = spec["operation"].as_str().unwrap_or_default().to_owned();
    if !["query", "queryAll"].contains(&operation.as_str()) {
        return Err(unreadable(format!("{operation} is not a valid value for the enum OperationEnum")));
    }
    let text = spec["query"].as_str().unwrap_or_default();
    let dialect = Dialect::of(spec)?;
    let plan = rows::planned(call.tenant, text, operation == "queryAll")?;
    let object = plan.object.clone();
    let selection = Selection::new(plan, jobs.made_up.pop_front());
    let work = (State::UploadComplete, Work::Query(selection));
    Ok(add(call, jobs, (operation, object), dialect, work))
}

fn add<'a>(
    call: &Call<'_>,
    jobs: &'a mut Jobs,
    (operation, object): (String, String),
    dialect: Dialect,
    (state, work): (State, Work),
) -> &'a mut Job {
    let now = call.tenant.clock.now();
    let id = jobs.next_id();
    jobs.add(Job {
        id,
        state,
        operation,
        object,
        dialect,
        version: call.version,
        owner: call.tenant.user_id(&call.purpose.username),
        created: now,
        modified: now,
        polls: 0,
        error: None,
        doom: None,
        work,
    })
}
