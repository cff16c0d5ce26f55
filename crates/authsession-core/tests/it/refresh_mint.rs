//! A refresh token that rotates: saved before use, shared between processes, and never presented twice without need.

use std::sync::Arc;

use authsession_core::error::{Error, Fault, OAuthError};
use authsession_core::refresh_mint::RefreshMint;
use authsession_core::secret::Secret;
use authsession_core::token_cache::Mint;
use authsession_core::token_store::TokenStore as _;
use authsession_core::token_store::file::FileTokenStore;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use serde_json::json;

use crate::refresh_stage::*;
use crate::token_store::Folder;
use crate::verdict::{fault, refusal};

#[tokio::test]
async fn a_request_that_is_already_being_processed_is_no_dead_grant() {
    let stage = Stage::set().await;
    stage.next(busy());
    stage.next(busy());
    stage.mint().mint().await.unwrap();
    assert_eq!(stage.asked(), 3);
    assert!(stage.keeps_what_lives().await);
}

#[tokio::test]
async fn what_the_other_request_came_to_is_adopted() {
    let stage = Stage::set().await;
    let mint = stage.mint();
    for refused in [busy(), Answer::error(400, "invalid_grant")] {
        mint.mint().await.unwrap();
        let (answer, gate) = refused.held();
        stage.parties.opposite.journal().clear();
        stage.next(answer);
        let other = async {
            stage.parties.until_asked(Endpoint::Token, 1).await;
            let tokens = stage.somebody_else_refreshes().await;
            gate.open();
            tokens
        };
        let (tokens, theirs) = tokio::join!(mint.mint(), other);
        assert_eq!((tokens.unwrap(), stage.asked()), (theirs, 2), "ours and the other's");
        assert!(stage.keeps_what_lives().await);
    }
}

#[tokio::test]
async fn a_provider_that_stays_busy_is_one_to_come_back_to() {
    let stage = Stage::set().await;
    stage.parties.opposite.always(Endpoint::Token, busy());
    assert_eq!(fault(stage.mint().mint().await), Fault::AlreadyInProcess);
    assert_eq!(stage.asked(), 4);
}

#[tokio::test]
async fn a_grant_that_nobody_replaced_is_dead_at_the_first_refusal() {
    let stage = Stage::set().await;
    stage.parties.opposite.revoke_everything();
    assert_eq!(refusal(stage.mint().mint().await), OAuthError::InvalidGrant);
    assert_eq!(stage.asked(), 1);
}

#[tokio::test]
async fn a_process_that_starts_adopts_what_the_last_one_left() {
    let stage = Stage::set().await;
    let tokens = stage.mint().mint().await.unwrap();
    assert_eq!(stage.mint().mint().await.unwrap(), tokens);
    assert_eq!(stage.mint_without_seed().mint().await.unwrap(), tokens);
    assert_eq!(stage.asked(), 1);
}

#[tokio::test]
async fn an_adopted_token_that_is_refused_is_replaced() {
    let stage = Stage::set().await;
    let left = stage.mint().mint().await.unwrap();
    stage.parties.opposite.revoke_access_tokens();
    let cache = stage.cache();
    assert_eq!(cache.token().await.unwrap().expose(), left.access_token.expose());
    assert!(cache.invalidate(left.access_token.expose()));
    let next = cache.token().await.unwrap();
    assert!(stage.parties.opposite.live_access_token(next.expose()));
}

#[tokio::test]
async fn a_token_refused_to_another_run_is_replaced_once() {
    let stage = Stage::set().await;
    let old = stage.mint().mint().await.unwrap();
    let new = stage.mint().refused(old.access_token.clone()).mint().await.unwrap();
    assert_ne!(new.access_token, old.access_token);
    let late = stage.mint().refused(old.access_token).mint().await.unwrap();
    assert_eq!((late, stage.asked()), (new, 2));
}

#[tokio::test]
async fn what_is_kept_of_another_login_is_not_what_is_kept_of_this_one() {
    let stage = Stage::set().await;
    let tokens = stage.mint().mint().await.unwrap();
    assert_eq!(stage.mint().kept().await.unwrap(), Some(tokens.clone()));
    assert_eq!(stage.mint_without_seed().kept().await.unwrap(), Some(tokens));
    assert_eq!(stage.mint_without_seed().starting_with("another".into()).kept().await.unwrap(), None);
}

#[tokio::test]
async fn the_old_refresh_token_of_the_configuration_is_not_presented_again() {
    let stage = Stage::set().await;
    stage.mint().mint().await.unwrap();
    stage.parties.time.advance(LIFETIME);
    let restarted = stage.mint();
    restarted.mint().await.unwrap();
    stage.parties.time.advance(LIFETIME);
    stage.mint_without_seed().mint().await.unwrap();
    stage.parties.time.advance(LIFETIME);
    stage.mint().mint().await.unwrap();
    assert_eq!(stage.asked(), 4);
    assert!(stage.keeps_what_lives().await);
}

#[tokio::test]
async fn a_new_refresh_token_in_the_configuration_goes_before_what_is_kept() {
    let stage = Stage::set().await;
    stage.next(Answer::tampered(|body| body["instance_url"] = json!("https://old.example")));
    let old = stage.mint().mint().await.unwrap();
    let new = stage.parties.sign_in().await.unwrap().tokens.refresh_token.unwrap();
    let tokens = stage.mint_without_seed().starting_with(new.clone()).mint().await.unwrap();
    assert_ne!(tokens.access_token, old.access_token);
    assert!(stage.parties.opposite.refresh_family_alive(new.expose()));
    assert_eq!(tokens.extras.get("instance_url"), None, "nothing of the old login is left");
    assert_eq!(stage.kept().await, tokens);
}

#[tokio::test]
async fn the_scope_stands_as_before_and_no_other_member_is_mixed_with_those_of_a_new_answer() {
    let stage = Stage::set().await;
    stage.next(Answer::tampered(|body| {
        body["instance_url"] = json!("https://org.example");
        body["scope"] = json!("api");
    }));
    let mint = stage.mint();
    let first = mint.mint().await.unwrap();
    stage.next(Answer::tampered(|body| {
        body.as_object_mut().map(|body| body.remove("scope"));
    }));
    let second = mint.mint().await.unwrap();
    assert_ne!(first.access_token, second.access_token);
    assert_eq!(first.extras.get("instance_url"), Some("https://org.example"));
    assert_eq!(second.extras.get("instance_url"), None);
    assert_eq!(second.scope.as_deref(), Some("api"));
}

#[tokio::test]
async fn who_never_signed_in_is_told_to() {
    let stage = Stage::set().await;
    let mint = stage.mint_without_seed();
    assert_eq!(mint.refresh_token().await.unwrap(), None);
    assert_eq!(refusal(mint.mint().await), OAuthError::LoginRequired);
    assert_eq!(stage.asked(), 0);
}

#[tokio::test]
async fn the_login_of_another_provider_is_neither_revoked_nor_removed() {
    let (stage, elsewhere) = (Stage::set().await, Stage::set().await);
    stage.mint().mint().await.unwrap();
    let store = Arc::new(stage.store.clone());
    let stranger = RefreshMint::new(elsewhere.parties.token_endpoint(), store, elsewhere.parties.clock());
    for refused in
        [stranger.sign_out().await.err(), stranger.kept().await.err(), stranger.refresh_token().await.err()]
    {
        assert!(refused.unwrap().to_string().contains("another provider"));
    }
    assert_eq!(elsewhere.parties.opposite.journal().count(Endpoint::Revocation), 0);
    assert!(stage.keeps_what_lives().await);
}

#[tokio::test]
async fn a_mint_does_not_show_its_secrets() {
    let stage = Stage::set().await;
    let mint = stage.mint();
    let tokens = mint.mint().await.unwrap();
    stage.store_fails(4);
    let error = mint.mint().await.unwrap_err();
    let shown = format!("{mint:?} {error:?} {error}");
    for secret in [&stage.seed, &tokens.access_token, &mint.refresh_token().await.unwrap().unwrap()] {
        assert!(!shown.contains(secret.expose()), "{shown}");
    }
}

#[tokio::test]
async fn who_lost_the_store_to_another_sign_in_does_not_present_what_is_spent() {
    let stage = Stage::set().await;
    let (parties, store) = (&stage.parties, Arc::new(stage.store.clone()));
    let newer = parties.sign_in().await.unwrap().tokens.refresh_token.unwrap();
    let mint = |seed: &Secret| {
        RefreshMint::new(parties.token_endpoint(), store.clone(), parties.clock()).starting_with(seed.clone())
    };
    let (one, other) = (mint(&newer), mint(&stage.seed));
    one.mint().await.unwrap();
    other.mint().await.unwrap();
    one.mint().await.unwrap();
    other.mint().await.unwrap();
    assert!(parties.opposite.refresh_family_alive(newer.expose()) && stage.alive());
}

#[tokio::test]
async fn who_signed_out_is_not_handed_the_login_that_stood_beside() {
    let stage = Stage::set().await;
    let parties = &stage.parties;
    stage.mint().mint().await.unwrap();
    let another = parties.sign_in().await.unwrap().tokens.refresh_token.unwrap();
    let store = Arc::new(stage.store.clone());
    let mint = RefreshMint::new(parties.token_endpoint(), store, parties.clock()).starting_with(another);
    for _ in 0..2 {
        mint.sign_out().await.unwrap();
        assert_eq!(refusal(mint.mint().await), OAuthError::LoginRequired);
    }
    assert!(stage.keeps_what_lives().await, "the other login is as it was");
}

#[tokio::test]
async fn after_a_crash_a_refused_token_is_replaced_at_once() {
    let stage = Stage::set().await;
    stage.mint().mint().await.unwrap();
    stage.next(Answer::dropped_before());
    let crashed = stage.mint();
    let kept = crashed.mint().await.unwrap();
    crashed.mint().await.unwrap_err();
    let cache = stage.cache();
    assert_eq!(cache.token().await.unwrap().expose(), kept.access_token.expose());
    cache.invalidate(kept.access_token.expose());
    assert_ne!(cache.token().await.unwrap().expose(), kept.access_token.expose());
}

#[tokio::test]
async fn a_store_that_answers_is_told_from_one_that_does_not_before_a_user_signs_in() {
    let stage = Stage::set().await;
    assert!(stage.mint().try_the_store().await.is_ok());

    let folder = Folder::new();
    std::fs::write(folder.path("login.json"), "{").unwrap();
    let broken = Arc::new(FileTokenStore::at(folder.path("login.json")));
    let mint = RefreshMint::new(stage.parties.token_endpoint(), broken, stage.parties.clock());

    assert!(matches!(mint.try_the_store().await, Err(Error::TokenStore { .. })));
    assert_eq!(stage.asked(), 0);
}

#[tokio::test]
async fn who_has_no_refresh_token_signs_out_by_the_access_token_kept() {
    let stage = Stage::set().await;
    stage.mint().mint().await.unwrap();
    let mut kept = stage.kept().await;
    kept.refresh_token = None;
    stage.put(&kept).await;

    stage.mint_without_seed().sign_out().await.unwrap();

    let asked = stage.parties.opposite.journal().last(Endpoint::Revocation).unwrap();
    assert_eq!(asked.form_value("token"), Some(kept.access_token.expose()));
    assert_eq!(asked.form_value("token_type_hint"), Some("access_token"));
    assert!(stage.store.load().await.unwrap().is_none());
}

#[tokio::test]
async fn an_adopted_token_of_no_stated_life_lives_as_long_as_is_assumed() {
    let stage = Stage::set().await;
    stage.next(Answer::tampered(|body| drop(body.as_object_mut().unwrap().remove("expires_in"))));
    let first = stage.mint().mint().await.unwrap();
    assert_eq!(first.expires_at, None);

    let adopted = stage.mint().assuming_lifetime(LIFETIME).mint().await.unwrap();

    assert_eq!(adopted.access_token, first.access_token);
    stage.parties.time.advance(LIFETIME);
    let renewed = stage.mint().assuming_lifetime(LIFETIME).mint().await.unwrap();
    assert_ne!(renewed.access_token, first.access_token, "its end has come");
}
