//! The simulated org's services, judged by the bulk, tooling and metadata parts of jsforce and simple-salesforce.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its stage too")]

use crate::real_salesforce::Client;
use authsession_testkit::org::Org;
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;

async fn jsforce(flow: &str, edit: impl FnOnce(&Org)) -> Org {
    let org = Org::builder().compresses(true).start().await.unwrap();
    edit(&org);
    Client::Jsforce.tries("jsforce_bulk.mjs", flow, org).await
}

async fn simple_salesforce(flow: &str, edit: impl FnOnce(&Org)) -> Org {
    let org = Org::builder().compresses(true).start().await.unwrap();
    edit(&org);
    Client::SimpleSalesforce.tries("simple_salesforce_bulk.py", flow, org).await
}

/// Two are there already.
fn seven_accounts(org: &Org) {
    org.fill("Account", 5).unwrap();
}

#[tokio::test]
async fn jsforce_inserts_updates_and_deletes_in_bulk() {
    let org = jsforce("bulk_load", |_| {}).await;

    let uploads = org.journal().requests_at("PUT */batches");
    assert_eq!(uploads.len(), 3);
    assert_eq!(uploads[0].header("transfer-encoding"), Some("chunked"));
}

#[tokio::test]
async fn jsforce_upserts_in_bulk() {
    let org = jsforce("bulk_upsert", |_| {}).await;

    assert_eq!(org.count("Widget__c").unwrap(), 1);
}

#[tokio::test]
async fn jsforce_streams_rows_in_bulk() {
    let org = jsforce("bulk_stream", |_| {}).await;

    assert_eq!(org.count("Account").unwrap(), 1002);
}

#[tokio::test]
async fn jsforce_takes_a_job_step_by_step() {
    let org = jsforce("bulk_steps", |_| {}).await;

    assert_eq!(org.journal().count_at("DELETE */jobs/ingest/*"), 1);
}

#[tokio::test]
async fn jsforce_is_told_why_a_job_failed() {
    jsforce("bulk_fails", |_| {}).await;
}

#[tokio::test]
async fn jsforce_queries_in_bulk() {
    let org = jsforce("bulk_query", seven_accounts).await;

    // One page each: jsforce breaks at a second one (its issues 1546 and 1693).
    assert_eq!(org.journal().count_at("GET */results"), 3);
}

#[tokio::test]
async fn jsforce_goes_on_with_a_job_after_its_session_ended() {
    let org = jsforce("bulk_recovers", |org| {
        org.script().enqueue_at("GET */jobs/ingest/*", Answer::normal());
        org.enqueue_at("GET */jobs/ingest/*", org.session_ends());
    })
    .await;

    assert_eq!((org.journal().count(OrgEndpoint::Token), org.sessions()), (2, 1));
    assert_eq!(org.journal().count_at("POST */jobs/ingest"), 1);
}

#[tokio::test]
async fn jsforce_uses_the_tooling_api() {
    jsforce("tooling", |_| {}).await;
}

#[tokio::test]
async fn jsforce_calls_apex_rest() {
    let org = jsforce("apex_rest", |_| {}).await;

    assert_eq!(org.journal().count(OrgEndpoint::ApexRest), 2);
}

#[tokio::test]
async fn jsforce_deploys_by_rest() {
    let org = jsforce("deploy", |_| {}).await;

    assert_eq!(org.journal().count_at("POST */metadata/deployRequest"), 1);
}

#[tokio::test]
async fn simple_salesforce_inserts_updates_and_deletes_in_bulk() {
    let org = simple_salesforce("bulk_load", |org| org.bulk_pace(0)).await;

    assert_eq!(org.journal().count_at("POST */jobs/ingest"), 3);
}

#[tokio::test]
async fn simple_salesforce_upserts_in_bulk() {
    let org = simple_salesforce("bulk_upsert", |_| {}).await;

    assert_eq!(org.count("Widget__c").unwrap(), 1);
}

#[tokio::test]
async fn simple_salesforce_is_told_why_a_job_failed() {
    simple_salesforce("bulk_fails", |_| {}).await;
}

#[tokio::test]
async fn simple_salesforce_queries_in_bulk_to_the_last_page() {
    let org = simple_salesforce("bulk_query", seven_accounts).await;

    assert_eq!(org.journal().count_at("GET */results"), 3 + 2);
}
