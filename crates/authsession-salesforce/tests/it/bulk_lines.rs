//! Rows that end in more than one way, and quotes nobody closed.

use std::io;

use authsession_salesforce::{
    BulkIngestSpec, BulkJobState, BulkLineEnding, BulkOutcome, BulkSource, Bytes, CirrusError, CirrusResult,
    CsvFaultKind,
};
use futures_util::{Stream, stream};

use crate::bulk_stage::{Bulk, CsvFile, TICK, insert};

/// Byte after byte.
fn bytewise(csv: &'static str) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::iter(csv.as_bytes().chunks(1).map(|piece| Ok(Bytes::from_static(piece))))
}

fn declaring(ending: Option<BulkLineEnding>) -> BulkIngestSpec {
    ending.map_or_else(insert, |ending| insert().line_ending(ending))
}

fn fault<T: std::fmt::Debug>(outcome: CirrusResult<T>) -> (CsvFaultKind, u64) {
    let error = outcome.unwrap_err();
    let CirrusError::Csv(fault) = error else { unreachable!("{error:?}") };
    (fault.kind(), fault.record())
}

/// What a job may declare, CSV that is not so, and the record it is not so in.
const OTHERWISE: [(Option<BulkLineEnding>, &str, u64); 7] = [
    (None, "Name\nOne\nTwo\r\nThree\n", 2),
    (None, "Name\r\nOne\n", 1),
    (None, "Name\r\n\"One\"\n", 1),
    (Some(BulkLineEnding::CRLF), "Name\nOne\n", 0),
    (Some(BulkLineEnding::LF), "Name\r\nOne\r\n", 0),
    (None, "Name\nOne\rTwo\n", 1),
    (Some(BulkLineEnding::LF), "Name\nOne\nTwo\r", 2),
];

/// CSV whose last row does not end.
const UNCLOSED: &str = "Name,Description\nOne,x\nTwo,\"y\nThree,z\nFour,\"\"\n";

#[tokio::test]
async fn a_row_that_ends_otherwise_than_declared_is_told_before_anything_is_sent() {
    let bulk = Bulk::set().await;
    let ingest = bulk.salesforce.bulk().ingest();
    for (declared, csv, record) in OTHERWISE {
        let file = CsvFile::of(csv);
        for source in [BulkSource::from(csv), BulkSource::file(&file.0)] {
            let loaded = ingest.load(declaring(declared)).send(source).await;
            assert_eq!(fault(loaded), (CsvFaultKind::LineEnding, record), "{csv:?}");
        }
        let made = ingest.create_with_data(&declaring(declared), csv.into()).await;
        assert_eq!(fault(made), (CsvFaultKind::LineEnding, record), "{csv:?}");
    }
    assert_eq!(bulk.count_at("*/jobs/*"), 0);
    let error = ingest.load(insert()).send(OTHERWISE[0].1).await.unwrap_err().to_string();
    assert!(error.contains("declare the other line ending"), "{error}");
}

#[tokio::test]
async fn a_row_that_ends_otherwise_cuts_its_upload_off_and_the_job_is_aborted() {
    let bulk = Bulk::set().await;
    let ingest = bulk.salesforce.bulk().ingest();
    for (declared, csv, record) in OTHERWISE.into_iter().filter(|(_, _, record)| *record > 0) {
        bulk.org().journal().clear();
        let loaded = ingest.load(declaring(declared)).send(BulkSource::once(bytewise(csv))).await;
        assert_eq!(fault(loaded), (CsvFaultKind::LineEnding, record), "{csv:?}");
        assert_eq!(bulk.states(), ["Aborted"], "{csv:?}");
    }
    let id = ingest.create(&insert()).await.unwrap().id;
    let sent = ingest.upload_from(&id, BulkSource::once(bytewise("Name\r\nOne\r\n"))).await;
    assert_eq!(fault(sent), (CsvFaultKind::LineEnding, 0));
    assert_eq!(ingest.get(&id).await.unwrap().state, BulkJobState::Open);
}

#[tokio::test]
async fn a_job_declares_what_ends_its_header_and_a_line_end_in_quotes_is_data() {
    let bulk = Bulk::set().await;
    let ingest = bulk.salesforce.bulk().ingest();
    let lf = "Name,\"Description\"\nOne,\"a\r\nb\"\n\"Two\",\"c\rd\"\nThree,e";
    let crlf = "Name,\"Description\"\r\nOne,\"a\nb\"\r\n\"Two\",\"c\rd\"\r\nThree,e\r\n";
    for (csv, ending) in [(lf, BulkLineEnding::LF), (crlf, BulkLineEnding::CRLF)] {
        let file = CsvFile::of(csv);
        let repeatable = BulkSource::repeatable(move || bytewise(csv));
        let sources = [csv.into(), BulkSource::file(&file.0), repeatable, BulkSource::once(bytewise(csv))];
        for source in sources {
            let jobs = ingest.load(insert()).poll_every(TICK, TICK).send(source).await.unwrap();
            let [BulkOutcome::Complete(job)] = &jobs[..] else { panic!("{jobs:?}") };
            assert_eq!((job.line_ending, job.number_records_processed), (ending, Some(3)));
        }
        let job = ingest.create_with_data(&insert(), csv.into()).await.unwrap();
        assert_eq!(ingest.get(&job.id).await.unwrap().line_ending, ending);
    }
}

#[tokio::test]
async fn a_quote_that_is_not_closed_is_an_error_and_no_merged_row() {
    let bulk = Bulk::set().await;
    let ingest = bulk.salesforce.bulk().ingest();
    let file = CsvFile::of(UNCLOSED);
    for source in [UNCLOSED.into(), BulkSource::file(&file.0)] {
        let loaded = ingest.load(insert()).send(source).await;
        assert_eq!(fault(loaded), (CsvFaultKind::EndlessRow, 2));
    }
    assert_eq!(fault(ingest.load(insert()).send("\"Name\nOne\n").await), (CsvFaultKind::EndlessRow, 0));
    assert_eq!(bulk.count_at("*/jobs/*"), 0, "it was noticed before");
    let loaded = ingest.load(insert()).send(BulkSource::once(bytewise(UNCLOSED))).await;
    assert_eq!(fault(loaded), (CsvFaultKind::EndlessRow, 2));
    assert_eq!(bulk.states(), ["Aborted"]);
}
