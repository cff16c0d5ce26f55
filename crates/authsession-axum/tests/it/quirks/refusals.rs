//! Refusals as real providers put them: without a word, under codes of their own, with what their database said (RFC 6749 §5.2).

use std::time::Duration;

use authsession_testkit::browser::Browser;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::habits::{Habits, SQL};
use authsession_testkit::script::Answer;

use crate::log;
use crate::pains::scene::until;
use crate::quirks::life::{lead, stage_at, stage_with};
use crate::stage::Stage;

/// After each of our pauses.
const LATER: Duration = Duration::from_secs(61);

async fn expired(habits: Habits) -> Stage {
    let stage = stage_with(habits).await;
    stage.sign_in().await;
    stage.expire_token();
    stage
}

/// How long it takes, asked again and again, until somebody is told to sign in; and why.
async fn until_signed_out(stage: &Stage) -> (Duration, String) {
    for minutes in 0..60 {
        let (status, problem) = stage.fetch("/token").await;
        if status == 401 {
            let reason = problem["reason"].as_str().unwrap().to_owned();
            return (LATER * minutes, reason);
        }
        let way_on = problem["login_url"].as_str().is_some_and(|url| url.starts_with("/auth"));
        assert!(status == 503 && way_on, "{problem}");
        stage.clock.advance(LATER);
    }
    (Duration::MAX, String::new())
}

#[tokio::test]
async fn a_code_refused_under_a_code_of_the_providers_own_ends_in_a_page_with_a_way_on() {
    let stage = stage_with(Habits::default().terse_refusals()).await;
    let callback = stage.to_the_callback("/auth").await;
    stage.provider.revoke_everything();

    let page = stage.browser.navigate(&callback).await.unwrap();

    assert_eq!(page.status, 400);
    assert!(page.text().contains("href=\"/auth") && !page.text().contains("invalid_code"));
    lead(&stage).await;
}

#[tokio::test]
async fn a_bare_400_now_and_then_signs_nobody_out() {
    let stage = expired(Habits::default()).await;
    stage.provider.enqueue_many(Endpoint::Token, &Answer::status(400), 4);
    for _ in 0..4 {
        assert_eq!(stage.fetch("/token").await.0, 503);
        stage.clock.advance(LATER);
    }

    assert_eq!(stage.fetch("/token").await.0, 200, "the provider was in trouble for four minutes");
}

#[tokio::test]
async fn a_refresh_token_that_is_dead_where_only_a_bare_400_says_so_ends_its_session_in_minutes() {
    let stage = expired(Habits::default().terse_refusals()).await;
    stage.provider.revoke_everything();

    let (after, reason) = until_signed_out(&stage).await;

    assert_eq!(reason, "refresh_refused");
    assert!(after >= Duration::from_secs(300) && after < Duration::from_secs(400), "{after:?}");
    let asked = stage.refreshes();
    assert_eq!(stage.fetch("/token").await.1["reason"], "refresh_refused");
    assert_eq!(stage.refreshes(), asked, "a dead grant is not tried again");
}

#[tokio::test]
async fn twice_is_not_often_enough_however_far_apart() {
    let stage = expired(Habits::default()).await;
    stage.provider.enqueue_many(Endpoint::Token, &Answer::status(400), 2);
    for _ in 0..2 {
        assert_eq!(stage.fetch("/token").await.0, 503);
        stage.clock.advance(Duration::from_secs(3600));
    }

    assert_eq!(stage.fetch("/token").await.0, 200);
}

#[tokio::test]
async fn while_the_token_serves_a_bare_400_is_not_even_counted() {
    let hour = Duration::from_secs(3600);
    let stage = Stage::with(
        |provider| provider.access_token_lifetime(hour),
        |application| application.with_refresh_margin(hour),
    )
    .await;
    stage.sign_in().await;
    stage.provider.always(Endpoint::Token, Answer::status(400));
    stage.clock.advance(hour / 2);
    for refreshes in 1..=5 {
        stage.clock.advance(LATER);
        let over = async || stage.fetch("/token").await.0 == 200 && stage.store.released() == refreshes;
        assert!(until(over).await, "refresh {refreshes}");
    }
    assert_eq!(stage.refreshes(), 5);
    stage.clock.advance(hour / 2);

    assert!(until_signed_out(&stage).await.0 >= Duration::from_secs(300));
}

#[tokio::test]
async fn anything_else_said_in_between_breaks_the_row() {
    for other in
        [Answer::status(502), Answer::error(400, "rate_limited"), Answer::error(401, "invalid_client")]
    {
        let stage = expired(Habits::default()).await;
        stage.provider.enqueue_many(Endpoint::Token, &Answer::status(400), 4);
        stage.provider.enqueue(Endpoint::Token, other);
        stage.provider.enqueue_many(Endpoint::Token, &Answer::status(400), 4);
        for _ in 0..9 {
            assert_eq!(stage.fetch("/token").await.0, 503);
            stage.clock.advance(LATER);
        }

        assert_eq!(stage.fetch("/token").await.0, 200);
    }
}

#[tokio::test]
async fn a_bare_400_after_a_lost_answer_ends_as_lost() {
    let stage = expired(Habits::default().terse_refusals()).await;
    stage.provider.enqueue(Endpoint::Token, Answer::dropped_after());

    assert_eq!(until_signed_out(&stage).await.1, "refresh_lost");
}

#[tokio::test]
async fn a_failure_told_with_sql_ends_nothing_and_shows_nothing() {
    let stage = expired(Habits::default()).await;
    stage.provider.enqueue_many(Endpoint::Token, &Answer::refusal(500, "internal_server_error", SQL), 2);

    let (status, problem) = stage.fetch("/token").await;
    assert!(status == 503 && !problem.to_string().contains("SQL"), "{problem}");
    stage.clock.advance(LATER);
    let page = stage.browser.navigate(stage.url("/token")).await.unwrap();
    assert_eq!(page.status, 503);
    assert!(!page.text().contains("SQL") && !page.text().contains("internal_server_error"));

    stage.clock.advance(LATER * 2);
    assert_eq!(stage.fetch("/token").await.0, 200);
}

#[tokio::test]
async fn what_a_database_said_is_not_logged_either() {
    let (log, _guard) = log::kept();
    let stage = expired(Habits::default()).await;
    let told = Answer::refusal(500, "internal_server_error", SQL);
    stage.provider.enqueue(Endpoint::Token, told.clone());
    assert_eq!(stage.fetch("/token").await.0, 503);
    stage.browser.clear_cookies();
    stage.provider.enqueue(Endpoint::Token, told);
    assert_eq!(stage.browser.navigate(stage.url("/token")).await.unwrap().status, 503);

    let text = log.text();
    assert!(text.contains("status 500"), "{text}");
    assert!(!text.contains("SQL") && !text.contains("internal_server_error"), "{text}");
}

#[tokio::test]
async fn two_who_sign_in_in_the_same_second_where_one_token_a_second_is_issued_both_get_in() {
    let stage = stage_with(Habits::default().one_token_a_second()).await;
    stage.sign_in().await;
    let second = Browser::with_clock(stage.clock.clone()).unwrap();

    let page = second.navigate(stage.url("/token")).await.unwrap();
    assert_eq!(page.status, 503);
    assert!(page.text().contains("href=\"/auth") && !page.text().contains("INSERT INTO"));
    stage.clock.advance(Duration::from_secs(1));

    assert_eq!(second.navigate(stage.url("/token")).await.unwrap().status, 200);
    lead(&stage_at(|provider| provider.habits(Habits::default().one_token_a_second())).await).await;
}
