//! Loads that stop when some of their rows are with Salesforce.

use authsession_salesforce::auth::Recovery;
use authsession_salesforce::{BulkFault, BulkOutcome, BulkSource, Bytes, CirrusError, RetryPolicy};
use authsession_testkit::script::Answer;
use futures_util::{StreamExt as _, stream};

use crate::bulk_load::accounts;
use crate::bulk_stage::{Bulk, TICK, insert};

#[tokio::test]
async fn a_job_that_may_have_been_closed_is_never_replaced() {
    let bulk = Bulk::set().await;
    bulk.org().enqueue_at("PATCH */jobs/ingest/*", Answer::dropped_after());
    bulk.org().enqueue_at("PATCH */jobs/ingest/*", Answer::dropped_before());
    bulk.org().script().enqueue_many_at("GET */jobs/ingest/750*", &Answer::status(503), 4);
    let load = bulk.salesforce.bulk().ingest().load(insert()).poll_every(TICK, TICK);
    let loaded = load.records(&accounts(3)).await.unwrap();
    assert_eq!((loaded.successes.len(), bulk.count_at("POST */jobs/ingest")), (3, 1));
    assert!(!bulk.states().contains(&"Aborted".to_owned()), "{:?}", bulk.states());
    assert_eq!(bulk.loaded(), 3, "each row once");
}

#[tokio::test]
async fn a_job_whose_close_stays_unknown_is_named_and_gone_on_with() {
    let bulk =
        Bulk::with_policy(RetryPolicy { max_retries: 1, base_delay: TICK, ..Default::default() }).await;
    for (round, answer) in (1..).zip([Answer::dropped_after(), Answer::dropped_before()]) {
        let is_closed = round == 1;
        bulk.org().enqueue_at("PATCH */jobs/ingest/*", answer.clone());
        bulk.org().enqueue_at("PATCH */jobs/ingest/*", answer);
        bulk.org().always_at("GET */jobs/ingest/750*", Answer::status(503));
        let ingest = bulk.salesforce.bulk().ingest();
        let csv = "Name\nAccount number 1\nAccount number 2\n";
        let error = ingest.load(insert()).send(csv).await.unwrap_err();
        assert_eq!(error.recovery(), Recovery::Resume);
        let CirrusError::Bulk(BulkFault::Interrupted { job_ids, in_doubt, bytes, .. }) = error else {
            panic!("{error:?}")
        };
        assert_eq!((&job_ids[..], bytes as usize), (in_doubt.as_slice(), csv.len()));
        bulk.org().script().clear_at("GET */jobs/ingest/750*");
        if !is_closed {
            ingest.close(&job_ids[0]).await.unwrap();
        }
        let resumed = ingest.load(insert()).poll_every(TICK, TICK).resume_jobs(job_ids).await.unwrap();
        assert!(matches!(resumed[..], [BulkOutcome::Complete(_)]), "{resumed:?}");
        assert_eq!((bulk.loaded(), bulk.count_at("POST */jobs/ingest")), (2 * round, round));
    }
}

#[tokio::test]
async fn results_that_cannot_be_had_leave_an_error_that_tells_how_all_jobs_ended() {
    let bulk = Bulk::set().await;
    bulk.org().always_at("GET */successfulResults", Answer::status(503));
    let load = bulk.salesforce.bulk().ingest().load(insert()).poll_every(TICK, TICK).job_bytes(700);
    let error = load.records(&accounts(20)).await.unwrap_err();
    assert!(error.recovery() == Recovery::Resume && !error.is_transient(), "{error:?}");
    let CirrusError::Bulk(BulkFault::Unfinished { job_ids, ended, cause }) = error else {
        panic!("{error:?}")
    };
    assert!(matches!(*cause, CirrusError::Api { status: 503, .. }), "{cause:?}");
    assert_eq!(ended.iter().map(|job| job.job_id.clone()).collect::<Vec<_>>(), job_ids);
    assert!(ended.iter().all(|job| job.is_complete && job.records_failed == 0));
    assert_eq!(ended.iter().map(|job| job.records_processed).sum::<u64>(), 20);
}

#[tokio::test]
async fn a_poll_that_is_refused_leaves_an_error_that_tells_all_jobs() {
    let bulk = Bulk::set().await;
    bulk.org().always_at("GET */jobs/ingest/750*", Answer::status(404));
    let load = bulk.salesforce.bulk().ingest().load(insert()).poll_every(TICK, TICK).job_bytes(700);
    let error = load.records(&accounts(20)).await.unwrap_err();
    let CirrusError::Bulk(BulkFault::Unfinished { job_ids, ended, .. }) = error else { panic!("{error:?}") };
    assert_eq!((job_ids.len(), ended.len()), (bulk.count_at("POST */jobs/ingest"), 0));
}

#[tokio::test]
async fn a_source_that_fails_between_two_jobs_says_where_the_rest_begins() {
    let bulk = Bulk::set().await;
    let begin = "Name\nAccount number 1\nAccount number 2\n";
    let pieces = move || {
        let piece = Ok(Bytes::from_static(begin.as_bytes()));
        stream::iter([piece]).chain(stream::repeat_with(|| Err(std::io::ErrorKind::BrokenPipe.into())))
    };
    // The first job is full as soon as the source has given all it has.
    let load = bulk.salesforce.bulk().ingest().load(insert()).poll_every(TICK, TICK).job_bytes(25);
    let error = load.send(BulkSource::repeatable(pieces)).await.unwrap_err();
    let CirrusError::Bulk(BulkFault::Interrupted { job_ids, bytes, .. }) = error else { panic!("{error:?}") };
    assert_eq!((job_ids.len(), bytes as usize), (1, "Name\nAccount number 1\n".len()));
}
