//! Lies of the token endpoint (RFC 6749 §5).

use std::time::Duration;

use authsession_core::client_auth::{Client, ClientAuth};
use authsession_core::error::{Error, Fault, OAuthError};
use authsession_core::grant::refresh_token::RefreshToken;
use authsession_core::http::HttpClient;
use authsession_core::token_endpoint::TokenEndpoint;
use authsession_core::token_set::TokenSet;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use serde_json::{Value, json};

use crate::parties::Parties;
use crate::verdict::{fault, hint, refusal, retry_after, told, untrusted};

const CANARY: &str = "canary-8fb1";

async fn answered(answer: Answer) -> Result<TokenSet, Error> {
    let parties = Parties::meet().await;
    let login = parties.log_in().await;
    parties.opposite.enqueue(Endpoint::Token, answer);
    parties.redeem(&login).await
}

/// An honest answer in which one member is another.
async fn with(name: &'static str, value: impl Into<Value>) -> Result<TokenSet, Error> {
    let value = value.into();
    answered(Answer::tampered(move |body| body[name] = value.clone())).await
}

async fn without(name: &'static str) -> Result<TokenSet, Error> {
    answered(Answer::tampered(move |body| drop(body.as_object_mut().unwrap().remove(name)))).await
}

#[tokio::test]
async fn a_token_type_that_is_missing_or_not_bearer_is_refused() {
    assert_eq!(untrusted(without("token_type").await), "the token response has no token_type");
    assert_eq!(untrusted(with("token_type", "").await), "the token response has no token_type");
    for other in ["DPoP", "mac", "Bearer ", "bear", "N_A"] {
        let outcome = with("token_type", other).await;
        assert_eq!(untrusted(outcome), "the token response's token_type is not Bearer");
    }
    let outcome = with("token_type", 7).await;
    assert_eq!(untrusted(outcome), "the token response's token_type is not a text");
}

#[tokio::test]
async fn a_token_type_of_any_case_is_bearer() {
    for spelling in ["bearer", "Bearer", "BEARER", "bEaReR"] {
        assert_eq!(&*with("token_type", spelling).await.unwrap().token_type, spelling);
    }
}

#[tokio::test]
async fn an_access_token_that_is_missing_or_empty_is_refused() {
    for outcome in [
        without("access_token").await,
        with("access_token", "").await,
        with("access_token", Value::Null).await,
    ] {
        assert_eq!(untrusted(outcome), "the token response has no access_token");
    }
    assert_eq!(untrusted(with("access_token", 7).await), "the token response's access_token is not a text");
}

#[tokio::test]
async fn an_access_token_with_characters_no_token_has_is_refused() {
    for odd in ["a b", "a\r\nX-Evil: 1", "a\0", "é", "a\u{7f}"] {
        assert!(untrusted(with("access_token", odd).await).contains("characters no token has"));
    }
}

#[tokio::test]
async fn an_expires_in_that_is_a_number_or_one_in_quotes_is_accepted() {
    for (value, wanted) in [
        (json!(300), 300_000),
        (json!(1), 1000),
        (json!(0.5), 500),
        (json!("300"), 300_000),
        (json!(" 300 "), 300_000),
        (json!("299.5"), 299_500),
        (json!(3e2), 300_000),
        (json!(315_360_000), 315_360_000_000),
    ] {
        let tokens = with("expires_in", value.clone()).await.unwrap();
        let lifetime = tokens.expires_at.unwrap().since(tokens.received_at);
        assert_eq!(lifetime, Duration::from_millis(wanted), "{value}");
    }
}

#[tokio::test]
async fn an_expires_in_that_is_absent_leaves_the_expiry_open() {
    assert_eq!(without("expires_in").await.unwrap().expires_at, None);
    assert_eq!(with("expires_in", Value::Null).await.unwrap().expires_at, None);
}

#[tokio::test]
async fn an_absurd_expires_in_is_refused() {
    for absurd in [
        json!(0),
        json!(-1),
        json!(1e300),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(315_360_001),
        json!("0"),
        json!("-300"),
        json!("NaN"),
        json!("inf"),
        json!("soon"),
        json!(""),
        json!(true),
        json!([300]),
        json!({}),
    ] {
        let outcome = with("expires_in", absurd.clone()).await;
        assert_eq!(untrusted(outcome), "the token response's expires_in is not a lifetime", "{absurd}");
    }
}

#[tokio::test]
async fn the_lifetime_counts_from_before_the_request() {
    let parties = Parties::meet().await;
    let login = parties.log_in().await;
    let (answer, gate) = Answer::normal().held_after();
    parties.opposite.enqueue(Endpoint::Token, answer);
    let asked_at = parties.now();
    let slow = async {
        assert!(gate.reached().await);
        parties.time.advance(Duration::from_secs(100));
        gate.open();
    };
    let (tokens, ()) = tokio::join!(parties.redeem(&login), slow);
    let tokens = tokens.unwrap();
    assert_eq!(tokens.received_at, asked_at);
    assert_eq!(tokens.expires_at, Some(asked_at + Duration::from_secs(300)));
}

#[tokio::test]
async fn an_error_with_200_is_an_error() {
    assert_eq!(refusal(answered(Answer::error(200, "invalid_grant")).await), OAuthError::InvalidGrant);
    assert_eq!(refusal(with("error", "invalid_grant").await), OAuthError::InvalidGrant);
}

#[tokio::test]
async fn refusals_are_told_apart_by_what_to_do_next() {
    for status in [400, 401, 403] {
        assert_eq!(refusal(answered(Answer::error(status, "invalid_grant")).await), OAuthError::InvalidGrant);
    }
    for code in [
        "invalid_client",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
        "invalid_request",
    ] {
        assert!(hint(answered(Answer::error(400, code)).await).contains(code));
    }
    for code in ["temporarily_unavailable", "server_error"] {
        for status in [200, 400, 401] {
            let outcome = answered(Answer::error(status, code)).await;
            assert!(outcome.as_ref().is_err_and(Error::may_have_happened), "the grant may be spent");
            assert_eq!(fault(outcome), Fault::Reported);
        }
    }
}

#[tokio::test]
async fn an_error_of_null_beside_tokens_is_no_error() {
    for error in [Value::Null, json!(""), json!(0), json!(false), json!({})] {
        assert!(with("error", error.clone()).await.is_ok(), "{error}");
    }
}

#[tokio::test]
async fn a_gateways_403_is_no_refusal() {
    for status in [400, 401, 403, 404, 405, 410] {
        for body in [
            json!({ "message": "Forbidden" }),
            json!({ "error": null }),
            json!({ "error": "" }),
            json!({ "error": { "code": "invalid_grant" } }),
            json!({}),
            json!(["invalid_grant"]),
            json!("invalid_grant"),
        ] {
            let outcome = answered(Answer::json(status, &body)).await;
            assert_eq!(fault(outcome), Fault::BadAnswer, "{status} {body}");
        }
    }
    for status in [403, 404, 409, 410, 418, 451] {
        assert_eq!(fault(answered(Answer::status(status)).await), Fault::BadAnswer, "{status}");
    }
}

#[tokio::test]
async fn what_a_gateway_could_not_finish_may_have_happened() {
    for status in [408, 500, 502, 503, 504, 520, 524] {
        let outcome = answered(Answer::status(status)).await;
        assert!(outcome.as_ref().is_err_and(Error::may_have_happened), "{status}");
    }
    for outcome in [
        answered(Answer::html(200, "<html>")).await,
        answered(Answer::json(403, &json!({ "message": "Forbidden" }))).await,
        with("token_type", "mac").await,
    ] {
        assert!(outcome.is_err_and(|error| error.may_have_happened()));
    }
}

#[tokio::test]
async fn what_was_turned_away_at_the_door_did_not_happen() {
    let door = Answer::status(503).retry_after(5);
    for (status, answer) in [(425, Answer::status(425)), (429, Answer::status(429)), (503, door)] {
        let outcome = answered(answer).await;
        assert!(outcome.is_err_and(|error| error.is_transient() && !error.may_have_happened()), "{status}");
    }
    for code in ["invalid_grant", "invalid_client", "invalid_scope"] {
        let outcome = answered(Answer::error(400, code)).await;
        assert!(outcome.is_err_and(|error| !error.is_transient() && !error.may_have_happened()), "{code}");
    }
}

#[tokio::test]
async fn the_refusals_of_real_providers_are_understood() {
    assert_eq!(refusal(answered(Answer::status(400)).await), OAuthError::Unstated);
    assert_eq!(refusal(answered(Answer::error(403, "invalid_code")).await), OAuthError::Unknown);
    assert!(hint(answered(Answer::status(401)).await).contains("invalid_client"));
    let sql = Answer::error(500, "internal_server_error");
    assert_eq!(fault(answered(sql).await), Fault::Status(500));
}

#[tokio::test]
async fn a_provider_that_asks_us_to_come_back_is_unavailable() {
    for status in [408, 425, 429, 500, 502, 503, 504] {
        let answer = Answer::error(status, "invalid_grant").retry_after(30);
        let outcome = answered(answer).await;
        assert!(outcome.as_ref().is_err_and(Error::is_transient), "{outcome:?}");
        assert_eq!(retry_after(outcome), Some(Duration::from_secs(30)));
    }
}

#[tokio::test]
async fn a_retry_after_that_is_a_date_counts_from_the_date_of_the_answer() {
    for (until, wanted) in [
        ("Fri, 31 Dec 1999 23:59:59 GMT", 29),
        ("Friday, 31-Dec-99 23:59:59 GMT", 29),
        ("Fri Dec 31 23:59:59 1999", 29),
        ("Fri, 31 Dec 1999 23:59:30 GMT", 0),
        ("Fri, 31 Dec 1999 00:00:00 GMT", 0),
    ] {
        let answer = Answer::status(503).header("date", "Fri, 31 Dec 1999 23:59:30 GMT");
        let outcome = answered(answer.header("retry-after", until)).await;
        assert_eq!(retry_after(outcome), Some(Duration::from_secs(wanted)), "{until}");
    }
}

#[tokio::test]
async fn a_retry_after_that_is_no_number_of_seconds_is_no_reason_to_fail_otherwise() {
    for odd in ["soon", "-1", "", "99999999999999999999999", "Fri, 31 Dec 1999", "31 Dec 99999 23:59:59 GMT"]
    {
        let outcome = answered(Answer::status(429).header("retry-after", odd)).await;
        assert_eq!(retry_after(outcome), None, "{odd}");
    }
}

#[tokio::test]
async fn html_is_a_bad_answer_and_ends_nothing() {
    for status in [200, 400, 401, 403, 404] {
        let outcome = answered(Answer::html(status, "<html>a proxy's page</html>")).await;
        assert_eq!(fault(outcome), Fault::BadAnswer, "{status}");
    }
    let disguised = Answer::raw(200, "text/html", r#"{"access_token":"a","token_type":"Bearer"}"#);
    assert_eq!(fault(answered(disguised).await), Fault::BadAnswer);
}

#[tokio::test]
async fn an_answer_without_an_end_is_bounded() {
    for answer in [Answer::oversized(10_000_000), Answer::endless(), Answer::gzip_bomb()] {
        assert_eq!(fault(answered(answer).await), Fault::BadAnswer);
    }
}

#[tokio::test]
async fn json_that_is_broken_or_says_something_twice_is_a_bad_answer() {
    for body in [
        "",
        "{",
        "[]",
        "7",
        r#"{"access_token":"a","token_type":"Bearer""#,
        r#"{"access_token":"a","access_token":"b","token_type":"Bearer"}"#,
    ] {
        assert_eq!(
            fault(answered(Answer::raw(200, "application/json", body)).await),
            Fault::BadAnswer,
            "{body}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_may_have_happened() {
    for answer in [Answer::truncated(), Answer::dropped_after(), Answer::dropped_before()] {
        let outcome = answered(answer).await;
        assert!(outcome.as_ref().is_err_and(Error::may_have_happened), "{outcome:?}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_times_out_and_may_have_happened() {
    let parties = Parties::meet().await;
    let login = parties.log_in().await;
    let (answer, _never_opened) = Answer::normal().held();
    parties.opposite.enqueue(Endpoint::Token, answer);
    let http = HttpClient::builder().timeout(Duration::from_millis(200)).build().unwrap();
    let endpoint = TokenEndpoint::new(parties.provider.clone(), parties.client(), http, parties.clock());
    let outcome = endpoint.redeem(&login.grant()).await;
    assert!(outcome.as_ref().is_err_and(Error::may_have_happened));
    assert_eq!(fault(outcome), Fault::TimedOut);
}

#[tokio::test]
async fn a_provider_that_is_away_was_sent_nothing() {
    let parties = Parties::meet().await;
    let login = parties.log_in().await;
    parties.opposite.shutdown().await;
    let outcome = parties.redeem(&login).await;
    assert!(outcome.as_ref().is_err_and(|error| error.is_transient() && !error.may_have_happened()));
    assert_eq!(fault(outcome), Fault::Unreachable);
}

#[tokio::test]
async fn a_redirect_is_never_followed() {
    for status in [301, 302, 303, 307, 308] {
        let parties = Parties::meet().await;
        let login = parties.log_in().await;
        let elsewhere = parties.opposite.endpoint(Endpoint::Introspection);
        parties.opposite.enqueue(Endpoint::Token, Answer::status(status).header("location", elsewhere));
        assert_eq!(fault(parties.redeem(&login).await), Fault::BadAnswer);
        assert_eq!(parties.opposite.journal().count(Endpoint::Introspection), 0);
    }
}

#[tokio::test]
async fn a_request_is_sent_once_whatever_comes_back() {
    for answer in [Answer::status(503), Answer::dropped_after(), Answer::html(200, ""), Answer::status(429)] {
        let parties = Parties::meet().await;
        let login = parties.log_in().await;
        parties.opposite.enqueue(Endpoint::Token, answer);
        assert!(parties.redeem(&login).await.is_err());
        assert_eq!(parties.opposite.journal().count(Endpoint::Token), 1);
    }
}

#[tokio::test]
async fn nothing_we_sent_and_no_body_reaches_an_error() {
    let long = json!({ "error": CANARY, "error_description": CANARY, "error_uri": CANARY, CANARY: CANARY });
    let answers = [
        Answer::html(200, CANARY),
        Answer::html(500, CANARY),
        Answer::json(400, &long),
        Answer::json(200, &json!({ "access_token": format!("{CANARY} x"), "token_type": "Bearer" })),
        Answer::json(200, &json!({ "access_token": CANARY, "token_type": CANARY })),
        Answer::json(200, &json!({ "access_token": CANARY, "token_type": "Bearer", "expires_in": CANARY })),
        Answer::json(200, &json!({ "access_token": CANARY, "token_type": "Bearer", "id_token": [CANARY] })),
        Answer::raw(200, "application/json", format!("{{{CANARY}")),
        Answer::raw(200, CANARY, CANARY),
        Answer::redirect(format!("https://{CANARY}.example/")),
        Answer::raw(200, "application/json", CANARY).header("content-encoding", "gzip"),
        Answer::dropped_after(),
    ];
    for answer in answers {
        let parties = Parties::meet().await;
        parties.opposite.enqueue(Endpoint::Token, answer);
        let grant = RefreshToken { refresh_token: CANARY.into(), scope: Some(CANARY.to_owned()) };
        let client = Client { id: CANARY.to_owned(), auth: ClientAuth::Secret(CANARY.into()) };
        let error = parties.token_endpoint_as(client).redeem(&grant).await.unwrap_err();
        assert!(!told(&error).contains(CANARY), "{}", told(&error));
    }
}

#[tokio::test]
async fn a_code_used_twice_is_refused() {
    let parties = Parties::meet().await;
    let login = parties.log_in().await;
    assert!(parties.redeem(&login).await.is_ok());
    assert_eq!(refusal(parties.redeem(&login).await), OAuthError::InvalidGrant);
}
