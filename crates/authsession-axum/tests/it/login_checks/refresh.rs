//! A refresh answered for somebody else: what came with it is of use to nobody.

use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use serde_json::json;

use crate::login_checks::stage;

#[tokio::test]
async fn after_a_mismatch_the_new_refresh_token_is_revoked_and_the_old_one_too() {
    for lie in ["iss", "sub", "aud"] {
        let stage = stage().await;
        stage.sign_in().await;
        let old = stage.fetch("/session").await.1["refresh_token"].as_str().unwrap().to_owned();
        stage.expire_token();
        stage.provider.enqueue(
            Endpoint::Token,
            Answer::lying_id_token(move |_, claims| claims[lie] = "somebody".into()),
        );

        assert_eq!(stage.fetch("/token").await.1["reason"], "provider_mismatch");

        let journal = stage.provider.journal();
        assert!(journal.reaches(Endpoint::Revocation, 2).await, "{lie}");
        let revoked: Vec<_> = journal.requests(Endpoint::Revocation);
        let revoked: Vec<_> = revoked.iter().filter_map(|one| one.form_value("token")).collect();
        assert!(revoked.contains(&old.as_str()), "{lie}");
        let new = revoked.iter().find(|token| **token != old).unwrap();
        assert!(
            !stage.provider.live_refresh_token(new) && !stage.provider.refresh_family_alive(new),
            "{lie}"
        );
    }
}

#[tokio::test]
async fn a_session_ended_by_a_mismatch_stays_ended_and_is_not_refreshed_again() {
    let stage = stage().await;
    stage.sign_in().await;
    stage.expire_token();
    stage.provider.enqueue(Endpoint::Token, Answer::lying_id_token(|_, claims| claims["sub"] = "bob".into()));
    for _ in 0..3 {
        let (status, problem) = stage.fetch("/claims").await;
        assert_eq!((status, problem["reason"].as_str()), (401, Some("provider_mismatch")));
    }
    assert_eq!(stage.refreshes(), 1);
}

#[tokio::test]
async fn keys_rotated_just_before_a_refresh_is_signed_are_found() {
    let stage = stage().await;
    stage.sign_in().await;
    stage.expire_token();
    stage.provider.rotate_keys_before_signing();
    stage
        .provider
        .enqueue(Endpoint::Token, Answer::lying_id_token(|_, claims| claims["roles"] = json!(["admin"])));

    assert_eq!(stage.fetch("/claims").await.1["roles"], json!(["admin"]));
    assert_eq!(stage.provider.journal().count(Endpoint::Jwks), 1);
}

#[tokio::test]
async fn an_absurd_token_answer_at_a_refresh_signs_nobody_out() {
    for (name, value) in [
        ("token_type", json!("mac")),
        ("access_token", json!("")),
        ("expires_in", json!(0)),
        ("expires_in", json!("soon")),
    ] {
        let stage = stage().await;
        stage.sign_in().await;
        stage.clock.advance(crate::stage::TOKEN_LIFETIME - std::time::Duration::from_secs(30));
        stage.provider.enqueue(Endpoint::Token, Answer::tampered(move |body| body[name] = value.clone()));

        assert_eq!(stage.fetch("/token").await.0, 200);
        assert!(stage.provider.journal().reaches(Endpoint::Token, 1).await);

        assert_eq!(stage.fetch("/claims").await.0, 200, "{name}");
        assert!(stage.session_cookie().is_some());
    }
}

#[tokio::test]
async fn the_refresh_token_of_an_absurd_answer_is_kept_for_the_next_refresh() {
    for (name, value) in [("token_type", json!("mac")), ("access_token", json!("")), ("expires_in", json!(0))]
    {
        let stage = stage().await;
        stage.sign_in().await;
        stage.expire_token();
        stage.provider.enqueue(Endpoint::Token, Answer::tampered(move |body| body[name] = value.clone()));
        assert_eq!(stage.fetch("/token").await.0, 503, "{name}");

        stage.clock.advance(std::time::Duration::from_secs(61));

        let (status, answer) = stage.fetch("/session").await;
        assert_eq!(status, 200, "{name}: {answer}");
        let held = answer["refresh_token"].as_str().unwrap();
        assert!(stage.provider.live_refresh_token(held), "{name}: no reuse was detected");
    }
}

#[tokio::test]
async fn the_refresh_token_of_an_absurd_answer_is_kept_though_the_store_takes_nothing_for_a_while() {
    let stage = stage().await;
    stage.sign_in().await;
    stage.expire_token();
    stage.provider.enqueue(Endpoint::Token, Answer::tampered(|body| body["token_type"] = "mac".into()));
    stage.store.fail_updates_after(1);
    assert_eq!(stage.fetch("/token").await.0, 503);
    stage.store.work_again();
    stage.clock.advance(std::time::Duration::from_secs(61));

    let (status, answer) = stage.fetch("/session").await;

    assert_eq!(status, 200, "{answer}");
    let held = answer["refresh_token"].as_str().unwrap();
    assert!(stage.provider.live_refresh_token(held), "the spent one was not presented again");
}
