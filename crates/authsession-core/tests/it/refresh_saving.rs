//! Rotated tokens on their way into the store: none is lost, and none is used before it is kept.

use std::sync::atomic::Ordering;
use std::time::Duration;

use authsession_core::error::Error;
use authsession_core::token_cache::Mint;
use authsession_core::token_cache::snapshot::State;
use authsession_core::token_store::TokenStore;
use authsession_testkit::script::Answer;
use serde_json::json;

use crate::refresh_stage::*;

#[tokio::test]
async fn rotated_tokens_are_kept_by_the_time_they_are_handed_out() {
    let stage = Stage::set().await;
    let mint = stage.mint();
    for round in 1..4 {
        let tokens = mint.mint().await.unwrap();
        assert_eq!(stage.kept().await, tokens);
        assert_eq!(mint.refresh_token().await.unwrap(), tokens.refresh_token);
        assert!(stage.keeps_what_lives().await);
        assert_eq!(stage.asked(), round);
    }
}

#[tokio::test]
async fn tokens_that_cannot_be_saved_are_not_handed_out_and_not_lost() {
    let stage = Stage::set().await;
    let (mint, cache) = (stage.mint(), stage.cache());
    stage.store_fails(1_000);
    for _ in 0..2 {
        assert!(matches!(mint.mint().await, Err(Error::TokenStore { doing: "save on a full disk", .. })));
    }
    assert!(mint.kept().await.unwrap().is_none());
    let unsaved = mint.refresh_token().await.unwrap().unwrap();
    stage.store_fails(0);
    let tokens = mint.mint().await.unwrap();
    assert_eq!(tokens.refresh_token, Some(unsaved));
    assert_eq!((stage.kept().await, stage.asked()), (tokens, 1), "the spent one was not presented again");
    assert!(stage.keeps_what_lives().await);
    cache.token().await.unwrap();
    assert_eq!(stage.asked(), 1, "and others adopt them");
}

#[tokio::test]
async fn a_store_that_fails_is_seen_by_who_asks_the_cache() {
    let stage = Stage::set().await;
    let cache = stage.cache();
    stage.store_fails(4);
    assert!(matches!(cache.token().await, Err(Error::TokenStore { .. })));
    assert_eq!(cache.snapshot().state, State::Unavailable);
    stage.parties.time.advance(Duration::from_secs(2));
    cache.token().await.unwrap();
    assert_eq!(stage.asked(), 1);
}

#[tokio::test]
async fn a_save_that_fails_for_a_moment_is_tried_again_at_once() {
    let stage = Stage::set().await;
    stage.store_fails(2);
    let tokens = stage.mint().mint().await.unwrap();
    assert_eq!((stage.kept().await, stage.asked()), (tokens, 1));
}

#[tokio::test]
async fn tokens_that_ended_before_they_could_be_saved_are_refreshed() {
    let stage = Stage::set().await;
    let mint = stage.mint();
    stage.store_fails(4);
    mint.mint().await.unwrap_err();
    stage.parties.time.advance(LIFETIME);
    let tokens = mint.mint().await.unwrap();
    assert!(stage.parties.opposite.live_access_token(tokens.access_token.expose()));
    assert!(stage.keeps_what_lives().await);
    assert_eq!(stage.asked(), 2);
}

#[tokio::test]
async fn tokens_that_could_not_be_saved_do_not_replace_a_newer_sign_in() {
    let stage = Stage::set().await;
    let mint = stage.mint_without_seed();
    stage.put(&stage.parties.refresh(&seeded(&stage)).await.unwrap()).await;
    stage.parties.time.advance(LIFETIME);
    stage.store_fails(4);
    mint.mint().await.unwrap_err();
    let newer = stage.parties.sign_in().await.unwrap().tokens;
    stage.put(&newer).await;
    assert_eq!(mint.mint().await.unwrap(), newer);
    assert_eq!(stage.kept().await, newer);
}

/// The first tokens of the login, as far as a refresh is concerned.
#[tokio::test]
async fn a_lost_answer_is_not_asked_for_again_while_the_token_serves() {
    let stage = Stage::set().await;
    let cache = stage.cache();
    let first = cache.token().await.unwrap();
    stage.next(Answer::dropped_after());
    stage.parties.time.advance(LIFETIME - Duration::from_secs(5));
    for _ in 0..3 {
        assert_eq!(cache.token().await.unwrap().expose(), first.expose());
        assert_eq!(stage.asked(), 2, "one refresh, whose answer was lost");
        stage.parties.time.advance(Duration::from_secs(1));
    }
    assert!(stage.alive(), "a second attempt would have been taken for theft");
    assert!(stage.parties.opposite.live_access_token(first.expose()));
}

#[tokio::test]
async fn an_answer_with_many_members_does_not_crowd_out_where_a_login_came_from() {
    let stage = Stage::set().await;
    let crowded = Answer::tampered(|body| (0..40).for_each(|member| body[format!("{member}")] = json!(1)));
    for restart in 0..3 {
        stage.next(crowded.clone());
        if restart == 1 { stage.mint_without_seed() } else { stage.mint() }.mint().await.unwrap();
        stage.parties.time.advance(LIFETIME);
    }
    assert!(stage.keeps_what_lives().await, "the spent refresh token was presented again");
}

#[tokio::test]
async fn what_could_not_be_saved_is_saved_before_a_shutdown() {
    let stage = Stage::set().await;
    let mint = stage.mint();
    stage.store_fails(100);
    mint.mint().await.unwrap_err();
    assert!(mint.save_pending().await.is_err(), "and who asks is told");
    stage.store_fails(0);
    mint.save_pending().await.unwrap();
    assert!(stage.keeps_what_lives().await);
}

#[tokio::test]
async fn a_store_that_cannot_be_written_is_noticed_before_a_refresh_token_is_spent() {
    let stage = Stage::set().await;
    stage.store.is_full.store(true, Ordering::SeqCst);
    let error = stage.mint().mint().await.unwrap_err();
    assert!(matches!(error, Error::TokenStore { .. }), "{error:?}");
    assert_eq!(stage.asked(), 0);
    stage.store.is_full.store(false, Ordering::SeqCst);
    stage.mint().mint().await.unwrap();
}

#[tokio::test]
async fn a_doubt_of_another_process_does_not_cost_tokens_that_are_still_to_be_saved() {
    let stage = Stage::set().await;
    let (one, other) = (stage.mint(), stage.mint());
    one.mint().await.unwrap();
    other.mint().await.unwrap();
    stage.parties.time.advance(LIFETIME);
    stage.store_fails(4);
    one.mint().await.unwrap_err();
    stage.next(Answer::dropped_before());
    other.mint().await.unwrap_err();
    one.mint().await.unwrap();
    assert!(stage.keeps_what_lives().await);
}

#[tokio::test]
async fn of_an_answer_that_is_of_no_use_the_rotated_refresh_token_is_kept() {
    for (name, value) in [("expires_in", json!(0)), ("scope", json!(["api"])), ("token_type", json!("MAC"))] {
        let stage = Stage::set().await;
        stage.next(Answer::tampered(move |body| body[name] = value.clone()));
        let mint = stage.mint();
        assert!(matches!(mint.mint().await, Err(Error::Untrusted(_))), "{name}");
        assert!(stage.keeps_what_lives().await, "{name}");
        mint.mint().await.unwrap();
    }
}

#[tokio::test]
async fn a_login_whose_store_was_emptied_goes_on_with_its_newest_refresh_token() {
    let stage = Stage::set().await;
    let mint = stage.mint();
    mint.mint().await.unwrap();
    let revision = stage.store.load().await.unwrap().unwrap().revision;
    stage.store.clear(revision).await.unwrap();
    mint.mint().await.unwrap();
    assert!(stage.keeps_what_lives().await);
}

#[tokio::test]
async fn a_rotated_refresh_token_survives_a_bad_answer_an_outage_and_a_restart() {
    let stage = Stage::set().await;
    stage.next(Answer::tampered(|body| body["expires_in"] = json!(0)));
    stage.mint().mint().await.unwrap_err();
    stage.next(Answer::status(429));
    stage.mint().mint().await.unwrap_err();
    assert!(stage.keeps_what_lives().await);
    stage.mint().mint().await.unwrap();
}

#[tokio::test]
async fn a_provider_that_could_not_be_reached_leaves_no_doubt() {
    let stage = Stage::set().await;
    let mint = stage.mint();
    mint.mint().await.unwrap();
    stage.parties.opposite.shutdown().await;
    mint.mint().await.unwrap_err();
    assert_eq!(stage.kept().await.extras.get("authsession.doubt"), None);
}

#[tokio::test]
async fn what_somebody_saved_meanwhile_without_the_lock_is_replaced_by_what_the_provider_said_last() {
    let stage = Stage::set().await;
    let mint = stage.mint();
    mint.mint().await.unwrap();
    stage.parties.time.advance(LIFETIME);
    let (answer, gate) = Answer::normal().held_after();
    stage.next(answer);
    let meddler = async {
        assert!(gate.reached().await);
        let mut kept = stage.kept().await;
        kept.scope = Some("theirs".into());
        stage.put(&kept).await;
        gate.open();
    };

    let (tokens, ()) = tokio::join!(mint.mint(), meddler);

    assert_eq!(stage.kept().await, tokens.unwrap());
    assert!(stage.keeps_what_lives().await);
    assert_eq!(stage.asked(), 2);
}
