//! A login that rotates, and a store that fails on demand.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use authsession_core::error::{Endpoint as Where, Error, Fault};
use authsession_core::refresh_mint::RefreshMint;
use authsession_core::refusal::{Refusal, Refusals};
use authsession_core::secret::Secret;
use authsession_core::token_cache::TokenCache;
use authsession_core::token_set::TokenSet;
use authsession_core::token_store::memory::MemoryTokenStore;
use authsession_core::token_store::{StoredTokens, TokenLock, TokenStore};
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;

use crate::parties::Parties;

pub(crate) const LIFETIME: Duration = Duration::from_secs(300);

/// A store that fails to save new tokens as often as it is told to, or that takes nothing at all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Failing {
    pub(crate) store: MemoryTokenStore,
    pub(crate) failures: Arc<AtomicUsize>,
    pub(crate) is_full: Arc<AtomicBool>,
}

#[async_trait]
impl TokenStore for Failing {
    async fn load(&self) -> Result<Option<StoredTokens>, Error> {
        self.store.load().await
    }

    async fn compare_and_swap(&self, seen: Option<u64>, tokens: &TokenSet) -> Result<Option<u64>, Error> {
        let fails = |left: usize| left.checked_sub(1);
        let is_announcement = tokens.extras.get("authsession.doubt").is_some();
        if is_announcement && !self.is_full.load(Ordering::SeqCst) {
            return self.store.compare_and_swap(seen, tokens).await;
        }
        if self.is_full.load(Ordering::SeqCst)
            || self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fails).is_ok()
        {
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
pub(crate) struct Busy;

impl Refusals for Busy {
    fn understand(&self, refusal: &Refusal<'_>) -> Option<Error> {
        (refusal.description == Some("already being processed"))
            .then(|| Error::unavailable(Where::Token, Fault::AlreadyInProcess))
    }
}

pub(crate) fn busy() -> Answer {
    Answer::refusal(400, "invalid_grant", "already being processed")
}

/// A user who signed in, and a program with their refresh token.
pub(crate) struct Stage {
    pub(crate) parties: Parties,
    pub(crate) seed: Secret,
    pub(crate) store: Failing,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        let parties = Parties::meet_with(|builder| builder.access_token_lifetime(LIFETIME)).await;
        let seed = parties.sign_in().await.unwrap().tokens.refresh_token.unwrap();
        parties.opposite.journal().clear();
        Self { parties, seed, store: Failing::default() }
    }

    pub(crate) fn mint(&self) -> RefreshMint {
        self.mint_without_seed().starting_with(self.seed.clone())
    }

    pub(crate) fn mint_without_seed(&self) -> RefreshMint {
        let endpoint = self.parties.token_endpoint().reading_refusals(Arc::new(Busy));
        RefreshMint::new(endpoint, Arc::new(self.store.clone()), self.parties.clock())
    }

    pub(crate) fn cache(&self) -> TokenCache {
        TokenCache::builder(Arc::new(self.mint()), self.parties.clock()).build()
    }

    pub(crate) fn asked(&self) -> usize {
        self.parties.opposite.journal().grants("refresh_token")
    }

    pub(crate) fn next(&self, answer: Answer) {
        self.parties.opposite.enqueue(Endpoint::Token, answer);
    }

    pub(crate) fn store_fails(&self, times: usize) {
        self.store.failures.store(times, Ordering::SeqCst);
    }

    pub(crate) async fn kept(&self) -> TokenSet {
        self.store.load().await.unwrap().unwrap().tokens
    }

    pub(crate) fn alive(&self) -> bool {
        self.parties.opposite.refresh_family_alive(self.seed.expose())
    }

    /// Whether what is kept is good for the next refresh.
    pub(crate) async fn keeps_what_lives(&self) -> bool {
        let kept = self.kept().await.refresh_token.unwrap();
        self.alive() && self.parties.opposite.live_refresh_token(kept.expose())
    }

    /// Somebody refreshes and saves without taking the lock.
    pub(crate) async fn somebody_else_refreshes(&self) -> TokenSet {
        let before = self.kept().await;
        let mut tokens = self.parties.refresh(&before).await.unwrap();
        tokens.extras = before.extras;
        self.put(&tokens).await;
        tokens
    }

    pub(crate) async fn put(&self, tokens: &TokenSet) {
        let seen = self.store.load().await.unwrap().map(|kept| kept.revision);
        self.store.compare_and_swap(seen, tokens).await.unwrap().unwrap();
    }
}

pub(crate) fn seeded(stage: &Stage) -> TokenSet {
    let mut tokens = TokenSet::new("long ended", stage.parties.now()).expiring_after(Duration::ZERO);
    tokens.refresh_token = Some(stage.seed.clone());
    tokens
}
