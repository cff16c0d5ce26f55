//! `authsession salesforce`: the files it writes, and those it leaves as they were.

use std::fs;

use authsession_testkit::script::Answer;

use crate::salesforce::Desk;

#[tokio::test]
async fn an_answer_that_names_a_job_by_a_path_writes_no_file_there() {
    let desk = Desk::set().await;
    let file = desk.file.beside("accounts.csv", "Name\nOne\n");
    let results = file.replace("accounts.csv", "results");
    let loaded = desk.run(&["bulk", "insert", "Account", &file]).await;
    let job = Desk::job(&loaded);
    for which in ["successfulResults", "failedResults", "unprocessedrecords"] {
        desk.org.always_at(&format!("*/{which}"), Answer::raw(200, "text/csv", "Name\nEvil\n"));
    }
    for id in ["../evil", "7505f\u{1b}[2JEXAMPLE4", &file.replace("accounts.csv", "evil")] {
        let named = id.to_owned();
        let other = Answer::tampered(move |job| job["id"] = named.clone().into());
        desk.org.always_at(&format!("GET */jobs/ingest/{job}"), other);
        let resumed = desk.run(&["bulk", "insert", "Account", "--resume", job, "--results", &results]).await;
        assert_eq!(resumed.status, Some(1), "{}", resumed.log);
        assert!(resumed.log.contains("no id") && !resumed.log.contains('\u{1b}'), "{}", resumed.log);
    }
    assert_eq!(fs::read_dir(&results).unwrap().count(), 0);
    let beside = fs::read_dir(format!("{results}/..")).unwrap();
    let names: Vec<_> = beside.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!names.iter().any(|name| name.contains("evil")), "{names:?}");
}
