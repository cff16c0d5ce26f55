//! `authsession salesforce query`, at a terminal.

use serde_json::{Value, json};

use crate::salesforce::Desk;
use crate::terminal::shown;

/// Clears the screen, names the window, and begins a sequence with one sign.
const HARMFUL: &str = "\u{1b}[2J\u{1b}]0;Umbra\u{7}\u{9b}2J\u{7f}\rUmbra";
const SOQL: &str = "SELECT Name FROM Account WHERE Name LIKE '%Umbra'";

#[tokio::test]
async fn what_a_record_says_does_nothing_to_the_terminal() {
    let desk = Desk::set().await;
    desk.org.insert("Account", json!({ "Name": HARMFUL })).unwrap();
    for format in [&["--csv"][..], &["--json"], &["--ndjson"], &["--bulk"], &["--bulk", "--ndjson"]] {
        let shown = shown(desk.command(&[&["query", SOQL], format].concat())).await;
        let shown = shown.replace("\r\n", "\n");
        assert!(
            shown.contains("Umbra") && !shown.chars().any(|sign| sign.is_control() && sign != '\n'),
            "{shown:?}"
        );
        if format == ["--json"] {
            let list: Value = serde_json::from_str(&shown).unwrap();
            assert_eq!(list[0]["Name"], HARMFUL);
        }
    }
}

#[tokio::test]
async fn a_script_gets_what_the_record_says() {
    let desk = Desk::set().await;
    desk.org.insert("Account", json!({ "Name": HARMFUL })).unwrap();
    assert_eq!(desk.query(SOQL, &[]).await, format!("Name\n\"{HARMFUL}\"\n"));
}
