//! The client credentials flow against the org.

use authsession_salesforce::CirrusError;
use authsession_salesforce::auth::{AuthSession, ClientCredentialsAuth};
use authsession_testkit::org::endpoint::OrgEndpoint;

use crate::stage::Stage;

#[tokio::test]
async fn an_app_opens_the_org_as_its_own_user() {
    let stage = Stage::set().await;
    let auth = stage.client_credentials().build().unwrap();
    stage.opens(&auth).await;
    let sent = stage.org.journal().last(OrgEndpoint::Token).unwrap();
    assert!(sent.header("authorization").unwrap().starts_with("Basic "), "the secret is in a header");
    assert!(sent.form_value("client_secret").is_none());
}

#[tokio::test]
async fn an_app_with_a_key_needs_no_secret() {
    let stage = Stage::set().await;
    let auth = ClientCredentialsAuth::builder()
        .consumer_key(stage.org.consumer_key())
        .private_key_pem_bytes(stage.org.private_key_pem().as_bytes())
        .unwrap()
        .login_url(stage.org.login_url())
        .clock(stage.clock())
        .build()
        .unwrap();
    stage.opens(&auth).await;
}

#[tokio::test]
async fn ten_callers_share_one_login() {
    let stage = Stage::set().await;
    let auth = stage.client_credentials().build().unwrap();
    let asked: Vec<_> = (0..10)
        .map(|_| {
            let auth = auth.clone();
            tokio::spawn(async move { auth.access_token().await.unwrap().into_owned() })
        })
        .collect();
    let mut tokens = Vec::new();
    for one in asked {
        tokens.push(one.await.unwrap());
    }
    tokens.dedup();
    assert_eq!(tokens.len(), 1);
    assert_eq!(stage.org.journal().grants("client_credentials"), 1);
}

#[test]
fn what_is_missing_is_named_before_anything_is_sent() {
    let domain = "https://acme.my.salesforce.com";
    let begun = ClientCredentialsAuth::builder;
    let missing = [
        (begun().consumer_secret("s").login_url(domain), "consumer_key"),
        (begun().consumer_key("k").login_url(domain), "consumer_secret"),
        (begun().consumer_key("k").consumer_secret("s"), "login_url"),
        (
            begun().consumer_key("k").consumer_secret("s").login_url("https://acme.my.site.com/x"),
            "instance_url",
        ),
    ];
    for (builder, name) in missing {
        let error = builder.build().unwrap_err();
        assert!(matches!(error, CirrusError::MissingField(field) if field == name), "{name}: {error:?}");
    }
}

#[test]
fn where_all_orgs_log_in_this_flow_is_not_served() {
    for host in ["https://login.salesforce.com", "https://test.salesforce.com/"] {
        let builder = ClientCredentialsAuth::builder().consumer_key("k").consumer_secret("s").login_url(host);
        let error = builder.build().unwrap_err();
        assert!(error.to_string().contains("My Domain"), "{error}");
    }
}
