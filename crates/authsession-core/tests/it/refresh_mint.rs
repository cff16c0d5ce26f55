//! A refresh token that rotates: saved before use, shared between processes, and never presented twice without need.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use authsession_core::error::{Endpoint as Where, Error, Fault, OAuthError};
use authsession_core::refresh_mint::RefreshMint;
use authsession_core::refusal::{Refusal, Refusals};
use authsession_core::secret::Secret;
use authsession_core::token_cache::snapshot::State;
use authsession_core::token_cache::{Mint, TokenCache};
use authsession_core::token_set::TokenSet;
use authsession_core::token_store::memory::MemoryTokenStore;
use authsession_core::token_store::{StoredTokens, TokenLock, TokenStore};
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use serde_json::json;

use crate::parties::Parties;
use crate::verdict::{fault, refusal};

const LIFETIME: Duration = Duration::from_secs(300);

/// A store that fails to save as often as it is told to.
#[derive(Clone, Debug, Default)]
struct Failing {
    store: MemoryTokenStore,
    failures: Arc<AtomicUsize>,
}

#[async_trait]
impl TokenStore for Failing {
    async fn load(&self) -> Result<Option<StoredTokens>, Error> {
        self.store.load().await
    }

    async fn compare_and_swap(&self, seen: Option<u64>, tokens: &TokenSet) -> Result<Option<u64>, Error> {
        let fails = |left: usize| left.checked_sub(1);
        if self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fails).is_ok() {
            return Err(Error::TokenStore { doing: "save on a full disk", cause: None });
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

/// What a vendor says while it works on the same grant for somebody else.
#[derive(Debug)]
struct Busy;

impl Refusals for Busy {
    fn understand(&self, refusal: &Refusal<'_>) -> Option<Error> {
        (refusal.description == Some("already being processed"))
            .then(|| Error::unavailable(Where::Token, Fault::AlreadyInProcess))
    }
}

fn busy() -> Answer {
    Answer::refusal(400, "invalid_grant", "already being processed")
}

/// A user who signed in, and a program with their refresh token.
struct Stage {
    parties: Parties,
    seed: Secret,
    store: Failing,
}

impl Stage {
    async fn set() -> Self {
        let parties = Parties::meet_with(|builder| builder.access_token_lifetime(LIFETIME)).await;
        let seed = parties.sign_in().await.unwrap().tokens.refresh_token.unwrap();
        parties.opposite.journal().clear();
        Self { parties, seed, store: Failing::default() }
    }

    fn mint(&self) -> RefreshMint {
        self.mint_without_seed().starting_with(self.seed.clone())
    }

    fn mint_without_seed(&self) -> RefreshMint {
        let endpoint = self.parties.token_endpoint().reading_refusals(Arc::new(Busy));
        RefreshMint::new(endpoint, Arc::new(self.store.clone()), self.parties.clock())
    }

    fn cache(&self) -> TokenCache {
        TokenCache::builder(Arc::new(self.mint()), self.parties.clock()).build()
    }

    fn asked(&self) -> usize {
        self.parties.opposite.journal().grants("refresh_token")
    }

    fn next(&self, answer: Answer) {
        self.parties.opposite.enqueue(Endpoint::Token, answer);
    }

    fn store_fails(&self, times: usize) {
        self.store.failures.store(times, Ordering::SeqCst);
    }

    async fn kept(&self) -> TokenSet {
        self.store.load().await.unwrap().unwrap().tokens
    }

    fn alive(&self) -> bool {
        self.parties.opposite.refresh_family_alive(self.seed.expose())
    }

    /// Whether what is kept is good for the next refresh.
    async fn keeps_what_lives(&self) -> bool {
        let kept = self.kept().await.refresh_token.unwrap();
        self.alive() && self.parties.opposite.live_refresh_token(kept.expose())
    }

    /// Somebody refreshes and saves without taking the lock.
    async fn somebody_else_refreshes(&self) -> TokenSet {
        let before = self.kept().await;
        let mut tokens = self.parties.refresh(&before).await.unwrap();
        tokens.extras = before.extras;
        self.put(&tokens).await;
        tokens
    }

    async fn put(&self, tokens: &TokenSet) {
        let seen = self.store.load().await.unwrap().map(|kept| kept.revision);
        self.store.compare_and_swap(seen, tokens).await.unwrap().unwrap();
    }
}

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
    assert!(stage.store.load().await.unwrap().is_none());
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
fn seeded(stage: &Stage) -> TokenSet {
    let mut tokens = TokenSet::new("long ended", stage.parties.now()).expiring_after(Duration::ZERO);
    tokens.refresh_token = Some(stage.seed.clone());
    tokens
}

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
async fn who_never_signed_in_is_told_to() {
    let stage = Stage::set().await;
    let mint = stage.mint_without_seed();
    assert_eq!(mint.refresh_token().await.unwrap(), None);
    assert_eq!(refusal(mint.mint().await), OAuthError::LoginRequired);
    assert_eq!(stage.asked(), 0);
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
