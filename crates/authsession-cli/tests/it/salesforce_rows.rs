//! `authsession salesforce`: the rows it says there are.

use std::fs;

use authsession_testkit::script::Answer;

use crate::salesforce::Desk;

#[tokio::test]
async fn the_rows_of_a_job_that_failed_are_counted_and_kept_whatever_parts_their_columns() {
    let desk = Desk::set().await;
    desk.org.fail_next_bulk_job("InternalServerError");
    let csv = "Industry;Name\nEnergy;One\nEnergy;Two\nEnergy;\"Three, \"\"Ltd\"\"\nand sons\"\n";
    let file = desk.file.beside("accounts.csv", csv);
    let results = desk.file.path.replace("acme.json", "results");
    let arguments = ["bulk", "insert", "Account", &file, "--delimiter", "semicolon", "--results", &results];
    let failed = desk.run(&arguments).await;
    assert_eq!(failed.status, Some(1), "{}", failed.log);
    assert!(failed.log.contains("1 not looked at"), "{}", failed.log);
    let kept = fs::read_to_string(format!("{results}/{}-unprocessed.csv", Desk::job(&failed))).unwrap();
    assert!(kept.contains("Three, \"\"Ltd\"\"\nand sons"), "{kept}");
}

#[tokio::test]
async fn a_job_whose_results_cannot_be_had_keeps_none_of_the_others_back() {
    let desk = Desk::set().await;
    let mut jobs = Vec::new();
    for name in ["One", "Two"] {
        let file = desk.file.beside("accounts.csv", &format!("Name\n{name}\n"));
        jobs.push(Desk::job(&desk.run(&["bulk", "insert", "Account", &file]).await).to_owned());
    }
    desk.org.always_at(&format!("GET */{}/unprocessedrecords", jobs[0]), Answer::status(404));
    let results = desk.file.path.replace("acme.json", "results");
    let resume = ["--resume", &jobs[0], "--resume", &jobs[1], "--results", &results];
    let half = desk.run(&[&["bulk", "insert", "Account"], &resume[..]].concat()).await;
    assert_eq!(half.status, Some(5), "{}", half.log);
    assert!(half.log.contains("404") && half.log.contains(&format!("--resume {}", jobs[0])), "{}", half.log);
    let kept = fs::read_to_string(format!("{results}/{}-success.csv", jobs[1])).unwrap();
    assert!(kept.contains("Two"), "{kept}");
}

#[tokio::test]
async fn a_result_that_has_not_the_rows_the_job_found_is_no_success() {
    let desk = Desk::set().await;
    desk.org.fill("Account", 10).unwrap();
    let out = desk.file.beside("accounts.csv", "before");
    for result in ["", "\"Name\"\n", "\"Name\"\n\"One\"\n\"Two\nLtd\"\n"] {
        for format in ["--csv", "--ndjson"] {
            desk.org.enqueue_at("GET */results", Answer::raw(200, "text/csv", result));
            let half =
                desk.run(&["query", "SELECT Name FROM Account", "--bulk", format, "--out", &out]).await;
            assert_eq!(half.status, Some(1), "{}", half.log);
            assert!(
                half.log.contains(&format!("found {} rows", desk.org.count("Account").unwrap())),
                "{}",
                half.log
            );
            assert_eq!(fs::read_to_string(&out).unwrap(), "before");
        }
    }
}
