//! What the org's search finds.

use crate::org_api::Api;
use crate::org_api::encoded;
use serde_json::Value;
use serde_json::json;

async fn people() -> Api {
    let api = Api::new().await;
    for (first, last, email) in
        [("Grace", "Hopper", "grace@navy.example"), ("Grace", "O'Neil-Smith", "g@acme.example")]
    {
        api.org.insert("Contact", json!({ "FirstName": first, "LastName": last, "Email": email })).unwrap();
    }
    api
}

async fn found(api: &Api, sosl: &str) -> Vec<Value> {
    let (status, answer) = api.get(&format!("search/?q={}", encoded(sosl))).await;
    assert_eq!(status, 200, "{sosl}: {answer}");
    answer["searchRecords"].as_array().unwrap().iter().map(|one| one["Name"].clone()).collect()
}

#[tokio::test]
async fn words_are_found_where_they_are_looked_for() {
    let api = people().await;
    for (wanted, names) in [
        ("hopper", json!(["Grace Hopper"])),
        ("grace", json!(["Grace Hopper", "Grace O'Neil-Smith"])),
        ("grace smith", json!(["Grace O'Neil-Smith"])),
        ("hopper OR lovelace", json!(["Ada Lovelace", "Grace Hopper"])),
        ("grace AND NOT hopper", json!(["Grace O'Neil-Smith"])),
        ("hop", json!([])),
        ("hop*", json!(["Grace Hopper"])),
        (r"O\'Neil\-Smith", json!(["Grace O'Neil-Smith"])),
        ("\"ada lovelace\"", json!(["Ada Lovelace"])),
        ("100%", json!([])),
    ] {
        let sosl = format!("FIND {{{wanted}}} IN ALL FIELDS RETURNING Contact(Id, Name)");
        assert_eq!(json!(found(&api, &sosl).await), names, "{wanted}");
    }
    let acme = "FIND {acme} IN ALL FIELDS RETURNING Account(Name ORDER BY Name), Contact(Name WHERE FirstName = 'Grace') LIMIT 5";
    assert_eq!(found(&api, acme).await, ["Acme", "Grace O'Neil-Smith"]);
    assert_eq!(
        found(&api, "FIND {acme} IN NAME FIELDS RETURNING Account(Name), Contact(Name)").await,
        ["Acme"]
    );
    assert_eq!(found(&api, "FIND {grace} RETURNING Contact(Name LIMIT 1)").await.len(), 1);
    assert_eq!(found(&api, "FIND {acme}").await.len(), 2, "of every object, the id");
}

#[tokio::test]
async fn a_search_by_parameters_finds_the_same() {
    let api = people().await;
    let by_url = "parameterizedSearch?q=acme&sobject=Account&Account.fields=Id,Name&sobject=Contact&fields=Name&overallLimit=2";
    let body = json!({ "q": "acme", "fields": ["Name"], "overallLimit": 2,
        "sobjects": [{ "name": "Account", "fields": ["Id", "Name"] }, { "name": "Contact", "where": "FirstName = 'Grace'" }] });
    for (status, answer) in [api.get(by_url).await, api.post("parameterizedSearch/", &body).await] {
        assert_eq!(status, 200, "{answer}");
        let names: Vec<_> =
            answer["searchRecords"].as_array().unwrap().iter().map(|one| &one["Name"]).collect();
        assert_eq!(names, ["Acme", "Grace O'Neil-Smith"]);
    }
}

#[tokio::test]
async fn a_search_that_cannot_be_is_refused() {
    let api = Api::new().await;
    for (sosl, code) in [
        ("SELECT Id FROM Account", "MALFORMED_SEARCH"),
        ("FIND {acme", "MALFORMED_SEARCH"),
        ("FIND {} RETURNING Account", "MALFORMED_SEARCH"),
        ("FIND {acme} RETURNING Nope(Id)", "INVALID_TYPE"),
        ("FIND {acme} RETURNING Account(Nope)", "INVALID_FIELD"),
    ] {
        let (status, answer) = api.get(&format!("search?q={}", encoded(sosl))).await;
        assert_eq!((status, &answer[0]["errorCode"]), (400, &json!(code)), "{sosl}");
    }
}
