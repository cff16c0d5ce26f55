//! Refreshes that go wrong: only a dead grant ends a session, and it says why.

use std::time::Duration;

use authsession_store::key::StoreKey;
use authsession_store::record::SessionRecord;
use authsession_store::store::{Found, SessionStore as _};
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;

use crate::stage::{Stage, TOKEN_LIFETIME};

#[tokio::test]
async fn a_refused_grant_ends_the_session_with_its_reason() {
    let stage = Stage::signed_in().await;
    stage.provider.revoke_everything();
    stage.expire_token();

    let (status, problem) = stage.fetch("/token").await;

    assert_eq!((status, problem["reason"].as_str()), (401, Some("refresh_refused")));
    assert_eq!(stage.fetch("/token").await.1["reason"], "refresh_refused");
    assert_eq!(stage.refreshes(), 1, "a dead grant is not tried again");
}

#[tokio::test]
async fn the_provider_away_means_503_with_retry_after_and_the_session_kept() {
    let stage = Stage::signed_in().await;
    stage.provider.shutdown().await;
    stage.expire_token();

    let page = stage.browser.fetch(stage.url("/token")).await.unwrap();
    assert_eq!(page.status, 503);
    assert!(page.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);

    stage.provider.restart().await.unwrap();
    stage.clock.advance(Duration::from_secs(61));
    assert_eq!(stage.fetch("/token").await.0, 200);
}

#[tokio::test]
async fn a_person_who_navigates_meanwhile_gets_a_page_and_stays_signed_in() {
    let stage = Stage::signed_in().await;
    stage.expire_token();
    stage.provider.enqueue(Endpoint::Token, Answer::status(503).retry_after(7));

    let page = stage.browser.navigate(stage.url("/token")).await.unwrap();

    assert_eq!((page.status.as_u16(), page.header("retry-after")), (503, Some("7")));
    assert!(page.text().contains("Nobody was signed out"));
    assert!(stage.session_cookie().is_some());
}

#[tokio::test]
async fn the_current_token_serves_while_refreshes_ahead_of_time_fail() {
    let stage = Stage::signed_in().await;
    let before = stage.token().await;
    stage.clock.advance(TOKEN_LIFETIME - Duration::from_secs(30));
    stage.provider.always(Endpoint::Token, Answer::status(500));

    for _ in 0..20 {
        assert_eq!(stage.token().await, before);
    }

    assert!(stage.provider.journal().reaches(Endpoint::Token, 1).await);
    assert_eq!(stage.refreshes(), 1, "failures back off");
}

#[tokio::test]
async fn failures_back_off_and_retry_after_is_honoured() {
    let stage = Stage::signed_in().await;
    stage.expire_token();
    stage.provider.enqueue(Endpoint::Token, Answer::status(429).retry_after(30));

    for _ in 0..20 {
        let page = stage.browser.fetch(stage.url("/token")).await.unwrap();
        assert_eq!((page.status.as_u16(), page.header("retry-after")), (503, Some("30")));
    }
    assert_eq!(stage.refreshes(), 1);

    stage.clock.advance(Duration::from_secs(30));
    assert_eq!(stage.fetch("/token").await.0, 200);
    assert_eq!(stage.refreshes(), 2);
}

#[tokio::test]
async fn a_lost_answer_is_not_asked_for_again_while_the_token_serves() {
    let stage = Stage::signed_in().await;
    let before = stage.token().await;
    stage.clock.advance(TOKEN_LIFETIME - Duration::from_secs(30));
    stage.provider.enqueue(Endpoint::Token, Answer::dropped_after());

    stage.token().await;
    assert!(stage.provider.journal().reaches(Endpoint::Token, 1).await);
    stage.clock.advance(Duration::from_secs(20));

    for _ in 0..10 {
        assert_eq!(stage.token().await, before);
    }
    assert_eq!(stage.refreshes(), 1);
    assert!(stage.provider.live_access_token(&before), "no reuse was detected");
}

#[tokio::test]
async fn a_lost_answer_after_rotation_ends_the_session_as_refresh_lost() {
    let stage = Stage::signed_in().await;
    stage.expire_token();
    stage.provider.enqueue(Endpoint::Token, Answer::dropped_after());
    assert_eq!(stage.fetch("/token").await.0, 503);

    stage.clock.advance(Duration::from_secs(61));

    assert_eq!(stage.fetch("/token").await.1["reason"], "refresh_lost");
}

#[tokio::test]
async fn a_request_that_never_arrived_is_sent_again() {
    let stage = Stage::signed_in().await;
    stage.expire_token();
    stage.provider.enqueue(Endpoint::Token, Answer::dropped_before());
    assert_eq!(stage.fetch("/token").await.0, 503);

    stage.clock.advance(Duration::from_secs(61));

    assert_eq!(stage.fetch("/token").await.0, 200);
}

#[tokio::test]
async fn a_refresh_answered_for_someone_else_ends_the_session_and_revokes_what_came() {
    for lie in ["iss", "sub", "aud"] {
        let stage = Stage::signed_in().await;
        stage.expire_token();
        stage.provider.enqueue(
            Endpoint::Token,
            Answer::lying_id_token(move |_, claims| claims[lie] = "somebody".into()),
        );

        let (status, problem) = stage.fetch("/token").await;

        assert_eq!((status, problem["reason"].as_str()), (401, Some("provider_mismatch")), "{lie}");
        assert_eq!(stage.provider.journal().count(Endpoint::Revocation), 1, "{lie}");
    }
}

#[tokio::test]
async fn a_refused_client_is_the_operators_to_fix_and_ends_no_session() {
    let stage = Stage::signed_in().await;
    stage.expire_token();
    stage.provider.enqueue(Endpoint::Token, Answer::error(401, "invalid_client"));
    assert_eq!(stage.fetch("/token").await.0, 503);

    stage.clock.advance(Duration::from_secs(61));

    assert_eq!(stage.fetch("/token").await.0, 200);
}

#[tokio::test]
async fn keys_that_cannot_be_fetched_during_a_refresh_do_not_lose_the_rotated_token() {
    let stage = Stage::signed_in().await;
    stage.provider.rotate_keys().unwrap();
    stage.provider.always(Endpoint::Jwks, Answer::status(500));
    stage.expire_token();

    let token = stage.token().await;

    assert!(stage.provider.live_access_token(&token));
    stage.provider.clear(Endpoint::Jwks);
    stage.clock.advance(Duration::from_secs(120));
    stage.expire_token();
    assert_eq!(stage.fetch("/token").await.0, 200);
}

#[tokio::test]
async fn what_only_a_gateway_says_ends_no_session() {
    let noise = [
        Answer::json(403, &serde_json::json!({ "message": "Forbidden" })),
        Answer::html(403, "<html>blocked</html>"),
        Answer::status(403),
        Answer::json(400, &serde_json::json!({ "message": "slow down" })),
        Answer::error(403, "Forbidden"),
        Answer::error(400, "rate_limited"),
        Answer::error(400, "access_denied"),
        Answer::status(400),
        Answer::status(502),
        Answer::error(400, "server_error"),
    ];
    for (number, answer) in noise.into_iter().enumerate() {
        let stage = Stage::signed_in().await;
        stage.expire_token();
        stage.provider.enqueue(Endpoint::Token, answer);
        assert_eq!(stage.fetch("/token").await.0, 503, "answer {number}");

        stage.clock.advance(Duration::from_secs(61));

        assert_eq!(stage.fetch("/token").await.0, 200, "answer {number}");
    }
}

#[tokio::test]
async fn a_gateway_that_gave_up_is_not_asked_again_while_the_token_serves() {
    let stage = Stage::signed_in().await;
    let before = stage.token().await;
    stage.clock.advance(TOKEN_LIFETIME - Duration::from_secs(30));
    stage.provider.enqueue(Endpoint::Token, Answer::status(504));

    stage.token().await;
    assert!(stage.provider.journal().reaches(Endpoint::Token, 1).await);
    stage.clock.advance(Duration::from_secs(20));

    for _ in 0..10 {
        assert_eq!(stage.token().await, before);
    }
    assert_eq!(stage.refreshes(), 1, "the provider may have rotated behind the gateway");
}

#[tokio::test]
async fn a_refreshed_id_token_with_any_other_fault_is_not_taken_over_and_ends_nothing() {
    let faults = [
        Answer::lying_id_token(|_, claims| claims["nonce"] = "another".into()),
        Answer::lying_id_token(|_, claims| claims["auth_time"] = 1.into()),
        Answer::lying_id_token(|_, claims| claims["iat"] = 1.into()),
        Answer::lying_id_token(|_, claims| claims["exp"] = 1.into()),
        Answer::lying_id_token(|_, claims| claims["at_hash"] = "wrong".into()),
        Answer::id_token_with_wrong_signature(),
        Answer::id_token_signed_by_unknown_key(),
        Answer::id_token("nonsense"),
    ];
    for (number, answer) in faults.into_iter().enumerate() {
        let stage = Stage::signed_in().await;
        let before = stage.fetch("/session").await.1;
        stage.expire_token();
        stage.provider.enqueue(Endpoint::Token, answer);

        let (status, after) = stage.fetch("/session").await;

        assert_eq!(status, 200, "fault {number}: {after}");
        assert_eq!(after["id_token"], before["id_token"], "fault {number}");
        assert_ne!(after["access_token"], before["access_token"], "fault {number}");
    }
}

#[tokio::test]
async fn a_clock_an_hour_behind_the_providers_signs_nobody_out() {
    let stage = Stage::signed_in().await;
    stage.expire_token();
    let ahead = stage.clock.unix_seconds() + 3600;
    stage.provider.enqueue(
        Endpoint::Token,
        Answer::lying_id_token(move |_, claims| {
            claims["iat"] = ahead.into();
            claims["exp"] = (ahead + 300).into();
        }),
    );

    assert_eq!(stage.fetch("/token").await.0, 200);
}

#[tokio::test]
async fn tokens_the_store_would_not_take_are_saved_first_next_time() {
    let stage = Stage::signed_in().await;
    stage.expire_token();
    stage.store.fail_updates_after(1);
    assert_eq!(stage.fetch("/token").await.0, 503);
    stage.store.work_again();
    stage.clock.advance(Duration::from_secs(61));

    let token = stage.token().await;

    assert_eq!(stage.refreshes(), 1, "the spent token was not sent again");
    assert!(stage.provider.live_access_token(&token));
}

#[tokio::test]
async fn what_providers_say_for_a_dead_grant_ends_the_session() {
    for code in
        ["invalid_grant", "login_required", "interaction_required", "consent_required", "bad_refresh_token"]
    {
        let stage = Stage::signed_in().await;
        stage.expire_token();
        stage.provider.enqueue(Endpoint::Token, Answer::error(400, code));

        assert_eq!(stage.fetch("/token").await.1["reason"], "refresh_refused", "{code}");
    }
}

#[tokio::test]
async fn who_has_to_wait_is_offered_to_sign_in_again() {
    let stage = Stage::signed_in().await;
    stage.expire_token();
    stage.provider.always(Endpoint::Token, Answer::error(400, "unauthorized_client"));

    let page = stage.browser.navigate(stage.url("/token")).await.unwrap();
    let (status, problem) = stage.fetch("/token").await;

    assert!(page.text().contains("Try again") && page.text().contains("href=\"/auth?return_to=%2Ftoken\""));
    assert_eq!((status, problem["login_url"].as_str()), (503, Some("/auth?return_to=%2Ftoken")));
}

#[tokio::test]
async fn a_503_that_names_no_time_may_have_rotated_and_one_that_does_has_not() {
    for (answer, refreshes) in [(Answer::status(503), 1), (Answer::status(503).retry_after(1), 2)] {
        let stage = Stage::signed_in().await;
        stage.clock.advance(TOKEN_LIFETIME - Duration::from_secs(30));
        stage.provider.enqueue(Endpoint::Token, answer);
        stage.token().await;
        assert!(stage.provider.journal().reaches(Endpoint::Token, 1).await);

        for _ in 0..20 {
            stage.clock.advance(Duration::from_secs(1));
            stage.token().await;
            tokio::task::yield_now().await;
        }

        let reached = stage.provider.journal().reaches(Endpoint::Token, refreshes).await;
        assert!(reached && stage.refreshes() == refreshes, "{} refreshes", stage.refreshes());
    }
}

#[tokio::test]
async fn a_refresh_that_was_put_off_is_not_taken_for_a_lost_one_though_somebody_saved_meanwhile() {
    let stage = Stage::signed_in().await;
    stage.expire_token();
    let (answer, gate) = Answer::status(429).retry_after(1).held_before();
    stage.provider.enqueue(Endpoint::Token, answer);
    let key = StoreKey::from_cookie(&stage.session_cookie().unwrap()).unwrap();
    let session = async || match stage.store.load(&key).await.unwrap() {
        Found::Live { session, .. } => session,
        found => panic!("{found:?}"),
    };

    let save = async {
        assert!(gate.reached().await);
        let marked = session().await;
        assert!(marked.record.refresh_sent_at.is_some());
        let record = SessionRecord { userinfo: Some("{}".into()), ..marked.record.clone() };
        stage.store.update(&key, marked.version, record).await.unwrap();
        gate.open();
    };
    let ((status, _), ()) = tokio::join!(stage.fetch("/token"), save);

    assert_eq!(status, 503);
    let record = session().await.record.clone();
    assert_eq!((record.refresh_sent_at, record.userinfo.as_deref()), (None, Some("{}")));
}

#[tokio::test]
async fn a_store_that_fails_while_a_refresh_is_put_off_changes_no_answer() {
    let stage = Stage::signed_in().await;
    stage.expire_token();
    stage.provider.enqueue(Endpoint::Token, Answer::status(429).retry_after(30));
    stage.store.fail_updates_after(1);

    let page = stage.browser.fetch(stage.url("/token")).await.unwrap();

    assert_eq!((page.status.as_u16(), page.header("retry-after")), (503, Some("30")));
    stage.store.work_again();
    assert_eq!((stage.fetch("/token").await.0, stage.refreshes()), (503, 1), "and it backs off");
}

#[tokio::test]
async fn parked_tokens_are_saved_before_the_old_ones_expire() {
    let stage = Stage::signed_in().await;
    let before = stage.token().await;
    stage.clock.advance(TOKEN_LIFETIME - Duration::from_secs(50));
    stage.store.fail_updates_after(1);
    stage.token().await;
    assert!(stage.provider.journal().reaches(Endpoint::Token, 1).await);
    stage.store.failed_updates(8).await;
    stage.store.work_again();

    let mut saved = false;
    for _ in 0..30 {
        stage.clock.advance(Duration::from_secs(1));
        saved = saved || stage.token().await != before;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    assert!(saved, "and nobody had to wait for it");
    assert_eq!(stage.refreshes(), 1);
}

#[tokio::test]
async fn a_logout_revokes_tokens_that_were_never_saved_too() {
    let stage = Stage::signed_in().await;
    stage.browser.navigate(stage.url("/public")).await.unwrap();
    stage.expire_token();
    stage.store.fail_updates_after(1);
    assert_eq!(stage.fetch("/token").await.0, 503);

    stage.browser.submit(stage.url("/auth/logout"), &[]).await.unwrap();

    assert!(
        stage.provider.journal().reaches(Endpoint::Revocation, 2).await,
        "the old one and the one parked"
    );
}
