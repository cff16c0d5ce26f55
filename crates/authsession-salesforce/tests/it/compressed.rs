//! An org that packs its answers, as real ones do: nothing of it shows, and what breaks off is noticed.

use authsession_salesforce::{BulkPosition, CirrusError, RetryPolicy};
use authsession_testkit::script::Answer;
use futures_util::StreamExt;

use crate::bulk_stage::{Bulk, TICK, read};
use crate::stage::Stage;

const RESULTS: &str = "GET */results";
const ROWS: usize = 5_000;

async fn packed(policy: RetryPolicy) -> Bulk {
    Bulk::of(Stage::set_with(|org| org.compresses(true)).await, policy)
}

fn patient() -> RetryPolicy {
    RetryPolicy { base_delay: TICK, ..RetryPolicy::default() }
}

fn rows(csv: &str) -> Vec<usize> {
    csv.lines().skip(1).map(|line| line[1..11].parse().unwrap()).collect()
}

fn all() -> Vec<usize> {
    (0..ROWS).collect()
}

#[tokio::test]
async fn records_and_errors_are_read_as_they_are() {
    let bulk = packed(patient()).await;
    let found = bulk.salesforce.query("SELECT Id, Name FROM Account").await.unwrap();
    assert_eq!(found.records.len(), 2);
    let error = bulk.salesforce.query("SELECT Nope FROM Account").await.unwrap_err();
    let CirrusError::Api { errors, .. } = &error else { panic!("{error:?}") };
    assert_eq!(errors[0].error_code, "INVALID_FIELD");
}

#[tokio::test]
async fn bulk_results_come_as_they_are_page_by_page_and_as_one_stream() {
    let bulk = packed(patient()).await;
    let id = bulk.made_up(ROWS, 100).await;
    let queries = bulk.salesforce.bulk().query();
    let page = queries.results(&id, None, None).await.unwrap().csv;
    assert_eq!(rows(std::str::from_utf8(&page).unwrap()), all());
    assert_eq!(rows(&read(queries.all_results(&id).unwrap()).await), all());
}

#[tokio::test]
async fn a_packed_page_that_breaks_off_is_asked_for_again_and_no_row_is_lost_or_repeated() {
    let bulk = packed(patient()).await;
    bulk.org().bulk_result_rows(2_000);
    let id = bulk.made_up(ROWS, 100).await;
    for answer in [Answer::truncated(), Answer::normal(), Answer::truncated(), Answer::truncated()] {
        bulk.org().enqueue_at(RESULTS, answer);
    }
    assert_eq!(rows(&read(bulk.salesforce.bulk().query().all_results(&id).unwrap()).await), all());
    assert_eq!(bulk.count_at(RESULTS), 6);
}

#[tokio::test]
async fn who_gave_up_on_a_packed_page_goes_on_at_the_row_it_has() {
    let bulk = packed(RetryPolicy::none()).await;
    let id = bulk.made_up(ROWS, 100).await;
    let (queries, mut position, mut got) =
        (bulk.salesforce.bulk().query(), BulkPosition::default(), String::new());
    bulk.org().enqueue_at(RESULTS, Answer::truncated());
    for fails in [true, false] {
        let mut results = queries.all_results(&id).unwrap().from_position(position);
        let mut failed = false;
        while let Some(piece) = results.next().await {
            match piece {
                Ok(piece) => got.push_str(std::str::from_utf8(&piece).unwrap()),
                Err(error) => failed = error.is_transient(),
            }
        }
        assert_eq!(failed, fails);
        position = results.position().clone();
        assert!(position.rows > 0);
    }
    assert_eq!(rows(&got), all());
}
