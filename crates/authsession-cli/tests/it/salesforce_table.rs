//! `authsession salesforce query`: the columns of its CSV.

use authsession_testkit::script::Answer;
use serde_json::{Value, json};

use crate::salesforce::Desk;

const SOQL: &str = "SELECT LastName, Account.Name FROM Contact ORDER BY LastName";

/// A page, and where the rest is.
fn page(records: &Value, rest: Option<&str>) -> Answer {
    let next = rest.map(|rest| format!("/services/data/v66.0/query/{rest}"));
    Answer::json(
        200,
        &json!({ "totalSize": 9, "done": next.is_none(), "nextRecordsUrl": next, "records": records }),
    )
}

#[tokio::test]
async fn a_parent_that_is_missing_on_a_whole_page_keeps_its_columns() {
    let desk = Desk::set().await;
    let acme = desk.org.insert("Account", json!({ "Name": "Umbra" })).unwrap();
    desk.org.fill("Contact", 2100).unwrap();
    desk.org.insert("Contact", json!({ "LastName": "Zuse", "AccountId": acme })).unwrap();
    for (order, place) in [("", 1), (" DESC", 0)] {
        let csv = desk.query(&format!("{SOQL}{order}"), &[]).await;
        let mut rows = csv.lines();
        assert_eq!(rows.next(), Some("LastName,Account.Name"));
        let rows: Vec<_> = rows.collect();
        assert_eq!(rows[place * (rows.len() - 1)], "Zuse,Umbra");
        assert!(rows.len() > 2100 && rows[1000].starts_with("Contact ") && rows[1000].ends_with(','));
    }
}

#[tokio::test]
async fn what_has_parts_on_the_second_page_only_fits_in_the_column_it_has() {
    let desk = Desk::set().await;
    let soql = "SELECT c.Id, c.account.owner.Name, BillingAddress, (SELECT Id FROM Tasks) FROM Contact c";
    let first = json!([{ "Id": "1", "Account": null, "BillingAddress": null, "Tasks": null }]);
    let second = json!([
        { "Id": "2", "Account": { "Owner": null }, "BillingAddress": { "city": "Ulm" }, "Tasks": null },
        { "Id": "3", "Account": { "Owner": { "Name": "Eve" } }, "BillingAddress": null, "Tasks": null },
    ]);
    desk.org.enqueue_at("GET */query", page(&first, Some("0r8xx-1")));
    desk.org.enqueue_at("GET */query/*", page(&second, None));
    let csv = desk.query(soql, &[]).await;
    assert_eq!(
        csv,
        "Id,account.owner.Name,BillingAddress,Tasks\n1,,,\n2,,\"{\"\"city\"\":\"\"Ulm\"\"}\",\n3,Eve,,\n"
    );
}

#[tokio::test]
async fn groups_and_functions_are_called_what_the_org_calls_them() {
    let desk = Desk::set().await;
    let groups = json!([{ "n": 7, "Name": "Umbra", "expr0": 3 }]);
    desk.org.enqueue_at("GET */query", page(&groups, None));
    let soql = "SELECT Account.Name, COUNT(Id) n, MAX(Amount) FROM Opportunity GROUP BY Account.Name";
    assert_eq!(desk.query(soql, &[]).await, "Name,n,expr0\nUmbra,7,3\n");
}

#[tokio::test]
async fn a_column_that_comes_late_is_an_error_that_says_what_to_do() {
    let desk = Desk::set().await;
    desk.org.enqueue_at("GET */query", page(&json!([{ "Id": "1" }]), Some("0r8xx-1")));
    desk.org.enqueue_at("GET */query/*", page(&json!([{ "Id": "2", "Late": "x" }]), None));
    let late = desk.run(&["query", "SELECT FIELDS(ALL) FROM Account LIMIT 200"]).await;
    assert_eq!(late.status, Some(1), "{}", late.log);
    assert!(late.log.contains("--json"), "{}", late.log);
}
