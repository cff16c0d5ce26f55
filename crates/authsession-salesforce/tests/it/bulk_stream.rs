//! Results of any size, as they come.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use authsession_salesforce::auth::StaticTokenAuth;
use authsession_salesforce::{BulkPosition, BulkSource, Bytes, Cirrus, CirrusError, RetryPolicy};
use authsession_testkit::script::Answer;
use futures_util::{StreamExt, stream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::bulk_stage::{Bulk, TICK, read};

/// Rows are numbered by their first column.
fn numbers(csv: &str) -> Vec<usize> {
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("\"Id\",\"Name\""), "the header comes first, and only once");
    lines.map(|line| line[1..11].parse().unwrap()).collect()
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
        assert!(got.ends_with('\n') && position.rows > 0, "whole rows, and some of them");
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
async fn a_repeated_locator_is_an_error_and_no_end() {
    let bulk = Bulk::set().await;
    let id = bulk.made_up(3, 100).await;
    let page = |row: &str, next: &str| {
        let csv = format!("\"Id\",\"Name\"\n\"{row}\",\"x\"\n");
        bulk.org().enqueue_at(RESULTS, Answer::raw(200, "text/csv", csv).header("sforce-locator", next));
    };
    let queries = bulk.salesforce.bulk().query();
    // Of itself, and of the page before.
    for (pages, rows) in [(&["MQ", "MQ"][..], 2), (&["MQ", "Mg", "MQ"], 3)] {
        for (row, next) in pages.iter().enumerate() {
            page(&format!("{row:010}"), next);
        }
        let asked = bulk.count_at(RESULTS);
        let mut pieces: Vec<_> = queries.all_results(&id).unwrap().take(20).collect().await;
        assert!(matches!(pieces.pop(), Some(Err(CirrusError::InvalidResponse(_)))));
        let csv: Vec<u8> = pieces.into_iter().flat_map(|piece| piece.unwrap()).collect();
        assert_eq!(numbers(std::str::from_utf8(&csv).unwrap()), upto(rows), "every page is handed on");
        assert_eq!(bulk.count_at(RESULTS) - asked, rows);
    }
    // One page, by whoever follows the locators by himself or began where another one stopped.
    page("0000000000", "MQ");
    let error = queries.results(&id, Some("MQ"), None).await.unwrap_err();
    assert!(matches!(error, CirrusError::InvalidResponse(_)), "{error:?}");
    page("0000000000", "MQ");
    let pieces: Vec<_> = queries.results_stream(&id, Some("MQ"), None).await.unwrap().collect().await;
    assert!(matches!(pieces.last(), Some(Err(CirrusError::InvalidResponse(_)))));
    page("0000000000", "MQ");
    let again = queries.all_results(&id).unwrap().from_position(BulkPosition::at("MQ"));
    let pieces: Vec<_> = again.take(20).collect().await;
    assert!(matches!(pieces.last(), Some(Err(CirrusError::InvalidResponse(_)))));
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

const MEBIBYTE: usize = 1024 * 1024;

/// How far one side is. The other one goes on only while less than a mebibyte is between them: whoever holds back more stops both.
#[derive(Clone, Default)]
struct Gauge(Arc<AtomicUsize>);

impl Gauge {
    fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes, Ordering::SeqCst);
    }

    async fn is_near(&self, sent: usize) {
        while self.0.load(Ordering::SeqCst) + MEBIBYTE < sent {
            tokio::task::yield_now().await;
        }
    }
}

const PATIENCE: Duration = Duration::from_secs(20);
const PIECES: usize = 1024;

fn client(listener: &TcpListener) -> Cirrus {
    let url = format!("http://{}", listener.local_addr().unwrap());
    Cirrus::builder().auth(Arc::new(StaticTokenAuth::new("00Dxx!AQ", url))).build().unwrap()
}

#[tokio::test]
async fn sixty_four_megabytes_pass_and_no_more_than_one_is_held() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let salesforce = client(&listener);
    let handed_on = Gauge::default();
    let gauge = handed_on.clone();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let _ = socket.read(&mut [0; 4096]).await.unwrap();
        let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\nconnection: close\r\n\r\n\"Id\",\"Name\"\n";
        socket.write_all(head).await.unwrap();
        let rows = format!("\"001\",\"{}\"\n", "x\n".repeat(508)).repeat(64);
        for at in 0..PIECES {
            gauge.is_near(at * rows.len()).await;
            socket.write_all(rows.as_bytes()).await.unwrap();
        }
    });
    let mut results = salesforce.bulk().query().all_results("750000000000001AAA").unwrap();
    let read = async {
        while let Some(piece) = results.next().await {
            handed_on.add(piece.unwrap().len());
        }
    };
    timeout(PATIENCE, read).await.unwrap();
    assert!(handed_on.0.load(Ordering::SeqCst) > 64 * MEBIBYTE);
    assert_eq!(results.position().rows, 64 * 1024);
}

const JOB: &str = r#"{"id":"750000000000001AAA","operation":"insert","object":"Account","state":"Open","lineEnding":"LF",
    "columnDelimiter":"COMMA","contentType":"CSV","apiVersion":66.0,"concurrencyMode":"Parallel","createdById":"005",
    "createdDate":"2030-01-01T00:00:00.000+0000","systemModstamp":"2030-01-01T00:00:00.000+0000"}"#;

#[tokio::test]
async fn sixty_four_megabytes_are_uploaded_and_no_more_than_one_is_held() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let salesforce = client(&listener);
    let came = Gauge::default();
    let gauge = came.clone();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut piece = vec![0; 256 * 1024];
        assert_ne!(socket.read(&mut piece).await.unwrap(), 0, "the job is asked for");
        let length = JOB.len();
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
        socket.write_all(format!("{head}{JOB}").as_bytes()).await.unwrap();
        loop {
            let read = socket.read(&mut piece).await.unwrap();
            gauge.add(read);
            if piece[..read].ends_with(b"0\r\n\r\n") {
                break;
            }
        }
        socket.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    });
    let rows = Bytes::from(format!("\"{}\"\n", "x".repeat(1021)).repeat(64));
    let gauge = came.clone();
    let pieces = stream::iter(0..PIECES).then(move |at| {
        let (gauge, rows) = (gauge.clone(), rows.clone());
        async move {
            gauge.is_near(at * rows.len()).await;
            Ok(rows)
        }
    });
    let ingest = salesforce.bulk().ingest();
    let upload = ingest.upload_from("750000000000001AAA", BulkSource::once(pieces));
    timeout(PATIENCE, upload).await.unwrap().unwrap();
    assert!(came.0.load(Ordering::SeqCst) > 64 * MEBIBYTE);
}
