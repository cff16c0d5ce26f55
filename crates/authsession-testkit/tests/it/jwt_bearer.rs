//! Assertions redeemed for access tokens (RFC 7523 §2.1).

use crate::relying_party::post;
use crate::relying_party::post_bare;
use crate::relying_party::refusal;
use crate::relying_party::text;
use authsession_testkit::assertion_issuer::AssertionIssuer;
use authsession_testkit::browser::Browser;
use authsession_testkit::browser::Page;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::key_pair::KeyPair;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::provider::Provider;
use serde_json::Value;
use serde_json::json;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

struct Bench {
    provider: Provider,
    browser: Browser,
    pair: KeyPair,
}

async fn bench(tune: impl FnOnce(AssertionIssuer) -> AssertionIssuer) -> Bench {
    let pair = KeyPair::generate(SigningAlgorithm::Rs256).unwrap();
    let robot = tune(AssertionIssuer::new("robot@project.example", pair.public_key().unwrap()));
    let clock = VirtualClock::halted();
    let provider = Provider::builder().clock(clock.clone()).assertion_issuer(robot).start().await.unwrap();
    Bench { provider, browser: Browser::with_clock(clock).unwrap(), pair }
}

impl Bench {
    fn claims(&self) -> Value {
        let now = self.provider.clock().unix_seconds();
        let audience = self.provider.endpoint(Endpoint::Token);
        let issuer = "robot@project.example";
        json!({ "iss": issuer, "sub": "alice", "aud": audience, "iat": now, "exp": now + 3600 })
    }

    async fn redeem(&self, claims: &Value) -> Page {
        let assertion = self.pair.sign(claims).unwrap();
        let fields = [("grant_type", GRANT_TYPE), ("assertion", assertion.as_str())];
        post_bare(&self.browser, &self.provider, Endpoint::Token, &fields).await
    }

    async fn claiming(&self, edit: impl FnOnce(&mut Value)) -> (u16, String) {
        let mut claims = self.claims();
        edit(&mut claims);
        refusal(&self.redeem(&claims).await)
    }
}

fn taken() -> (u16, String) {
    (200, String::new())
}

fn refused() -> (u16, String) {
    (400, "invalid_grant".to_owned())
}

#[tokio::test]
async fn an_assertion_brings_an_access_token_and_no_other() {
    let bench = bench(|robot| robot).await;
    let mut claims = bench.claims();
    claims["scope"] = "openid profile".into();
    let tokens = bench.redeem(&claims).await.json().unwrap();
    assert!(bench.provider.live_access_token(text(&tokens, "access_token")));
    assert_eq!((&tokens["scope"], &tokens["expires_in"]), (&json!("openid profile"), &json!(300)));
    assert!(tokens.get("refresh_token").is_none() && tokens.get("id_token").is_none());
}

#[tokio::test]
async fn a_client_may_redeem_it_and_must_then_prove_who_it_is() {
    let bench = bench(|robot| robot).await;
    let assertion = bench.pair.sign(&bench.claims()).unwrap();
    let mut fields = vec![("grant_type", GRANT_TYPE), ("assertion", assertion.as_str())];
    assert_eq!(refusal(&post(&bench.browser, &bench.provider, Endpoint::Token, &fields).await), taken());
    fields.push(("client_id", "client"));
    let unproven = post_bare(&bench.browser, &bench.provider, Endpoint::Token, &fields).await;
    assert_eq!(refusal(&unproven), (401, "invalid_client".to_owned()));
}

#[tokio::test]
async fn issuer_audience_and_times_must_be_right() {
    let bench = bench(|robot| robot).await;
    let now = bench.provider.clock().unix_seconds();
    assert_eq!(bench.claiming(|claims| claims["iss"] = "stranger".into()).await, refused());
    assert_eq!(bench.claiming(|claims| claims["aud"] = "https://other.example".into()).await, refused());
    assert_eq!(bench.claiming(|claims| claims["exp"] = now.into()).await, refused());
    assert_eq!(bench.claiming(|claims| claims["iat"] = (now + 61).into()).await, refused());
    let issuer = bench.provider.issuer().to_owned();
    assert_eq!(bench.claiming(|claims| claims["aud"] = issuer.into()).await, taken());
    assert_eq!(bench.claiming(|claims| claims["iat"] = (now + 60).into()).await, taken());
}

#[tokio::test]
async fn an_assertion_with_an_id_is_redeemed_once() {
    let bench = bench(|robot| robot).await;
    assert_eq!(bench.claiming(|claims| claims["jti"] = "one".into()).await, taken());
    assert_eq!(bench.claiming(|claims| claims["jti"] = "one".into()).await, refused());
    assert_eq!(bench.claiming(|_| ()).await, taken());
}

#[tokio::test]
async fn a_stranger_s_signature_is_refused() {
    let bench = bench(|robot| robot).await;
    let stranger = KeyPair::generate(SigningAlgorithm::Rs256).unwrap().sign(&bench.claims()).unwrap();
    let fields = [("grant_type", GRANT_TYPE), ("assertion", stranger.as_str())];
    let page = post_bare(&bench.browser, &bench.provider, Endpoint::Token, &fields).await;
    assert_eq!(refusal(&page), refused());
}

#[tokio::test]
async fn an_issuer_may_have_several_keys() {
    let second = KeyPair::generate(SigningAlgorithm::EdDsa).unwrap();
    let mut bench = bench(|robot| robot.public_key(second.public_key().unwrap())).await;
    assert_eq!(bench.claiming(|_| ()).await, taken());
    bench.pair = second;
    assert_eq!(bench.claiming(|_| ()).await, taken());
}

#[tokio::test]
async fn without_a_subject_it_speaks_of_the_issuer_only_where_that_is_allowed() {
    let without = |claims: &mut Value| drop(claims.as_object_mut().unwrap().remove("sub"));
    assert_eq!(bench(|robot| robot).await.claiming(without).await, refused());
    let lenient = bench(AssertionIssuer::subject_optional).await;
    assert_eq!(lenient.claiming(without).await, taken());
}
