//! Event log files: whole, as they come, and no other resource.

use authsession_salesforce::{CirrusError, EventLogFileRecord};
use authsession_testkit::script::Answer;
use futures_util::StreamExt;
use serde_json::json;

use crate::stage::Stage;

const FILE: &str = "/services/data/v58.0/sobjects/EventLogFile/0ATxx0000000001GAA/LogFile";
const ANY: &str = "GET */EventLogFile/*";
const CSV: &str = "\"EVENT_TYPE\",\"USER_ID\"\n\"Login\",\"005xx\"\n";

fn csv() -> Answer {
    Answer::raw(200, "text/csv", CSV)
}

#[tokio::test]
async fn a_log_file_is_downloaded_by_its_id_and_by_its_url() {
    let stage = Stage::set().await;
    stage.org.always_at(ANY, csv());
    let client = stage.client();
    let events = client.event_monitoring();
    let whole_url = format!("{}{FILE}", stage.org.url());

    assert_eq!(events.download("0ATxx0000000001GAA").await.unwrap(), CSV);
    assert_eq!(events.download_url(FILE).await.unwrap(), CSV);
    assert_eq!(events.download_url(&whole_url).await.unwrap(), CSV);
    for stream in [events.download_stream("0ATxx0000000001GAA").await, events.download_url_stream(FILE).await]
    {
        let pieces: Vec<_> = stream.unwrap().map(|piece| piece.unwrap()).collect().await;
        assert_eq!(pieces.concat(), CSV.as_bytes());
    }
    let paths: Vec<_> = stage.org.journal().requests_at(ANY).into_iter().map(|one| one.path).collect();
    let by_id = FILE.replace("v58.0", "v66.0");
    assert_eq!(paths, [&by_id, FILE, FILE, &by_id, FILE]);
}

#[tokio::test]
async fn a_record_that_was_found_leads_to_its_file() {
    let stage = Stage::set().await;
    let id = stage.org.add_event_log("Login", 3).unwrap();
    let client = stage.client();
    let soql = "SELECT Id, EventType, LogFile, LogDate, LogFileLength FROM EventLogFile";
    let found = client.query_as::<EventLogFileRecord>(soql).await.unwrap().records.remove(0);
    let whole = client.event_monitoring().download_url(&found.log_file).await.unwrap();
    assert_eq!((found.id, found.event_type.as_str()), (id, "Login"));
    assert_eq!(String::from_utf8_lossy(&whole).lines().count(), 4);
}

#[tokio::test]
async fn the_token_goes_to_no_url_that_is_not_a_log_files() {
    let stage = Stage::set().await;
    let client = stage.client();
    let events = client.event_monitoring();
    let elsewhere = format!("https://elsewhere.example{FILE}");
    let inside = format!("{FILE}?x=/LogFile");
    for url in [
        "",
        &elsewhere,
        &inside,
        "//elsewhere.example/services/data/v58.0/sobjects/EventLogFile/0AT/LogFile",
        "sobjects/EventLogFile/0AT/LogFile",
        "/services/data/v58.0/sobjects/EventLogFile/0AT",
        "/services/data/v58.0/sobjects/EventLogFile//LogFile",
        "/services/data/v58.0/sobjects/EventLogFile/0AT/../0AU/LogFile",
        "/services/data/v58.0/sobjects/EventLogFile/0A%54/LogFile",
        "/services/data/v58.0/sobjects/Attachment/0AT/LogFile",
        "/services/data/latest/sobjects/EventLogFile/0AT/LogFile",
        "/services/apexrest/v58.0/sobjects/EventLogFile/0AT/LogFile",
    ] {
        let error = events.download_url(url).await.unwrap_err();
        assert!(matches!(error, CirrusError::InvalidInput { .. }), "{url}: {error:?}");
        events.download_url_stream(url).await.unwrap_err();
    }
    events.download("..").await.unwrap_err();
    assert_eq!(stage.org.journal().all().len(), 0);
}

#[tokio::test]
async fn a_session_that_has_ended_is_renewed_before_a_download() {
    let stage = Stage::set().await;
    let client = stage.client();
    stage.org.enqueue_at(ANY, Answer::session_expired());
    stage.org.enqueue_at(ANY, csv());
    let mut stream = client.event_monitoring().download_url_stream(FILE).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), CSV);
    assert_eq!(stage.grants(), 2);
}

#[tokio::test]
async fn a_file_that_breaks_off_says_so() {
    let stage = Stage::set().await;
    let client = stage.client();
    stage.org.always_at(ANY, Answer::truncated());
    let stream = client.event_monitoring().download_url_stream(FILE).await;
    let last = match stream {
        Ok(stream) => stream.collect::<Vec<_>>().await.pop().unwrap().map(|_| ()),
        Err(error) => Err(error),
    };
    last.unwrap_err();
}

#[test]
fn a_record_is_read_as_a_query_finds_it() {
    let told = json!({
        "attributes": { "type": "EventLogFile" },
        "Id": "0AT", "EventType": "Login", "LogFile": FILE, "LogDate": "2026-11-29T00:00:00.000+0000",
        "LogFileLength": 48.0, "Interval": "Hourly", "Sequence": 3,
    });
    let record: EventLogFileRecord = serde_json::from_value(told).unwrap();
    assert_eq!((record.id.as_str(), record.sequence, record.api_version), ("0AT", Some(3), None));
}
