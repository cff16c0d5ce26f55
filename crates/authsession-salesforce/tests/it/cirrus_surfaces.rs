//! Code written for cirrus finds composite requests, Apex REST, deployments, event logs, limits and versions where they were.

use authsession_salesforce as cirrus;

use cirrus::handlers::composite::{
    BatchRequest, BatchSubrequest, COLLECTION_MAX_RECORDS, CollectionRecord, CompositeGraph,
    CompositeGraphRequest, CompositeHandler, CompositeRequest, CompositeSObjectsHandler, CompositeSubrequest,
    RecordAttributes, SObjectCollection,
};
use cirrus::handlers::event_monitoring::EventMonitoringHandler;
use cirrus::handlers::metadata::{DeployOptions, DeployStatus, MetadataHandler, TestLevel};
use cirrus::{
    ApiVersion, BatchResponse, Bytes, Cirrus, CirrusResult, CompositeGraphResponse, CompositeResponse,
    CompositeTreeResponse, DeployRequest, Limit, OrgLimits, SObjectCollectionResult,
};
use serde_json::{Value, json};

/// As whoever spawns them needs it.
fn sendable<F: Future<Output = CirrusResult<T>> + Send, T>(call: F) {
    drop(call);
}

fn composite_requests() -> (CompositeRequest, BatchRequest, CompositeGraphRequest) {
    let subrequest = CompositeSubrequest {
        method: "POST".to_string(),
        url: "/services/data/v66.0/sobjects/Account".to_string(),
        reference_id: "account".to_string(),
        body: Some(json!({ "Name": "Acme" })),
        http_headers: None,
    };
    let composite = CompositeRequest {
        composite_request: vec![subrequest.clone()],
        all_or_none: Some(true),
        collate_subrequests: None,
    };
    let batch = BatchRequest {
        batch_requests: vec![BatchSubrequest {
            method: "GET".to_string(),
            url: "v66.0/limits".to_string(),
            rich_input: None,
        }],
        halt_on_error: None,
    };
    let graph = CompositeGraph { graph_id: "one".to_string(), composite_request: vec![subrequest] };
    (composite, batch, CompositeGraphRequest { graphs: vec![graph] })
}

fn calls(client: &Cirrus) {
    let (composite, batch, graph) = composite_requests();
    let handler: CompositeHandler<'_> = client.composite();
    sendable::<_, CompositeResponse>(handler.execute(&composite));
    sendable::<_, BatchResponse>(handler.batch(&batch));
    sendable::<_, CompositeGraphResponse>(handler.graph(&graph));
    sendable::<_, CompositeTreeResponse>(handler.tree("Account", &json!({ "records": [] })));
    let sobjects: CompositeSObjectsHandler<'_> = handler.sobjects();
    let records = [json!({ "Name": "Acme" })];
    let mut collection = SObjectCollection::new("Account", records.clone()).all_or_none(true);
    collection.push(CollectionRecord::new("Contact", json!({ "LastName": "Doe" })));
    sendable::<_, Vec<SObjectCollectionResult>>(sobjects.create(&collection));
    sendable(sobjects.update_records("Account", &records, false));
    sendable(sobjects.upsert_records("Account", "Key__c", &records, false));
    sendable(sobjects.delete(&["001xx"], true));
    sendable::<_, Vec<Value>>(sobjects.retrieve("Account", &["001xx".to_string()], &["Name"]));
    sendable(sobjects.retrieve_with_body_as::<Value>("Account", &["001xx"], &["Name"]));

    let metadata: MetadataHandler<'_> = client.metadata();
    let options = DeployOptions { test_level: Some(TestLevel::RunLocalTests), ..Default::default() };
    sendable::<_, DeployRequest>(metadata.deploy(&options, Bytes::from_static(b"PK")));
    sendable(metadata.check_deploy_status("0Af", true));
    sendable(metadata.wait_for_deploy("0Af").into_future());
    let events: EventMonitoringHandler<'_> = client.event_monitoring();
    sendable::<_, Bytes>(events.download("0AT"));
    sendable(client.apex().get::<Value>("orders"));
    sendable::<_, OrgLimits>(client.limits());
    sendable::<_, Vec<ApiVersion>>(client.versions());
    sendable::<_, Cirrus>(Cirrus::builder().build_with_latest_version());
}

#[tokio::test]
async fn the_surfaces_are_where_cirrus_has_them_and_their_calls_can_be_spawned() {
    let stage = crate::stage::Stage::set().await;
    calls(&stage.client());
    assert_eq!(stage.calls(), 0);
    assert_eq!(COLLECTION_MAX_RECORDS, 200);
    assert_eq!(RecordAttributes::new("Account").sobject_type, "Account");
    assert!(DeployStatus::Canceled.is_terminal());
    let limit: Limit = serde_json::from_value(json!({ "Max": 1, "Remaining": 1 })).unwrap();
    assert!(limit.nested.is_empty());
}
