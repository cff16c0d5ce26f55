//! Results of any size, as they come.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use authsession_salesforce::auth::StaticTokenAuth;
use authsession_salesforce::{BulkPosition, Cirrus, CirrusError, RetryPolicy};
use authsession_testkit::script::Answer;
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::bulk_stage::{Bulk, TICK, read};

/// Rows are numbered by their first column.
fn numbers(csv: &str) -> Vec<usize> {
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("\"Id\",\"Name\""), "the header comes first");
    lines.map(|line| line[1..11].parse().expect("and only once")).collect()
}

fn upto(rows: usize) -> Vec<usize> {
    (0..rows).collect()
}

const RESULTS: &str = "GET */results";

#[tokio::test]
async fn all_pages_are_one_csv_with_one_header() {
    let bulk = Bulk::set().await;
    let id = bulk.made_up(95, 100).await;
    let results = bulk.salesforce.bulk().query().all_results(&id).unwrap().max_records(10);
    assert_eq!(numbers(&read(results).await), upto(95));
    assert_eq!(bulk.count_at(RESULTS), 10);
}

#[tokio::test]
async fn a_page_that_breaks_off_is_asked_for_again_and_no_row_is_lost_or_repeated() {
    let bulk = Bulk::set().await;
    bulk.org().bulk_result_rows(2_000);
    let id = bulk.made_up(5_000, 100).await;
    bulk.org().enqueue_at(RESULTS, Answer::truncated());
    bulk.org().enqueue_at(RESULTS, Answer::normal());
    bulk.org().enqueue_at(RESULTS, Answer::truncated());
    bulk.org().enqueue_at(RESULTS, Answer::truncated());
    let results = bulk.salesforce.bulk().query().all_results(&id).unwrap();
    assert_eq!(numbers(&read(results).await), upto(5_000));
    let asked = bulk.org().journal().requests_at(RESULTS);
    let locators: Vec<_> = asked.iter().map(|asked| asked.query_value("locator")).collect();
    assert_eq!(locators.len(), 6);
    assert!(locators[0].is_none() && locators[0] == locators[1]);
    assert!(locators[2].is_some() && locators[2] == locators[3] && locators[3] == locators[4]);
    assert_ne!(locators[4], locators[5]);
}

#[tokio::test]
async fn a_result_that_goes_on_breaking_off_ends_where_another_one_goes_on() {
    let bulk = Bulk::with_policy(RetryPolicy::none()).await;
    bulk.org().bulk_result_rows(2_000);
    let id = bulk.made_up(5_000, 100).await;
    let queries = bulk.salesforce.bulk().query();
    let (mut got, mut position) = (String::new(), BulkPosition::default());
    for round in 0.. {
        if round < 3 {
            bulk.org().enqueue_at(RESULTS, Answer::truncated());
        }
        // What was handed on was written down, and the process began anew.
        let kept = serde_json::to_string(&position).unwrap();
        let mut results =
            queries.all_results(&id).unwrap().from_position(serde_json::from_str(&kept).unwrap());
        let mut failed = false;
        while let Some(piece) = results.next().await {
            match piece {
                Ok(piece) => got.push_str(std::str::from_utf8(&piece).unwrap()),
                Err(error) => {
                    failed = true;
                    assert!(error.is_transient(), "{error:?}");
                }
            }
        }
        position = results.position().clone();
        if !failed {
            break;
        }
        assert!(got.ends_with('\n'), "only whole rows");
    }
    assert_eq!(numbers(&got), upto(5_000));
}

#[tokio::test]
async fn a_page_that_ends_too_early_without_any_sign_is_noticed_by_the_rows_that_are_missing() {
    let bulk = Bulk::set().await;
    let id = bulk.made_up(4, 30).await;
    let page = bulk.salesforce.bulk().query().results(&id, None, None).await.unwrap().csv;
    // In the middle of a row, and between two.
    for kept in [page.len() / 2, page.len() - 32, page.len() - 5] {
        let cut_off = Answer::raw(200, "text/csv", page.slice(..kept)).header("sforce-numberofrecords", "4");
        bulk.org().enqueue_at(RESULTS, cut_off.header("sforce-locator", "null"));
        let results = bulk.salesforce.bulk().query().all_results(&id).unwrap();
        assert_eq!(numbers(&read(results).await), upto(4));
    }
}

#[tokio::test]
async fn a_session_that_ends_between_two_pages_costs_one_token() {
    let bulk = Bulk::set().await;
    let id = bulk.made_up(30, 100).await;
    bulk.org().enqueue_at(RESULTS, Answer::normal());
    bulk.org().enqueue_at(RESULTS, bulk.org().session_ends());
    let results = bulk.salesforce.bulk().query().all_results(&id).unwrap().max_records(10);
    assert_eq!(numbers(&read(results).await), upto(30));
    assert_eq!(bulk.grants(), 2);
}

#[tokio::test]
async fn a_result_of_another_query_is_not_mixed_in() {
    let bulk = Bulk::set().await;
    let id = bulk.made_up(30, 100).await;
    bulk.org().enqueue_at(RESULTS, Answer::normal());
    bulk.org().enqueue_at(RESULTS, Answer::raw(200, "text/csv", "\"Name\"\n\"Somebody\"\n"));
    let mut results = bulk.salesforce.bulk().query().all_results(&id).unwrap().max_records(10);
    let mut outcome = Ok(Default::default());
    while let Some(piece) = results.next().await {
        outcome = piece;
    }
    assert!(matches!(outcome, Err(CirrusError::InvalidResponse(_))), "{outcome:?}");
}

#[tokio::test]
async fn results_of_a_load_that_break_off_go_on() {
    let bulk = Bulk::set().await;
    let csv = format!("Name\n{}", "An account with a name of some length\n".repeat(4_000));
    let ingest = bulk.salesforce.bulk().ingest();
    let load = ingest.load(crate::bulk_stage::insert()).poll_every(TICK, TICK);
    let jobs = load.send(csv).await.unwrap();
    let id = &jobs[0].job().id;
    let whole = ingest.successful_results(id).await.unwrap();
    bulk.org().enqueue_at("GET */successfulResults", Answer::truncated());
    let streamed = read(ingest.successful_results_stream(id).await.unwrap()).await;
    assert_eq!(streamed, whole);
    assert_eq!(bulk.count_at("GET */successfulResults"), 3);
}

/// Answers any request with that many rows of a kilobyte, and counts the bytes that left.
async fn endless_org(rows: usize) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let left = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&left);
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let _ = socket.read(&mut [0; 4096]).await.unwrap();
        let head =
            b"HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\nsforce-locator: null\r\nconnection: close\r\n\r\n";
        socket.write_all(head).await.unwrap();
        socket.write_all(b"\"Id\",\"Name\"\n").await.unwrap();
        let row = format!("\"001\",\"{}\"\n", "x\n".repeat(508)).repeat(16);
        for _ in 0..rows / 16 {
            socket.write_all(row.as_bytes()).await.unwrap();
            counted.fetch_add(row.len(), Ordering::SeqCst);
        }
    });
    (url, left)
}

#[tokio::test]
async fn sixty_four_megabytes_pass_and_only_a_few_are_on_their_way() {
    const ROWS: usize = 64 * 1024;
    let (url, left) = endless_org(ROWS).await;
    let auth = Arc::new(StaticTokenAuth::new("00Dxx!AQ", url));
    let salesforce = Cirrus::builder().auth(auth).build().unwrap();
    let mut results = salesforce.bulk().query().all_results("750000000000001AAA").unwrap();
    let (mut got, mut most, mut largest) = (0, 0, 0);
    while let Some(piece) = results.next().await {
        got += piece.as_ref().unwrap().len();
        largest = largest.max(piece.unwrap().len());
        // So that the other side gets as far ahead as it can.
        tokio::task::yield_now().await;
        most = most.max(left.load(Ordering::SeqCst).saturating_sub(got));
    }
    assert!(got > 64 * 1024 * 1024, "{got}");
    assert!(largest < 1024 * 1024, "{largest} bytes at once");
    assert!(most < 16 * 1024 * 1024, "{most} bytes on their way, those in the kernel's buffers among them");
    assert!(results.position().rows as usize == ROWS);
}
