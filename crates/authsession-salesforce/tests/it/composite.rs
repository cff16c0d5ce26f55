//! Many requests in one call: what is sent, what is counted before, and how failures read.

use authsession_salesforce::{
    BatchRequest, BatchSubrequest, CirrusError, CirrusResult, CompositeGraphRequest, CompositeRequest,
    CompositeResponse, CompositeSubrequest, CompositeSubresponse, CompositeTreeRecord, CompositeTreeRequest,
    CompositeTreeResult, reference, soql,
};
use authsession_testkit::script::Answer;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::stage::Stage;

const COMPOSITE: &str = "POST */v66.0/composite";
const BATCH: &str = "POST */v66.0/composite/batch";
const TREE: &str = "POST */v66.0/composite/tree/Account";
const GRAPH: &str = "POST */v66.0/composite/graph";

fn sent(stage: &Stage, pattern: &str) -> Vec<Value> {
    let requests = stage.org.journal().requests_at(pattern);
    requests.iter().map(|request| serde_json::from_slice(&request.body).unwrap()).collect()
}

fn answer(status: u16, reference_id: &str, body: &Value) -> Value {
    json!({ "body": body, "httpHeaders": {}, "httpStatusCode": status, "referenceId": reference_id })
}

fn too_many<T>(outcome: CirrusResult<T>, of: &str, count: usize, most: usize) {
    let error = outcome.err().unwrap();
    let text = format!("{count} {of} are too many for one call, which takes {most}: split them");
    assert!(matches!(error, CirrusError::TooMany { .. }), "{error:?}");
    assert_eq!(error.to_string(), text);
}

#[tokio::test]
async fn subrequests_refer_to_each_other_and_go_in_one_call() {
    let stage = Stage::set().await;
    let created = answer(201, "account", &json!({ "id": "001xx", "success": true, "errors": [] }));
    let found = answer(200, "found", &json!({ "totalSize": 0, "done": true, "records": [] }));
    let done = |reference_id| answer(204, reference_id, &Value::Null);
    let body = json!({ "compositeResponse": [
        created, done("read"), done("changed"), done("upserted"), found, done("gone"),
    ] });
    stage.org.enqueue_at(COMPOSITE, Answer::json(200, &body));

    let client = stage.client();
    let account = reference("account", "id");
    let request = client
        .composite()
        .compose()
        .create("Account", "account", &json!({ "Name": "Acme" }))
        .retrieve("Account", "read", &account, &["Name", "Phone"])
        .update("Account", "changed", &account, &json!({ "Phone": "1" }))
        .upsert("Contact", "upserted", "Key__c", "a/b", &json!({}))
        .field_from("AccountId", &account)
        .query_with(
            "found",
            &["SELECT Id FROM Contact WHERE AccountId = '".into(), (&account).into(), "'".into()],
        )
        .delete("Account", "gone", &account)
        .all_or_none(true)
        .collate(false);
    let answer = request.send().await.unwrap();

    let root = "/services/data/v66.0";
    let one = json!({
        "allOrNone": true,
        "collateSubrequests": false,
        "compositeRequest": [
            { "method": "POST", "url": format!("{root}/sobjects/Account"), "referenceId": "account",
              "body": { "Name": "Acme" } },
            { "method": "GET", "url": format!("{root}/sobjects/Account/@{{account.id}}?fields=Name,Phone"),
              "referenceId": "read" },
            { "method": "PATCH", "url": format!("{root}/sobjects/Account/@{{account.id}}"),
              "referenceId": "changed", "body": { "Phone": "1" } },
            { "method": "PATCH", "url": format!("{root}/sobjects/Contact/Key__c/a%2Fb"),
              "referenceId": "upserted", "body": { "AccountId": "@{account.id}" } },
            { "method": "GET", "referenceId": "found", "url": format!(
                "{root}/query?q=SELECT%20Id%20FROM%20Contact%20WHERE%20AccountId%20%3D%20%27@{{account.id}}%27"
            ) },
            { "method": "DELETE", "url": format!("{root}/sobjects/Account/@{{account.id}}"),
              "referenceId": "gone" },
        ],
    });
    assert_eq!(sent(&stage, COMPOSITE), [one]);
    assert!(answer.is_success() && answer.root_cause().is_none());
    #[derive(Deserialize)]
    struct Created {
        id: String,
    }
    assert_eq!(answer.get("account").unwrap().body_as::<Created>().unwrap().id, "001xx");
}

#[tokio::test]
async fn what_one_subrequest_makes_the_next_ones_use() {
    let stage = Stage::set().await;
    let client = stage.client();
    let account = reference("account", "id");
    let request = client
        .composite()
        .compose()
        .create("Account", "account", &json!({ "Name": "Initech & Söhne" }))
        .create("Contact", "contact", &json!({ "LastName": "Lumbergh" }))
        .field_from("AccountId", &account)
        .update("Account", "changed", &account, &json!({ "Phone": "1" }))
        .retrieve("Account", "read", &account, &["Name", "Phone"])
        .query_with(
            "found",
            &["SELECT LastName FROM Contact WHERE AccountId = '".into(), (&account).into(), "'".into()],
        );
    let answer = request.send().await.unwrap();

    assert!(answer.is_success(), "{answer:?}");
    let body = |reference_id| &answer.get(reference_id).unwrap().body;
    assert_eq!((&body("read")["Name"], &body("read")["Phone"]), (&json!("Initech & Söhne"), &json!("1")));
    assert_eq!(body("found")["records"][0]["LastName"], "Lumbergh");
    assert!(answer.get("account").unwrap().http_headers.contains_key("location"));
    assert_eq!(stage.calls(), 1);
}

#[tokio::test]
async fn of_a_rollback_the_one_that_failed_is_told_from_those_it_took_along() {
    let stage = Stage::set().await;
    let client = stage.client();
    let before = stage.org.count("Account").unwrap();
    let request = client
        .composite()
        .compose()
        .create("Account", "account", &json!({ "Name": "Initech" }))
        .create("Contact", "contact", &json!({ "FirstName": "Bill" }))
        .query("found", "SELECT Id FROM Account")
        .all_or_none(true);
    let answer = request.send().await.unwrap();

    assert!(!answer.is_success());
    assert!(answer.get("account").unwrap().is_rolled_back() && answer.get("found").unwrap().is_rolled_back());
    let cause = answer.root_cause().unwrap();
    assert_eq!(cause.reference_id, "contact");
    assert!(cause.is_error() && !cause.is_rolled_back());
    assert_eq!(cause.errors()[0].error_code, "REQUIRED_FIELD_MISSING");
    assert_eq!(cause.errors()[0].fields, ["LastName"]);
    cause.body_as::<CompositeResponse>().unwrap_err();
    assert_eq!(stage.org.count("Account").unwrap(), before);
}

#[tokio::test]
async fn what_is_too_much_for_one_call_is_told_before_anything_is_sent() {
    let stage = Stage::set().await;
    let client = stage.client();
    let composite = client.composite();
    let subrequest = json!({ "method": "GET", "url": "/services/data/v66.0/limits", "referenceId": "a" });
    let subrequests = |count: usize| vec![subrequest.clone(); count];

    let body = json!({ "compositeRequest": subrequests(26) });
    too_many(composite.execute(&body).await, "subrequests", 26, 25);
    let mut builder = composite.compose();
    let mut batch = composite.compose_batch();
    for number in 0..26 {
        builder = builder.query(&format!("q{number}"), "SELECT Id FROM Account");
        batch = batch.query("SELECT Id FROM Account");
    }
    too_many(builder.send().await, "subrequests", 26, 25);
    too_many(batch.send().await, "subrequests", 26, 25);
    let body = json!({ "batchRequests": subrequests(26) });
    too_many(composite.batch(&body).await, "subrequests", 26, 25);

    let graph = |id: &str, count| json!({ "graphId": id, "compositeRequest": subrequests(count) });
    let body = json!({ "graphs": [graph("a", 250), graph("b", 251)] });
    too_many(composite.graph(&body).await, "nodes", 501, 500);
    let body = json!({ "graphs": vec![graph("a", 1); 76] });
    too_many(composite.graph(&body).await, "graphs", 76, 75);

    let child = json!({ "attributes": { "type": "Contact", "referenceId": "c" }, "LastName": "Doe" });
    let parent = json!({ "Name": "Acme", "Tags": ["a"], "Contacts": { "records": [child, child] } });
    let body = json!({ "records": vec![parent; 67] });
    too_many(composite.tree("Account", &body).await, "records", 201, 200);

    assert_eq!((stage.calls(), stage.grants()), (0, 0));
}

#[tokio::test]
async fn as_much_as_one_call_takes_is_sent() {
    let stage = Stage::set().await;
    let answers: Vec<_> = (0..500).map(|number| answer(204, &format!("d{number}"), &Value::Null)).collect();
    let graph =
        json!({ "graphId": "one", "graphResponse": { "compositeResponse": answers }, "isSuccessful": true });
    stage.org.always_at(GRAPH, Answer::json(200, &json!({ "graphs": [graph] })));
    let results = vec![json!({ "referenceId": "a", "id": "001xx" }); 200];
    stage.org.always_at(TREE, Answer::json(201, &json!({ "hasErrors": false, "results": results })));
    let client = stage.client();
    let mut builder = client.composite().compose();
    for number in 0..500 {
        builder = builder.delete("Account", &format!("d{number}"), "001xx000003DGbYAAW");
    }
    let graphs = vec![builder.into_graph("one").unwrap()];

    client.composite().graph(&CompositeGraphRequest { graphs }).await.unwrap();
    let body = json!({ "records": vec![json!({ "Name": "records" }); 200] });
    client.composite().tree("Account", &body).await.unwrap();

    assert_eq!(sent(&stage, GRAPH)[0]["graphs"][0]["compositeRequest"].as_array().unwrap().len(), 500);
}

#[tokio::test]
async fn a_composite_request_that_may_have_been_done_is_not_sent_again_and_one_that_was_put_off_is() {
    let stage = Stage::set().await;
    let client = stage.client();
    let request = CompositeRequest::default();
    for answer in [Answer::status(503), Answer::dropped_after()] {
        stage.org.enqueue_at(COMPOSITE, answer);
        assert!(client.composite().execute(&request).await.unwrap_err().is_transient());
    }
    assert_eq!(sent(&stage, COMPOSITE).len(), 2);

    let done = Answer::json(200, &json!({ "compositeResponse": [] }));
    for answer in [Answer::status(429), Answer::session_expired(), done] {
        stage.org.enqueue_at(COMPOSITE, answer);
    }
    client.composite().execute(&request).await.unwrap();
    assert_eq!(sent(&stage, COMPOSITE).len(), 5);
    assert_eq!(stage.grants(), 2);
}

#[tokio::test]
async fn an_answer_that_is_not_to_every_subrequest_is_no_success() {
    fn is_short<T: std::fmt::Debug>(outcome: CirrusResult<T>) {
        let error = outcome.unwrap_err();
        assert!(matches!(error, CirrusError::InvalidResponse(_)) && error.may_have_been_done(), "{error:?}");
    }
    let stage = Stage::set().await;
    let client = stage.client();
    let composite = client.composite();
    let compose = || composite.compose().delete("Account", "a", "001xx").delete("Account", "b", "002xx");
    let none = json!({ "compositeResponse": null });
    let one = json!({ "compositeResponse": [answer(204, "a", &Value::Null)] });
    for told in [&json!({}), &none, &one] {
        stage.org.enqueue_at(COMPOSITE, Answer::json(200, told));
        is_short(compose().send().await);
    }
    stage.org.enqueue_at(BATCH, Answer::json(200, &json!({ "hasErrors": false })));
    is_short(composite.compose_batch().delete("Account", "001xx").send().await);

    stage.org.enqueue_at(TREE, Answer::json(201, &json!({ "hasErrors": false, "results": [] })));
    is_short(composite.tree("Account", &json!({ "records": [{ "Name": "Acme" }] })).await);

    let graph = |id: &str, is_successful: bool, response: &Value| json!({ "graphId": id, "graphResponse": response, "isSuccessful": is_successful });
    let graphs = CompositeGraphRequest {
        graphs: vec![compose().into_graph("one").unwrap(), compose().into_graph("two").unwrap()],
    };
    let both =
        json!({ "compositeResponse": [answer(204, "a", &Value::Null), answer(204, "b", &Value::Null)] });
    let (whole, failed) = (graph("one", true, &both), graph("two", false, &none));
    for told in [json!([]), json!([whole]), json!([whole, graph("two", true, &one)])] {
        stage.org.enqueue_at(GRAPH, Answer::json(200, &json!({ "graphs": told })));
        is_short(composite.graph(&graphs).await);
    }
    stage.org.enqueue_at(GRAPH, Answer::json(200, &json!({ "graphs": [failed, whole] })));
    assert!(!composite.graph(&graphs).await.unwrap().get("two").unwrap().is_successful);
}

#[tokio::test]
async fn what_comes_from_elsewhere_is_no_reference() {
    let stage = Stage::set().await;
    let client = stage.client();
    let theirs = "@{found.records[0].Id}";
    let compose = || client.composite().compose();
    for (field, request) in [
        ("id", compose().delete("Contact", "x", theirs)),
        ("id", compose().retrieve("Contact", "x", theirs, &["Name"])),
        ("id", compose().update("Contact", "x", theirs, &json!({}))),
        ("external_value", compose().upsert("Contact", "x", "Key__c", theirs, &json!({}))),
        ("external_value", compose().upsert("Contact", "x", "Key__c", &format!("a{theirs}"), &json!({}))),
        ("sobject", compose().delete(theirs, "x", "003xx")),
        ("fields", compose().retrieve("Contact", "x", "003xx", &[theirs])),
        (
            "soql",
            compose().query("x", &format!("SELECT Id FROM Contact WHERE Name = {}", soql::quote(theirs))),
        ),
        ("body", compose().create("Contact", "x", &json!({ "LastName": format!("Doe {theirs}") }))),
        ("body", compose().create("Contact", "x", &json!({ "Account": { "Names": [theirs] } }))),
        ("body", compose().create("Contact", "x", &json!({ theirs: "Doe" }))),
        ("soql", compose().query_with("x", &["SELECT '@".into(), "{found.id}'".into()])),
        ("field", compose().create("Contact", "x", &json!({})).field_from(theirs, &reference("a", "id"))),
        ("field", compose().delete("Contact", "x", "003xx").field_from("Name", &reference("a", "id"))),
        ("field", compose().field_from("Name", &reference("a", "id"))),
        ("reference", compose().delete("Contact", "x", &reference("a", "../b"))),
        ("reference", compose().delete("Contact", "x", &reference("a", "id}@{b.id"))),
    ] {
        let error = request.build().err();
        assert!(
            matches!(error, Some(CirrusError::InvalidInput { field: named, .. }) if named == field),
            "{field}: {error:?}"
        );
    }

    let batch = client.composite().compose_batch().delete("Contact", theirs).query(&format!("'{theirs}'"));
    let urls: Vec<_> = batch.build().unwrap().batch_requests.into_iter().map(|one| one.url).collect();
    let encoded = "%40%7Bfound.records%5B0%5D.Id%7D";
    assert_eq!(
        urls,
        [format!("v66.0/sobjects/Contact/{encoded}"), format!("v66.0/query?q=%27{encoded}%27")],
        "in a batch nothing refers to anything"
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_subrequest_is_told_when_they_are_sent() {
    let stage = Stage::set().await;
    let client = stage.client();
    let field = |outcome: CirrusResult<CompositeRequest>| match outcome {
        Err(CirrusError::InvalidInput { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    let compose = || client.composite().compose();
    let twice = compose().delete("Account", "a", "001").delete("Account", "a", "002");
    assert_eq!(field(twice.build()), "reference_id");
    assert_eq!(field(compose().delete("Account", "a.b", "001").build()), "reference_id");
    assert_eq!(field(compose().delete("Account", "a", "..").delete("", "b", "001").build()), "id");
    assert_eq!(field(compose().delete("", "a", "001").build()), "sobject");
    let keys = [((1, 2), "no text")].into_iter().collect::<std::collections::HashMap<_, _>>();
    assert_eq!(field(compose().create("Account", "a", &keys).build()), "body");
}

#[tokio::test]
async fn a_batch_goes_below_its_version_and_what_was_left_out_is_told() {
    let stage = Stage::set().await;
    let account = stage.org.insert("Account", json!({ "Name": "Acme" })).unwrap();
    let client = stage.client();
    let batch = client
        .composite()
        .compose_batch()
        .update("Account", &account, &json!({ "Name": "Initech" }))
        .retrieve("Account", "001000000000099AAA", &["Name"])
        .subrequest(BatchSubrequest { method: "GET".into(), url: "v66.0/limits".into(), rich_input: None })
        .halt_on_error(true);
    let answer = batch.send().await.unwrap();

    assert_eq!(
        sent(&stage, BATCH),
        [json!({ "haltOnError": true, "batchRequests": [
        { "method": "PATCH", "url": format!("v66.0/sobjects/Account/{account}"), "richInput": { "Name": "Initech" } },
        { "method": "GET", "url": "v66.0/sobjects/Account/001000000000099AAA?fields=Name" },
        { "method": "GET", "url": "v66.0/limits" },
    ] })]
    );
    assert!(answer.has_errors);
    let [done, failed, left_out] = &answer.results[..] else { panic!("{answer:?}") };
    assert!(done.is_success() && done.errors().is_empty());
    assert_eq!((failed.is_success(), failed.is_halted()), (false, false));
    assert_eq!(failed.errors()[0].error_code, "NOT_FOUND");
    assert!(left_out.is_halted());
    assert_eq!(serde_json::to_value(BatchRequest::default()).unwrap(), json!({ "batchRequests": [] }));
}

#[tokio::test]
async fn a_tree_that_failed_names_the_record_that_is_wrong() {
    let stage = Stage::set().await;
    let client = stage.client();
    let tree = |last_name: Option<&str>| {
        let contact = json!({ "FirstName": "Bill", "LastName": last_name });
        let contact = CompositeTreeRecord::new("Contact", "contact", contact);
        let account = CompositeTreeRecord::new("Account", "account", json!({ "Name": "Initech" }));
        CompositeTreeRequest { records: vec![account.child("Contacts", contact)] }
    };
    let error = client.composite().tree("Account", &tree(None)).await.unwrap_err();
    let CirrusError::Api { status: 400, errors, raw: None, .. } = &error else { panic!("{error:?}") };
    assert_eq!(errors[0].error_code, "REQUIRED_FIELD_MISSING");
    assert_eq!(
        (&errors[0].fields, &errors[0].extra["referenceId"]),
        (&vec!["LastName".into()], &json!("contact"))
    );
    assert!(error.to_string().contains("REQUIRED_FIELD_MISSING"));

    let made = client.composite().tree("Account", &tree(Some("Lumbergh"))).await.unwrap();
    assert!(!made.has_errors && made.results.len() == 2);
    assert!(made.results.iter().all(CompositeTreeResult::is_success));
}

#[tokio::test]
async fn of_graphs_each_is_done_or_not_for_itself() {
    let stage = Stage::set().await;
    let client = stage.client();
    let graph = |id: &str, contact: Value| {
        let request = client.composite().compose().create("Account", "account", &json!({ "Name": id }));
        request.create("Contact", "contact", &contact).into_graph(id).unwrap()
    };
    let graphs = vec![graph("one", json!({ "LastName": "Lumbergh" })), graph("two", json!({}))];
    let answer = client.composite().graph(&CompositeGraphRequest { graphs }).await.unwrap();

    assert!(answer.get("one").unwrap().is_successful);
    let failed = answer.get("two").unwrap();
    assert!(!failed.is_successful);
    assert_eq!(failed.graph_response.root_cause().unwrap().reference_id, "contact");
    assert!(answer.get("three").is_none());
    assert_eq!(stage.org.query("SELECT Id FROM Account WHERE Name IN ('one', 'two')").unwrap().len(), 1);
}

#[test]
fn headers_come_and_go_as_json_and_what_is_no_header_is_left_out() {
    let told = json!({
        "body": null,
        "httpHeaders": { "Location": "/services/data/v66.0/sobjects/Account/001xx", "no header": "x", "Link": ["a", "b"] },
        "httpStatusCode": 201,
        "referenceId": "a",
    });
    let answer: CompositeSubresponse = serde_json::from_value(told).unwrap();
    assert_eq!(answer.http_headers["location"], "/services/data/v66.0/sobjects/Account/001xx");
    assert_eq!(answer.http_headers.len(), 3);
    let again: CompositeSubresponse = serde_json::from_value(serde_json::to_value(&answer).unwrap()).unwrap();
    assert_eq!(again, answer);
    let none: CompositeSubresponse =
        serde_json::from_value(json!({ "httpStatusCode": 204, "referenceId": "a" })).unwrap();
    assert!(none.is_success() && none.http_headers.is_empty());
}

#[tokio::test]
async fn a_subrequest_of_ones_own_goes_as_it_is() {
    let stage = Stage::set().await;
    let own = CompositeSubrequest {
        method: "GET".into(),
        url: "/services/data/v60.0/limits".into(),
        reference_id: "limits".into(),
        body: None,
        http_headers: Some([("Sforce-Call-Options".to_owned(), "client=test".to_owned())].into()),
    };
    let request = stage.client().composite().compose().subrequest(own.clone()).build().unwrap();
    assert_eq!(request.composite_request, [own]);
}
