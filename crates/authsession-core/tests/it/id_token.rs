//! Lies in an ID token's claims at login (OpenID Connect Core §2, §3.1.3.7).

use std::time::Duration;

use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::script::Answer;
use aws_lc_rs::digest::{self, Algorithm as Hash};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::mint::Mint;
use crate::parties::Parties;
use crate::verdict::{fault, untrusted};

/// Beyond the 60 s two honest clocks may be apart.
const BEYOND: i64 = 61;
const WITHIN: i64 = 60;

type Claims = Map<String, Value>;

async fn lie(edit: impl Fn(&mut Claims) + Send + Sync + 'static) -> String {
    untrusted(told(edit).await)
}

async fn told(
    edit: impl Fn(&mut Claims) + Send + Sync + 'static,
) -> Result<crate::parties::SignedIn, authsession_core::error::Error> {
    let parties = Parties::meet().await;
    parties.opposite.enqueue(
        Endpoint::Token,
        Answer::lying_id_token(move |_, claims| edit(claims.as_object_mut().unwrap())),
    );
    parties.sign_in().await
}

/// One claim is another.
async fn set(name: &'static str, value: impl Into<Value>) -> String {
    let value = value.into();
    lie(move |claims| drop(claims.insert(name.into(), value.clone()))).await
}

async fn accepts(name: &'static str, value: impl Into<Value>) {
    let value = value.into();
    let outcome = told(move |claims| drop(claims.insert(name.into(), value.clone()))).await;
    assert!(outcome.is_ok(), "{name}: {outcome:?}");
}

async fn without(name: &'static str) -> String {
    lie(move |claims| drop(claims.remove(name))).await
}

/// A time claim, moved by some seconds.
async fn moved(
    name: &'static str,
    from: &'static str,
    by: i64,
) -> Result<crate::parties::SignedIn, authsession_core::error::Error> {
    told(move |claims| {
        let instant = claims[from].as_i64().unwrap() + by;
        claims.insert(name.into(), instant.into());
    })
    .await
}

#[tokio::test]
async fn an_honest_login_says_who_signed_in() {
    let parties = Parties::meet().await;
    let signed_in = parties.sign_in().await.unwrap();
    assert_eq!(signed_in.claims.subject, "alice");
    assert_eq!(signed_in.claims.issuer, parties.opposite.issuer());
    assert_eq!(signed_in.claims.audience, [parties.opposite.client_id()]);
    assert_eq!(signed_in.claims.provider_session, parties.opposite.sid_of("alice"));
    assert_eq!(signed_in.claims.all["email"], "alice@example.test");
}

#[tokio::test]
async fn a_wrong_iss_is_refused() {
    let wrong = "the ID token's iss is not the provider's issuer";
    assert_eq!(set("iss", "https://evil.example").await, wrong);
    assert_eq!(set("iss", "").await, wrong);
    let slash = lie(|claims| {
        let with_slash = format!("{}/", claims["iss"].as_str().unwrap());
        claims.insert("iss".into(), with_slash.into());
    });
    assert_eq!(slash.await, wrong);
    assert_eq!(without("iss").await, "the ID token has no iss");
}

#[tokio::test]
async fn a_wrong_or_missing_aud_is_refused() {
    let wrong = "the ID token's aud is not this client";
    assert_eq!(set("aud", "another").await, wrong);
    assert_eq!(set("aud", json!([])).await, wrong);
    assert_eq!(set("aud", json!(["another"])).await, wrong);
    assert_eq!(set("aud", "client2").await, wrong);
    assert_eq!(without("aud").await, "the ID token has no aud");
    assert_eq!(set("aud", Value::Null).await, "the ID token has no aud");
    assert_eq!(set("aud", json!(["client", 7])).await, "the ID token's aud is not a list of texts");
}

#[tokio::test]
async fn an_aud_that_is_a_list_of_us_alone_is_accepted() {
    accepts("aud", json!(["client"])).await;
}

#[tokio::test]
async fn an_untrusted_extra_audience_is_refused() {
    let extra = |claims: &mut Claims| {
        claims.insert("aud".into(), json!(["client", "another"]));
        claims.insert("azp".into(), "client".into());
    };
    assert_eq!(lie(extra).await, "the ID token names an audience that is not trusted");
}

#[tokio::test]
async fn several_audiences_need_us_as_azp_even_when_trusted() {
    for (azp, wanted) in [
        (None, Some("the ID token has several audiences and no azp")),
        (Some("another"), Some("the ID token's azp is not this client")),
        (Some("client"), None),
    ] {
        let parties = Parties::meet().await;
        let answer = Answer::lying_id_token(move |_, claims| {
            claims["aud"] = json!(["client", "another"]);
            claims["azp"] = azp.into();
        });
        parties.opposite.enqueue(Endpoint::Token, answer);
        let trusting = parties.verifier().trust_audience("another");
        let outcome = parties.sign_in_with(&parties.request(), &trusting).await;
        assert_eq!(outcome.map_err(|error| untrusted::<()>(Err(error))).err().as_deref(), wanted);
    }
}

#[tokio::test]
async fn an_azp_that_is_not_us_is_refused() {
    assert_eq!(set("azp", "another").await, "the ID token's azp is not this client");
    accepts("azp", "client").await;
}

#[tokio::test]
async fn a_missing_or_endless_sub_is_refused() {
    assert_eq!(without("sub").await, "the ID token has no sub");
    assert_eq!(set("sub", "").await, "the ID token has no sub");
    assert_eq!(set("sub", 7).await, "the ID token's sub is not a text");
    assert_eq!(set("sub", "a".repeat(256)).await, "the ID token's sub is longer than 255 characters");
    accepts("sub", "é".repeat(255)).await;
}

#[tokio::test]
async fn a_missing_iat_is_refused() {
    assert_eq!(without("iat").await, "the ID token has no iat");
    assert_eq!(set("iat", "now").await, "the ID token's iat is not a time");
}

#[tokio::test]
async fn an_iat_in_the_future_is_refused_beyond_the_tolerance() {
    let outcome = moved("iat", "iat", BEYOND).await;
    assert_eq!(untrusted(outcome), "the ID token was issued in the future: compare the clocks");
    assert!(moved("iat", "iat", WITHIN).await.is_ok());
}

#[tokio::test]
async fn an_iat_from_before_this_login_is_refused_beyond_the_tolerance() {
    for long_ago in [-BEYOND, -86_400, -1_893_456_000] {
        let outcome = moved("iat", "iat", long_ago).await;
        assert_eq!(untrusted(outcome), "the ID token was issued before this login started");
    }
    assert!(moved("iat", "iat", -WITHIN).await.is_ok());
}

#[tokio::test]
async fn an_exp_that_is_past_is_refused_beyond_the_tolerance() {
    assert_eq!(untrusted(moved("exp", "iat", -60).await), "the ID token is expired");
    assert!(moved("exp", "iat", -59).await.is_ok());
    assert_eq!(without("exp").await, "the ID token has no exp");
    assert_eq!(set("exp", 0).await, "the ID token is expired");
    assert_eq!(set("exp", 1e300).await, "the ID token's exp is not a time");
    assert_eq!(set("exp", i64::MIN).await, "the ID token is expired");
}

#[tokio::test]
async fn an_nbf_in_the_future_is_refused_beyond_the_tolerance() {
    let outcome = moved("nbf", "iat", BEYOND).await;
    assert_eq!(untrusted(outcome), "the ID token is not valid yet: compare the clocks");
    assert!(moved("nbf", "iat", WITHIN).await.is_ok());
}

#[tokio::test]
async fn a_missing_or_wrong_nonce_is_refused() {
    assert_eq!(without("nonce").await, "the ID token has no nonce");
    let wrong = "the ID token's nonce is not the one of this login";
    assert_eq!(set("nonce", "another").await, wrong);
    assert_eq!(set("nonce", "").await, wrong);
    assert_eq!(set("nonce", 7).await, "the ID token's nonce is not a text");
}

#[tokio::test]
async fn a_nonce_of_another_login_is_refused() {
    let parties = Parties::meet().await;
    let (one, another) = (parties.log_in().await, parties.log_in().await);
    let tokens = parties.redeem(&one).await.unwrap();
    let outcome = parties.verify(&parties.verifier(), &another, &tokens).await;
    assert_eq!(untrusted(outcome), "the ID token's nonce is not the one of this login");
}

#[tokio::test]
async fn a_wrong_at_hash_or_c_hash_is_refused() {
    for wrong in [json!("AAAAAAAAAAAAAAAAAAAAAA"), json!(""), json!(7), Value::Null] {
        assert_eq!(set("at_hash", wrong.clone()).await, "the ID token's at_hash does not fit");
        assert_eq!(set("c_hash", wrong).await, "the ID token's c_hash does not fit");
    }
}

#[tokio::test]
async fn an_at_hash_may_be_absent() {
    assert!(told(|claims| drop(claims.remove("at_hash"))).await.is_ok());
}

#[tokio::test]
async fn for_ed25519_an_at_hash_by_sha_512_or_sha_256_is_accepted() {
    for (hash, fits) in [(&digest::SHA512, true), (&digest::SHA256, true), (&digest::SHA384, false)] {
        let (parties, mint) = (Parties::meet().await, Mint::new("key"));
        parties.publish([mint.jwk()]);
        let at_hash = half_hash(hash, "an access token");
        let token = mint.token(&parties.honest_claims_and(&json!({ "at_hash": at_hash })));
        assert_eq!(parties.hold(&token).await.is_ok(), fits);
    }
}

#[tokio::test]
async fn a_c_hash_that_fits_is_accepted() {
    let parties = Parties::meet().await;
    let login = parties.log_in().await;
    let c_hash = half_hash(&digest::SHA256, login.code.expose());
    let answer = Answer::lying_id_token(move |_, claims| claims["c_hash"] = c_hash.clone().into());
    parties.opposite.enqueue(Endpoint::Token, answer);
    let tokens = parties.redeem(&login).await.unwrap();
    assert!(parties.verify(&parties.verifier(), &login, &tokens).await.is_ok());
}

fn half_hash(hash: &'static Hash, text: &str) -> String {
    let whole = digest::digest(hash, text.as_bytes());
    URL_SAFE_NO_PAD.encode(&whole.as_ref()[..whole.as_ref().len() / 2])
}

#[tokio::test]
async fn where_max_age_was_asked_a_missing_or_too_old_auth_time_is_refused() {
    for (age, wanted) in [
        (None, Some("max_age was asked and the ID token has no auth_time")),
        (Some(300 + BEYOND), Some("the user's authentication is older than the max_age asked")),
        (Some(300 + WITHIN), None),
    ] {
        let parties = Parties::meet().await;
        let auth_time = age.map(|age| parties.unix() - age);
        let answer = Answer::lying_id_token(move |_, claims| claims["auth_time"] = auth_time.into());
        parties.opposite.enqueue(Endpoint::Token, answer);
        let mut request = parties.request();
        request.login.max_age = Some(Duration::from_secs(300));
        let outcome = parties.sign_in_with(&request, &parties.verifier()).await;
        assert_eq!(outcome.map_err(|error| untrusted::<()>(Err(error))).err().as_deref(), wanted);
    }
}

#[tokio::test]
async fn where_max_age_was_asked_an_auth_time_in_the_future_is_refused() {
    for (ahead, max_age, wanted) in [
        (BEYOND, Some(300), Some("the ID token's auth_time lies in the future: compare the clocks")),
        (
            1_000_000_000_000,
            Some(300),
            Some("the ID token's auth_time lies in the future: compare the clocks"),
        ),
        (WITHIN, Some(300), None),
        (BEYOND, None, None),
    ] {
        let parties = Parties::meet().await;
        let auth_time = parties.unix() + ahead;
        let answer = Answer::lying_id_token(move |_, claims| claims["auth_time"] = auth_time.into());
        parties.opposite.enqueue(Endpoint::Token, answer);
        let mut request = parties.request();
        request.login.max_age = max_age.map(Duration::from_secs);
        let outcome = parties.sign_in_with(&request, &parties.verifier()).await;
        assert_eq!(outcome.map_err(|error| untrusted::<()>(Err(error))).err().as_deref(), wanted);
    }
}

#[tokio::test]
async fn a_max_age_and_a_tolerance_of_any_length_are_no_reason_to_panic() {
    let parties = Parties::meet().await;
    let endless = parties.verifier().tolerance(Duration::MAX);
    for verifier in [parties.verifier(), endless] {
        let mut login = parties.log_in().await;
        login.pending.max_age = Some(u64::MAX);
        let tokens = parties.redeem(&login).await.unwrap();
        assert!(parties.verify(&verifier, &login, &tokens).await.is_ok());
    }
}

#[tokio::test]
async fn an_auth_time_with_a_fraction_or_of_zero_is_accepted() {
    accepts("auth_time", 1_795_333_704.619_522).await;
    accepts("auth_time", 0).await;
}

#[tokio::test]
async fn a_claim_that_stands_twice_is_refused() {
    let (parties, mint) = (Parties::meet().await, Mint::new("key"));
    parties.publish([mint.jwk()]);
    let honest = parties.honest_claims();
    let twice = honest.replacen('{', r#"{"sub":"mallory","#, 1);
    assert!(parties.hold(&mint.token(&honest)).await.is_ok());
    let wanted = "the signed token's claims are not an object, or name a claim twice";
    assert_eq!(untrusted(parties.hold(&mint.token(&twice)).await), wanted);
    let inside = honest.replacen('{', r#"{"address":{"a":1,"a":2},"#, 1);
    assert_eq!(untrusted(parties.hold(&mint.token(&inside)).await), wanted);
}

#[tokio::test]
async fn deep_nesting_is_refused() {
    let (parties, mint) = (Parties::meet().await, Mint::new("key"));
    parties.publish([mint.jwk()]);
    let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    assert!(untrusted(parties.hold(&mint.token(&deep)).await).contains("claims are not an object"));
}

#[tokio::test]
async fn a_token_larger_than_64_kib_is_refused_and_one_of_1_mb_is_not_even_read() {
    let wanted = "the signed token is larger than 64 KiB";
    assert_eq!(set("padding", "x".repeat(64 * 1024)).await, wanted);
    let huge = told(|claims| drop(claims.insert("padding".into(), "x".repeat(1_000_000).into()))).await;
    assert_eq!(fault(huge), authsession_core::error::Fault::BadAnswer);
}

#[tokio::test]
async fn debug_shows_the_names_of_claims_and_not_what_they_say() {
    let parties = Parties::meet_with(|builder| builder.signing_algorithm(SigningAlgorithm::EdDsa)).await;
    let claims = parties.sign_in().await.unwrap().claims;
    let shown = format!("{claims:?}");
    assert!(shown.contains("email") && !shown.contains("alice"), "{shown}");
}
