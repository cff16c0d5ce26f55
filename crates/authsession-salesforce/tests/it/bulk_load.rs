//! Loads in one call.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use authsession_salesforce::auth::Recovery;
use authsession_salesforce::{
    BulkFault, BulkIngestSpec, BulkJobState, BulkLineEnding, BulkOperation, BulkOutcome, BulkSource, Bytes,
    CirrusError, CsvFaultKind, CsvFormat, RetryPolicy,
};
use authsession_testkit::script::Answer;
use futures_util::{TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};

use crate::bulk_stage::{Bulk, CsvFile, TICK, insert};
use crate::stage::minutes;

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Account {
    name: Option<String>,
    description: String,
}

fn account(name: &str) -> Account {
    Account { name: Some(name.into()), description: format!("{name}'s, \"quoted\",\nand in two lines") }
}

fn nameless() -> Account {
    Account { name: None, description: "=nobody".into() }
}

pub(crate) fn accounts(count: usize) -> Vec<Account> {
    (0..count).map(|at| account(&format!("Account number {at}"))).collect()
}

impl Bulk {
    pub(crate) fn loaded(&self) -> usize {
        self.org().query("SELECT Name FROM Account WHERE Name LIKE 'Account number %'").unwrap().len()
    }

    pub(crate) fn states(&self) -> Vec<String> {
        self.org()
            .journal()
            .requests_at("PATCH */jobs/ingest/*")
            .iter()
            .map(|sent| {
                let body: serde_json::Value = serde_json::from_slice(&sent.body).unwrap();
                body["state"].as_str().unwrap().to_owned()
            })
            .collect()
    }

    /// What was uploaded, job after job, without the headers.
    fn uploaded(&self, header: &str) -> Vec<String> {
        let sent = self.org().journal().requests_at("PUT */batches");
        let text = |body: &Bytes| String::from_utf8(body.to_vec()).unwrap();
        sent.iter().map(|sent| text(&sent.body).strip_prefix(header).unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn records_are_loaded_and_come_back_by_what_became_of_them() {
    let bulk = Bulk::set().await;
    let records = [account("Account number 1"), nameless(), account("Account number 2")];
    let load = bulk.salesforce.bulk().ingest().load(insert()).poll_every(TICK, TICK);
    let loaded = load.records(&records).await.unwrap();
    let [BulkOutcome::Complete(job)] = &loaded.jobs[..] else { panic!("{loaded:?}") };
    assert_eq!((job.number_records_processed, job.number_records_failed), (Some(3), Some(1)));
    let successes: Vec<_> = loaded.successes.iter().map(|one| (one.created, one.record.clone())).collect();
    assert_eq!(successes, [(true, records[0].clone()), (true, records[2].clone())]);
    assert!(loaded.successes[0].id.starts_with("001"));
    assert_eq!(
        (loaded.failures[0].code(), &loaded.failures[0].record),
        (Some("REQUIRED_FIELD_MISSING"), &records[1])
    );
    assert!(loaded.unprocessed.is_empty() && loaded.failures[0].id.is_none());
    let told = format!("{loaded:?} {:?} {:?}", loaded.successes, loaded.failures);
    assert!(!told.contains("quoted") && !told.contains("Required fields"), "{told}");
}

#[tokio::test]
async fn records_are_updated_by_id_or_external_id_and_emptied_where_they_say_so() {
    #[derive(Debug, Deserialize, Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Change {
        id: String,
        phone: Option<String>,
    }
    let bulk = Bulk::set().await;
    let id = bulk.org().insert("Account", serde_json::json!({ "Name": "Initech", "Phone": "1" })).unwrap();
    let update = || BulkIngestSpec::new("Account", BulkOperation::Update).line_ending(BulkLineEnding::CRLF);
    let phone =
        || bulk.org().query("SELECT Phone FROM Account WHERE Name = 'Initech'").unwrap()[0]["Phone"].clone();
    for (clears, is_kept) in [(false, true), (true, false)] {
        let change = [Change { id: id.clone(), phone: None }];
        let load = bulk.salesforce.bulk().ingest().load(update()).poll_every(TICK, TICK).clear_nulls(clears);
        let loaded = load.records(&change).await.unwrap();
        assert!(!loaded.successes[0].created && loaded.successes[0].record.phone.is_none());
        assert_eq!(phone() == "1", is_kept);
    }
}

#[tokio::test]
async fn nothing_to_load_makes_no_job() {
    let bulk = Bulk::set().await;
    let load = || bulk.salesforce.bulk().ingest().load(insert());
    let none: [Account; 0] = [];
    assert!(load().records(&none).await.unwrap().jobs.is_empty());
    for csv in ["", "Name,Description\n", "Name"] {
        assert!(load().send(csv).await.unwrap().is_empty());
    }
    assert_eq!(bulk.count_at("*/jobs/*"), 0);
}

#[tokio::test]
async fn what_is_too_much_for_one_job_is_cut_between_two_rows() {
    const LIMIT: usize = 700;
    let bulk = Bulk::set().await;
    let records = accounts(50);
    let load = bulk.salesforce.bulk().ingest().load(insert()).poll_every(TICK, TICK).job_bytes(LIMIT);
    let loaded = load.records(&records).await.unwrap();
    assert!(loaded.jobs.len() > 4, "{loaded:?}");
    let back: Vec<_> = loaded.successes.iter().map(|one| one.record.clone()).collect();
    assert_eq!(back, records);
    let sent = bulk.org().journal().requests_at("PUT */batches");
    assert!(sent.iter().all(|sent| sent.length <= LIMIT), "{sent:?}");
    assert!(sent[..sent.len() - 1].iter().all(|sent| sent.length > LIMIT / 2), "{sent:?}");
    assert_eq!(bulk.loaded(), 50);
}

#[tokio::test]
async fn rows_are_cut_as_they_were_written_wherever_they_come_from() {
    // A quote in the middle of a field is no quote, a line end in quotes ends no row, and the last row has none.
    let header = "Name,Description\r\n";
    let rows =
        ["5\" pipe,x\r\n", "\"a\r\nb\",\"say \"\"hi\"\"\"\r\n", "c,\"\"\r\n", "d,\"e,\r\n\"\r\n", "f,g"];
    let csv = format!("\u{feff}{header}{}", rows.concat());
    let file = CsvFile::of(&csv);
    let bulk = Bulk::set().await;
    for limit in [header.len() + 22, header.len() + 35, 1000] {
        for piece in [1, 5, 1000] {
            bulk.org().journal().clear();
            let whole = csv.clone();
            let pieces = move || {
                let pieces: Vec<_> =
                    whole.as_bytes().chunks(piece).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
                stream::iter(pieces)
            };
            let source = match piece {
                1 => BulkSource::file(&file.0),
                5 => BulkSource::once(pieces()),
                _ => BulkSource::repeatable(pieces),
            };
            let spec = insert().line_ending(BulkLineEnding::CRLF);
            let load = bulk.salesforce.bulk().ingest().load(spec).poll_every(TICK, TICK).job_bytes(limit);
            let jobs = load.send(source).await.unwrap();
            let parts = bulk.uploaded(header);
            assert_eq!(jobs.len(), parts.len());
            assert_eq!(parts.concat(), rows.concat());
            assert!(parts.iter().all(|part| part.len() + header.len() <= limit), "{parts:?}");
            assert!(parts.iter().all(|part| rows.iter().any(|row| part.starts_with(row))), "{parts:?}");
            let rows: u64 = jobs.iter().map(|job| job.job().number_records_processed.unwrap() as u64).sum();
            assert_eq!(rows, 5);
        }
    }
}

#[tokio::test]
async fn a_row_no_job_has_room_for_is_an_error_that_says_which() {
    let bulk = Bulk::set().await;
    let csv = format!("Name\nOne\n{}\nTwo\n", "x".repeat(200));
    let load = bulk.salesforce.bulk().ingest().load(insert()).poll_every(TICK, TICK).job_bytes(100);
    let error = load.send(csv).await.unwrap_err();
    let CirrusError::Bulk(BulkFault::Interrupted { job_ids, bytes, cause, .. }) = error else {
        panic!("{error:?}")
    };
    assert_eq!((job_ids.len(), bytes), (1, 9));
    let CirrusError::Csv(fault) = *cause else { panic!("{cause:?}") };
    assert_eq!((fault.kind(), fault.record()), (CsvFaultKind::LargeRow, 2));
    assert_eq!(bulk.states(), ["UploadComplete", "Aborted"], "the job that got no data is not left open");
}

#[tokio::test]
async fn an_upload_that_may_or_may_not_have_arrived_is_begun_anew_in_another_job() {
    let bulk = Bulk::set().await;
    let answers =
        [Answer::dropped_after(), Answer::dropped_before(), Answer::status(503), Answer::truncated()];
    for (round, answer) in (1..).zip(answers) {
        bulk.org().journal().clear();
        bulk.org().enqueue_at("PUT */batches", answer);
        let load = bulk.salesforce.bulk().ingest().load(insert()).poll_every(TICK, TICK).job_bytes(700);
        let loaded = load.records(&accounts(20)).await.unwrap();
        assert_eq!((loaded.successes.len(), bulk.loaded()), (20, 20 * round), "each row once");
        let states = bulk.states();
        assert_eq!(states.iter().filter(|state| *state == "Aborted").count(), 1);
        assert_eq!(bulk.count_at("POST */jobs/ingest"), loaded.jobs.len() + 1);
    }
    // So may the answer that the job it was for is aborted.
    bulk.org().enqueue_at("PUT */batches", Answer::dropped_after());
    bulk.org().enqueue_at("PATCH */jobs/ingest/*", Answer::dropped_after());
    let load = bulk.salesforce.bulk().ingest().load(insert()).poll_every(TICK, TICK);
    assert_eq!(load.records(&accounts(20)).await.unwrap().successes.len(), 20);
    assert_eq!(bulk.loaded(), 100);
}

#[tokio::test]
async fn a_close_whose_answer_is_lost_is_looked_for_and_not_repeated() {
    let bulk = Bulk::set().await;
    bulk.org().enqueue_at("PATCH */jobs/ingest/*", Answer::dropped_after());
    let load = || bulk.salesforce.bulk().ingest().load(insert()).poll_every(TICK, TICK);
    assert_eq!(load().records(&accounts(3)).await.unwrap().successes.len(), 3);
    assert_eq!(bulk.states(), ["UploadComplete"]);
    bulk.org().enqueue_at("PATCH */jobs/ingest/*", Answer::dropped_before());
    assert_eq!(load().records(&accounts(3)).await.unwrap().successes.len(), 3);
    assert_eq!(bulk.states(), ["UploadComplete", "UploadComplete", "UploadComplete"], "it had not arrived");
}

#[tokio::test]
async fn a_job_whose_upload_failed_for_good_is_aborted_unless_it_is_to_be_left() {
    for leaves in [false, true] {
        let bulk =
            Bulk::with_policy(RetryPolicy { max_retries: 1, base_delay: TICK, ..Default::default() }).await;
        bulk.org().always_at("PUT */batches", Answer::status(503));
        let ids = Arc::new(Mutex::new(Vec::new()));
        let load = bulk.salesforce.bulk().ingest().load(insert()).leave_open(leaves);
        let load = load.on_job(|id| ids.lock().unwrap().push(id.to_owned()));
        let error = load.records(&accounts(3)).await.unwrap_err();
        assert!(error.is_transient(), "{error:?}");
        let ids = ids.lock().unwrap().clone();
        assert_eq!(ids.len(), if leaves { 1 } else { 2 });
        let state = bulk.salesforce.bulk().ingest().get(&ids[0]).await.unwrap().state;
        assert_eq!(state, if leaves { BulkJobState::Open } else { BulkJobState::Aborted });
        assert_eq!(bulk.loaded(), 0);
    }
}

/// As by an export that is made anew at that moment.
#[tokio::test]
async fn a_file_that_became_another_one_is_not_loaded_from_where_the_first_one_was_left() {
    let bulk = Bulk::set().await;
    let rows = (0..40).map(|at| format!("Account number {at}\n")).collect::<String>();
    let file = CsvFile::of(&format!("Name\n{rows}"));
    bulk.org().enqueue_at("PUT */batches", Answer::status(503));
    let path = file.0.clone();
    let replace = move |_: &str| std::fs::write(&path, format!("Name\nnobody\n{rows}")).unwrap();
    let load = bulk.salesforce.bulk().ingest().load(insert()).poll_every(TICK, TICK).on_job(replace);

    let error = load.send(BulkSource::file(&file.0)).await.unwrap_err();

    assert!(matches!(error, CirrusError::Bulk(BulkFault::SourceFailed { .. })), "{error:?}");
    assert_eq!(bulk.loaded(), 0);
}

#[tokio::test]
async fn what_can_be_read_once_is_loaded_until_it_would_have_to_be_read_again() {
    let bulk = Bulk::set().await;
    let csv: String = (0..20).map(|at| format!("Account number {at}\n")).collect();
    let once = || BulkSource::reader(std::io::Cursor::new(format!("Name\n{csv}")));
    let load = || bulk.salesforce.bulk().ingest().load(insert()).poll_every(TICK, TICK).job_bytes(200);
    assert_eq!(load().send(once()).await.unwrap().len(), 2);
    assert_eq!(bulk.loaded(), 20);
    bulk.org().enqueue_at("PUT */batches", Answer::normal());
    bulk.org().enqueue_at("PUT */batches", bulk.org().session_ends());
    let error = load().send(once()).await.unwrap_err();
    let CirrusError::Bulk(BulkFault::Interrupted { job_ids, bytes, cause, .. }) = error else {
        panic!("{error:?}")
    };
    assert!(matches!(*cause, CirrusError::Bulk(BulkFault::SourceSpent)), "{cause:?}");
    assert_eq!(job_ids.len(), 1);
    // The rest is loaded from where it stopped.
    let wait = bulk.salesforce.bulk().ingest().wait(&job_ids[0]).poll_every(TICK, TICK);
    wait.await.unwrap().completed().unwrap();
    let rest = format!("Name\n{}", &csv[bytes as usize - "Name\n".len()..]);
    load().send(rest).await.unwrap();
    assert_eq!(bulk.loaded(), 40);
}

#[tokio::test]
async fn a_session_that_ends_at_any_step_costs_one_token_and_no_row() {
    let bulk = Bulk::set().await;
    let steps = ["POST */jobs/ingest", "PUT */batches", "PATCH */jobs/ingest/*", "GET */jobs/ingest/750*"];
    for (round, step) in (1..).zip(steps) {
        bulk.stage.time.advance(minutes(10));
        bulk.org().enqueue_at(step, bulk.org().session_ends());
        let load = bulk.salesforce.bulk().ingest().load(insert()).poll_every(TICK, TICK).job_bytes(700);
        let loaded = load.records(&accounts(20)).await.unwrap();
        assert_eq!(
            (loaded.successes.len(), bulk.loaded(), bulk.grants()),
            (20, 20 * round, 1 + round),
            "{step}"
        );
    }
}

#[tokio::test]
async fn a_process_that_began_anew_goes_on_with_the_ids_of_the_jobs() {
    let bulk = Bulk::set().await;
    let ids = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&ids);
    bulk.org().bulk_pace(1_000_000);
    let load = bulk.salesforce.bulk().ingest().load(insert()).poll_every(TICK, TICK).job_bytes(700);
    let load = load.deadline(TICK * 10).on_job(move |id| noted.lock().unwrap().push(id.to_owned()));
    let error = load.records(&accounts(20)).await.unwrap_err();
    let ids = ids.lock().unwrap().clone();
    let CirrusError::Bulk(BulkFault::Unfinished { job_ids, cause, .. }) = &error else { panic!("{error:?}") };
    assert!(matches!(**cause, CirrusError::StillRunning { .. }), "{cause:?}");
    assert_eq!(*job_ids, ids);
    assert!(error.recovery() == Recovery::Resume && !error.is_transient() && error.may_have_been_done());
    bulk.org().bulk_pace(1);
    let again = bulk.salesforce.bulk().ingest();
    let loaded = again.load(insert()).poll_every(TICK, TICK).resume::<Account>(ids.clone()).await.unwrap();
    assert_eq!((loaded.jobs.len(), loaded.successes.len(), bulk.loaded()), (ids.len(), 20, 20));
    let jobs = again.load(insert()).poll_every(TICK, TICK).resume_jobs(ids).await.unwrap();
    let outcomes: Vec<_> = loaded.jobs.iter().map(|outcome| &outcome.job().id).collect();
    assert_eq!(jobs.iter().map(|outcome| &outcome.job().id).collect::<Vec<_>>(), outcomes);
    let open = again.create(&insert()).await.unwrap().id;
    let error = again.load(insert()).resume::<Account>([open]).await.unwrap_err();
    assert!(matches!(error, CirrusError::Bulk(BulkFault::Open { .. })), "{error:?}");
}

#[tokio::test]
async fn a_job_that_failed_tells_the_rows_it_left() {
    let bulk = Bulk::set().await;
    bulk.org().fail_next_bulk_job("InternalServerError : Retried more than ten times");
    let load = bulk.salesforce.bulk().ingest().load(insert()).poll_every(TICK, TICK);
    let records = accounts(10);
    let loaded = load.records(&records).await.unwrap();
    assert!(matches!(loaded.jobs[..], [BulkOutcome::Failed(_)]), "{loaded:?}");
    assert_eq!((loaded.successes.len(), &loaded.unprocessed[..]), (5, &records[5..]));
}

#[tokio::test]
async fn rows_that_were_locked_are_told_from_those_that_are_wrong() {
    let bulk = Bulk::set().await;
    let ingest = bulk.salesforce.bulk().ingest();
    let load = ingest.load(insert()).poll_every(TICK, TICK);
    let id = load.send("Name\nOne\n").await.unwrap()[0].job().id.clone();
    let refused = "\"sf__Id\",\"sf__Error\",\"Name\"
        \"\",\"UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record:--\",\"One\"
        \"\",\"REQUIRED_FIELD_MISSING:Required fields are missing, not UNABLE_TO_LOCK_ROW: [Name]:Name --\",\"Two\"
        \"\",\"SERVER_UNAVAILABLE:--\",\"Three\"
        \"\",\"unable to obtain a name\",\"Four\"\n"
        .replace("\n        ", "\n");
    bulk.org().enqueue_at("GET */failedResults", Answer::raw(200, "text/csv", refused));
    let failures = ingest.failures::<BTreeMap<String, String>>(&id, CsvFormat::new()).unwrap();
    let failures: Vec<_> = failures.try_collect().await.unwrap();
    let may_be_loaded: Vec<_> = failures.iter().map(|failure| failure.is_transient()).collect();
    assert_eq!(may_be_loaded, [true, false, true, false]);
}

#[tokio::test]
async fn a_text_that_would_empty_its_field_is_refused_before_anything_is_sent() {
    let bulk = Bulk::set().await;
    for clears in [false, true] {
        let records = [account("Account number 1"), account("#N/A")];
        let load = bulk.salesforce.bulk().ingest().load(insert()).clear_nulls(clears);
        let CirrusError::Csv(fault) = load.records(&records).await.unwrap_err() else { panic!() };
        assert_eq!((fault.kind(), fault.record(), fault.column()), (CsvFaultKind::NoValue, 2, Some(0)));
    }
    assert_eq!(bulk.count_at("*/jobs/*"), 0);
}
