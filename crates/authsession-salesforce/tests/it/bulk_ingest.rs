//! Jobs that load rows, step by step.

use std::io;

use authsession_salesforce::{
    BulkFault, BulkJobListOptions, BulkJobState, BulkJobType, BulkOperation, BulkOutcome, BulkSource, Bytes,
    CirrusError, MAX_MULTIPART_JOB_DATA_CHARS, RetryPolicy,
};
use authsession_testkit::script::Answer;
use futures_util::stream;

use crate::bulk_stage::{Bulk, CsvFile, TICK, insert, read};
use crate::stage::minutes;

/// No test waits longer.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);
const CSV: &str = "Name,Industry\nOne,Energy\n\"Two, Ltd\",Energy\n,Energy\n";

fn pieces() -> impl futures_util::Stream<Item = io::Result<Bytes>> + Send {
    stream::iter(CSV.as_bytes().chunks(7).map(|piece| Ok(Bytes::from_static(piece))))
}

impl Bulk {
    async fn open(&self) -> String {
        self.salesforce.bulk().ingest().create(&insert()).await.unwrap().id
    }

    async fn closed(&self) -> String {
        let (id, ingest) = (self.open().await, self.salesforce.bulk().ingest());
        ingest.upload(&id, Bytes::from_static(CSV.as_bytes())).await.unwrap();
        ingest.close(&id).await.unwrap();
        id
    }
}

#[tokio::test]
async fn rows_are_loaded_and_told_apart_by_what_became_of_them() {
    let bulk = Bulk::set().await;
    let ingest = bulk.salesforce.bulk().ingest();
    let job = ingest.create(&insert()).await.unwrap();
    assert_eq!(
        (job.state, job.operation, job.object.as_str()),
        (BulkJobState::Open, BulkOperation::Insert, "Account")
    );
    ingest.upload(&job.id, Bytes::from_static(CSV.as_bytes())).await.unwrap();
    assert_eq!(ingest.close(&job.id).await.unwrap().state, BulkJobState::UploadComplete);
    let mut states = Vec::new();
    let wait = ingest.wait(&job.id).poll_every(TICK, TICK);
    let wait = wait.on_progress(|progress| states.push((progress.state, progress.records_processed)));
    let job = wait.await.unwrap().completed().unwrap();
    assert_eq!((job.number_records_processed, job.number_records_failed), (Some(3), Some(1)));
    assert_eq!(states.last(), Some(&(BulkJobState::JobComplete, 3)));
    assert!(states.len() > 1, "{states:?}");
    let good = ingest.successful_results(&job.id).await.unwrap();
    assert_eq!(good, read(ingest.successful_results_stream(&job.id).await.unwrap()).await);
    assert_eq!(String::from_utf8_lossy(&good).lines().count(), 3);
    let bad = read(ingest.failed_results_stream(&job.id).await.unwrap()).await;
    assert!(bad.contains("REQUIRED_FIELD_MISSING"), "{bad}");
    assert_eq!(ingest.failed_results(&job.id).await.unwrap(), bad);
    let left = read(ingest.unprocessed_records_stream(&job.id).await.unwrap()).await;
    assert_eq!(left, "\"Name\",\"Industry\"\n");
    assert_eq!(ingest.unprocessed_records(&job.id).await.unwrap(), left);
    ingest.delete(&job.id).await.unwrap();
    assert!(matches!(ingest.get(&job.id).await.unwrap_err(), CirrusError::Api { status: 404, .. }));
}

#[tokio::test]
async fn a_job_comes_with_its_data_in_one_request_up_to_a_limit() {
    let bulk = Bulk::set().await;
    let ingest = bulk.salesforce.bulk().ingest();
    let job = ingest.create_with_data(&insert(), Bytes::from_static(CSV.as_bytes())).await.unwrap();
    assert_eq!(job.state, BulkJobState::UploadComplete);
    let job = ingest.wait(&job.id).poll_every(TICK, TICK).await.unwrap().completed().unwrap();
    assert_eq!(job.number_records_processed, Some(3));
    // Characters count, not bytes.
    let longest = format!("Name\n{}", "ü".repeat(MAX_MULTIPART_JOB_DATA_CHARS - 5));
    ingest.create_with_data(&insert(), longest.clone().into()).await.unwrap();
    let asked = bulk.count_at("POST */jobs/ingest");
    for wrong in [Bytes::from(longest + "x"), Bytes::from_static(b"Name\n\xff")] {
        let error = ingest.create_with_data(&insert(), wrong).await.unwrap_err();
        assert!(matches!(error, CirrusError::InvalidInput { field: "csv", .. }), "{error:?}");
    }
    assert_eq!(bulk.count_at("POST */jobs/ingest"), asked);
}

#[tokio::test]
async fn a_session_that_ends_in_the_middle_of_a_job_costs_one_token_and_no_call() {
    let bulk = Bulk::set().await;
    let steps = ["POST */jobs/ingest", "PUT */batches", "PATCH */jobs/ingest/*", "GET */jobs/ingest/750*"];
    for (round, step) in (1..).zip(steps) {
        bulk.stage.time.advance(minutes(10));
        bulk.org().enqueue_at(step, bulk.org().session_ends());
        let id = bulk.closed().await;
        let ingest = bulk.salesforce.bulk().ingest();
        ingest.wait(&id).poll_every(TICK, TICK).await.unwrap().completed().unwrap();
        assert_eq!(
            ingest.successful_results(&id).await.unwrap().iter().filter(|byte| **byte == b'\n').count(),
            3
        );
        assert_eq!(bulk.grants(), 1 + round, "{step}");
    }
}

#[tokio::test]
async fn an_upload_from_anywhere_that_can_be_read_again_survives_the_end_of_the_session() {
    let file = CsvFile::of(CSV);
    let bulk = Bulk::set().await;
    let sources = [BulkSource::file(&file.0), BulkSource::repeatable(pieces), BulkSource::from(CSV)];
    for (round, source) in (1..).zip(sources) {
        bulk.org().journal().clear();
        let (id, ingest) = (bulk.open().await, bulk.salesforce.bulk().ingest());
        bulk.org().enqueue_at("PUT */batches", bulk.org().session_ends());
        ingest.upload_from(&id, source).await.unwrap();
        ingest.close(&id).await.unwrap();
        let job = ingest.wait(&id).poll_every(TICK, TICK).await.unwrap().completed().unwrap();
        assert_eq!((job.number_records_processed, bulk.grants()), (Some(3), if round == 1 { 2 } else { 1 }));
        let sent = bulk.org().journal().requests_at("PUT */batches");
        assert_eq!(sent.iter().map(|sent| sent.status).collect::<Vec<_>>(), [Some(401), Some(201)]);
        assert!(sent.iter().all(|sent| sent.body == CSV), "the same bytes both times");
    }
}

#[tokio::test]
async fn what_can_be_read_once_is_sent_once_and_the_error_says_so() {
    for source in [BulkSource::once(pieces()), BulkSource::reader(CSV.as_bytes())] {
        let bulk = Bulk::set().await;
        let (id, ingest) = (bulk.open().await, bulk.salesforce.bulk().ingest());
        bulk.org().enqueue_at("PUT */batches", bulk.org().session_ends());
        let error = ingest.upload_from(&id, source).await.unwrap_err();
        assert!(matches!(error, CirrusError::Bulk(BulkFault::SourceSpent)), "{error:?}");
        assert_eq!(bulk.count_at("PUT */batches"), 1);
        assert_eq!(ingest.get(&id).await.unwrap().state, BulkJobState::Open);
        // A session that ended before was noticed in time.
        bulk.org().expire_sessions();
        ingest.upload_from(&id, BulkSource::once(pieces())).await.unwrap();
    }
}

#[tokio::test]
async fn data_that_cannot_be_read_is_told_from_a_network_that_fails() {
    let bulk = Bulk::set().await;
    let (id, ingest) = (bulk.open().await, bulk.salesforce.bulk().ingest());
    let error = ingest.upload_from(&id, BulkSource::file("/nowhere/accounts.csv")).await.unwrap_err();
    let not_found = io::ErrorKind::NotFound;
    assert!(
        matches!(error, CirrusError::Bulk(BulkFault::SourceFailed { kind }) if kind == not_found),
        "{error:?}"
    );
    let breaks = stream::iter([
        Ok(Bytes::from("Name\nOne\nTwo\n".repeat(20_000))),
        Err(io::ErrorKind::ConnectionReset.into()),
    ]);
    let error = ingest.upload_from(&id, BulkSource::once(breaks)).await.unwrap_err();
    assert!(matches!(error, CirrusError::Bulk(BulkFault::SourceFailed { .. })), "{error:?}");
}

#[tokio::test]
async fn nothing_that_may_have_arrived_is_sent_twice() {
    let bulk = Bulk::set().await;
    let ingest = bulk.salesforce.bulk().ingest();
    for answer in [Answer::dropped_after(), Answer::status(503)] {
        bulk.org().enqueue_at("POST */jobs/ingest", answer);
        assert!(ingest.create(&insert()).await.unwrap_err().is_transient());
    }
    assert_eq!(bulk.count_at("POST */jobs/ingest"), 2);
    for answer in [Answer::dropped_after(), Answer::status(503)] {
        let id = bulk.open().await;
        bulk.org().enqueue_at("PUT */batches", answer);
        assert!(ingest.upload(&id, Bytes::from_static(CSV.as_bytes())).await.unwrap_err().is_transient());
        assert_eq!(bulk.count_at(&format!("PUT */{id}/batches")), 1);
    }
}

#[tokio::test]
async fn a_salesforce_that_is_away_while_a_job_runs_is_waited_for() {
    let bulk = Bulk::with_policy(RetryPolicy::none()).await;
    let id = bulk.closed().await;
    for answer in [Answer::status(503), Answer::dropped_before(), Answer::status(500), Answer::truncated()] {
        bulk.org().enqueue_at("GET */jobs/ingest/750*", answer);
    }
    let ingest = bulk.salesforce.bulk().ingest();
    let job = ingest.wait(&id).poll_every(TICK, TICK).await.unwrap().completed().unwrap();
    assert_eq!(job.number_records_processed, Some(3));
}

#[tokio::test]
async fn a_salesforce_that_asks_for_a_years_patience_is_an_error_and_no_silence() {
    let bulk = Bulk::with_policy(RetryPolicy::none()).await;
    let (id, ingest) = (bulk.closed().await, bulk.salesforce.bulk().ingest());
    let away = |seconds: &str| Answer::status(503).header("retry-after", seconds);
    bulk.org().enqueue_at("GET */jobs/ingest/750*", away("31536000"));
    let waited = tokio::time::timeout(PATIENCE, ingest.wait(&id).poll_every(TICK, TICK)).await;
    let error = waited.expect("it does not wait for a year").unwrap_err();
    assert!(error.is_transient() && matches!(error, CirrusError::Api { status: 503, .. }), "{error:?}");
    assert_eq!(bulk.count_at("GET */jobs/ingest/750*"), 1);
}

#[tokio::test]
async fn a_job_that_is_not_over_in_time_goes_on_and_is_waited_for_again_by_its_id() {
    let bulk = Bulk::set().await;
    bulk.org().bulk_pace(1_000_000);
    let id = bulk.closed().await;
    let wait = bulk.salesforce.bulk().ingest().wait(&id).poll_every(TICK, TICK).deadline(TICK * 20);
    let error = wait.await.unwrap_err();
    assert!(matches!(&error, CirrusError::StillRunning { id: running } if *running == id), "{error:?}");
    assert!(error.is_transient() && error.to_string().contains(&id));
    bulk.org().bulk_pace(0);
    let again = bulk.salesforce.clone();
    again.bulk().ingest().wait(&id).poll_every(TICK, TICK).await.unwrap().completed().unwrap();
}

#[tokio::test]
async fn a_job_that_was_aborted_or_failed_is_an_outcome_and_tells_what_it_left() {
    let bulk = Bulk::set().await;
    let ingest = bulk.salesforce.bulk().ingest();
    let id = bulk.closed().await;
    let mut polls = 0;
    let other = bulk.salesforce.clone();
    let mut abort = None;
    let wait = ingest.wait(&id).poll_every(TICK, TICK).on_progress(|progress| {
        polls += 1;
        if progress.state == BulkJobState::InProgress && abort.is_none() {
            let (other, id) = (other.clone(), progress.job_id.clone());
            abort = Some(tokio::spawn(async move { other.bulk().ingest().abort(&id).await }));
        }
    });
    bulk.org().bulk_pace(200);
    let outcome = wait.await.unwrap();
    assert!(matches!(&outcome, BulkOutcome::Aborted(job) if job.id == id), "{outcome:?}");
    let error = outcome.completed().unwrap_err();
    assert!(matches!(error, CirrusError::Bulk(BulkFault::Aborted { .. })), "{error:?}");
    bulk.org().bulk_pace(1);
    bulk.org().fail_next_bulk_job("InternalServerError : Retried more than ten times");
    let id = bulk.closed().await;
    let outcome = ingest.wait(&id).poll_every(TICK, TICK).await.unwrap();
    let BulkOutcome::Failed(job) = &outcome else { panic!("{outcome:?}") };
    assert_eq!(job.error_message.as_deref(), Some("InternalServerError : Retried more than ten times"));
    assert!(!outcome.completed().unwrap_err().to_string().contains("ten times"));
    assert!(ingest.unprocessed_records(&id).await.unwrap().len() > 20);
}

#[tokio::test]
async fn jobs_are_listed_page_after_page() {
    let bulk = Bulk::set().await;
    let ingest = bulk.salesforce.bulk().ingest();
    bulk.org().bulk_jobs_listed(2);
    for _ in 0..3 {
        bulk.open().await;
    }
    let options = BulkJobListOptions::new().job_type(BulkJobType::V2Ingest).pk_chunking_enabled(false);
    let first = ingest.list(&options).await.unwrap();
    assert_eq!((first.records.len(), first.done), (2, false));
    let next = options.query_locator(first.next_locator().unwrap());
    let second = ingest.list(&next).await.unwrap();
    assert_eq!((second.records.len(), second.done, second.next_locator()), (1, true, None));
    let sent = bulk.org().journal().requests_at("GET */jobs/ingest");
    assert_eq!(sent[0].query_value("jobType"), Some("V2Ingest"));
    assert_eq!(sent[0].query_value("isPkChunkingEnabled"), Some("false"));
}

#[tokio::test]
async fn an_id_that_is_none_goes_nowhere() {
    let bulk = Bulk::set().await;
    let (ingest, query) = (bulk.salesforce.bulk().ingest(), bulk.salesforce.bulk().query());
    for id in ["", "..", "."] {
        for error in [
            ingest.get(id).await.unwrap_err(),
            ingest.abort(id).await.unwrap_err(),
            ingest.wait(id).await.unwrap_err(),
            query.delete(id).await.unwrap_err(),
            query.all_results(id).unwrap_err(),
        ] {
            assert!(matches!(error, CirrusError::InvalidInput { field: "job_id", .. }), "{error:?}");
        }
    }
    assert_eq!(bulk.count_at("*/jobs/*"), 0);
}
