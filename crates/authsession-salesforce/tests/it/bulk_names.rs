//! Code written against the names of the crate cirrus for Bulk API 2.0 compiles as it stands, once the dependency is renamed.

use authsession_salesforce as cirrus;

use cirrus::{
    BulkColumnDelimiter, BulkIngestJob, BulkIngestSpec, BulkJobList, BulkJobListOptions, BulkJobState,
    BulkJobStateChange, BulkJobSummary, BulkJobType, BulkLineEnding, BulkOperation, BulkQueryJob,
    BulkQueryResults, BulkQuerySpec, BulkResultPage, BulkResultPages, Bytes, Cirrus, CirrusResult,
    MAX_MULTIPART_JOB_DATA_CHARS,
};
use serde_json::json;

#[expect(dead_code, reason = "it is enough that it compiles")]
async fn ingest(salesforce: &Cirrus, csv: Bytes) -> CirrusResult<Option<i64>> {
    let spec = BulkIngestSpec::new("Account", BulkOperation::Upsert)
        .external_id_field_name("Number__c")
        .line_ending(BulkLineEnding::CRLF)
        .column_delimiter(BulkColumnDelimiter::Tab)
        .assignment_rule_id("01Q");
    let handler = salesforce.bulk().ingest();
    let job: BulkIngestJob = match csv.len() {
        0..MAX_MULTIPART_JOB_DATA_CHARS => handler.create_with_data(&spec, csv).await?,
        _ => {
            let job = handler.create(&spec).await?;
            let () = handler.upload(&job.id, csv).await?;
            let _: BulkJobStateChange = handler.close(&job.id).await?;
            job
        }
    };
    while !handler.get(&job.id).await?.state.is_terminal() {}
    let results: [Bytes; 3] = [
        handler.successful_results(&job.id).await?,
        handler.failed_results(&job.id).await?,
        handler.unprocessed_records(&job.id).await?,
    ];
    let _: BulkJobStateChange = handler.abort(&job.id).await?;
    let () = handler.delete(&job.id).await?;
    let options = BulkJobListOptions::new().job_type(BulkJobType::V2Ingest).pk_chunking_enabled(true);
    let list: BulkJobList = handler.list(&options.query_locator("x")).await?;
    let _: (&Vec<BulkJobSummary>, Option<String>) = (&list.records, list.next_locator());
    Ok(job.number_records_failed.filter(|_| results.iter().all(|csv| csv.is_empty())))
}

#[expect(dead_code, reason = "it is enough that it compiles")]
async fn query(salesforce: &Cirrus) -> CirrusResult<()> {
    let handler = salesforce.bulk().query();
    let job: BulkQueryJob =
        handler.create(&BulkQuerySpec::new("SELECT Id FROM Account", BulkOperation::QueryAll)).await?;
    let page: BulkQueryResults = handler.results(&job.id, None, Some(5)).await?;
    let _: (Bytes, Option<String>, Option<i64>) = (page.csv, page.locator, page.number_of_records);
    let pages: BulkResultPages = handler.result_pages(&job.id, None).await?;
    let _: Option<String> =
        pages.result_pages.first().and_then(BulkResultPage::locator).or(pages.next_locator());
    handler.delete(&handler.abort(&handler.get(&job.id).await?.id).await?.id).await
}

#[test]
fn jobs_are_written_and_read_as_salesforce_names_their_members() {
    let spec =
        BulkIngestSpec::new("Account", BulkOperation::HardDelete).column_delimiter(BulkColumnDelimiter::Pipe);
    let told = json!({ "object": "Account", "operation": "hardDelete", "columnDelimiter": "PIPE" });
    assert_eq!(serde_json::to_value(spec).unwrap(), told);
    let told = json!({ "operation": "consentImport" });
    assert_eq!(serde_json::to_value(BulkIngestSpec::consent_import()).unwrap(), told);
    let told = json!({ "query": "SELECT Id FROM Account", "operation": "queryAll", "lineEnding": "CRLF" });
    let spec = BulkQuerySpec::new("SELECT Id FROM Account", BulkOperation::QueryAll);
    assert_eq!(serde_json::to_value(spec.line_ending(BulkLineEnding::CRLF)).unwrap(), told);
    let summary: BulkJobSummary = serde_json::from_value(json!({
        "id": "750", "operation": "merge", "state": "Paused", "jobType": "V3", "apiVersion": "66.0",
        "concurrencyMode": "Parallel", "contentType": "CSV", "createdById": "005", "createdDate": "", "systemModstamp": "",
    }))
    .unwrap();
    assert_eq!((summary.operation, summary.state), (BulkOperation::Unknown, BulkJobState::Unknown));
    assert_eq!((summary.job_type, summary.api_version), (Some(BulkJobType::Unknown), 66.0));
    assert!(BulkOperation::Upsert.is_ingest() && !BulkOperation::Upsert.is_query());
    assert!(BulkJobState::Failed.is_terminal() && !BulkJobState::Unknown.is_terminal());
    assert_eq!(BulkJobType::BigObjectIngest.as_str(), "BigObjectIngest");
}
