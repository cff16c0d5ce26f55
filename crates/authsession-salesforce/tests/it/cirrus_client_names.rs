//! A program written for cirrus compiles as it stands, once the dependency is renamed: every name at its path, and every method with
//! what it is given and gives back.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use authsession_salesforce as cirrus;

use cirrus::handlers::apex::ApexHandler;
use cirrus::handlers::bulk::{self as bulk_handlers, BulkHandler, BulkIngestHandler, BulkQueryHandler};
use cirrus::handlers::composite::{CompositeHandler, CompositeSObjectsHandler};
use cirrus::handlers::event_monitoring::EventMonitoringHandler;
use cirrus::handlers::metadata::{DeployResultDetails, DeployResultInnerDetails, RunTestResults};
use cirrus::handlers::sobjects::{self as sobject_handlers, SObjectHandler, SObjectsHandler};
use cirrus::handlers::tooling::{ToolingHandler, ToolingSObjectHandler};
use cirrus::pagination::Records;
use cirrus::retry::{Replay, RetryPolicy};
use cirrus::{
    ApiVersion, AuthError, AuthSession, BatchRequest, BatchResponse, BatchSubrequest, BatchSubresult,
    BlobUploadSpec, BulkColumnDelimiter, BulkIngestJob, BulkIngestSpec, BulkJobList, BulkJobListOptions,
    BulkJobState, BulkJobStateChange, BulkJobSummary, BulkJobType, BulkLineEnding, BulkOperation,
    BulkQueryJob, BulkQueryResults, BulkQuerySpec, BulkResultPage, BulkResultPages, ByteStream, Bytes,
    COLLECTION_MAX_RECORDS, Cirrus, CirrusBuilder, CirrusError, CirrusResult, CollectionRecord,
    CompositeError, CompositeGraph, CompositeGraphRequest, CompositeGraphResponse, CompositeGraphResult,
    CompositeRequest, CompositeResponse, CompositeSubrequest, CompositeSubresponse, CompositeTreeResponse,
    CompositeTreeResult, DEFAULT_API_VERSION, DEFAULT_CONNECT_TIMEOUT, DEFAULT_MAX_RESPONSE_SIZE,
    DEFAULT_READ_TIMEOUT, DeployDetails, DeployMessage, DeployOptions, DeployRequest, DeployResult,
    DeployStatus, DescribeGlobal, EventLogFileRecord, ExecuteAnonymousResult, Limit, LimitInfo,
    MAX_MULTIPART_JOB_DATA_CHARS, MIN_API_VERSION, MetadataHandler, OrgLimits, QueryOptions, QueryResult,
    RawBody, RawResponse, RecordAttributes, RunTestsResult, SObjectCollection, SObjectCollectionResult,
    SObjectCreateResult, SObjectMetadata, SalesforceError, SearchResult, SharedAuth, TestLevel,
    UpsertOptions, encode_path_segment, reqwest, soql, sosl,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::Stage;

/// A call as whoever spawns it needs it, and what it comes to.
fn gives<T>(call: impl Future<Output = CirrusResult<T>> + Send) {
    drop(call);
}

/// The names of types nobody needs to call anything with.
type Names = (
    (ApiVersion, BatchResponse, BatchSubresult, BulkJobSummary, BulkResultPage, CompositeError),
    (CompositeGraphResult, CompositeSubresponse, CompositeTreeResult, DeployMessage, DeployResult),
    (DeployResultDetails, DeployResultInnerDetails, RunTestResults, RunTestsResult, DeployDetails),
    (EventLogFileRecord, Limit, SObjectMetadata, SalesforceError, CollectionRecord<Value>, RecordAttributes),
    (BatchRequest, BatchSubrequest, CompositeRequest, CompositeSubrequest, CompositeGraph),
    (bulk_handlers::BulkIngestSpec, bulk_handlers::BulkQuerySpec, bulk_handlers::BulkJobListOptions),
    (sobject_handlers::UpsertOptions, cirrus::handlers::query::QueryOptions),
);

fn builder(auth: SharedAuth) -> CirrusResult<Cirrus> {
    let builder: CirrusBuilder = Cirrus::builder();
    let policy = RetryPolicy {
        max_retries: 3,
        base_delay: Duration::from_millis(1),
        max_delay: Duration::from_secs(1),
        jitter: true,
        retry_idempotent_5xx: true,
        retry_read_timeouts: false,
    };
    let client = builder
        .auth(auth)
        .api_version(DEFAULT_API_VERSION)
        .user_agent("program/1.0")
        .connect_timeout(DEFAULT_CONNECT_TIMEOUT)
        .read_timeout(Some(DEFAULT_READ_TIMEOUT))
        .max_response_size(DEFAULT_MAX_RESPONSE_SIZE)
        .retry_policy(policy)
        .allow_insecure_transport(false)
        .build()?;
    gives::<Cirrus>(Cirrus::builder().build_with_latest_version());
    let _: fn(CirrusBuilder, reqwest::Proxy) -> CirrusBuilder = CirrusBuilder::proxy;
    let _: fn(CirrusBuilder, reqwest::Client) -> CirrusBuilder = CirrusBuilder::http_client;
    let _: (&str, &reqwest::Client, &SharedAuth, &RetryPolicy, Option<LimitInfo>) = (
        client.api_version(),
        client.http_client(),
        client.auth(),
        client.retry_policy(),
        client.last_limit_info(),
    );
    let _: String = client.versioned_url(&["sobjects", "Account"])?;
    let _: &dyn AuthSession = &**client.auth();
    let _: (RetryPolicy, RetryPolicy) = (RetryPolicy::none(), RetryPolicy::default());
    Ok(client)
}

fn verbs(client: &Cirrus) -> CirrusResult<()> {
    let (path, body, pairs, headers) = ("limits", json!({}), [("q", "x")], [("x-name", "value")]);
    gives::<Value>(client.get(path));
    gives::<Value>(client.get_with_query(path, &pairs));
    gives::<Value>(client.post(path, &body));
    gives::<Value>(client.put(path, &body));
    gives::<Value>(client.patch(path, &body));
    gives::<()>(client.delete(path));
    gives::<Value>(client.send_with_headers(Method::GET, path, Some(&pairs), &headers));
    gives::<Value>(client.send_json_with_headers(Method::POST, path, None, &headers, &body));
    gives::<Value>(client.send_with_replay(Method::GET, path, None, &headers, Replay::Never));
    gives::<Value>(client.send_json_with_replay(Method::POST, path, None, &[], &body, Replay::Always));
    let raw = RawBody::new("a,b\n", "text/csv");
    let _: (&Bytes, &str) = (raw.bytes(), raw.content_type());
    gives::<RawResponse>(client.send_raw(
        Method::POST,
        path,
        None,
        &headers,
        Some(raw.clone()),
        Replay::ByMethod,
    ));
    gives::<reqwest::RequestBuilder>(client.request_builder(Method::GET, path));
    gives::<reqwest::Response>(client.execute(client.http_client().get("http://127.0.0.1:1/").build()?));
    let _: Cow<'_, str> = encode_path_segment("a b");

    let apex: ApexHandler<'_> = client.apex();
    gives::<Value>(apex.get(path));
    gives::<Value>(apex.get_with_query(path, &pairs));
    gives::<Value>(apex.post(path, &body));
    gives::<Value>(apex.put(path, &body));
    gives::<Value>(apex.patch(path, &body));
    gives::<Value>(apex.delete(path));
    gives::<RawResponse>(apex.send_raw(Method::POST, path, Some(&pairs), &headers, Some(raw)));
    Ok(())
}

fn queries(client: &Cirrus) {
    let (soql, options, next) = ("SELECT Id FROM Account", QueryOptions::new().batch_size(200), "/x");
    gives::<QueryResult<Value>>(client.query(soql));
    gives::<QueryResult<Value>>(client.query_as(soql));
    gives::<QueryResult<Value>>(client.query_with_options(soql, &options));
    gives::<QueryResult<Value>>(client.query_with_options_as(soql, &options));
    gives::<QueryResult<Value>>(client.query_all(soql));
    gives::<QueryResult<Value>>(client.query_all_as(soql));
    gives::<QueryResult<Value>>(client.query_all_with_options(soql, &options));
    gives::<QueryResult<Value>>(client.query_all_with_options_as(soql, &options));
    gives::<QueryResult<Value>>(client.query_more(next));
    gives::<QueryResult<Value>>(client.query_more_as(next));
    gives::<QueryResult<Value>>(client.query_more_with_options(next, &options));
    gives::<QueryResult<Value>>(client.query_more_with_options_as(next, &options));
    let streams: [Records<Value>; 9] = [
        client.query_stream(soql),
        client.query_stream_as(soql),
        client.query_stream_with_options(soql, &options),
        client.query_stream_with_options_as(soql, &options),
        client.query_all_stream(soql),
        client.query_all_stream_as(soql),
        client.query_all_stream_with_options(soql, &options),
        client.query_all_stream_with_options_as(soql, &options),
        Records::from_locator(client.clone(), next),
    ];
    let _: (Option<&str>, Option<i64>) = (streams[0].pending_locator(), streams[0].total_size());
    let page = QueryResult { total_size: 0, done: true, next_records_url: None, records: vec![json!({})] };
    let _: Records<Value> = Records::from_page(client.clone(), page);
    gives::<SearchResult<Value>>(client.search("FIND {x}"));
    gives::<SearchResult<Value>>(client.search_as("FIND {x}"));
    gives::<SearchResult<Value>>(client.parameterized_search(&json!({ "q": "x" })));
    gives::<SearchResult<Value>>(client.parameterized_search_as::<Value, _>(&json!({ "q": "x" })));
    let _: [String; 3] = [soql::quote("x"), soql::escape_like("x"), sosl::escape_term("x")];
    let _: [char; 19] = sosl::RESERVED;
}

fn records(client: &Cirrus) {
    let (id, body, since, fields) = ("001xx", json!({}), SystemTime::UNIX_EPOCH, ["Name".to_string()]);
    let objects: SObjectsHandler<'_> = client.sobjects();
    gives::<DescribeGlobal>(objects.describe_global());
    gives::<Option<DescribeGlobal>>(objects.describe_global_if_modified_since(since));
    let object: SObjectHandler<'_> = client.sobject("Account");
    let _: &str = object.name();
    gives::<Value>(object.describe());
    gives::<Value>(object.describe_as());
    gives::<Option<Value>>(object.describe_if_modified_since(since));
    gives::<Option<Value>>(object.describe_if_modified_since_as(since));
    gives::<Value>(object.retrieve(id));
    gives::<Value>(object.retrieve_as(id));
    gives::<Option<Value>>(object.retrieve_if_modified_since(id, since));
    gives::<Option<Value>>(object.retrieve_if_modified_since_as(id, since));
    gives::<Value>(object.retrieve_with_fields(id, &fields));
    gives::<Value>(object.retrieve_with_fields_as::<Value>(id, &["Name"]));
    gives::<SObjectCreateResult>(object.create(&body));
    gives::<SObjectCreateResult>(object.create_with_headers(&body, &[("Sforce-Auto-Assign", "false")]));
    gives::<()>(object.update(id, &body));
    gives::<()>(object.update_with_headers(id, &body, &[]));
    gives::<()>(object.update_if_unmodified_since(id, &body, since));
    gives::<()>(object.delete(id));
    gives::<Value>(object.retrieve_by_external_id("Key__c", "1"));
    gives::<Value>(object.retrieve_by_external_id_as("Key__c", "1"));
    gives::<()>(object.delete_by_external_id("Key__c", "1"));
    gives::<SObjectCreateResult>(object.upsert("Key__c", "1", &body));
    gives::<SObjectCreateResult>(object.upsert_with(
        "Key__c",
        "1",
        &body,
        UpsertOptions { update_only: true },
    ));
    let spec = || BlobUploadSpec {
        json_part_name: "entity_document",
        metadata: &body,
        blob_field_name: "Body",
        filename: "a.txt",
        content_type: Some("text/plain"),
        blob: Bytes::from_static(b"x"),
    };
    gives::<SObjectCreateResult>(object.create_with_blob(spec()));
    gives::<()>(object.update_with_blob(id, spec()));
    gives::<Bytes>(object.retrieve_blob(id, "Body"));
}

fn many_records(client: &Cirrus) {
    let (body, ids, one) = (json!({}), ["001xx"], [json!({})]);
    let composite: CompositeHandler<'_> = client.composite();
    gives::<BatchResponse>(composite.batch(&body));
    gives::<CompositeTreeResponse>(composite.tree("Account", &body));
    gives::<CompositeResponse>(composite.execute(&CompositeRequest::default()));
    gives::<CompositeGraphResponse>(composite.graph(&CompositeGraphRequest::default()));
    let sobjects: CompositeSObjectsHandler<'_> = composite.sobjects();
    gives::<Vec<SObjectCollectionResult>>(sobjects.create(&SObjectCollection::new("Account", one.clone())));
    gives::<Vec<SObjectCollectionResult>>(sobjects.update(&body));
    gives::<Vec<SObjectCollectionResult>>(sobjects.upsert("Account", "Key__c", &body));
    gives::<Vec<SObjectCollectionResult>>(sobjects.create_records("Account", &one, true));
    gives::<Vec<SObjectCollectionResult>>(sobjects.update_records("Account", &one, true));
    gives::<Vec<SObjectCollectionResult>>(sobjects.upsert_records("Account", "Key__c", &one, true));
    gives::<Vec<SObjectCollectionResult>>(sobjects.delete(&ids, true));
    gives::<Vec<Value>>(sobjects.retrieve("Account", &ids, &["Name"]));
    gives::<Vec<Value>>(sobjects.retrieve_as::<Value>("Account", &ids, &["Name"]));
    gives::<Vec<Value>>(sobjects.retrieve_with_body("Account", &ids, &["Name"]));
    gives::<Vec<Value>>(sobjects.retrieve_with_body_as::<Value>("Account", &ids, &["Name"]));
}

fn bulk(client: &Cirrus) {
    let (job, csv) = ("750xx", Bytes::from_static(b"Name\nAcme\n"));
    let bulk: BulkHandler<'_> = client.bulk();
    let ingest: BulkIngestHandler<'_> = bulk.ingest();
    let spec = BulkIngestSpec::new("Account", BulkOperation::Upsert)
        .external_id_field_name("Key__c")
        .line_ending(BulkLineEnding::LF)
        .column_delimiter(BulkColumnDelimiter::Comma)
        .assignment_rule_id("01Q");
    let list = BulkJobListOptions::new().job_type(BulkJobType::V2Ingest).pk_chunking_enabled(true);
    let list = list.query_locator("x");
    gives::<BulkIngestJob>(ingest.create(&spec));
    gives::<BulkIngestJob>(ingest.create(&BulkIngestSpec::consent_import()));
    gives::<BulkIngestJob>(ingest.create_with_data(&spec, csv.clone()));
    gives::<()>(ingest.upload(job, csv));
    gives::<BulkJobStateChange>(ingest.close(job));
    gives::<BulkJobStateChange>(ingest.abort(job));
    gives::<BulkIngestJob>(ingest.get(job));
    gives::<()>(ingest.delete(job));
    gives::<BulkJobList>(ingest.list(&list));
    gives::<Bytes>(ingest.successful_results(job));
    gives::<Bytes>(ingest.failed_results(job));
    gives::<Bytes>(ingest.unprocessed_records(job));
    let query: BulkQueryHandler<'_> = bulk.query();
    let spec = BulkQuerySpec::new("SELECT Id FROM Account", BulkOperation::Query)
        .line_ending(BulkLineEnding::CRLF)
        .column_delimiter(BulkColumnDelimiter::Pipe);
    gives::<BulkQueryJob>(query.create(&spec));
    gives::<BulkQueryJob>(query.get(job));
    gives::<BulkJobStateChange>(query.abort(job));
    gives::<BulkQueryResults>(query.results(job, Some("x"), Some(1000)));
    gives::<()>(query.delete(job));
    gives::<BulkJobList>(query.list(&list));
    gives::<BulkResultPages>(query.result_pages(job, None));
    let _: fn(&BulkJobList) -> Option<String> = BulkJobList::next_locator;
    let _: fn(&BulkResultPages) -> Option<String> = BulkResultPages::next_locator;
    let _: fn(&BulkResultPage) -> Option<String> = BulkResultPage::locator;
    let _: (&'static str, bool, bool, bool) = (
        BulkJobType::V2Query.as_str(),
        BulkJobState::Failed.is_terminal(),
        BulkOperation::Insert.is_ingest(),
        BulkOperation::QueryAll.is_query(),
    );
}

fn the_rest(client: &Cirrus) {
    let tooling: ToolingHandler<'_> = client.tooling();
    gives::<DescribeGlobal>(tooling.describe_global());
    gives::<CompositeResponse>(tooling.composite(&json!({})));
    gives::<QueryResult<Value>>(tooling.query("SELECT Id FROM ApexClass"));
    gives::<QueryResult<Value>>(tooling.query_as("SELECT Id FROM ApexClass"));
    let _: [Records<Value>; 2] = [tooling.query_stream("x"), tooling.query_stream_as("x")];
    gives::<SearchResult<Value>>(tooling.search("FIND {x}"));
    gives::<SearchResult<Value>>(tooling.search_as("FIND {x}"));
    gives::<ExecuteAnonymousResult>(tooling.execute_anonymous("System.debug(1);"));
    gives::<String>(tooling.apex_log_body("07L"));
    let object: ToolingSObjectHandler<'_> = tooling.sobject("ApexClass");
    let _: &str = object.name();
    gives::<Value>(object.describe());
    gives::<Value>(object.describe_as());
    gives::<Value>(object.retrieve("01p"));
    gives::<Value>(object.retrieve_as("01p"));
    gives::<Value>(object.retrieve_with_fields("01p", &["Name"]));
    gives::<Value>(object.retrieve_with_fields_as::<Value>("01p", &["Name"]));
    gives::<SObjectCreateResult>(object.create(&json!({})));
    gives::<()>(object.update("01p", &json!({})));
    gives::<()>(object.delete("01p"));

    let metadata: MetadataHandler<'_> = client.metadata();
    let options = DeployOptions { test_level: Some(TestLevel::NoTestRun), ..Default::default() };
    gives::<DeployRequest>(metadata.deploy(&options, Bytes::new()));
    gives::<DeployRequest>(metadata.check_deploy_status("0Af", true));
    gives::<DeployRequest>(metadata.cancel_deploy("0Af"));
    gives::<DeployRequest>(metadata.deploy_recent_validation("0Af"));
    let _: (fn(&DeployResult) -> bool, bool) = (DeployResult::is_success, DeployStatus::Failed.is_terminal());
    let events: EventMonitoringHandler<'_> = client.event_monitoring();
    gives::<Bytes>(events.download("0AT"));
    gives::<Bytes>(events.download_url("/x"));
    gives::<ByteStream>(events.download_stream("0AT"));
    gives::<ByteStream>(events.download_url_stream("/x"));
    gives::<OrgLimits>(client.limits());
    gives::<Vec<ApiVersion>>(client.versions());
    gives::<String>(client.latest_api_version());
}

/// What a program that tells errors apart matches on.
fn told(error: &CirrusError) -> &'static str {
    match error {
        CirrusError::MissingField(_) => "field",
        CirrusError::Api { status: 401, errors, raw: None, .. } if errors.is_empty() => "unauthorized",
        CirrusError::Api { errors, retry_after, .. } => match (errors.first(), retry_after) {
            (Some(SalesforceError { error_code, fields, .. }), _) if !error_code.is_empty() => {
                if fields.is_empty() { "api" } else { "fields" }
            }
            _ => "wait",
        },
        CirrusError::MultipleMatches { records, .. } if records.len() > 1 => "several",
        CirrusError::Http(_) => "network",
        CirrusError::Serialization(_) | CirrusError::Url(_) => "text",
        CirrusError::InvalidHeader(_) | CirrusError::InvalidResponse(_) => "wire",
        CirrusError::InvalidInput { field, message } if !field.is_empty() && !message.is_empty() => "input",
        CirrusError::ResponseTooLarge { status: _, limit: _ } => "size",
        _ => "other",
    }
}

#[tokio::test]
async fn a_program_written_for_cirrus_finds_every_name_and_calls_every_method() {
    let stage = Stage::set().await;
    let client = builder(std::sync::Arc::new(stage.client_credentials().build().unwrap())).unwrap();
    verbs(&client).unwrap();
    queries(&client);
    records(&client);
    many_records(&client);
    bulk(&client);
    the_rest(&client);
    assert_eq!(stage.calls(), 0, "none is made before it is awaited");
    assert!(std::mem::size_of::<Names>() > 0);
    assert_eq!(
        (MIN_API_VERSION, COLLECTION_MAX_RECORDS, MAX_MULTIPART_JOB_DATA_CHARS),
        ("v41.0", 200, 100_000)
    );

    let created = client.sobject("Account").create(&json!({ "Name": "Initech" })).await.unwrap();
    let account: Value = client.sobject("Account").retrieve(&created.id).await.unwrap();
    assert_eq!(account["Name"], "Initech");
    let error = client.sobject("Account").create(&json!({})).await.unwrap_err();
    assert_eq!(told(&error), "fields");
    let error: AuthError = client.query("").await.unwrap_err();
    assert_eq!(told(&error), "input");
}
