//! Records as people see them.

use authsession_salesforce::CirrusError;
use authsession_salesforce::ui_api::UiFields;
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;
use http::Method;
use serde_json::{Value, json};

use crate::stage::Stage;

const ID: &str = "001xx000003DGbYAAW";

fn record() -> Answer {
    let fields = json!({
        "Name": { "displayValue": null, "value": "Acme" },
        "AnnualRevenue": { "displayValue": "€ 1.000", "value": 1000.0 },
    });
    let body =
        json!({ "apiName": "Account", "id": ID, "fields": fields, "eTag": "x", "childRelationships": {} });
    Answer::json(200, &body)
}

#[tokio::test]
async fn the_orgs_records_are_created_shown_changed_and_deleted() {
    let stage = Stage::set().await;
    let client = stage.client();
    let created = client.ui_api().create("Account", &json!({ "Name": "Initech" })).await.unwrap();
    let changed = client.ui_api().update(&created.id, &json!({ "Name": "Initrode" })).await.unwrap();
    assert_eq!((&changed.id, changed.api_name.as_str()), (&created.id, "Account"));
    let shown = client.ui_api().record(&created.id, UiFields::Named(&["Account.Name"])).await.unwrap();
    assert_eq!(shown.fields["Name"].value, "Initrode");
    client.ui_api().delete(&created.id).await.unwrap();
    assert_eq!(stage.org.count("Account").unwrap(), 2);
}

#[tokio::test]
async fn a_record_comes_with_its_values_for_people_and_programs() {
    let stage = Stage::set().await;
    let client = stage.client();
    stage.org.enqueue_many(OrgEndpoint::Rest, &record(), 3);
    let named = UiFields::Named(&["Account.Name", "Account.AnnualRevenue"]);
    let account = client.ui_api().record(ID, named).await.unwrap();
    assert_eq!((account.api_name.as_str(), account.id.as_str()), ("Account", ID));
    let revenue = &account.fields["AnnualRevenue"];
    assert_eq!((revenue.display_value.as_deref(), &revenue.value), (Some("€ 1.000"), &json!(1000.0)));
    assert_eq!(account.extra["eTag"], "x");
    client.ui_api().record(ID, UiFields::FullLayout).await.unwrap();
    client.ui_api().record(ID, UiFields::CompactLayout).await.unwrap();

    let asked = stage.org.journal().requests(OrgEndpoint::Rest);
    assert!(asked.iter().all(|one| one.header("x-chatter-entity-encoding") == Some("false")));
    assert!(asked.iter().all(|one| one.path == format!("/services/data/v66.0/ui-api/records/{ID}")));
    assert_eq!(asked[0].query_value("fields"), Some("Account.Name,Account.AnnualRevenue"));
    assert_eq!(asked[1].query_value("layoutTypes"), Some("Full"));
    assert_eq!(asked[2].query_value("layoutTypes"), Some("Compact"));
}

#[tokio::test]
async fn a_record_is_created_changed_and_deleted_by_one_request_each() {
    let stage = Stage::set().await;
    let client = stage.client();
    stage.org.enqueue_many(OrgEndpoint::Rest, &record(), 2);
    stage.org.enqueue(OrgEndpoint::Rest, Answer::status(204));
    let fields = json!({ "Name": "Acme" });
    client.ui_api().create("Account", &fields).await.unwrap();
    client.ui_api().update(ID, &fields).await.unwrap();
    client.ui_api().delete(ID).await.unwrap();

    let asked = stage.org.journal().requests(OrgEndpoint::Rest);
    let methods: Vec<_> = asked.iter().map(|one| one.method.clone()).collect();
    assert_eq!(methods, [Method::POST, Method::PATCH, Method::DELETE]);
    for changed in &asked[..2] {
        assert_eq!(changed.header("x-chatter-entity-encoding"), Some("false"), "texts stay as they are");
    }
    let sent = |at: usize| serde_json::from_slice::<Value>(&asked[at].body).unwrap();
    assert_eq!(
        (sent(0), sent(1)),
        (json!({ "apiName": "Account", "fields": fields }), json!({ "fields": fields }))
    );

    for fault in [Answer::status(503), Answer::dropped_before()] {
        stage.org.enqueue(OrgEndpoint::Rest, fault);
        assert!(client.ui_api().create("Account", &fields).await.unwrap_err().is_transient());
    }
    assert_eq!(stage.calls(), 5);
}

#[tokio::test]
async fn no_field_is_not_asked_for() {
    let stage = Stage::set().await;
    let error = stage.client().ui_api().record(ID, UiFields::Named(&[])).await.unwrap_err();
    assert!(matches!(error, CirrusError::InvalidInput { field: "fields", .. }), "{error:?}");
    assert_eq!(stage.calls(), 0);
}
