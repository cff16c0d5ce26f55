//! `authsession salesforce`: what reads its output may have had enough.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::process::ended;
use crate::salesforce::Desk;

const ACCOUNTS: &str = "SELECT Id, Name FROM Account";
/// As of who was ended by SIGPIPE.
const HAD_ENOUGH: Option<i32> = Some(141);

#[tokio::test]
async fn whoever_reads_the_first_lines_only_ends_the_query_without_a_word() {
    let desk = Desk::set().await;
    // More than a pipe holds.
    desk.org.fill("Account", 2500).unwrap();
    for format in [&["--csv", "--bulk"][..], &["--csv"], &["--json"], &["--ndjson"]] {
        let mut child = desk.start(&[&["query", ACCOUNTS], format].concat());
        let mut first = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut first).await.unwrap();
        assert!(!first.is_empty());
        drop(out);
        let ended = ended(child).await;
        assert_eq!((ended.status, ended.log.as_str()), (HAD_ENOUGH, ""), "{format:?}");
    }
}

#[tokio::test]
async fn nobody_who_reads_is_no_panic_wherever_the_errors_go() {
    let desk = Desk::set().await;
    for soql in [ACCOUNTS, "SELECT Nothing FROM Account"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = desk.command(&["query", soql]);
        command.stderr(Stdio::from(writer.try_clone().unwrap())).stdout(Stdio::from(writer));
        let ended = ended(command.spawn().unwrap()).await;
        assert_eq!(ended.status, if soql == ACCOUNTS { HAD_ENOUGH } else { Some(1) }, "{soql}");
    }
}
