//! The simulated org, judged by clients others wrote: jsforce and simple-salesforce. `tests/real/run` installs them.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking, its stage too")]

use std::path::Path;
use std::process::Command;

use authsession_testkit::org::Org;
use authsession_testkit::org::builder::OrgBuilder;
use authsession_testkit::org::endpoint::OrgEndpoint;

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

#[derive(Clone, Copy)]
pub(crate) enum Client {
    Jsforce,
    SimpleSalesforce,
}

impl Client {
    fn command(self, script: &str) -> Command {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("real/salesforce");
        let python = || std::env::var("AUTHSESSION_TEST_PYTHON").expect("start me with tests/real/run");
        let program = match self {
            Self::Jsforce => "node".to_owned(),
            Self::SimpleSalesforce => python(),
        };
        let mut command = Command::new(program);
        command.arg(folder.join(script));
        command
    }

    /// Runs one flow against an org of its own, which is returned.
    async fn runs(self, flow: &str, edit: fn(OrgBuilder) -> OrgBuilder) -> Org {
        let script = match self {
            Self::Jsforce => "jsforce.mjs",
            Self::SimpleSalesforce => "simple_salesforce_flows.py",
        };
        // As a real one: whether each unpacks what it sends is theirs to judge.
        self.tries(script, flow, edit(Org::builder().compresses(true)).start().await.unwrap()).await
    }

    /// Runs one flow of a script against this org, which is returned.
    pub(crate) async fn tries(self, script: &str, flow: &str, org: Org) -> Org {
        let mut command = self.command(script);
        command
            .arg(flow)
            .env("ORG_URL", org.url())
            .env("ORG_KEY", org.consumer_key())
            .env("ORG_SECRET", org.consumer_secret())
            .env("ORG_USERNAME", org.username())
            .env("ORG_PASSWORD", "password")
            .env("ORG_PRIVATE_KEY", org.private_key_pem());
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        let shown = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{flow}: {shown}\n{:#?}", org.journal());
        org
    }
}

#[tokio::test]
async fn jsforce_logs_in_by_jwt() {
    let org = Client::Jsforce.runs("jwt_bearer", |org| org).await;

    assert_eq!(org.journal().grants(JWT_BEARER), 1);
    assert_eq!(org.journal().count(OrgEndpoint::Identity), 1);
}

#[tokio::test]
async fn jsforce_asks_for_a_new_session_when_the_old_one_expired() {
    let org = Client::Jsforce.runs("jwt_bearer_recovers", |org| org).await;

    assert_eq!(org.journal().grants(JWT_BEARER), 2);
    assert_eq!(org.sessions(), 1);
}

#[tokio::test]
async fn jsforce_logs_in_with_client_credentials_and_out() {
    let org = Client::Jsforce.runs("client_credentials", |org| org).await;

    assert_eq!((org.journal().grants("client_credentials"), org.sessions()), (1, 0));
}

#[tokio::test]
async fn jsforce_logs_in_with_a_password() {
    let org = Client::Jsforce.runs("password", |org| org).await;

    assert_eq!(org.journal().grants("password"), 1);
}

#[tokio::test]
async fn jsforce_logs_in_and_out_by_soap() {
    let org = Client::Jsforce.runs("soap", |org| org).await;

    assert_eq!((org.journal().count(OrgEndpoint::Soap), org.sessions()), (2, 0));
}

#[tokio::test]
async fn jsforce_is_told_that_soap_login_is_disabled() {
    Client::Jsforce.runs("soap_disabled", |org| org.soap_login(false)).await;
}

#[tokio::test]
async fn jsforce_signs_in_with_a_code_and_pkce() {
    let org = Client::Jsforce.runs("code_with_pkce", |org| org).await;

    let asked = org.journal().last(OrgEndpoint::Authorization).unwrap();
    assert!(asked.query_value("code_challenge").is_some());
    assert_eq!(asked.query_value("code_challenge_method"), None);
    assert_eq!(org.journal().grants("authorization_code"), 1);
}

#[tokio::test]
async fn jsforce_refreshes_once_for_ten_requests() {
    let org = Client::Jsforce.runs("refresh", |org| org).await;

    let refreshed = org.journal().last(OrgEndpoint::Token).unwrap();
    assert_eq!(refreshed.header("transfer-encoding"), Some("chunked"));
    assert_eq!(org.journal().grants("refresh_token"), 1);
}

#[tokio::test]
async fn jsforce_revokes_its_refresh_token() {
    let org = Client::Jsforce.runs("revoke", |org| org).await;

    assert_eq!((org.journal().count(OrgEndpoint::Revocation), org.sessions()), (1, 0));
}

#[tokio::test]
async fn jsforce_does_not_refresh_a_session_that_lacks_the_api_scope() {
    let org = Client::Jsforce.runs("without_api_scope", |org| org).await;

    assert_eq!(org.journal().grants("refresh_token"), 0);
}

#[tokio::test]
async fn simple_salesforce_logs_in_by_jwt() {
    let org = Client::SimpleSalesforce.runs("jwt_bearer", |org| org).await;

    assert_eq!(org.journal().grants(JWT_BEARER), 1);
}

#[tokio::test]
async fn simple_salesforce_asks_for_a_new_session_by_jwt() {
    let org = Client::SimpleSalesforce.runs("jwt_bearer_recovers", |org| org).await;

    assert_eq!(org.journal().grants(JWT_BEARER), 2);
}

#[tokio::test]
async fn simple_salesforce_logs_in_with_client_credentials() {
    let org = Client::SimpleSalesforce.runs("client_credentials", |org| org).await;

    let asked = org.journal().last(OrgEndpoint::Token).unwrap();
    assert!(asked.header("authorization").unwrap().starts_with("Basic "));
}

#[tokio::test]
async fn simple_salesforce_asks_for_a_new_session_with_client_credentials() {
    let org = Client::SimpleSalesforce.runs("client_credentials_recover", |org| org).await;

    assert_eq!(org.journal().grants("client_credentials"), 2);
}

#[tokio::test]
async fn simple_salesforce_logs_in_with_a_password() {
    let org = Client::SimpleSalesforce.runs("password", |org| org).await;

    assert_eq!(org.journal().grants("password"), 1);
}

#[tokio::test]
async fn simple_salesforce_logs_in_by_soap() {
    let org = Client::SimpleSalesforce.runs("soap", |org| org).await;

    assert_eq!(org.journal().count(OrgEndpoint::Soap), 1);
}

#[tokio::test]
async fn simple_salesforce_revokes_its_session() {
    let org = Client::SimpleSalesforce.runs("revoke", |org| org).await;

    assert_eq!(org.sessions(), 0);
}

#[tokio::test]
async fn simple_salesforce_is_told_why_it_is_refused() {
    Client::SimpleSalesforce.runs("refused", |org| org).await;
}

#[tokio::test]
async fn jsforce_makes_changes_and_deletes_records() {
    let org = Client::Jsforce.runs("records", |org| org).await;

    assert_eq!(org.count("Widget__c").unwrap(), 3);
}

#[tokio::test]
async fn jsforce_works_on_collections_of_records() {
    let org = Client::Jsforce.runs("collections", |org| org).await;

    assert_eq!(org.count("Account").unwrap(), 448);
}

#[tokio::test]
async fn jsforce_queries_page_by_page_over_relationships_and_in_groups() {
    Client::Jsforce.runs("queries", |org| org).await;
}

#[tokio::test]
async fn jsforce_is_told_what_objects_there_are() {
    Client::Jsforce.runs("describe", |org| org).await;
}

#[tokio::test]
async fn jsforce_searches() {
    Client::Jsforce.runs("search", |org| org).await;
}

#[tokio::test]
async fn jsforce_sends_several_requests_in_one() {
    let org = Client::Jsforce.runs("composite", |org| org).await;

    assert_eq!((org.count("Account").unwrap(), org.count("Contact").unwrap()), (4, 3));
}

#[tokio::test]
async fn jsforce_uploads_and_downloads_bytes() {
    Client::Jsforce.runs("blobs", |org| org).await;
}

#[tokio::test]
async fn simple_salesforce_makes_changes_and_deletes_records() {
    let org = Client::SimpleSalesforce.runs("records", |org| org).await;

    assert_eq!(org.count("Widget__c").unwrap(), 3);
}

#[tokio::test]
async fn simple_salesforce_queries_page_by_page() {
    Client::SimpleSalesforce.runs("queries", |org| org).await;
}

#[tokio::test]
async fn simple_salesforce_is_told_what_objects_there_are() {
    Client::SimpleSalesforce.runs("describe", |org| org).await;
}

#[tokio::test]
async fn simple_salesforce_searches() {
    Client::SimpleSalesforce.runs("search", |org| org).await;
}

#[tokio::test]
async fn simple_salesforce_sends_several_requests_in_one() {
    Client::SimpleSalesforce.runs("composite", |org| org).await;
}

#[tokio::test]
async fn simple_salesforce_uploads_and_downloads_bytes() {
    Client::SimpleSalesforce.runs("blobs", |org| org).await;
}
