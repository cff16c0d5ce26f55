//! Grants beside code and refresh token: what goes out, and what comes back.

use authsession_core::assertion::Assertion;
use authsession_core::error::OAuthError;
use authsession_core::grant::Grant;
use authsession_core::grant::client_credentials::ClientCredentials;
use authsession_core::grant::jwt_bearer::JwtBearer;
use authsession_core::grant::token_exchange::{ExchangedToken, TokenExchange, token_type};
use authsession_core::http::Form;
use authsession_core::introspection::introspect;
use authsession_core::revocation::TokenKind;
use authsession_core::signer::SigningKey;
use authsession_testkit::assertion_issuer::AssertionIssuer;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::key_pair::KeyPair;
use authsession_testkit::keys::SigningAlgorithm;

use crate::parties::Parties;
use crate::verdict::{hint, refusal};

fn sent(parties: &Parties) -> Vec<(String, String)> {
    parties.opposite.journal().last(Endpoint::Token).unwrap().form
}

#[tokio::test]
async fn a_client_gets_a_token_for_itself() {
    let parties = Parties::meet().await;
    let grant = ClientCredentials { scope: Some("api".to_owned()), ..ClientCredentials::default() };
    let tokens = parties.token_endpoint().redeem(&grant).await.unwrap();
    let (http, provider, client) = (&parties.http, &*parties.provider, parties.client());
    let known =
        introspect(http, provider, &client, &tokens.access_token, TokenKind::AccessToken).await.unwrap();
    assert_eq!(known.subject.as_deref(), Some(parties.opposite.client_id()));
    assert_eq!(known.scope.as_deref(), Some("api"));
    assert_eq!(tokens.refresh_token, None);
}

#[tokio::test]
async fn client_credentials_name_what_the_token_is_for() {
    let parties = Parties::meet().await;
    let grant = ClientCredentials {
        scope: None,
        audience: Some("https://api.example".to_owned()),
        resource: vec!["https://a.example/".to_owned(), "https://b.example/".to_owned()],
    };
    let _whatever_came = parties.token_endpoint().redeem(&grant).await;
    let sent = sent(&parties);
    let named: Vec<_> = sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let wanted = [
        ("grant_type", "client_credentials"),
        ("audience", "https://api.example"),
        ("resource", "https://a.example/"),
        ("resource", "https://b.example/"),
    ];
    assert_eq!(named, wanted);
}

#[tokio::test]
async fn an_assertion_gets_a_token_for_whom_it_speaks_once() {
    let pair = KeyPair::generate(SigningAlgorithm::Rs256).unwrap();
    let issuer = AssertionIssuer::new("robot", pair.public_key().unwrap());
    let parties = Parties::meet_with(|builder| builder.assertion_issuer(issuer)).await;
    let key = SigningKey::from_pem(pair.private_key_pem().unwrap()).unwrap();
    let assertion = Assertion::new("robot", "someone", parties.opposite.issuer());
    let assertion = assertion.sign(&key, parties.now()).await.unwrap();
    let grant = JwtBearer { assertion, scope: Some("api".to_owned()) };
    let tokens = parties.token_endpoint().redeem(&grant).await.unwrap();
    assert_eq!(tokens.scope.as_deref(), Some("api"));
    assert_eq!(refusal(parties.token_endpoint().redeem(&grant).await), OAuthError::InvalidGrant);
}

#[tokio::test]
async fn a_token_is_exchanged_for_one_that_serves_elsewhere() {
    let parties = Parties::meet_with(|builder| builder.audience("billing")).await;
    let held = parties.sign_in().await.unwrap().tokens.access_token;
    let mut exchange = TokenExchange::new(held.clone(), token_type::ACCESS_TOKEN);
    exchange.audience = vec!["billing".to_owned()];
    exchange.scope = Some("email".to_owned());
    let tokens = parties.token_endpoint().redeem(&exchange).await.unwrap();
    assert_ne!(tokens.access_token, held);
    assert_eq!(tokens.scope.as_deref(), Some("email"));
    assert_eq!(tokens.extras.get("issued_token_type"), Some(token_type::ACCESS_TOKEN));
    exchange.audience = vec!["elsewhere".to_owned()];
    assert!(hint(parties.token_endpoint().redeem(&exchange).await).contains("invalid_target"));
}

#[tokio::test]
async fn a_token_is_exchanged_for_one_of_another_kind() {
    let parties = Parties::meet().await;
    let held = parties.sign_in().await.unwrap().tokens.access_token;
    let mut exchange = TokenExchange::new(held, token_type::ACCESS_TOKEN);
    exchange.requested_token_type = Some(token_type::REFRESH_TOKEN.to_owned());
    let tokens = parties.token_endpoint().redeem(&exchange).await.unwrap();
    assert_eq!(&*tokens.token_type, "N_A");
    assert!(parties.opposite.live_refresh_token(tokens.access_token.expose()));
}

#[tokio::test]
async fn an_exchange_sends_all_that_was_set() {
    let parties = Parties::meet().await;
    let mut exchange = TokenExchange::new("theirs", "urn:acme:token");
    exchange.actor = Some(ExchangedToken { token: "ours".into(), token_type: token_type::JWT.to_owned() });
    exchange.resource = vec!["https://a.example/".to_owned()];
    exchange.extra = vec![("token_handler".to_owned(), "Handler".into())];
    let _whatever_came = parties.token_endpoint().redeem(&exchange).await;
    let sent = sent(&parties);
    for (name, value) in [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", "theirs"),
        ("subject_token_type", "urn:acme:token"),
        ("actor_token", "ours"),
        ("actor_token_type", "urn:ietf:params:oauth:token-type:jwt"),
        ("resource", "https://a.example/"),
        ("token_handler", "Handler"),
    ] {
        assert!(sent.contains(&(name.to_owned(), value.to_owned())), "{name}");
    }
    assert!(!sent.iter().any(|(name, _)| name == "scope" || name == "requested_token_type"));
    let shown = format!("{exchange:?}");
    assert!(!["theirs", "ours", "Handler"].iter().any(|secret| shown.contains(secret)), "{shown}");
}

#[tokio::test]
async fn a_vendors_own_grant_is_one_more_type() {
    struct Passkey;

    impl Grant for Passkey {
        fn write(&self, form: &mut Form) {
            form.push("grant_type", "urn:acme:passkey");
            form.push("passkey", "a&b=c");
        }
    }

    let parties = Parties::meet().await;
    assert!(hint(parties.token_endpoint().redeem(&Passkey).await).contains("unsupported_grant_type"));
    assert!(sent(&parties).contains(&("passkey".to_owned(), "a&b=c".to_owned())));
}
