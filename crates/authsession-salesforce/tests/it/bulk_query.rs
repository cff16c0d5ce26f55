//! Jobs that query.

use authsession_salesforce::{
    BulkColumnDelimiter, BulkFault, BulkJobState, BulkLineEnding, BulkOperation, BulkQuerySpec, CirrusError,
    CsvFormat,
};
use futures_util::TryStreamExt;
use serde::Deserialize;
use serde_json::json;

use crate::bulk_stage::{Bulk, TICK, read};

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
struct Account {
    name: String,
    industry: Option<String>,
}

fn accounts() -> BulkQuerySpec {
    BulkQuerySpec::new("SELECT Name, Industry FROM Account ORDER BY Name", BulkOperation::Query)
}

#[tokio::test]
async fn a_result_is_read_as_values_of_ones_own_type() {
    let bulk = Bulk::set().await;
    bulk.org().insert("Account", json!({ "Name": "Quotes \"and\"\nlines", "Industry": "Energy" })).unwrap();
    for delimiter in [BulkColumnDelimiter::Comma, BulkColumnDelimiter::Pipe, BulkColumnDelimiter::Tab] {
        let queries = bulk.salesforce.bulk().query();
        let spec = accounts().column_delimiter(delimiter).line_ending(BulkLineEnding::CRLF);
        let job = queries.create(&spec).await.unwrap();
        assert_eq!((job.state, job.column_delimiter), (BulkJobState::UploadComplete, delimiter));
        queries.wait(&job.id).poll_every(TICK, TICK).await.unwrap().completed().unwrap();
        let rows = queries.rows::<Account>(&job.id, CsvFormat::new().delimiter(delimiter)).unwrap();
        let rows: Vec<Account> = rows.try_collect().await.unwrap();
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[2].name, "Quotes \"and\"\nlines");
        assert_eq!(rows[2].industry.as_deref(), Some("Energy"));
    }
}

#[tokio::test]
async fn pages_are_fetched_by_their_locators() {
    let bulk = Bulk::set().await;
    let queries = bulk.salesforce.bulk().query();
    let id = bulk.made_up(25, 40).await;
    let mut locator = None;
    let mut sizes = Vec::new();
    loop {
        let page = queries.results(&id, locator.as_deref(), Some(10)).await.unwrap();
        sizes.push(page.number_of_records.unwrap());
        let streamed = queries.results_stream(&id, locator.as_deref(), Some(10)).await.unwrap();
        let next = streamed.headers().get("sforce-locator").unwrap().to_str().unwrap().to_owned();
        assert_eq!(page.locator.as_deref().unwrap_or("null"), next);
        assert_eq!(read(streamed).await, page.csv);
        locator = page.locator;
        if locator.is_none() {
            break;
        }
    }
    assert_eq!(sizes, [10, 10, 5]);
}

#[tokio::test]
async fn the_places_of_the_pages_are_told_for_those_who_fetch_several_at_once() {
    let bulk = Bulk::set().await;
    bulk.org().bulk_result_rows(10);
    let queries = bulk.salesforce.bulk().query();
    let id = bulk.made_up(75, 40).await;
    let first = queries.result_pages(&id, None).await.unwrap();
    let second = queries.result_pages(&id, first.next_locator().as_deref()).await.unwrap();
    assert!(!first.done && second.done && second.next_locator().is_none());
    let mut rows = 0;
    for page in first.result_pages.iter().chain(&second.result_pages) {
        let page = queries.results(&id, page.locator().as_deref(), None).await.unwrap();
        rows += page.number_of_records.unwrap();
    }
    assert_eq!(rows, 75);
}

#[tokio::test]
async fn a_query_is_aborted_and_removed() {
    let bulk = Bulk::set().await;
    let queries = bulk.salesforce.bulk().query();
    let job = queries.create(&accounts()).await.unwrap();
    assert_eq!(queries.abort(&job.id).await.unwrap().state, BulkJobState::Aborted);
    let outcome = queries.wait(&job.id).poll_every(TICK, TICK).await.unwrap();
    let error = outcome.completed().unwrap_err();
    assert!(matches!(error, CirrusError::Bulk(BulkFault::Aborted { .. })), "{error:?}");
    assert_eq!(queries.list(&Default::default()).await.unwrap().records.len(), 1);
    queries.delete(&job.id).await.unwrap();
    assert!(queries.get(&job.id).await.is_err());
}

#[tokio::test]
async fn neither_a_query_nor_its_rows_are_in_any_debug() {
    let bulk = Bulk::set().await;
    let id = bulk.made_up(3, 40).await;
    let page = bulk.salesforce.bulk().query().results(&id, None, None).await.unwrap();
    assert!(page.csv.starts_with(b"\"Id\""));
    let told = format!("{:?} {page:?}", accounts());
    assert!(!told.contains("SELECT") && !told.contains("00000"), "{told}");
}
