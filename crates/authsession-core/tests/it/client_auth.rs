//! How we prove who we are at the token endpoint (RFC 6749 §2.3, OpenID Connect Core §9).

use std::sync::Arc;
use std::time::Duration;

use authsession_core::client_auth::{AssertionAudience, Client, ClientAuth};
use authsession_core::clock::Clock;
use authsession_core::error::Fault;
use authsession_core::grant::client_credentials::ClientCredentials;
use authsession_core::jws::Algorithm;
use authsession_core::provider::{Endpoints, Provider};
use authsession_core::revocation::{TokenKind, revoke};
use authsession_core::signer::SigningKey;
use authsession_core::token_endpoint::TokenEndpoint;
use authsession_testkit::client::{AuthMethod, Client as Registered};
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::habits::{AssertionAudience as Wanted, Habits};
use authsession_testkit::key_pair::KeyPair;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::public_key::PublicKey;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::parties::Parties;
use crate::verdict::{fault, hint};

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

/// A client that signs, and the key it signs with.
fn signing() -> (Registered, Client) {
    let pair = KeyPair::generate(SigningAlgorithm::Ps256).unwrap();
    let key = SigningKey::from_pem(pair.private_key_pem().unwrap()).unwrap();
    let key = key.with_algorithm(Algorithm::Ps256).unwrap().with_key_id(pair.key_id());
    let registered = Registered::with_key("batch", PublicKey::from_jwk(&pair.public_key_jwk()).unwrap());
    (registered, Client { id: "batch".to_owned(), auth: ClientAuth::PrivateKeyJwt(Arc::new(key)) })
}

#[tokio::test]
async fn a_client_with_a_key_signs_each_request() {
    let (registered, client) = signing();
    let parties = Parties::meet_with(|builder| builder.client(registered)).await;
    let endpoint = parties.token_endpoint_as(client.clone());
    for _ in 0..2 {
        let tokens = endpoint.redeem(&ClientCredentials::default()).await.unwrap();
        let (http, provider) = (&parties.http, &*parties.provider);
        revoke(http, provider, &client, &tokens.access_token, TokenKind::AccessToken).await.unwrap();
        assert!(!parties.opposite.live_access_token(tokens.access_token.expose()));
    }
    let sent = parties.opposite.journal().last(Endpoint::Token).unwrap();
    assert!(sent.header("authorization").is_none() && sent.form_value("client_secret").is_none());
}

#[tokio::test]
async fn a_client_with_a_key_names_the_issuer_alone() {
    let (registered, client) = signing();
    let parties = Parties::meet_with(|builder| builder.client(registered)).await;
    parties.token_endpoint_as(client).redeem(&ClientCredentials::default()).await.unwrap();
    let sent = parties.opposite.journal().last(Endpoint::Token).unwrap();
    let payload = sent.form_value("client_assertion").unwrap().split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    assert_eq!(claims["aud"], parties.opposite.issuer());
}

#[tokio::test]
async fn a_client_whose_clock_is_off_signs_by_the_providers() {
    let (registered, client) = signing();
    let parties = Parties::meet_with(|builder| builder.client(registered)).await;
    let time = parties.time.clone();
    let late = Clock::from_fn(move || time.now() - Duration::from_secs(3600));
    let provider = Provider::discover(
        parties.opposite.issuer(),
        Endpoints::default(),
        parties.http.clone(),
        late.clone(),
    );
    let endpoint = TokenEndpoint::new(Arc::new(provider.unwrap()), client, parties.http.clone(), late);
    assert!(hint(endpoint.redeem(&ClientCredentials::default()).await).contains("invalid_client"));
    assert!(endpoint.redeem(&ClientCredentials::default()).await.is_ok(), "the refusal told the time");
}

#[tokio::test]
async fn a_client_with_a_key_meets_a_provider_that_takes_one_audience_only() {
    for audience in [AssertionAudience::Issuer, AssertionAudience::TokenEndpoint] {
        let (registered, client) = signing();
        let wanted = match audience {
            AssertionAudience::Issuer => Wanted::Issuer,
            _ => Wanted::TokenEndpoint,
        };
        let habits = Habits::default().assertion_audience(wanted);
        let parties = Parties::meet_with(|builder| builder.client(registered).habits(habits)).await;
        let ClientAuth::PrivateKeyJwt(key) = client.auth else { panic!("not one that signs") };
        for (made_out_to, accepted) in
            [(audience, true), (AssertionAudience::Issuer, audience == AssertionAudience::Issuer)]
        {
            let auth = ClientAuth::PrivateKeyJwtFor(made_out_to, Arc::clone(&key));
            let client = Client { id: "batch".to_owned(), auth };
            let outcome = parties.token_endpoint_as(client).redeem(&ClientCredentials::default()).await;
            assert_eq!(outcome.is_ok(), accepted, "{made_out_to:?} where {audience:?} is wanted");
        }
    }
}

#[tokio::test]
async fn a_client_refused_by_an_empty_403_is_not_told_that_its_grant_is_dead() {
    let (registered, client) = signing();
    let habits = Habits::default().assertion_audience(Wanted::TokenEndpoint).terse_refusals();
    let parties = Parties::meet_with(|builder| builder.client(registered).habits(habits)).await;
    let outcome = parties.token_endpoint_as(client).redeem(&ClientCredentials::default()).await;
    assert_eq!(fault(outcome), Fault::BadAnswer);
}

#[tokio::test]
async fn a_secret_is_sent_to_a_provider_that_lists_no_way_for_it() {
    for listed in [json!(["none"]), json!([]), json!(["private_key_jwt"])] {
        let parties = Parties::meet_with(|builder| {
            builder.metadata(move |document| {
                document.insert("token_endpoint_auth_methods_supported".into(), listed.clone());
            })
        })
        .await;
        assert!(parties.sign_in().await.is_ok());
        let sent = parties.opposite.journal().last(Endpoint::Token).unwrap();
        assert!(sent.header("authorization").unwrap().starts_with("Basic "));
    }
}

#[tokio::test]
async fn who_says_basic_or_post_is_heard_whatever_the_provider_lists() {
    for (auth, listed) in [
        (ClientAuth::SecretBasic("secret".into()), "client_secret_post"),
        (ClientAuth::SecretPost("secret".into()), "client_secret_basic"),
    ] {
        let only = json!([listed]);
        let parties = Parties::meet_with(|builder| {
            builder.metadata(move |document| {
                document.insert("token_endpoint_auth_methods_supported".to_owned(), only.clone());
            })
        })
        .await;
        let client = Client { id: "client".to_owned(), auth };
        let _answer = parties.token_endpoint_as(client).redeem(&ClientCredentials::default()).await;

        let sent = parties.opposite.journal().last(Endpoint::Token).unwrap();
        assert_eq!(sent.header("authorization").is_some(), listed == "client_secret_post");
        assert_eq!(sent.form_value("client_secret").is_some(), listed == "client_secret_basic");
    }
}
