//! Whose login a store keeps, where a vendor's answers say it.

use std::sync::Arc;

use authsession_core::error::Error;
use authsession_core::refresh_mint::{Owners, RefreshMint};
use authsession_core::token_cache::Mint as _;
use authsession_core::token_set::TokenSet;
use authsession_testkit::script::Answer;

use crate::refresh_stage::Stage;

#[derive(Debug)]
struct ByAccount;

impl Owners for ByAccount {
    fn owner(&self, tokens: &TokenSet) -> Option<String> {
        tokens.extras.get("account").map(str::to_owned)
    }
}

fn about(account: &'static str) -> Answer {
    Answer::tampered(move |answer| answer["account"] = account.into())
}

fn mint(stage: &Stage) -> RefreshMint {
    stage.mint().pinning(Arc::new(ByAccount))
}

/// Ann signed in, and the next answer was about Eve.
async fn foreign() -> Stage {
    let stage = Stage::set().await;
    let first = mint(&stage);
    stage.next(about("ann"));
    first.mint().await.unwrap();
    stage.next(about("eve"));
    assert!(matches!(first.mint().await, Err(Error::Untrusted(_))));
    stage
}

#[tokio::test]
async fn tokens_about_another_user_are_kept_for_their_refresh_token_and_handed_to_nobody() {
    let stage = foreign().await;
    assert!(stage.keeps_what_lives().await);
    let later = mint(&stage);
    assert!(matches!(later.kept().await, Err(Error::Untrusted(_))));
    assert!(matches!(later.mint().await, Err(Error::Untrusted(_))));
    assert_eq!(stage.asked(), 2);
    stage.next(about("ann"));
    later.mint().await.unwrap();
    assert!(later.kept().await.unwrap().is_some());
}

#[tokio::test]
async fn an_answer_that_names_nobody_changes_nothing() {
    let stage = foreign().await;
    let later = mint(&stage);
    later.mint().await.unwrap_err();
    later.mint().await.unwrap();
    stage.next(about("eve"));
    later.mint().await.unwrap_err();
}

#[tokio::test]
async fn who_signs_in_anew_is_whose_the_login_is_from_then_on() {
    let stage = foreign().await;
    let mint = stage.mint_without_seed().pinning(Arc::new(ByAccount));
    let mut tokens = stage.parties.sign_in().await.unwrap().tokens;
    tokens.extras.insert("account", "eve");
    mint.sign_in(tokens).await.unwrap();
    mint.mint().await.unwrap();
    stage.next(about("ann"));
    assert!(matches!(mint.mint().await, Err(Error::Untrusted(_))));
}

#[tokio::test]
async fn after_a_sign_out_anybody_may_sign_in() {
    let stage = Stage::set().await;
    let mint = stage.mint_without_seed().pinning(Arc::new(ByAccount));
    for account in ["ann", "eve"] {
        let mut tokens = stage.parties.sign_in().await.unwrap().tokens;
        tokens.extras.insert("account", account);
        mint.sign_in(tokens).await.unwrap();
        stage.next(about(account));
        mint.mint().await.unwrap();
        mint.mint().await.unwrap();
        mint.sign_out().await.unwrap();
    }
}
