//! Rows about refreshing: 42, 43, 49, 51, 52.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use authsession_core::error::Error;
use authsession_core::token_cache::snapshot::State;
use authsession_core::token_set::TokenSet;
use authsession_core::token_store::memory::MemoryTokenStore;
use authsession_core::token_store::{StoredTokens, TokenLock, TokenStore};
use authsession_salesforce::CirrusError;
use authsession_salesforce::auth::{AuthSession, Recovery};
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;

use crate::stage::{JWT_BEARER, Stage, minutes};

/// A store whose disk is full, until there is room.
#[derive(Debug, Default)]
struct FullDisk {
    store: MemoryTokenStore,
    full: AtomicBool,
}

#[async_trait]
impl TokenStore for FullDisk {
    async fn load(&self) -> Result<Option<StoredTokens>, Error> {
        self.store.load().await
    }

    async fn compare_and_swap(&self, seen: Option<u64>, tokens: &TokenSet) -> Result<Option<u64>, Error> {
        if self.full.load(Ordering::SeqCst) {
            return Err(Error::TokenStore { doing: "save: the disk is full", cause: None });
        }
        self.store.compare_and_swap(seen, tokens).await
    }

    async fn clear(&self, seen: u64) -> Result<bool, Error> {
        self.store.clear(seen).await
    }

    async fn lock(&self) -> Result<TokenLock, Error> {
        self.store.lock().await
    }
}

/// The org has rotated the refresh token; what it sent is all there is.
#[tokio::test]
async fn row_42_a_rotated_refresh_token_is_kept_before_its_access_token_is_used() {
    let stage = Stage::set_with(|org| org.rotation(true)).await;
    let store = Arc::new(MemoryTokenStore::default());
    let auth = stage.refresh(&stage.approve()).token_store(store.clone()).build().unwrap();
    for refreshes in 1..=3 {
        let token = auth.access_token().await.unwrap().into_owned();
        let kept = store.load().await.unwrap().unwrap().tokens;
        assert_eq!(kept.access_token.expose(), token);
        assert!(stage.org.is_live_refresh_token(kept.refresh_token.unwrap().expose()));
        assert_eq!(stage.refreshes(), refreshes);
        stage.time.advance(minutes(2));
        auth.invalidate(&token).await;
    }
}

#[tokio::test]
async fn row_42_a_save_that_fails_is_seen_and_made_up_for() {
    let stage = Stage::set_with(|org| org.rotation(true)).await;
    let store = Arc::new(FullDisk::default());
    let auth = stage.refresh(&stage.approve()).token_store(store.clone()).build().unwrap();
    let (rotating, gate) = Answer::normal().held_after();
    stage.org.enqueue(OrgEndpoint::Token, rotating);
    let asking = tokio::spawn({
        let auth = auth.clone();
        async move { auth.access_token().await.map(std::borrow::Cow::into_owned) }
    });
    assert!(gate.reached().await);
    store.full.store(true, Ordering::SeqCst);
    gate.open();
    let error = asking.await.unwrap().unwrap_err();
    assert!(matches!(error, CirrusError::TokenStore { .. }) && error.is_transient(), "{error:?}");
    assert!(auth.authorization_at_once().is_none(), "what is not kept is not used");
    store.full.store(false, Ordering::SeqCst);
    stage.time.advance(minutes(1));
    stage.opens(&auth).await;
    assert_eq!(stage.refreshes(), 1, "the spent refresh token was not presented again");
    let kept = store.load().await.unwrap().unwrap().tokens;
    assert!(stage.org.is_live_refresh_token(kept.refresh_token.unwrap().expose()));
}

const BUSY: (&str, &str) = ("invalid_grant", "token request is already being processed");

/// Somebody else refreshes at this moment.
#[tokio::test]
async fn row_43_a_login_that_is_already_being_processed_is_asked_for_again() {
    let stage = Stage::set_with(|org| org.rotation(true)).await;
    let auth = stage.refresh(&stage.approve()).build().unwrap();
    stage.refuse(BUSY.0, BUSY.1);
    stage.opens(&auth).await;
    assert_eq!(stage.refreshes(), 2);
}

#[tokio::test]
async fn row_43_what_the_other_one_got_is_adopted() {
    let stage = Stage::set_with(|org| org.rotation(true)).await;
    let (refresh_token, store) = (stage.approve(), Arc::new(MemoryTokenStore::default()));
    let auth = stage.refresh(&refresh_token).token_store(store.clone()).build().unwrap();
    // The other one took no lock, and saves late.
    let elsewhere = Arc::new(MemoryTokenStore::default());
    let other = stage.refresh(&refresh_token).token_store(elsewhere.clone()).build().unwrap();
    let token = other.access_token().await.unwrap().into_owned();
    stage.refuse(BUSY.0, BUSY.1);
    let asking = tokio::spawn(async move { auth.access_token().await.map(std::borrow::Cow::into_owned) });
    assert!(stage.org.journal().reaches(OrgEndpoint::Token, 2).await);
    let theirs = elsewhere.load().await.unwrap().unwrap().tokens;
    let seen = store.load().await.unwrap().map(|kept| kept.revision);
    assert!(store.compare_and_swap(seen, &theirs).await.unwrap().is_some());
    assert_eq!(asking.await.unwrap().unwrap(), token);
    assert_eq!(stage.refreshes(), 2);
}

#[tokio::test]
async fn row_43_an_org_that_stays_busy_does_not_end_the_login() {
    let stage = Stage::set_with(|org| org.rotation(true)).await;
    let auth = stage.refresh(&stage.approve()).build().unwrap();
    stage.org.always(OrgEndpoint::Token, Answer::refusal(400, BUSY.0, BUSY.1));
    let error = auth.access_token().await.unwrap_err();
    assert!(matches!(error.recovery(), Recovery::AdoptOrRetry { .. }) && error.is_transient(), "{error:?}");
    assert_eq!(auth.snapshot().unwrap().state, State::Unavailable);
    stage.org.clear(OrgEndpoint::Token);
    stage.time.advance(minutes(2));
    stage.opens(&auth).await;
}

/// Salesforce does not say when a token ends.
#[tokio::test]
async fn row_49_without_a_word_on_its_end_a_token_is_neither_kept_for_ever_nor_renewed_in_use() {
    let stage = Stage::set().await;
    let auth = stage.jwt().token_ttl(minutes(60)).build().unwrap();
    stage.tamper(|answer| assert!(answer.get("expires_in").is_none()));
    for _ in 0..12 {
        stage.opens(&auth).await;
        stage.time.advance(minutes(30));
    }
    assert_eq!(stage.org.journal().grants(JWT_BEARER), 1, "each use puts its end off");
    stage.time.advance(minutes(60));
    auth.warm_up().await.unwrap();
    assert_eq!(stage.org.journal().grants(JWT_BEARER), 2);
}

/// The token endpoint is slow, and the token about to end.
#[tokio::test]
async fn row_51_while_one_refreshes_ahead_of_time_all_others_are_served_at_once() {
    let stage = Stage::set().await;
    let auth = stage.jwt().token_ttl(minutes(30)).sliding(false).build().unwrap();
    let old = auth.access_token().await.unwrap().into_owned();
    stage.time.advance(minutes(27));
    let (slow, gate) = Answer::normal().held();
    stage.org.enqueue(OrgEndpoint::Token, slow);
    for _ in 0..50 {
        assert_eq!(auth.access_token().await.unwrap(), old);
        assert!(auth.authorization_at_once().is_some());
    }
    assert!(gate.reached().await);
    let mut watch = auth.watch();
    gate.open();
    watch.changed().await;
    assert_ne!(auth.access_token().await.unwrap(), old);
    assert_eq!(stage.org.journal().grants(JWT_BEARER), 2);
}

#[tokio::test]
async fn row_51_right_before_the_end_callers_wait_and_a_failure_leaves_them_the_old_token() {
    let stage = Stage::set().await;
    let auth = stage.jwt().token_ttl(minutes(30)).sliding(false).build().unwrap();
    let old = auth.access_token().await.unwrap().into_owned();
    stage.time.advance(minutes(30) - std::time::Duration::from_secs(20));
    stage.org.enqueue(OrgEndpoint::Token, Answer::status(503));
    assert!(auth.authorization_at_once().is_none());
    assert_eq!(auth.access_token().await.unwrap(), old);
    stage.time.advance(std::time::Duration::from_secs(10));
    assert_ne!(auth.access_token().await.unwrap(), old);
}

/// Two processes, one login.
#[tokio::test]
async fn row_52_two_processes_with_one_rotating_login_do_not_end_it() {
    let stage = Stage::set_with(|org| org.rotation(true)).await;
    let (refresh_token, store) = (stage.approve(), Arc::new(MemoryTokenStore::default()));
    let process = || stage.refresh(&refresh_token).token_store(store.clone()).build().unwrap();
    let (one, other) = (process(), process());
    for refreshes in 1..=4 {
        stage.opens(&one).await;
        stage.opens(&other).await;
        assert_eq!(stage.refreshes(), refreshes);
        stage.time.advance(minutes(35));
    }
}
