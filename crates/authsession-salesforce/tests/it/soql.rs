//! Values in SOQL and SOSL.

use std::time::{Duration, UNIX_EPOCH};

use authsession_salesforce::soql::condition::Condition;
use authsession_salesforce::soql::literal::Literal;
use authsession_salesforce::soql::select::Select;
use authsession_salesforce::{CirrusError, soql, sosl};
use authsession_testkit::org::Org;
use proptest::prelude::*;
use serde_json::json;

fn names(org: &Org, soql: &str) -> Vec<String> {
    let found = org.query(soql).unwrap();
    found.iter().map(|record| record["Name"].as_str().unwrap().to_owned()).collect()
}

/// An org whose records are made and found without HTTP; the runtime is what keeps it going.
fn org() -> (tokio::runtime::Runtime, Org) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let org = runtime.block_on(Org::builder().start()).unwrap();
    (runtime, org)
}

/// Texts that are hard to write down.
fn texts() -> impl Strategy<Value = String> {
    let signs = prop::sample::select(vec![
        "'", "\\", "%", "_", "\"", "\n", "\r", "\t", "\u{8}", "\u{c}", "é", "名", "n", "u0041",
    ]);
    prop::collection::vec(prop_oneof![3 => signs.prop_map(str::to_owned), 1 => "[a-z ]{0,3}"], 0..20)
        .prop_map(|pieces| format!("<{}>", pieces.concat()))
}

#[test]
fn a_quoted_text_means_itself_to_the_org_whatever_is_in_it() {
    let (_runtime, org) = org();
    proptest!(ProptestConfig::with_cases(64), |(text in texts())| {
        org.insert("Account", json!({ "Name": text })).unwrap();
        let equal = names(&org, &format!("SELECT Name FROM Account WHERE Name = {}", soql::quote(&text)));
        prop_assert!(!equal.is_empty() && equal.iter().all(|name| *name == text), "{equal:?} {text:?}");
        let like = names(&org, &format!("SELECT Name FROM Account WHERE Name LIKE '{}'", soql::escape_like(&text)));
        prop_assert!(!like.is_empty() && like.iter().all(|name| *name == text), "{like:?} {text:?}");
        let built = Select::new("Account", ["Name"]).filter(Condition::contains("Name", &text)).build().unwrap();
        prop_assert!(names(&org, &built).iter().all(|name| name.contains(&text)));
    });
}

#[test]
fn a_value_does_not_become_a_condition() {
    let (_runtime, org) = org();
    for value in ["' OR Name != '", "\\' OR Name != \\'", "x' LIMIT 1 --", "') OR (Name != '"] {
        for condition in [
            Condition::eq("Name", value),
            Condition::one_of("Name", [value]),
            Condition::starts_with("Name", value),
            Condition::contains("Name", value),
        ] {
            let soql = Select::new("Account", ["Name"]).filter(condition).build().unwrap();
            assert_eq!(names(&org, &soql), Vec::<String>::new(), "{soql}");
        }
    }
}

#[test]
fn a_built_query_finds_what_its_conditions_say() {
    let (_runtime, org) = org();
    for (name, employees) in [("Initech", 100), ("Initrode", 200), ("Umbrella", 300)] {
        org.insert("Account", json!({ "Name": name, "NumberOfEmployees": employees, "Industry": "Other" }))
            .unwrap();
    }
    let of = |condition: Condition| {
        let select =
            Select::new("Account", ["Id", "Name", "Parent.Name"]).filter(Condition::eq("Industry", "Other"));
        names(&org, &select.filter(condition).order_by_descending("Name").order_by("Id").build().unwrap())
    };
    assert_eq!(of(Condition::gt("NumberOfEmployees", 100)), ["Umbrella", "Initrode"]);
    assert_eq!(
        of(Condition::ge("NumberOfEmployees", 100).and(Condition::lt("NumberOfEmployees", 300i64))),
        ["Initrode", "Initech"]
    );
    assert_eq!(
        of(Condition::le("NumberOfEmployees", 100.5).or(Condition::eq("Name", "Umbrella"))),
        ["Umbrella", "Initech"]
    );
    assert_eq!(of(Condition::starts_with("Name", "Init").negated()), ["Umbrella"]);
    assert_eq!(of(Condition::none_of("Name", ["Initech", "Umbrella"])), ["Initrode"]);
    assert_eq!(of(Condition::eq("ParentId", None::<&str>)), ["Umbrella", "Initrode", "Initech"]);
    assert_eq!(of(Condition::ne("Name", String::from("Umbrella"))), ["Initrode", "Initech"]);
    let made = |in_words| of(Condition::eq("CreatedDate", Literal::relative_date(in_words))).len();
    assert_eq!((made("TODAY"), made("LAST_N_DAYS:7"), made("TOMORROW")), (3, 3, 0));
    let since = UNIX_EPOCH + Duration::from_millis(1_500);
    assert_eq!(of(Condition::ge("CreatedDate", since)).len(), 3);

    let select = Select::new("Account", ["Name"]).order_by("Name").limit(1).offset(2);
    assert_eq!(names(&org, &select.build().unwrap()), ["Initech"]);
    let select = Select::new("Account", ["COUNT()"]).filter(Condition::eq("IsDeleted", false));
    assert_eq!(select.build().unwrap(), "SELECT COUNT() FROM Account WHERE IsDeleted = false");
    let select =
        Select::new("Opportunity", ["Id"]).filter(Condition::eq("CloseDate", Literal::date(2026, 1, 31)));
    assert_eq!(select.build().unwrap(), "SELECT Id FROM Opportunity WHERE CloseDate = 2026-01-31");
}

#[test]
fn what_cannot_be_written_is_an_error_when_the_query_is_built() {
    let fine = || Select::new("Account", ["Id"]);
    let no_values: [&str; 0] = [];
    for broken in [
        Select::new("Account", no_values),
        Select::new("", ["Id"]),
        Select::new("Account WHERE Id != null", ["Id"]),
        Select::new("A.B", ["Id"]),
        Select::new("Account", ["Id FROM User"]),
        Select::new("Account", ["Id", ""]),
        Select::new("Account", ["COUNT(Id))"]),
        Select::new("Account", ["(SELECT Id FROM Contacts)"]),
        fine().filter(Condition::eq("Name = 'x' OR Name", "y")),
        fine().filter(Condition::eq("Owner..Name", "y")),
        fine().filter(Condition::one_of("Id", no_values)),
        fine().filter(Condition::gt("Amount", f64::NAN)),
        fine().filter(Condition::gt("Amount", f64::INFINITY)),
        fine().filter(Condition::eq("CreatedDate", Literal::relative_date("TODAY OR Name != null"))),
        fine().filter(Condition::eq("CreatedDate", Literal::relative_date("LAST_N_DAYS:x"))),
        fine().filter(Condition::eq("Name", Literal::relative_date("null"))),
        fine().filter(Condition::eq("CloseDate", Literal::date(2026, 13, 1))),
        fine().filter(Condition::lt("CreatedDate", UNIX_EPOCH - Duration::from_secs(1))),
        fine().filter(Condition::eq("Id", "1").and(Condition::eq("", "2"))),
        fine().order_by("Name DESC"),
        fine().order_by_descending("Name, Id"),
    ] {
        let error = broken.build().unwrap_err();
        assert!(matches!(error, CirrusError::InvalidInput { field: "soql", .. }), "{broken:?}: {error:?}");
    }
}

#[test]
fn instants_are_written_as_salesforce_reads_them() {
    let at = |millis| soql::datetime(UNIX_EPOCH + Duration::from_millis(millis));
    assert_eq!(at(0).unwrap(), "1970-01-01T00:00:00Z");
    assert_eq!(at(951_782_400_000).unwrap(), "2000-02-29T00:00:00Z");
    assert_eq!(at(1_798_761_599_007).unwrap(), "2026-12-31T23:59:59.007Z");
    assert_eq!(at(253_402_300_799_000).unwrap(), "9999-12-31T23:59:59Z");
    assert!(at(253_402_300_800_000).is_err());
    assert!(soql::datetime(UNIX_EPOCH - Duration::from_nanos(1)).is_err());
}

#[test]
fn a_search_term_has_no_operators_in_it() {
    assert_eq!(sosl::escape_term("plain words é"), "plain words é");
    let all: String = sosl::RESERVED.iter().collect();
    let escaped = sosl::escape_term(&all);
    assert_eq!(escaped.chars().filter(|sign| *sign == '\\').count(), 20);
    assert_eq!(escaped.chars().step_by(2).collect::<String>(), "\\".repeat(19));
    assert_eq!(escaped.chars().skip(1).step_by(2).collect::<String>(), all);
}
