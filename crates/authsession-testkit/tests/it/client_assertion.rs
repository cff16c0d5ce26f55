//! Clients that sign who they are (RFC 7523 §2.2, OpenID Connect Core §9).

use crate::relying_party::post_bare;
use crate::relying_party::refusal;
use authsession_testkit::browser::Browser;
use authsession_testkit::browser::Page;
use authsession_testkit::client::AuthMethod;
use authsession_testkit::client::Client;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::key_pair::KeyPair;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::provider::Provider;
use authsession_testkit::public_key::PublicKey;
use serde_json::Value;
use serde_json::json;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

struct Bench {
    provider: Provider,
    browser: Browser,
    pair: KeyPair,
}

async fn bench() -> Bench {
    let pair = KeyPair::generate(SigningAlgorithm::Es256).unwrap();
    bench_of(Client::with_key("batch", pair.public_key().unwrap()), pair).await
}

async fn bench_of(client: Client, pair: KeyPair) -> Bench {
    let clock = VirtualClock::halted();
    let provider = Provider::builder().clock(clock.clone()).client(client).start().await.unwrap();
    Bench { provider, browser: Browser::with_clock(clock).unwrap(), pair }
}

impl Bench {
    fn claims(&self, jti: &str) -> Value {
        let now = self.provider.clock().unix_seconds();
        let audience = self.provider.endpoint(Endpoint::Token);
        json!({ "iss": "batch", "sub": "batch", "aud": audience, "iat": now, "exp": now + 300, "jti": jti })
    }

    async fn send(&self, assertion: &str, extra: &[(&str, &str)]) -> Page {
        let mut fields = vec![("grant_type", "client_credentials"), ("client_assertion", assertion)];
        if !extra.iter().any(|(name, _)| *name == "client_assertion_type") {
            fields.push(("client_assertion_type", ASSERTION_TYPE));
        }
        fields.extend_from_slice(extra);
        post_bare(&self.browser, &self.provider, Endpoint::Token, &fields).await
    }

    async fn claiming(&self, edit: impl FnOnce(&mut Value)) -> (u16, String) {
        let mut claims = self.claims("one");
        edit(&mut claims);
        refusal(&self.send(&self.pair.sign(&claims).unwrap(), &[]).await)
    }
}

fn taken() -> (u16, String) {
    (200, String::new())
}

fn refused() -> (u16, String) {
    (401, "invalid_client".to_owned())
}

#[tokio::test]
async fn a_client_with_a_key_acts_as_itself_by_signing_by_whatever_algorithm() {
    for algorithm in [
        SigningAlgorithm::Rs256,
        SigningAlgorithm::Ps256,
        SigningAlgorithm::Es256,
        SigningAlgorithm::Es384,
        SigningAlgorithm::EdDsa,
    ] {
        let pair = KeyPair::generate(algorithm).unwrap();
        let by_pem = PublicKey::from_pem(&pair.public_key_pem().unwrap()).unwrap();
        let by_jwk = PublicKey::from_jwk(&pair.public_key_jwk()).unwrap();
        for key in [by_pem, by_jwk] {
            let bench = bench_of(Client::with_key("batch", key), pair.clone()).await;
            assert_eq!(bench.claiming(|_| ()).await, taken(), "{algorithm:?}");
        }
    }
}

#[tokio::test]
async fn an_assertion_is_accepted_once() {
    let bench = bench().await;
    let assertion = bench.pair.sign(&bench.claims("one")).unwrap();
    assert_eq!(refusal(&bench.send(&assertion, &[]).await), taken());
    assert_eq!(refusal(&bench.send(&assertion, &[]).await), refused());
    assert_eq!(bench.claiming(|claims| claims["jti"] = "two".into()).await, taken());
}

#[tokio::test]
async fn issuer_and_subject_must_both_be_the_client() {
    let bench = bench().await;
    assert_eq!(bench.claiming(|claims| claims["iss"] = "other".into()).await, refused());
    assert_eq!(bench.claiming(|claims| claims["sub"] = "other".into()).await, refused());
    let nobody = |claims: &mut Value| {
        claims["iss"] = "nobody".into();
        claims["sub"] = "nobody".into();
    };
    assert_eq!(bench.claiming(nobody).await, refused());
    let assertion = bench.pair.sign(&bench.claims("one")).unwrap();
    assert_eq!(refusal(&bench.send(&assertion, &[("client_id", "other")]).await), refused());
    assert_eq!(refusal(&bench.send(&assertion, &[("client_id", "batch")]).await), taken());
}

#[tokio::test]
async fn the_audience_must_be_the_token_endpoint_or_the_issuer() {
    let bench = bench().await;
    let issuer = bench.provider.issuer().to_owned();
    assert_eq!(bench.claiming(|claims| claims["aud"] = "https://other.example".into()).await, refused());
    assert_eq!(bench.claiming(|claims| claims["aud"] = Value::Null).await, refused());
    assert_eq!(bench.claiming(|claims| claims["aud"] = json!([issuer])).await, taken());
}

#[tokio::test]
async fn an_assertion_must_expire_within_an_hour_and_not_yet() {
    let bench = bench().await;
    let now = bench.provider.clock().unix_seconds();
    assert_eq!(bench.claiming(|claims| claims["exp"] = now.into()).await, refused());
    assert_eq!(bench.claiming(|claims| claims["exp"] = (now + 3661).into()).await, refused());
    assert_eq!(bench.claiming(|claims| claims["exp"] = "soon".into()).await, refused());
    assert_eq!(bench.claiming(|claims| claims["exp"] = Value::Null).await, refused());
    assert_eq!(bench.claiming(|claims| claims["exp"] = (now + 3600).into()).await, taken());
}

#[tokio::test]
async fn an_assertion_may_be_a_minute_ahead_but_no_more() {
    let bench = bench().await;
    let now = bench.provider.clock().unix_seconds();
    assert_eq!(bench.claiming(|claims| claims["iat"] = (now + 61).into()).await, refused());
    assert_eq!(bench.claiming(|claims| claims["nbf"] = (now + 61).into()).await, refused());
    assert_eq!(bench.claiming(|claims| claims["iat"] = (now + 60).into()).await, taken());
}

#[tokio::test]
async fn an_assertion_without_an_id_is_refused() {
    let bench = bench().await;
    let without = |claims: &mut Value| drop(claims.as_object_mut().unwrap().remove("jti"));
    assert_eq!(bench.claiming(without).await, refused());
}

#[tokio::test]
async fn an_assertion_by_another_key_or_no_key_is_refused() {
    let bench = bench().await;
    let claims = bench.claims("one");
    let stranger = KeyPair::generate(SigningAlgorithm::Es256).unwrap().sign(&claims).unwrap();
    assert_eq!(refusal(&bench.send(&stranger, &[]).await), refused());
    let lying = bench.pair.sign_with_header(&json!({ "alg": "none" }), &claims).unwrap();
    assert_eq!(refusal(&bench.send(&lying, &[]).await), refused());
    let (message, _) = lying.rsplit_once('.').unwrap();
    assert_eq!(refusal(&bench.send(&format!("{message}."), &[]).await), refused());
    assert_eq!(refusal(&bench.send("not a token", &[]).await), refused());
}

#[tokio::test]
async fn the_key_id_and_algorithm_a_key_was_registered_with_must_be_stated_rightly() {
    let pair = KeyPair::generate(SigningAlgorithm::Rs256).unwrap();
    let key = PublicKey::from_jwk(&pair.public_key_jwk()).unwrap();
    let bench = bench_of(Client::with_key("batch", key), pair).await;
    let signed = |header: Value| bench.pair.sign_with_header(&header, &bench.claims("one")).unwrap();
    let wrong_id = signed(json!({ "alg": "RS256", "kid": "other" }));
    assert_eq!(refusal(&bench.send(&wrong_id, &[]).await), refused());
    assert_eq!(refusal(&bench.send(&signed(json!({ "alg": "RS512" })), &[]).await), refused());
    assert_eq!(refusal(&bench.send(&signed(json!({ "alg": "RS256" })), &[]).await), taken());
}

#[tokio::test]
async fn the_assertion_type_must_be_named_and_no_other_proof_be_sent() {
    let bench = bench().await;
    let assertion = bench.pair.sign(&bench.claims("one")).unwrap();
    let odd = bench.send(&assertion, &[("client_assertion_type", "saml")]).await;
    assert_eq!(refusal(&odd), refused());
    let twice = bench.send(&assertion, &[("client_secret", "s")]).await;
    assert_eq!(refusal(&twice), (400, "invalid_request".to_owned()));
}

#[tokio::test]
async fn a_client_registered_for_its_key_is_not_known_by_its_secret() {
    let pair = KeyPair::generate(SigningAlgorithm::EdDsa).unwrap();
    let both = Client::confidential("batch", "s3cret").public_key(pair.public_key().unwrap());
    for (client, by_secret) in
        [(both.clone(), taken()), (both.auth_method(AuthMethod::PrivateKeyJwt), refused())]
    {
        let bench = bench_of(client, pair.clone()).await;
        let fields =
            [("grant_type", "client_credentials"), ("client_id", "batch"), ("client_secret", "s3cret")];
        let page = post_bare(&bench.browser, &bench.provider, Endpoint::Token, &fields).await;
        assert_eq!(refusal(&page), by_secret);
        assert_eq!(bench.claiming(|_| ()).await, taken());
    }
}
