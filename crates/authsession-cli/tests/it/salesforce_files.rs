//! `authsession salesforce`: the files it writes, and those it leaves as they were.

use std::fs;

use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;

use crate::process::ended;
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
        assert_eq!(resumed.status, Some(5), "{}", resumed.log);
        assert!(resumed.log.contains("no id") && !resumed.log.contains('\u{1b}'), "{}", resumed.log);
    }
    assert_eq!(fs::read_dir(&results).unwrap().count(), 0);
    assert!(!desk.files().iter().any(|name| name.contains("evil")), "{:?}", desk.files());
}

#[cfg(unix)]
#[tokio::test]
async fn a_pipe_is_no_file_to_load_and_nobody_waits_for_what_comes_through_it() {
    let desk = Desk::set().await;
    let pipe = desk.file.beside("pipe", "");
    fs::remove_file(&pipe).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());

    let loaded = desk.run(&["bulk", "insert", "Account", &pipe]).await;

    assert_eq!(loaded.status, Some(2), "{}", loaded.log);
    assert!(loaded.log.contains("save it to one"), "{}", loaded.log);
}

#[tokio::test]
async fn a_file_is_replaced_only_by_all_that_was_found() {
    let desk = Desk::set().await;
    desk.org.fill("Account", 2500).unwrap();
    let out = desk.file.beside("accounts.csv", "before");
    let before = desk.files();
    desk.org.always_at("GET */query/*", Answer::status(400));
    for soql in ["SELECT Nothing FROM Account", "SELECT Name FROM Account"] {
        for format in ["--csv", "--json"] {
            let failed = desk.run(&["query", soql, format, "--out", &out]).await;
            assert_eq!(failed.status, Some(1), "{}", failed.log);
            assert_eq!(
                (fs::read_to_string(&out).unwrap().as_str(), desk.files()),
                ("before", before.clone())
            );
        }
    }
    desk.org.script().clear_at("GET */query/*");
    desk.query("SELECT Name FROM Account", &["--out", &out]).await;
    let csv = fs::read_to_string(out).unwrap();
    assert_eq!(csv.lines().count(), 1 + desk.org.count("Account").unwrap());
    assert_eq!(desk.files(), before);
}

#[cfg(unix)]
#[tokio::test]
async fn an_interrupt_leaves_a_file_as_it_was() {
    let desk = Desk::set().await;
    desk.org.bulk_pace(1_000_000);
    let out = desk.file.beside("accounts.csv", "before");
    let before = desk.files();
    let child = desk.start(&["query", "SELECT Name FROM Account", "--bulk", "--out", &out]);
    assert!(desk.org.journal().reaches(OrgEndpoint::Rest, 2).await, "it waits for the job");
    crate::process::signal(&child, "INT").await;
    assert_eq!(ended(child).await.status, Some(130));
    assert_eq!((fs::read_to_string(&out).unwrap().as_str(), desk.files()), ("before", before));
}

#[cfg(unix)]
#[tokio::test]
async fn links_permissions_and_devices_stay_what_they_are() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let desk = Desk::set().await;
    let out = desk.file.beside("accounts.csv", "before");
    fs::set_permissions(&out, fs::Permissions::from_mode(0o640)).unwrap();
    let link = format!("{out}.link");
    symlink(&out, &link).unwrap();
    let found = desk.query("SELECT Name FROM Account", &["--out", "/dev/stdout"]).await;
    assert!(found.starts_with("Name\n"), "{found}");
    desk.query("SELECT Name FROM Account", &["--out", &link]).await;
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&out).unwrap(), found);
    assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o640);
}

#[tokio::test]
async fn rows_are_not_loaded_when_what_becomes_of_them_cannot_be_written_down() {
    let desk = Desk::set().await;
    let file = desk.file.beside("accounts.csv", "Name\nOne\n");
    let taken = desk.file.beside("results", "a file, and no folder");
    let refused = desk.run(&["bulk", "insert", "Account", &file, "--results", &taken]).await;
    assert_eq!(refused.status, Some(1), "{}", refused.log);
    assert!(refused.log.contains(&format!("cannot write {taken}")), "{}", refused.log);
    assert_eq!(desk.org.journal().count_at("*/jobs/ingest"), 0);
}

#[tokio::test]
async fn a_file_that_is_not_utf8_is_not_loaded_and_one_without_rows_is_told_of() {
    let desk = Desk::set().await;
    let file = desk.file.beside("accounts.csv", "");
    // A sign that is cut off, one of Latin 1, and one that two pieces share.
    let long = [&b"Name\n"[..], &[b'x'; 1024 * 1024 - 6], "ü\n".as_bytes()].concat();
    for (text, status) in [(&b"Name\nM\xc3"[..], 2), (b"Name\nM\xfcller\n", 2), (&long, 1)] {
        fs::write(&file, text).unwrap();
        let loaded = desk.run(&["bulk", "insert", "Account", &file]).await;
        assert_eq!(loaded.status, Some(status), "{}", loaded.log);
        assert_eq!(loaded.log.contains("is not UTF-8"), status == 2, "{}", loaded.log);
    }
    fs::write(&file, "Name\n").unwrap();
    let loaded = desk.run(&["bulk", "insert", "Account", &file]).await;
    assert_eq!(loaded.status, Some(0), "{}", loaded.log);
    assert!(loaded.log.contains("none below its header"), "{}", loaded.log);
}

#[tokio::test]
async fn a_file_whose_rows_end_wrongly_is_not_loaded() {
    let desk = Desk::set().await;
    let before = desk.org.count("Account").unwrap();
    let file = desk.file.beside("accounts.csv", "");
    for (csv, advice) in [
        ("Name,Description\nOne,secret\nTwo,\"secret\nThree,\n", "whether a quote is missing (record 2)"),
        ("Name\nOne\nsecret\r\nThree\n", "end all rows alike (record 2)"),
    ] {
        fs::write(&file, csv).unwrap();
        let refused = desk.run(&["bulk", "insert", "Account", &file]).await;
        assert_eq!(refused.status, Some(2), "{}", refused.log);
        assert!(refused.log.contains(&format!("{file} cannot be loaded")), "{}", refused.log);
        assert!(refused.log.contains(advice) && !refused.log.contains("secret"), "{}", refused.log);
    }
    assert_eq!(desk.org.journal().count_at("*/jobs/ingest"), 0);
    assert_eq!(desk.org.count("Account").unwrap(), before);
}

#[tokio::test]
async fn what_cannot_be_an_answer_to_the_question_is_refused_before_it_is_asked() {
    let desk = Desk::set().await;
    for (arguments, advice) in [
        (&["query", "select count( ) from Account"][..], "COUNT(Id)"),
        (&["bulk", "insert", "Account", "--resume", "accounts.csv"], "--resume takes"),
    ] {
        let refused = desk.run(arguments).await;
        assert_eq!(refused.status, Some(2), "{}", refused.log);
        assert!(refused.log.contains(advice), "{}", refused.log);
    }
}
