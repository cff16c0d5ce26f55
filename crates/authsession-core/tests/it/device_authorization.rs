//! Signing in on another device (RFC 8628).

use std::time::Duration;

use authsession_core::device_authorization::{DeviceAuthorizationRequest, PendingDevice};
use authsession_core::error::{Error, Fault, OAuthError};
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use serde_json::{Value, json};

use crate::parties::Parties;
use crate::verdict::{fault, hint, refusal, untrusted};

/// The provider does not mind being asked every few milliseconds.
async fn eager() -> Parties {
    Parties::meet_with(|builder| builder.device_pace_enforced(false)).await
}

/// As [`started`], and asks every few milliseconds.
async fn started_eagerly(parties: &Parties) -> PendingDevice {
    let mut pending = started(parties).await;
    pending.interval = Duration::from_millis(5);
    pending
}

async fn started(parties: &Parties) -> PendingDevice {
    DeviceAuthorizationRequest::new("openid email").start(&parties.token_endpoint()).await.unwrap()
}

async fn answered(answer: Answer) -> Result<PendingDevice, Error> {
    let parties = Parties::meet().await;
    parties.opposite.enqueue(Endpoint::DeviceAuthorization, answer);
    DeviceAuthorizationRequest::default().start(&parties.token_endpoint()).await
}

async fn with(name: &'static str, value: Value) -> Result<PendingDevice, Error> {
    answered(Answer::tampered(move |body| body[name] = value.clone())).await
}

#[tokio::test]
async fn a_user_who_agrees_is_signed_in() {
    let parties = eager().await;
    let pending = started_eagerly(&parties).await;
    let endpoint = parties.token_endpoint();
    let user = async {
        parties.until_asked(Endpoint::Token, 3).await;
        assert!(parties.opposite.approve_device(&pending.user_code));
    };
    let (tokens, ()) = tokio::join!(pending.complete(&endpoint), user);
    let tokens = tokens.unwrap();
    assert_eq!(tokens.scope.as_deref(), Some("openid email"));
    assert!(tokens.id_token.is_some());
}

#[tokio::test]
async fn a_user_who_says_no_ends_it() {
    let parties = eager().await;
    let pending = started_eagerly(&parties).await;
    assert!(parties.opposite.deny_device(&pending.user_code));
    assert_eq!(refusal(pending.complete(&parties.token_endpoint()).await), OAuthError::AccessDenied);
}

#[tokio::test]
async fn a_user_who_does_not_answer_in_time_ends_it() {
    let parties = eager().await;
    let pending = started_eagerly(&parties).await;
    assert_eq!(pending.expires_at, parties.now() + Duration::from_secs(600));
    let endpoint = parties.token_endpoint();
    let later = async {
        parties.until_asked(Endpoint::Token, 2).await;
        parties.time.advance(Duration::from_secs(600));
    };
    let (outcome, ()) = tokio::join!(pending.complete(&endpoint), later);
    assert_eq!(refusal(outcome), OAuthError::ExpiredToken);
    let asked = parties.opposite.journal().count(Endpoint::Token);
    assert_eq!(refusal(pending.poll(&endpoint).await), OAuthError::ExpiredToken);
    assert_eq!(parties.opposite.journal().count(Endpoint::Token), asked, "an expired code is not sent");
}

#[tokio::test]
async fn a_provider_that_is_away_for_a_while_ends_nothing() {
    let parties = eager().await;
    let pending = started_eagerly(&parties).await;
    assert!(parties.opposite.approve_device(&pending.user_code));
    for answer in [Answer::status(503), Answer::html(200, ""), Answer::error(400, "temporarily_unavailable")]
    {
        parties.opposite.enqueue(Endpoint::Token, answer);
    }
    assert!(pending.complete(&parties.token_endpoint()).await.is_ok());
    assert_eq!(parties.opposite.journal().count(Endpoint::Token), 4);
}

#[tokio::test]
async fn who_is_told_to_slow_down_waits_five_seconds_longer() {
    let parties = eager().await;
    let pending = started_eagerly(&parties).await;
    for answer in [Answer::error(400, "slow_down"), Answer::error(429, "slow_down")] {
        parties.opposite.enqueue(Endpoint::Token, answer);
    }
    assert!(parties.opposite.approve_device(&pending.user_code));
    let endpoint = parties.token_endpoint();
    tokio::time::pause();
    let before = tokio::time::Instant::now();
    pending.complete(&endpoint).await.unwrap();
    let took = before.elapsed().as_millis();
    assert!((15_000..16_000).contains(&took), "first 5 ms, then 5 s more, then 10 s more: {took}");
}

#[tokio::test]
async fn who_asks_too_soon_is_told_so() {
    let parties = Parties::meet().await;
    let pending = started(&parties).await;
    assert_eq!(pending.interval, Duration::from_secs(5));
    let endpoint = parties.token_endpoint();
    assert_eq!(pending.poll(&endpoint).await.unwrap(), None);
    assert_eq!(refusal(pending.poll(&endpoint).await), OAuthError::SlowDown);
    parties.time.advance(Duration::from_secs(10));
    assert_eq!(pending.poll(&endpoint).await.unwrap(), None);
}

#[tokio::test]
async fn dropped_it_asks_no_more_and_can_be_taken_up_again() {
    let parties = eager().await;
    let pending = started_eagerly(&parties).await;
    let endpoint = parties.token_endpoint();
    let limit = Duration::from_millis(50);
    assert!(tokio::time::timeout(limit, pending.complete(&endpoint)).await.is_err());
    // What was on its way when it was dropped arrives all the same.
    tokio::time::sleep(limit * 4).await;
    let asked = parties.opposite.journal().count(Endpoint::Token);
    tokio::time::sleep(limit * 4).await;
    assert_eq!(parties.opposite.journal().count(Endpoint::Token), asked);
    assert!(parties.opposite.approve_device(&pending.user_code));
    assert!(pending.complete(&endpoint).await.is_ok());
}

#[tokio::test]
async fn what_the_provider_left_out_is_filled_in() {
    for left_out in [Value::Null, json!(0), json!("0")] {
        assert_eq!(with("interval", left_out).await.unwrap().interval, Duration::from_secs(5));
    }
    let parties = Parties::meet().await;
    let no_expiry = Answer::tampered(|body| body["expires_in"] = Value::Null);
    parties.opposite.enqueue(Endpoint::DeviceAuthorization, no_expiry);
    assert_eq!(started(&parties).await.expires_at, parties.now() + Duration::from_secs(600));
    let pending = with("verification_uri_complete", Value::Null).await.unwrap();
    assert_eq!(pending.verification_uri_complete, None);
}

#[tokio::test]
async fn nobody_is_asked_more_often_than_once_a_second() {
    for hurry in [json!(1e-9), json!("0.5"), json!(1)] {
        assert_eq!(with("interval", hurry).await.unwrap().interval, Duration::from_secs(1));
    }
}

#[tokio::test]
async fn a_provider_that_asks_to_be_left_alone_for_ever_is_asked_again_after_ten_minutes() {
    let parties = eager().await;
    let mut pending = started_eagerly(&parties).await;
    pending.expires_at = parties.now() + Duration::from_secs(86_400);
    let busy = || Answer::status(503).retry_after(u64::MAX);
    parties.opposite.enqueue(Endpoint::Token, busy());
    parties.opposite.enqueue(Endpoint::Token, busy());
    assert!(parties.opposite.approve_device(&pending.user_code));
    let endpoint = parties.token_endpoint();
    tokio::time::pause();
    let before = tokio::time::Instant::now();
    assert!(pending.complete(&endpoint).await.is_ok());
    let took = before.elapsed().as_secs();
    assert!((1_200..1_300).contains(&took), "{took} s");
}

#[tokio::test]
async fn an_answer_that_breaks_the_protocol_is_not_trusted() {
    for (name, value) in [
        ("device_code", Value::Null),
        ("user_code", json!("")),
        ("user_code", json!("AB\u{1b}[2J")),
        ("verification_uri", json!("javascript:alert(1)")),
        ("verification_uri", json!("/device")),
        ("expires_in", json!(-1)),
        ("expires_in", json!(1e300)),
        ("interval", json!("soon")),
    ] {
        assert!(untrusted(with(name, value).await).contains(name), "{name}");
    }
    let no_page = with("verification_uri_complete", json!("javascript:alert(1)")).await.unwrap();
    assert_eq!(no_page.verification_uri_complete, None, "what nobody needs is left out");
}

#[tokio::test]
async fn a_refusal_or_an_outage_is_a_typed_error() {
    assert!(hint(answered(Answer::error(400, "invalid_scope")).await).contains("invalid_scope"));
    assert!(hint(answered(Answer::error(401, "invalid_client")).await).contains("invalid_client"));
    assert_eq!(fault(answered(Answer::status(503)).await), Fault::Status(503));
    assert_eq!(fault(answered(Answer::html(200, "")).await), Fault::BadAnswer);
    let parties = Parties::meet_with(|builder| {
        builder.metadata(|document| drop(document.remove("device_authorization_endpoint")))
    })
    .await;
    let outcome = DeviceAuthorizationRequest::default().start(&parties.token_endpoint()).await;
    assert!(hint(outcome).contains("no device authorization endpoint"));
}

#[tokio::test]
async fn debug_shows_no_code() {
    let pending = started(&Parties::meet().await).await;
    assert!(!format!("{pending:?}").contains(&pending.user_code));
}

#[tokio::test]
async fn a_further_parameter_goes_along() {
    let parties = Parties::meet().await;
    let mut request = DeviceAuthorizationRequest::new("openid");
    request.extra.push(("audience".to_owned(), "https://api.example.com".into()));

    request.start(&parties.token_endpoint()).await.unwrap();

    let asked = parties.opposite.journal().last(Endpoint::DeviceAuthorization).unwrap();
    assert_eq!(asked.form_value("audience"), Some("https://api.example.com"));
}
