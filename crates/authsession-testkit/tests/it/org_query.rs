//! What the org's queries find.

use crate::org_api::Api;
use serde_json::Value;
use serde_json::json;
use std::time::Duration;

/// Widgets of every sort: three, the last of them empty.
async fn widgets() -> Api {
    let api = Api::new().await;
    let acme = api.org.query("SELECT Id FROM Account WHERE Name = 'Acme'").unwrap()[0]["Id"].clone();
    for fields in [
        json!({ "Name": "Bolt", "Weight__c": 1.5, "Active__c": true, "Color__c": "Red", "Account__c": acme,
                "Made_On__c": "2029-12-31", "Sold_At__c": "2030-01-01T01:00:00+01:00", "Price__c": 10 }),
        json!({ "Name": "nut", "Weight__c": 0.5, "Color__c": "Blue", "Made_On__c": "2030-01-01", "Price__c": 5 }),
        json!({ "Name": "It's 100% \\ \"new\"_" }),
    ] {
        api.org.insert("Widget__c", fields).unwrap();
    }
    api
}

async fn names(api: &Api, condition: &str) -> Vec<Value> {
    api.column("Name", &format!("SELECT Name FROM Widget__c WHERE {condition}")).await
}

#[tokio::test]
async fn values_are_compared_by_their_kind() {
    let api = widgets().await;
    for condition in [
        "Name = 'BOLT'",
        "Weight__c > 1",
        "Weight__c >= 1.5 AND Price__c != 5",
        "Active__c = true",
        "Color__c IN ('Red', 'Green')",
        "Made_On__c < 2030-01-01",
        "Made_On__c = YESTERDAY",
        "Sold_At__c = 2030-01-01T00:00:00Z",
        "Sold_At__c = TODAY",
        "Account__c != NULL",
        "Account__r.Name LIKE 'ac%'",
        "Account__c IN (SELECT Id FROM Account WHERE Name = 'Acme')",
        "NOT (Weight__c < 1 OR Name LIKE '%new%')",
    ] {
        assert_eq!(names(&api, condition).await, ["Bolt"], "{condition}");
    }
    for condition in
        ["Made_On__c = LAST_N_DAYS:1", "Made_On__c >= LAST_WEEK", "Weight__c != null", "Price__c <= 10"]
    {
        assert_eq!(names(&api, condition).await, ["Bolt", "nut"], "{condition}");
    }
    for condition in ["Color__c != 'Red'", "Color__c NOT IN ('Red')", "(NOT Color__c = 'Red')"] {
        assert_eq!(names(&api, condition).await.len(), 2, "what is empty is not red either: {condition}");
    }
}

#[tokio::test]
async fn a_text_is_what_it_says_whatever_signs_it_has() {
    let api = widgets().await;
    let odd = "It's 100% \\ \"new\"_";
    for condition in [
        r#"Name = 'It\'s 100% \\ \"new\"_'"#,
        r"Name LIKE 'It\'s%'",
        r"Name LIKE '%100\%%'",
        r"Name LIKE '%\_'",
        r"Name LIKE '%\\%'",
        r"Name = '\u0049t\'s 100% \\ \u0022new\u0022_'",
    ] {
        assert_eq!(names(&api, condition).await, [odd], "{condition}");
    }
    assert!(names(&api, r"Name = 'x\' OR Name != \''").await.is_empty());
    assert!(names(&api, "Name = '\"; DROP TABLE Widget__c --'").await.is_empty());
    assert_eq!(api.refused(r"SELECT Id FROM Account WHERE Name = '\x'").await, "MALFORMED_QUERY");
}

#[tokio::test]
async fn what_is_empty_comes_first_unless_told_otherwise() {
    let api = widgets().await;
    let by = async |order: &str| {
        api.column("Weight__c", &format!("SELECT Weight__c FROM Widget__c ORDER BY {order}")).await
    };
    assert_eq!(by("Weight__c").await, [Value::Null, json!(0.5), json!(1.5)]);
    assert_eq!(by("Weight__c DESC").await, [Value::Null, json!(1.5), json!(0.5)]);
    assert_eq!(by("Weight__c DESC NULLS LAST, Name").await, [json!(1.5), json!(0.5), Value::Null]);
    assert_eq!(
        by("Name ASC LIMIT 1 OFFSET 1").await,
        [Value::Null],
        "letters are ordered without their case"
    );
}

#[tokio::test]
async fn parents_are_nested_and_children_are_a_page_of_their_own() {
    let api = widgets().await;
    let answer =
        api.query("SELECT Name, Account__r.Name, Account__r.Owner.Username FROM Widget__c LIMIT 2").await;
    let bolt = &answer["records"][0];
    assert_eq!(bolt["Account__r"]["Name"], "Acme");
    assert_eq!(bolt["Account__r"]["attributes"]["type"], "Account");
    assert_eq!(bolt["Account__r"]["Owner"]["Username"], api.org.username());
    assert_eq!(answer["records"][1]["Account__r"], Value::Null);

    let answer =
        api.query("SELECT Name, (SELECT Name FROM Widgets__r WHERE Weight__c > 1) FROM Account").await;
    let [acme, globex] = [&answer["records"][0], &answer["records"][1]];
    assert_eq!((&acme["Widgets__r"]["totalSize"], &acme["Widgets__r"]["done"]), (&json!(1), &json!(true)));
    assert_eq!(acme["Widgets__r"]["records"][0]["Name"], "Bolt");
    assert_eq!(globex["Widgets__r"], Value::Null);
}

#[tokio::test]
async fn records_are_counted_and_summed_up_in_groups() {
    let api = widgets().await;
    assert_eq!(
        api.query("SELECT COUNT() FROM Widget__c").await,
        json!({ "totalSize": 3, "done": true, "records": [] })
    );
    let all = api
        .query("SELECT COUNT(Id) n, SUM(Price__c), MIN(Made_On__c), MAX(Weight__c), AVG(Price__c) mean FROM Widget__c")
        .await;
    let sum = &all["records"][0];
    assert_eq!(sum["attributes"], json!({ "type": "AggregateResult" }));
    assert_eq!((&sum["n"], &sum["expr0"], &sum["mean"]), (&json!(3), &json!(15.0), &json!(7.5)));
    assert_eq!((&sum["expr1"], &sum["expr2"]), (&json!("2029-12-31"), &json!(1.5)));

    let grouped = "SELECT Account__r.Name, COUNT(Id) n FROM Widget__c GROUP BY Account__r.Name";
    assert_eq!(api.column("Name", grouped).await, [Value::Null, json!("Acme")]);
    assert_eq!(api.column("n", &format!("{grouped} HAVING COUNT(Id) > 1")).await, [json!(2)]);
    assert_eq!(api.refused("SELECT Name, COUNT(Id) FROM Widget__c").await, "MALFORMED_QUERY");
}

#[tokio::test]
async fn all_fields_of_a_group_are_selected_with_a_limit() {
    let api = widgets().await;
    let all = api.query("SELECT FIELDS(ALL) FROM Widget__c LIMIT 1").await;
    let record = &all["records"][0];
    assert_eq!((&record["Weight__c"], &record["IsDeleted"]), (&json!(1.5), &json!(false)));
    assert_eq!(record["CreatedDate"], "2030-01-01T00:00:00.000+0000");
    let standard = api.query("SELECT FIELDS(STANDARD) FROM Widget__c").await;
    assert!(standard["records"][0].get("Weight__c").is_none());
    assert_eq!(api.refused("SELECT FIELDS(ALL) FROM Widget__c").await, "MALFORMED_QUERY");
}

#[tokio::test]
async fn what_is_deleted_only_query_all_sees() {
    let api = widgets().await;
    let id = api.org.query("SELECT Id FROM Widget__c WHERE Name = 'nut'").unwrap()[0]["Id"].clone();
    api.delete(&format!("sobjects/Widget__c/{}", id.as_str().unwrap())).await;
    assert_eq!(api.query("SELECT Id FROM Widget__c").await["totalSize"], 2);
    let (_, all) = api.get("queryAll?q=SELECT+Id,IsDeleted+FROM+Widget__c+WHERE+IsDeleted=true").await;
    assert_eq!((&all["totalSize"], &all["records"][0]["Id"]), (&json!(1), &id));
}

#[tokio::test]
async fn a_query_that_cannot_be_is_refused_by_what_is_wrong() {
    let api = Api::new().await;
    for (soql, code) in [
        ("SELECT Nope FROM Account", "INVALID_FIELD"),
        ("SELECT Nope.Name FROM Account", "INVALID_FIELD"),
        ("SELECT Id, Id FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Name = 5", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE CreatedDate > '2030-01-01'", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Description = 'x'", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Id = 'nonsense'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Nope", "INVALID_TYPE"),
        ("SELECT Id, (SELECT Id FROM Nopes) FROM Account", "INVALID_TYPE"),
        ("SELECT Id FROM Account WHERE Name = 'a' AND Name = 'b' OR Name = 'c'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account LIMIT x", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Name = 'open", "MALFORMED_QUERY"),
        ("", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE"),
    ] {
        assert_eq!(api.refused(soql).await, code, "{soql}");
    }
}

#[tokio::test]
async fn many_records_come_page_by_page() {
    let api = Api::new().await;
    api.org.fill("Widget__c", 20_000).unwrap();
    let mut page = api.query("SELECT Id, Name FROM Widget__c ORDER BY Name DESC").await;
    let mut seen = 0;
    loop {
        assert_eq!(page["totalSize"], 20_000);
        seen += page["records"].as_array().unwrap().len();
        let Some(next) = page["nextRecordsUrl"].as_str() else { break };
        assert!(
            next.starts_with("/services/data/v66.0/query/01g") && next.ends_with(&format!("-{seen}")),
            "{next}"
        );
        page = api.get(next).await.1;
    }
    assert_eq!((seen, &page["done"]), (20_000, &json!(true)));
}

#[tokio::test]
async fn a_locator_is_of_what_was_found_then_and_can_be_asked_again_for_two_days() {
    let api = Api::new().await;
    api.org.fill("Account", 500).unwrap();
    let options = [("sforce-query-options", "batchSize=1")];
    let soql = "query?q=SELECT+Name+FROM+Account";
    let first = api.send(http::Method::GET, soql, &options, "").await.json().unwrap();
    assert_eq!(first["records"].as_array().unwrap().len(), 200, "the smallest page there is");
    let next = first["nextRecordsUrl"].as_str().unwrap();
    api.org.insert("Account", json!({ "Name": "Late" })).unwrap();
    for _ in 0..2 {
        let (_, rest) = api.get(next).await;
        assert_eq!((&rest["totalSize"], rest["records"].as_array().unwrap().len()), (&json!(502), 302));
    }
    for invalid in ["query/01gxx0000000099AAA-200", "query/nonsense", &format!("{next}000")] {
        let (status, error) = api.get(invalid).await;
        assert_eq!((status, &error[0]["errorCode"]), (400, &json!("INVALID_QUERY_LOCATOR")));
    }
    api.clock.advance(Duration::from_secs(2 * 86_400));
    assert_eq!(api.get(next).await.0, 400);
}

#[tokio::test]
async fn columns_are_described_where_they_are_joined() {
    let api = widgets().await;
    let soql = "SELECT+Weight__c,Account__r.Name,Account__r.Owner.Name,Account__r.Owner.Email+FROM+Widget__c";
    let (_, answer) = api.get(&format!("query?q={soql}&columns=true")).await;
    let columns = answer["columnMetadata"].as_array().unwrap();
    assert_eq!(
        (columns.len(), &columns[0]["columnName"], &columns[0]["numberType"]),
        (2, &json!("Weight__c"), &json!(true))
    );
    let joined = columns[1]["joinColumns"].as_array().unwrap();
    assert_eq!((&joined[0]["columnName"], &joined[1]["columnName"]), (&json!("Name"), &json!("Owner")));
    assert_eq!((joined.len(), joined[1]["joinColumns"].as_array().unwrap().len()), (2, 2));
}

#[tokio::test]
async fn a_plan_says_how_many_records_a_query_looks_at() {
    let api = widgets().await;
    let (_, answer) = api.get("query?explain=SELECT+Id+FROM+Widget__c+WHERE+Weight__c+>+1").await;
    assert_eq!(
        (&answer["plans"][0]["sobjectType"], &answer["plans"][0]["cardinality"]),
        (&json!("Widget__c"), &json!(1))
    );
}

#[tokio::test]
async fn a_long_list_within_a_record_goes_on_under_a_locator_that_ends_with_its_records_page() {
    let api = widgets().await;
    let acme = api.org.query("SELECT Id FROM Account WHERE Name = 'Acme'").unwrap()[0]["Id"].clone();
    for name in ["Cog", "Dowel"] {
        api.org.insert("Widget__c", json!({ "Name": name, "Account__c": acme })).unwrap();
    }
    let there = api.org.count("Account").unwrap();
    api.org.fill("Account", 201 - there).unwrap();
    api.org.children_a_page(2);
    let soql = "query?q=SELECT+Name,(SELECT+Name+FROM+Widgets__r+ORDER+BY+Name)+FROM+Account";
    let options = [("sforce-query-options", "batchSize=200")];
    let first = api.send(http::Method::GET, soql, &options, "").await.json().unwrap();
    let widgets = &first["records"][0]["Widgets__r"];
    assert_eq!((&widgets["totalSize"], &widgets["done"]), (&json!(3), &json!(false)));
    assert_eq!(widgets["records"].as_array().unwrap().len(), 2);
    let rest = widgets["nextRecordsUrl"].as_str().unwrap();
    let (_, page) = api.get(rest).await;
    assert_eq!((&page["records"][0]["Name"], &page["done"]), (&json!("Dowel"), &json!(true)));

    assert_eq!(api.get(first["nextRecordsUrl"].as_str().unwrap()).await.0, 200);
    let (status, error) = api.get(rest).await;
    assert_eq!((status, &error[0]["errorCode"]), (400, &json!("INVALID_QUERY_LOCATOR")));
}

#[tokio::test]
async fn a_locator_may_be_told_to_end_with_its_session() {
    let api = Api::new().await;
    api.org.fill("Account", 2001).unwrap();
    let next = api.query("SELECT Id FROM Account").await["nextRecordsUrl"].as_str().unwrap().to_owned();
    assert_eq!(api.get(&next).await.0, 200);
    api.org.locators_end_with_session(true);
    let (status, error) = api.get(&next).await;
    assert_eq!((status, &error[0]["errorCode"]), (401, &json!("INVALID_SESSION_ID")));
}
