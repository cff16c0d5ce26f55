//! `/limits`: what is allowed in a day, and what is left of it.

use crate::org::call::Call;
use crate::org::jobs::Job;
use crate::org::jobs::Work;
use crate::wire::Reply;
use serde_json::json;

/// Limits nothing here uses up.
const UNTOUCHED: [(&str, u64); 14] = [
    ("ConcurrentAsyncGetReportInstances", 200),
    ("ConcurrentSyncReportRuns", 20),
    ("DailyAsyncApexExecutions", 250_000),
    ("DailyBulkApiBatches", 15_000),
    ("DailyDurableStreamingApiEvents", 10_000),
    ("DailyGenericStreamingApiEvents", 10_000),
    ("DailyStreamingApiEvents", 10_000),
    ("DailyWorkflowEmails", 1_000),
    ("DataStorageMB", 1_024),
    ("FileStorageMB", 1_024),
    ("HourlyPublishedPlatformEvents", 50_000),
    ("HourlyTimeBasedWorkflow", 1_000),
    ("MassEmail", 5_000),
    ("SingleEmail", 5_000),
];

const QUERY_JOBS: usize = 10_000;

pub(crate) fn answer(call: &Call<'_>) -> Reply {
    let made = |job: &&Job| matches!(job.work, Work::Query(_));
    let query_jobs = call.tenant.jobs().all().iter().filter(made).count();
    let (used, allowed) = (call.tenant.books().api_requests, call.tenant.settings.request_limit);
    let mut limits = json!({
        "DailyApiRequests": {
            "Max": allowed,
            "Remaining": allowed.saturating_sub(used),
            "Ant Migration Tool": { "Max": 0, "Remaining": 0 },
            "Salesforce Mobile Dashboards": { "Max": 0, "Remaining": 0 },
            "Workbench": { "Max": 0, "Remaining": 0 },
        },
        "DailyBulkV2QueryJobs": { "Max": QUERY_JOBS, "Remaining": QUERY_JOBS.saturating_sub(query_jobs) },
        "DailyBulkV2QueryFileStorageMB": { "Max": 976_562, "Remaining": 976_562 },
    });
    for (name, most) in UNTOUCHED {
        limits[name] = json!({ "Max": most, "Remaining": most });
    }
    Reply::json(200, &limits)
}
