//! How we prove who we are at the token endpoint (RFC 6749 §2.3, OpenID Connect Core §9).

use authsession_core::client_auth::{Client, ClientAuth};
use authsession_testkit::client::{AuthMethod, Client as Registered};
use authsession_testkit::endpoint::Endpoint;
use serde_json::json;

use crate::parties::Parties;
use crate::verdict::hint;

#[tokio::test]
async fn basic_credentials_are_form_encoded_whatever_characters_they_have() {
    for (id, secret) in [
        ("client", "a:b%c+d e"),
        ("https://app.example/?a=b&c", "p&q=r"),
        ("id:with:colons", "%41"),
        ("clïent ✓", "sécret\u{1F511}"),
        ("a b+c", "\"'<>\\;~*-_."),
    ] {
        let registered = Registered::confidential(id, secret).auth_method(AuthMethod::Basic);
        let parties = Parties::meet_with(|builder| builder.client(registered)).await;
        assert!(parties.sign_in().await.is_ok(), "{id} {secret}");
        let sent = parties.opposite.journal().last(Endpoint::Token).unwrap();
        assert!(sent.header("authorization").unwrap().starts_with("Basic "));
        assert_eq!(sent.form_value("client_secret"), None);
    }
}

#[tokio::test]
async fn a_secret_goes_into_the_body_where_the_provider_takes_no_other_way() {
    let registered = Registered::confidential("client", "a:b%c+d e").auth_method(AuthMethod::Post);
    let parties = Parties::meet_with(|builder| {
        builder.client(registered).metadata(|document| {
            document.insert("token_endpoint_auth_methods_supported".into(), json!(["client_secret_post"]));
        })
    })
    .await;
    assert!(parties.sign_in().await.is_ok());
    let sent = parties.opposite.journal().last(Endpoint::Token).unwrap();
    assert_eq!(sent.form_value("client_secret"), Some("a:b%c+d e"));
    assert_eq!(sent.header("authorization"), None);
}

#[tokio::test]
async fn a_public_client_names_itself_and_sends_no_secret() {
    let parties = Parties::meet_with(|builder| builder.client(Registered::public("app"))).await;
    let login = parties.log_in().await;
    let client = Client { id: "app".to_owned(), auth: ClientAuth::None };
    assert!(parties.token_endpoint_as(client).redeem(&login.grant()).await.is_ok());
    let sent = parties.opposite.journal().last(Endpoint::Token).unwrap();
    assert_eq!(sent.form_value("client_id"), Some("app"));
    assert!(sent.header("authorization").is_none() && sent.form_value("client_secret").is_none());
}

#[tokio::test]
async fn a_wrong_secret_is_a_misconfiguration() {
    let parties = Parties::meet().await;
    let login = parties.log_in().await;
    let client = Client { auth: ClientAuth::Secret("wrong".into()), ..parties.client() };
    let outcome = parties.token_endpoint_as(client).redeem(&login.grant()).await;
    assert!(hint(outcome).contains("invalid_client"));
}
