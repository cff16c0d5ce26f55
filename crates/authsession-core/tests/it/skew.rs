//! How far the provider's clock is from ours, by the `Date` of its answers.

use std::time::Duration;

use authsession_core::token_endpoint::TokenEndpoint;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;

use crate::parties::Parties;

/// The clock of the tests stands at 2030-01-01T00:00:00Z.
async fn measured(parties: &Parties, answer: Answer, date: &str) -> i64 {
    let endpoint = parties.token_endpoint();
    redeem(parties, &endpoint, answer.header("date", date)).await;
    endpoint.skew().millis()
}

async fn redeem(parties: &Parties, endpoint: &TokenEndpoint, answer: Answer) {
    let login = parties.log_in().await;
    parties.opposite.enqueue(Endpoint::Token, answer);
    let _whatever_came = endpoint.redeem(&login.grant()).await;
}

#[tokio::test]
async fn the_providers_time_is_known_from_its_answers() {
    let parties = Parties::meet().await;
    assert_eq!(parties.token_endpoint().skew().millis(), 0);
    assert_eq!(measured(&parties, Answer::normal(), "Tue, 01 Jan 2030 00:05:00 GMT").await, 300_500);
    let endpoint = parties.token_endpoint();
    assert_eq!(endpoint.provider_now(), parties.now() + Duration::from_millis(300_500));
    assert_eq!(endpoint.skew().to_string(), "300 s ahead");
    assert_eq!(measured(&parties, Answer::normal(), "Mon, 31 Dec 2029 23:59:00 GMT").await, -59_500);
    assert_eq!(endpoint.skew().to_string(), "59 s behind");
}

#[tokio::test]
async fn an_answer_that_refuses_tells_the_time_too() {
    for answer in [Answer::error(400, "invalid_grant"), Answer::html(403, "")] {
        let parties = Parties::meet().await;
        assert_eq!(measured(&parties, answer, "Tue, 01 Jan 2030 00:05:00 GMT").await, 300_500);
    }
}

#[tokio::test]
async fn the_clock_of_a_gateway_and_one_that_is_off_by_years_teach_nothing() {
    let years = "Thu, 01 Jan 2099 00:00:00 GMT";
    for (answer, date) in [(Answer::status(503), "Tue, 01 Jan 2030 00:05:00 GMT"), (Answer::normal(), years)]
    {
        let parties = Parties::meet().await;
        assert_eq!(measured(&parties, answer, date).await, 0);
    }
}

#[tokio::test]
async fn what_whole_seconds_explain_is_no_skew() {
    for date in ["Tue, 01 Jan 2030 00:00:01 GMT", "Mon, 31 Dec 2029 23:59:58 GMT", "yesterday", ""] {
        let parties = Parties::meet().await;
        assert_eq!(measured(&parties, Answer::normal(), date).await, 0, "{date}");
    }
}

#[tokio::test]
async fn clocks_that_agree_again_have_no_skew() {
    let parties = Parties::meet().await;
    assert_ne!(measured(&parties, Answer::normal(), "Tue, 01 Jan 2030 00:05:00 GMT").await, 0);
    assert_eq!(measured(&parties, Answer::normal(), "Tue, 01 Jan 2030 00:00:00 GMT").await, 0);
}

#[tokio::test]
async fn what_a_slow_answer_explains_is_no_skew() {
    let parties = Parties::meet().await;
    let (answer, gate) = Answer::normal().header("date", "Tue, 01 Jan 2030 00:00:10 GMT").held_after();
    let endpoint = parties.token_endpoint();
    let slow = async {
        assert!(gate.reached().await);
        parties.time.advance(Duration::from_secs(10));
        gate.open();
    };
    tokio::join!(redeem(&parties, &endpoint, answer), slow);
    assert_eq!(endpoint.skew().millis(), 0);
}
