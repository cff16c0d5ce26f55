//! Records as a user's page shows them, and GraphQL.

use crate::org_api::Api;
use crate::org_api::code;
use serde_json::Value;
use serde_json::json;

#[tokio::test]
async fn a_page_shows_makes_changes_and_deletes_a_record() {
    let api = Api::new().await;
    let body = json!({ "apiName": "Account", "fields": { "Name": "Initech", "AnnualRevenue": 5 } });
    let (status, made) = api.post("ui-api/records", &body).await;
    assert_eq!(
        (status, &made["apiName"], &made["fields"]["Name"]["value"]),
        (201, &json!("Account"), &json!("Initech"))
    );
    let record = format!("ui-api/records/{}", made["id"].as_str().unwrap());
    let (status, changed) = api.patch(&record, &json!({ "fields": { "Industry": "Software" } })).await;
    assert_eq!((status, &changed["fields"]["Industry"]["displayValue"]), (200, &json!("Software")));
    let (_, shown) =
        api.get(&format!("{record}?fields=Account.AnnualRevenue&optionalFields=Account.Nope")).await;
    assert_eq!(shown["fields"], json!({ "AnnualRevenue": { "value": 5.0, "displayValue": "$5.00" } }));
    assert_eq!(shown["lastModifiedDate"], "2030-01-01T00:00:00.000Z");
    assert_eq!(code(&api.get(&format!("{record}?fields=Account.Nope")).await.1), "INVALID_FIELD");
    let (_, several) =
        api.get(&format!("ui-api/records/batch/{},001xx0000000099AAA", made["id"].as_str().unwrap())).await;
    assert_eq!((&several["hasErrors"], &several["results"][0]["statusCode"]), (&json!(true), &json!(200)));
    assert_eq!(api.delete(&record).await, (204, Value::Null));
    assert_eq!(api.get(&record).await.0, 404);
}

async fn asked(api: &Api, query: &str, variables: Value) -> Value {
    let (status, answer) = api.post("graphql", &json!({ "query": query, "variables": variables })).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

#[tokio::test]
async fn graphql_pages_through_records() {
    let api = Api::new().await;
    let query = "query accounts($first: Int = 1, $after: String) {
        uiapi { query { Account(first: $first, after: $after, orderBy: { Name: { order: DESC } }) {
            edges { cursor node { Id Name { value } } }
            pageInfo { hasNextPage endCursor } totalCount
        } } }
    }";
    let page = |answer: &Value| answer["data"]["uiapi"]["query"]["Account"].clone();
    let first = page(&asked(&api, query, json!({})).await);
    assert_eq!((&first["totalCount"], &first["pageInfo"]["hasNextPage"]), (&json!(2), &json!(true)));
    assert_eq!(first["edges"][0]["node"]["Name"], json!({ "value": "Globex" }));
    let after = first["pageInfo"]["endCursor"].clone();
    let second = page(&asked(&api, query, json!({ "after": after, "first": 5 })).await);
    assert_eq!(second["edges"][0]["node"]["Name"]["value"], "Acme");
    assert_eq!(second["pageInfo"]["hasNextPage"], false);
}

#[tokio::test]
async fn graphql_filters_and_follows_relationships() {
    let api = Api::new().await;
    let account = api.org.insert("Account", json!({ "Name": "O'Reilly", "NumberOfEmployees": 7 })).unwrap();
    api.org.insert("Contact", json!({ "LastName": "Hopper", "AccountId": account })).unwrap();
    let found = asked(
        &api,
        r#"{ uiapi { query { big: Account(where: { and: [{ Name: { like: "O'%" } }, { NumberOfEmployees: { gt: 5 } },
             { Name: { nin: ["Acme"] } }, { CreatedDate: { eq: { literal: TODAY } } }] }) {
             edges { node { Name { value } Contacts(first: 1) { totalCount edges { node { LastName { value } } } } } } }
           Contact(where: { Account: { Name: { eq: "O'Reilly" } } }) { edges { node { Name { value } Account { Name { value } } } } }
        } } }"#,
        Value::Null,
    )
    .await;
    assert_eq!(found["errors"], json!([]), "{found}");
    let found = &found["data"]["uiapi"]["query"];
    let account = &found["big"]["edges"][0]["node"];
    assert_eq!(account["Name"]["value"], "O'Reilly");
    assert_eq!(account["Contacts"]["edges"][0]["node"]["LastName"]["value"], "Hopper");
    assert_eq!(found["Contact"]["edges"][0]["node"]["Account"]["Name"]["value"], "O'Reilly");
}

#[tokio::test]
async fn graphql_says_what_is_wrong_with_a_status_of_200() {
    let api = Api::new().await;
    for (query, kind) in [
        ("{ uiapi { query { Nope { totalCount } } } }", "ValidationError"),
        ("{ uiapi { query { Account { edges { node { Nope { value } } } } } } }", "ValidationError"),
        ("{ uiapi { query { Account { edges { node { Name } } } } } }", "ValidationError"),
        (
            "{ uiapi { query { Account(where: { Nope: { eq: 1 } }) { totalCount } } } }",
            "DataFetchingException",
        ),
        ("{ uiapi {", "InvalidSyntax"),
    ] {
        let answer = asked(&api, query, Value::Null).await;
        assert_eq!(
            (&answer["data"], &answer["errors"][0]["extensions"]["ErrorType"]),
            (&Value::Null, &json!(kind)),
            "{query}"
        );
    }
}
