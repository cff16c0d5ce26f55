//! `authsession salesforce`: what it prints, loads and says instead.

use std::fs;
use std::path::Path;

use authsession_testkit::clock::VirtualClock;
use authsession_testkit::org::Org;
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::login_file::LoginFile;
use crate::process::{Ended, authsession, ended};

/// An org, and a login to it that is kept.
pub(crate) struct Desk {
    pub(crate) org: Org,
    pub(crate) file: LoginFile,
}

impl Desk {
    pub(crate) async fn set() -> Self {
        let org = Org::builder().clock(VirtualClock::system()).start().await.unwrap();
        org.bulk_pace(0);
        let (endpoint, key) = (org.endpoint(OrgEndpoint::Token), org.consumer_key());
        let seed = org.approve(&org.username()).unwrap();
        let settings = ["--token-endpoint", &endpoint, "--client-id", &key];
        let settings =
            [&settings[..], &["--client-secret-env", "SECRET", "--refresh-token-env", "SEED"]].concat();
        let file = LoginFile::new().with(&settings);
        let file = file.with_variable("SEED", &seed).with_variable("SECRET", &org.consumer_secret());
        assert!(file.token().await.succeeded);
        Self { org, file }
    }

    /// The command by the kept login, which the file knows by now.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = authsession(&["salesforce"]);
        command.args(arguments).args(["--store", &self.file.path, "--client-secret-env", "SECRET"]);
        command.env("SECRET", self.org.consumer_secret());
        command
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().unwrap()
    }

    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        ended(self.start(arguments)).await
    }

    pub(crate) async fn query(&self, soql: &str, more: &[&str]) -> String {
        let ended = self.run(&[&["query", soql], more].concat()).await;
        assert_eq!(ended.status, Some(0), "{}", ended.log);
        ended.out
    }

    /// What is in the login's folder.
    pub(crate) fn files(&self) -> Vec<String> {
        let folder = Path::new(&self.file.path).parent().unwrap();
        let files = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The job it told of.
    pub(crate) fn job(ended: &Ended) -> &str {
        ended.log.split_whitespace().find(|word| word.starts_with("750")).unwrap()
    }

    fn renewals(&self) -> usize {
        self.org.journal().grants("refresh_token")
    }
}

const CONTACTS: &str = "SELECT LastName, Phone, Account.Name, Email FROM Contact ORDER BY LastName";

#[tokio::test]
async fn what_a_query_finds_is_printed_in_the_order_it_was_asked_for() {
    let desk = Desk::set().await;
    let acme = desk.org.insert("Account", json!({ "Name": "Acme, \"Inc\"" })).unwrap();
    desk.org.insert("Contact", json!({ "LastName": "Zuse", "Phone": "007", "AccountId": acme })).unwrap();
    let csv = desk.query(CONTACTS, &[]).await;
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "LastName,Phone,Account.Name,Email");
    assert_eq!(lines[lines.len() - 1], "Zuse,007,\"Acme, \"\"Inc\"\"\",");
    let list: Value = serde_json::from_str(&desk.query(CONTACTS, &["--json"]).await).unwrap();
    let last = list.as_array().unwrap().last().unwrap();
    assert_eq!(
        *last,
        json!({ "LastName": "Zuse", "Phone": "007", "Account": { "Name": "Acme, \"Inc\"" }, "Email": null })
    );
    let lines = desk.query(CONTACTS, &["--ndjson"]).await;
    assert_eq!(lines.lines().count(), list.as_array().unwrap().len());
    assert!(lines.lines().all(|line| line.starts_with('{') && line.ends_with('}')), "{lines}");
    let nobody = "SELECT Id FROM Contact WHERE LastName = 'Nobody'";
    assert_eq!(
        (desk.query(nobody, &[]).await.as_str(), desk.query(nobody, &["--json"]).await.as_str()),
        ("", "[]\n")
    );
}

#[tokio::test]
async fn all_pages_are_printed_or_written_to_a_file() {
    let desk = Desk::set().await;
    desk.org.fill("Account", 2500).unwrap();
    let out = desk.file.beside("accounts.csv", "");
    let printed = desk.query("SELECT Name FROM Account", &["--out", &out]).await;
    assert!(printed.is_empty(), "{printed}");
    let csv = fs::read_to_string(out).unwrap();
    assert_eq!(csv.lines().count(), 1 + desk.org.count("Account").unwrap());
}

#[tokio::test]
async fn very_many_rows_are_queried_by_a_job() {
    let desk = Desk::set().await;
    desk.org.bulk_result_rows(1000);
    desk.org.fill("Account", 2500).unwrap();
    let soql = "SELECT Name, Phone FROM Account";
    let csv = desk.query(soql, &["--bulk"]).await;
    assert!(csv.starts_with("\"Name\",\"Phone\"\n"), "{}", &csv[..40]);
    assert_eq!(csv.lines().count(), 1 + desk.org.count("Account").unwrap());
    let lines = desk.query(soql, &["--bulk", "--ndjson", "--all"]).await;
    assert_eq!(lines.lines().count(), desk.org.count("Account").unwrap());
    assert!(lines.ends_with("\",\"Phone\":null}\n"), "{}", &lines[lines.len() - 60..]);
}

#[tokio::test]
async fn a_session_that_ended_is_renewed_once_and_kept_for_the_next_command() {
    let desk = Desk::set().await;
    let before = desk.renewals();
    desk.query("SELECT Id FROM Account", &[]).await;
    assert_eq!(desk.renewals(), before);
    desk.org.expire_sessions();
    desk.query("SELECT Id FROM Account", &[]).await;
    desk.query("SELECT Id FROM Account", &["--bulk"]).await;
    assert_eq!(desk.renewals(), before + 1);
}

#[tokio::test]
async fn rows_of_a_file_are_loaded_and_what_became_of_them_is_written_down() {
    let desk = Desk::set().await;
    let good = desk.file.beside("good.csv", "Name,Industry\r\nOne,Energy\r\n\"Two,\r\nLtd\",Energy\r\n");
    let loaded = desk.run(&["bulk", "insert", "Account", &good]).await;
    assert_eq!(loaded.status, Some(0), "{}", loaded.log);
    assert!(loaded.out.is_empty() && loaded.log.contains("2 rows loaded"), "{}", loaded.log);
    let mixed = desk.file.beside("mixed.csv", "Name;Industry\nThree;Energy\n;Energy\n");
    let results = desk.file.beside("unused", "") + "-results";
    let arguments = ["bulk", "insert", "Account", &mixed, "--delimiter", "semicolon", "--results", &results];
    let loaded = desk.run(&arguments).await;
    assert_eq!(loaded.status, Some(1), "{}", loaded.log);
    assert!(loaded.log.contains("1 rows were refused, and 0 not looked at"), "{}", loaded.log);
    let written = |what: &str| {
        let mut files = fs::read_dir(&results).unwrap().map(|file| file.unwrap().path());
        let file = files.find(|path| path.to_str().unwrap().ends_with(&format!("-{what}.csv")));
        fs::read_to_string(file.unwrap()).unwrap()
    };
    assert!(written("success").contains("\"Three\"") && written("failed").contains("REQUIRED_FIELD_MISSING"));
    assert_eq!(written("unprocessed").lines().count(), 1);
    fs::remove_dir_all(results).unwrap();
}

#[tokio::test]
async fn records_are_updated_upserted_and_deleted() {
    let desk = Desk::set().await;
    let id = desk.org.insert("Account", json!({ "Name": "Initech" })).unwrap();
    let update = desk.file.beside("update.csv", &format!("Id,Phone\n{id},1\n"));
    assert_eq!(desk.run(&["bulk", "update", "Account", &update]).await.status, Some(0));
    let found = desk.org.query("SELECT Phone FROM Account WHERE Name = 'Initech'").unwrap();
    assert_eq!(found[0]["Phone"], "1");
    let delete = desk.file.beside("delete.csv", &format!("Id\n{id}\n"));
    assert_eq!(desk.run(&["bulk", "delete", "Account", &delete]).await.status, Some(0));
    let left = desk.org.query("SELECT Id FROM Account WHERE Name = 'Initech'").unwrap();
    assert!(left.is_empty());
    let upsert = desk.file.beside("upsert.csv", "Name\nOne\n");
    let refused = desk.run(&["bulk", "upsert", "Account", &upsert]).await;
    assert_eq!(refused.status, Some(2), "{}", refused.log);
    assert!(refused.log.contains("--external-id"), "{}", refused.log);
}

#[cfg(unix)]
#[tokio::test]
async fn an_interrupt_leaves_the_job_to_go_on_and_it_is_resumed_by_its_id() {
    let desk = Desk::set().await;
    desk.org.bulk_pace(1_000_000);
    let file = desk.file.beside("accounts.csv", "Name\nOne\nTwo\n");
    let child = desk.start(&["bulk", "insert", "Account", &file]);
    assert!(desk.org.journal().reaches(OrgEndpoint::Rest, 4).await, "it waits for the job");
    crate::process::signal(&child, "INT").await;
    let interrupted = ended(child).await;
    assert_eq!(interrupted.status, Some(130), "{}", interrupted.log);
    let job = Desk::job(&interrupted);
    desk.org.bulk_pace(0);
    let resumed = desk.run(&["bulk", "insert", "Account", "--resume", job]).await;
    assert_eq!(resumed.status, Some(0), "{}", resumed.log);
    assert!(resumed.log.contains("2 rows loaded"), "{}", resumed.log);
}

#[tokio::test]
async fn a_job_that_failed_or_was_never_closed_says_so() {
    let desk = Desk::set().await;
    desk.org.fail_next_bulk_job("InternalServerError : Retried more than ten times");
    let file = desk.file.beside("accounts.csv", "Name\nOne\nTwo\n");
    let failed = desk.run(&["bulk", "insert", "Account", &file]).await;
    assert_eq!(failed.status, Some(1), "{}", failed.log);
    assert!(failed.log.contains("ten times") && failed.log.contains("1 not looked at"), "{}", failed.log);
    let wrong = desk.run(&["bulk", "insert", "Account", "/nowhere.csv"]).await;
    assert_eq!(wrong.status, Some(2), "{}", wrong.log);
}

#[tokio::test]
async fn who_is_refused_is_told_why_and_scripts_what_to_do() {
    let desk = Desk::set().await;
    let wrong = desk.run(&["query", "SELECT Nothing FROM Account"]).await;
    assert_eq!((wrong.status, wrong.out.as_str()), (Some(1), ""), "{}", wrong.log);
    assert!(wrong.log.contains("INVALID_FIELD") && wrong.log.contains("Salesforce says: "), "{}", wrong.log);
    desk.org.always(OrgEndpoint::Rest, Answer::status(503));
    let away = desk.run(&["query", "SELECT Id FROM Account"]).await;
    assert_eq!(away.status, Some(4), "{}", away.log);
    desk.org.clear(OrgEndpoint::Rest);
    desk.org.revoke_everything();
    let over = desk.run(&["query", "SELECT Id FROM Account"]).await;
    assert_eq!(over.status, Some(3), "{}", over.log);
    assert!(over.log.contains("authsession login --store"), "{}", over.log);
    let nobody = authsession(&["salesforce", "query", "SELECT Id FROM Account", "--store", "/nowhere.json"]);
    let nobody = ended({ nobody }.spawn().unwrap()).await;
    assert_eq!(nobody.status, Some(3), "{}", nobody.log);
    for log in [wrong.log, away.log, over.log] {
        assert!(!log.contains(&desk.org.consumer_secret()), "{log}");
    }
}

#[tokio::test]
async fn pages_that_lead_elsewhere_or_nowhere_are_no_success() {
    let desk = Desk::set().await;
    let page = |next: Value| {
        Answer::json(
            200,
            &json!({ "totalSize": 9, "done": false, "nextRecordsUrl": next, "records": [{ "Name": "One" }] }),
        )
    };
    for next in [Value::Null, json!("/services/apexrest/elsewhere")] {
        desk.org.enqueue_at("GET */query", page(next));
        let half = desk.run(&["query", "SELECT Name FROM Account"]).await;
        assert_eq!(half.status, Some(1), "{}", half.log);
        assert_eq!(half.out, "Name\nOne\n", "what came is printed");
    }
    assert_eq!(desk.org.journal().count_at("*/elsewhere"), 0);
}

#[tokio::test]
async fn rows_whose_outcome_is_not_known_are_gone_on_with_and_not_loaded_again() {
    let desk = Desk::set().await;
    let file = desk.file.beside("accounts.csv", "Name\nOne\nTwo\n");
    desk.org.always_at("GET */jobs/ingest/750*", Answer::status(404));
    let begun = desk.run(&["bulk", "insert", "Account", &file]).await;
    assert_eq!(begun.status, Some(5), "{}", begun.log);
    let (_, job) = begun.log.split_once("--resume ").unwrap();
    let job = job.split_whitespace().next().unwrap();
    assert!(begun.log.contains("do not load them again") && begun.log.contains("404"), "{}", begun.log);
    desk.org.script().clear_at("GET */jobs/ingest/750*");
    let resumed = desk.run(&["bulk", "insert", "Account", "--resume", job]).await;
    assert_eq!(resumed.status, Some(0), "{}", resumed.log);
    assert_eq!(desk.org.query("SELECT Id FROM Account WHERE Name = 'Two'").unwrap().len(), 1);
}
