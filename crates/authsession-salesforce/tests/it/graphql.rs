//! Queries in GraphQL.

use authsession_salesforce::CirrusError;
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::stage::Stage;

const QUERY: &str = "query names($first: Int) { uiapi { query { Account(first: $first) { totalCount } } } }";

#[derive(Debug, PartialEq, Deserialize)]
struct Data {
    uiapi: Uiapi,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Uiapi {
    total: u32,
}

fn refusal() -> Value {
    let extensions = json!({ "ErrorType": "InvalidSyntax" });
    json!({ "message": "Invalid Syntax: 'very private'", "locations": [], "extensions": extensions })
}

#[tokio::test]
async fn the_org_answers_with_its_records_or_says_what_is_wrong_with_the_query() {
    let stage = Stage::set().await;
    let client = stage.client();
    let names = "query names($first: Int) {
        uiapi { query { Account(first: $first) { edges { node { Id Name { value } } } } } }
    }";
    let answer = client.graphql::<Value, _>(names, &json!({ "first": 1 })).await.unwrap();
    let edges = answer.into_data().unwrap()["uiapi"]["query"]["Account"]["edges"].clone();
    assert_eq!(
        (edges.as_array().map(Vec::len), &edges[0]["node"]["Name"]["value"]),
        (Some(1), &json!("Acme"))
    );

    let answer = client.graphql::<Value, _>("query { uiapi { query { Nonsense {", &()).await.unwrap();
    assert!(answer.data.is_none() && answer.errors.len() == 1 && answer.errors[0].name().is_some());
}

#[tokio::test]
async fn data_comes_as_its_type_and_the_query_goes_with_its_variables() {
    let stage = Stage::set().await;
    let answer = Answer::json(200, &json!({ "data": { "uiapi": { "total": 3 } }, "errors": [] }));
    stage.org.enqueue(OrgEndpoint::Rest, Answer::status(503));
    stage.org.enqueue(OrgEndpoint::Rest, answer);
    let answer = stage.client().graphql::<Data, _>(QUERY, &json!({ "first": 3 })).await.unwrap();
    assert_eq!(answer.into_data().unwrap(), Data { uiapi: Uiapi { total: 3 } });
    let asked = stage.org.journal().last(OrgEndpoint::Rest).unwrap();
    assert_eq!((asked.path.as_str(), stage.calls()), ("/services/data/v66.0/graphql", 2));
    assert_eq!(asked.header("x-chatter-entity-encoding"), Some("false"), "texts stay as they are");
    let sent: Value = serde_json::from_slice(&asked.body).unwrap();
    assert_eq!(sent, json!({ "query": QUERY, "variables": { "first": 3 } }));
}

#[tokio::test]
async fn errors_are_told_with_the_data_or_in_its_place() {
    let stage = Stage::set().await;
    let client = stage.client();
    let both = json!({ "data": { "uiapi": { "total": 3 } }, "errors": [refusal()] });
    let holes = json!({ "data": { "uiapi": null }, "errors": [refusal()] });
    let none = json!({ "data": null, "errors": [refusal()] });
    for body in [&both, &holes, &none] {
        stage.org.enqueue(OrgEndpoint::Rest, Answer::json(200, body));
    }
    let answer = client.graphql::<Data, _>(QUERY, &()).await.unwrap();
    assert_eq!((answer.data.as_ref().map(|data| data.uiapi.total), answer.errors.len()), (Some(3), 1));
    assert_eq!(answer.errors[0].name(), Some("InvalidSyntax"));
    let with_data = answer.into_data().unwrap_err();
    let with_holes = client.graphql::<Data, _>(QUERY, &()).await.unwrap_err();
    let alone = client.graphql::<Data, _>(QUERY, &()).await.unwrap().into_data().unwrap_err();
    for error in [with_data, with_holes, alone] {
        let CirrusError::Api { status: 200, errors, .. } = &error else { panic!("{error:?}") };
        assert_eq!((errors.len(), errors[0].error_code.as_str()), (1, "InvalidSyntax"));
        assert!(
            error.to_string().contains("InvalidSyntax") && !error.to_string().contains("private"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn what_might_change_something_is_sent_once_and_what_is_empty_not_at_all() {
    let stage = Stage::set().await;
    let client = stage.client();
    stage.org.enqueue(OrgEndpoint::Rest, Answer::status(503));
    let mutation = "mutation { uiapi { AccountDelete(input: {Id: \"001\"}) { Id } } }";
    assert!(client.graphql::<Value, _>(mutation, &()).await.unwrap_err().is_transient());
    assert!(client.graphql::<Value, _>("\n", &()).await.is_err());
    assert_eq!(stage.calls(), 1);
    stage.org.enqueue(OrgEndpoint::Rest, Answer::json(200, &json!({ "data": { "uiapi": 3 } })));
    let error = client.graphql::<Data, _>(QUERY, &()).await.unwrap_err();
    assert!(matches!(error, CirrusError::Serialization(_)), "{error:?}");
}
