//! What goes wrong at an org because the test says so.

use crate::org_bulk::Bulk;
use crate::org_bulk::INGEST;
use authsession_testkit::browser::Browser;
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;
use http::Method;
use serde_json::json;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const LIMITS: &str = "/services/data/v66.0/limits";

/// A connection that has asked for the limits.
async fn asked(bulk: &Bulk) -> TcpStream {
    let mut stream = TcpStream::connect(bulk.stage.org.address()).await.unwrap();
    let request =
        format!("GET {LIMITS} HTTP/1.1\r\nHost: org\r\nAuthorization: Bearer {}\r\n\r\n", bulk.token);
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// The length an answer announces: its head is read.
async fn announced(stream: &mut TcpStream) -> usize {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    length.parse().unwrap()
}

/// That many bytes come, and then the connection is open and silent.
async fn only(stream: &mut TcpStream, bytes: usize) {
    stream.read_exact(&mut vec![0; bytes]).await.unwrap();
    let more = tokio::time::timeout(Duration::from_millis(20), stream.read_u8()).await;
    assert!(more.is_err(), "{more:?}");
}

#[tokio::test]
async fn a_fault_is_of_the_requests_that_fit_its_pattern_and_comes_before_the_endpoints() {
    let bulk = Bulk::new().await;
    let org = &bulk.stage.org;
    org.enqueue(OrgEndpoint::Rest, Answer::status(500));
    org.enqueue_at("GET */limits", Answer::status(503).retry_after(7));
    let busy = bulk.get(LIMITS).await;
    assert_eq!((busy.status.as_u16(), busy.header("retry-after")), (503, Some("7")));
    assert_eq!(bulk.get(LIMITS).await.status, 500);
    assert_eq!(bulk.get(LIMITS).await.status, 200);
    assert_eq!((org.journal().count_at("*/limits"), org.journal().count_at("POST */limits")), (3, 0));
}

#[tokio::test]
async fn a_pattern_is_answered_alike_until_it_is_cleared() {
    let bulk = Bulk::new().await;
    let script = bulk.stage.org.script();
    script.always_at("*/limits", Answer::api_error(429, "TOO_MANY_REQUESTS", "slow down").retry_after(1));
    for _ in 0..2 {
        assert_eq!(bulk.get(LIMITS).await.status, 429);
    }
    script.clear_at("*/limits");
    assert_eq!(bulk.get(LIMITS).await.status, 200);
}

#[tokio::test]
async fn sessions_end_before_the_request_the_test_names() {
    let bulk = Bulk::new().await;
    let org = &bulk.stage.org;
    org.script().enqueue_many_at("GET */jobs/ingest/*", &Answer::normal(), 2);
    org.enqueue_at("GET */jobs/ingest/*", org.session_ends());
    let spec = json!({ "object": "Account", "operation": "insert" });
    let job = bulk.ask(Method::POST, INGEST, &spec.to_string()).await.json().unwrap();
    let job = format!("{INGEST}/{}", job["id"].as_str().unwrap());
    for status in [200, 200, 401, 401] {
        assert_eq!(bulk.get(&job).await.status, status);
    }
}

#[tokio::test]
async fn a_session_is_refused_in_each_of_its_ways() {
    let bulk = Bulk::new().await;
    for (answer, status, words) in [
        (Answer::session_expired(), 401, "Session expired or invalid"),
        (Answer::session_not_for_rest(), 401, "This session is not valid for use with the REST API"),
        (Answer::bad_oauth_token(401), 401, "Bad_OAuth_Token"),
        (Answer::redirect("https://elsewhere.example/"), 302, ""),
    ] {
        bulk.stage.org.enqueue(OrgEndpoint::Rest, answer);
        let browser = Browser::new().unwrap();
        let page = browser
            .navigate_without_following(format!("{}{LIMITS}", bulk.stage.org.instance_url()))
            .await
            .unwrap();
        assert_eq!(page.status, status);
        assert!(page.text().contains(words), "{}", page.text());
    }
}

#[tokio::test]
async fn half_of_an_answer_is_sent_and_then_nothing_more() {
    let bulk = Bulk::new().await;
    bulk.stage.org.enqueue(OrgEndpoint::Rest, Answer::stalled());
    let mut stream = asked(&bulk).await;
    let length = announced(&mut stream).await;
    only(&mut stream, length / 2).await;
}

#[tokio::test]
async fn half_of_an_answer_is_sent_and_the_connection_breaks() {
    let bulk = Bulk::new().await;
    bulk.stage.org.enqueue(OrgEndpoint::Rest, Answer::truncated());
    let mut stream = asked(&bulk).await;
    let length = announced(&mut stream).await;
    let mut sent = Vec::new();
    // How it breaks, an end or a reset, is the system's to say.
    let _ = stream.read_to_end(&mut sent).await;
    assert_eq!(sent.len(), length / 2);
}

#[tokio::test]
async fn an_answer_is_sent_a_few_bytes_a_tick() {
    let bulk = Bulk::new().await;
    bulk.stage.org.enqueue(OrgEndpoint::Rest, Answer::slow(400, Duration::from_millis(1)));
    let mut stream = asked(&bulk).await;
    let length = announced(&mut stream).await;
    only(&mut stream, length).await;
    bulk.stage.org.enqueue(OrgEndpoint::Rest, Answer::slow(3, Duration::from_secs(3600)));
    let mut stream = asked(&bulk).await;
    announced(&mut stream).await;
    only(&mut stream, 3).await;
}

#[tokio::test]
async fn a_streamed_answer_stalls_and_breaks_after_its_first_chunk() {
    let bulk = Bulk::new().await;
    let id = bulk.stage.org.add_event_log("Login", 100_000).unwrap();
    let file = format!("/services/data/v66.0/sobjects/EventLogFile/{id}/LogFile");
    bulk.stage.org.enqueue_at("GET */LogFile", Answer::truncated());
    let authorization = format!("Bearer {}", bulk.token);
    let url = format!("{}{file}", bulk.stage.org.instance_url());
    let headers = [("authorization", authorization.as_str())];
    assert!(bulk.stage.browser.fetch_with(Method::GET, &url, &headers, "").await.is_err());
    assert_eq!(bulk.get(&file).await.text().lines().count(), 100_001);
}
