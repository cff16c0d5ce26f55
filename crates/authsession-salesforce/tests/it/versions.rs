//! The versions of the API, and the newest of them.

use authsession_salesforce::{ApiVersion, Cirrus, CirrusError};
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;
use serde_json::{Value, json};

use crate::stage::Stage;

#[tokio::test]
async fn the_newest_version_is_found_and_called() {
    let stage = Stage::set_with(|org| org.api_version(71)).await;
    let client = stage.client();
    assert_eq!(client.versions().await.unwrap().last().unwrap().url, "/services/data/v71.0");
    assert_eq!(client.latest_api_version().await.unwrap(), "v71.0");
    assert_eq!(client.api_version(), "v66.0");

    let newest = stage.client_builder().api_version("60").build_with_latest_version().await.unwrap();
    assert_eq!(newest.api_version(), "v71.0");
    newest.get::<Value>("limits").await.unwrap();
    assert_eq!(stage.org.journal().last(OrgEndpoint::Rest).unwrap().path, "/services/data/v71.0/limits");
}

#[tokio::test]
async fn a_client_whose_org_names_no_version_is_not_made() {
    let stage = Stage::set().await;
    stage.org.enqueue(OrgEndpoint::Rest, Answer::json(200, &json!([])));
    let error = stage.client_builder().build_with_latest_version().await.unwrap_err();
    assert!(matches!(error, CirrusError::InvalidResponse(_)), "{error:?}");
    let error = Cirrus::builder().build_with_latest_version().await.unwrap_err();
    assert!(matches!(error, CirrusError::MissingField("auth")));
}

#[test]
fn versions_are_compared_as_numbers() {
    let version =
        |version: &str| ApiVersion { label: String::new(), url: String::new(), version: version.into() };
    let versions = ["9.0", "100.0", "66.1", "66.0", "next"].map(version);
    assert_eq!(ApiVersion::latest(&versions).unwrap().version, "100.0");
    assert_eq!(versions[2].version_number(), Some((66, 1)));
    assert_eq!(versions[4].version_number(), None);
    assert_eq!(ApiVersion::latest(&versions[4..]), None);
}
