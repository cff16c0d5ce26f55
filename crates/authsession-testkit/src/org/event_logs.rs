//! Event log files: their records, and their lines, made up while they are sent.

use crate::org::api_error::ApiError;
use crate::org::calendar::DAY;
use crate::org::calendar::seconds;
use crate::org::calendar::written_instant;
use crate::org::call::Call;
use crate::org::identifier::identifier;
use crate::org::jobs::results::gathered;
use crate::org::tenant::Tenant;
use crate::wire::Reply;
use http::Method;
use rusqlite::params;
use serde_json::json;
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

const COLUMNS: [(&str, &str); 6] = [
    ("EVENT_TYPE", "String"),
    ("TIMESTAMP", "String"),
    ("REQUEST_ID", "String"),
    ("ORGANIZATION_ID", "Id"),
    ("USER_ID", "Id"),
    ("RUN_TIME", "Number"),
];

/// The files made up: their ids, and how many lines they have.
#[derive(Default)]
pub(crate) struct EventLogs {
    lines: Mutex<HashMap<String, usize>>,
}

impl EventLogs {
    fn lines(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A new file of yesterday; its id.
pub(crate) fn add(tenant: &Tenant, event: &str, lines: usize) -> Result<String, ApiError> {
    let midnight = seconds(tenant.clock.now()).div_euclid(DAY) * DAY;
    let joined = |part: fn(&(&'static str, &'static str)) -> &'static str| {
        COLUMNS.iter().map(part).collect::<Vec<_>>().join(",")
    };
    let fields = json!({
        "EventType": event,
        "LogDate": written_instant(midnight - DAY),
        "Interval": "Daily",
        "Sequence": 0,
        "LogFileContentType": "text/csv",
        "LogFileFieldNames": joined(|(name, _)| name),
        "LogFileFieldTypes": joined(|(_, kind)| kind),
    });
    let mut opened = tenant.records()?;
    let store = opened.store()?;
    let id = store.insert("EventLogFile", fields.as_object().cloned().unwrap_or_default())?;
    let length = head().len() + lines * line(tenant, event).len();
    store.connection.execute(
        "UPDATE EventLogFile SET LogFile = x'', LogFileLength = ?1 WHERE Id = ?2",
        params![i64::try_from(length).unwrap_or(i64::MAX), id],
    )?;
    tenant.event_logs.lines().insert(id.clone(), lines);
    Ok(id)
}

/// `sobjects/EventLogFile/<id>/LogFile`.
pub(crate) fn answer(call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    if call.method() != Method::GET {
        return Err(ApiError::method());
    }
    let stored = call.tenant.database().blob("EventLogFile", id, "LogFile")?;
    let made_up = call.tenant.event_logs.lines().get(id).copied();
    let Some(lines) = made_up else {
        return Ok(Reply { body: stored.into(), ..Reply::empty(200).header("content-type", "text/csv") });
    };
    let found =
        call.tenant.database().run(&format!("SELECT EventType FROM EventLogFile WHERE Id = '{id}'"), true)?;
    let event = found.records.first().and_then(|one| one["EventType"].as_str()).unwrap_or_default();
    let template = line(call.tenant, event);
    let numbered = move |at: usize| template.replacen(NUMBER, &format!("{at:010}"), 1).into_bytes();
    let all = std::iter::once(head().into_bytes()).chain((0..lines).map(numbered));
    Ok(Reply::streamed("text/csv", gathered(all)))
}

const NUMBER: &str = "##########";

fn head() -> String {
    format!("{}\n", COLUMNS.map(|(name, _)| format!("\"{name}\"")).join(","))
}

/// A line whose request's number is yet to be put in.
fn line(tenant: &Tenant, event: &str) -> String {
    let at = written_instant(seconds(tenant.clock.now()) - DAY);
    let user = identifier("005", 1);
    let organization = &tenant.settings.organization;
    format!("\"{event}\",\"{at}\",\"{NUMBER}\",\"{organization}\",\"{user}\",\"12\"\n")
}
