//! `/limits`: what is allowed in a day, and what is left of it.

use crate::org::tenant::Tenant;
use serde_json::Value;
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

const QUERY_JOBS: u64 = 10_000;

pub(crate) fn told(tenant: &Tenant) -> Value {
    let (used, query_jobs) = {
        let books = tenant.books();
        (books.api_requests, books.query_jobs)
    };
    let allowed = tenant.settings.request_limit;
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
    limits
}
