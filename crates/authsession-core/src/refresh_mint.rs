//! New tokens for a refresh token, rotation included (RFC 6749 §6, RFC 9700 §4.14.2): lock, load again, adopt or refresh, and
//! save before use.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::clock::{self, Clock, Timestamp};
use crate::error::{Endpoint, Error, Fault, OAuthError};
use crate::extras::Extras;
use crate::grant::refresh_token::RefreshToken;
use crate::secret::Secret;
use crate::token_cache::Mint;
use crate::token_endpoint::TokenEndpoint;
use crate::token_set::{Freshness, TokenSet};
use crate::token_store::{StoredTokens, TokenStore};

/// A token that another process got is adopted if it lives at least this long.
const WORTH_ADOPTING: Duration = Duration::from_secs(60);
/// While the provider works on another request with the same refresh token, its outcome is looked for this often.
const LOOKS: u32 = 4;
const FIRST_LOOK: Duration = Duration::from_millis(250);
/// A save that fails is tried again so often while the lock is held, and then by the next caller.
const SAVES: u32 = 3;
const FIRST_SAVE_PAUSE: Duration = Duration::from_millis(100);
/// Names, in the store, the refresh token it was started with.
const SEED: &str = "authsession.seed";
/// Names, in the store, a refresh token that was presented and may be spent: the answer was lost.
const DOUBT: &str = "authsession.doubt";

/// Refreshes, for a [`TokenCache`](crate::token_cache::TokenCache).
///
/// Several processes on one store take turns. Who comes second finds what the first one got, and asks nobody.
#[derive(Debug)]
pub struct RefreshMint {
    endpoint: TokenEndpoint,
    store: Arc<dyn TokenStore>,
    clock: Clock,
    scope: Option<String>,
    seed: Option<Secret>,
    assumed_lifetime: Option<Duration>,
    known: Mutex<Known>,
}

/// What this process knows and the store does not.
#[derive(Debug, Default)]
struct Known {
    /// The access token handed out last: if it were still good, nobody would ask for another.
    handed_out: Option<Secret>,
    /// Tokens the store would not take. The refresh token they came for is spent.
    unsaved: Option<Unsaved>,
    /// The doubt of the store's that whoever asks here was told of.
    doubt: Option<String>,
}

#[derive(Clone, Debug)]
struct Unsaved {
    tokens: TokenSet,
    /// What they replace: a save on top of anything else would undo what another process did since.
    seen: Option<u64>,
}

impl RefreshMint {
    /// Refreshes what is kept in `store`, by way of `endpoint`.
    #[must_use]
    pub fn new(endpoint: TokenEndpoint, store: Arc<dyn TokenStore>, clock: Clock) -> Self {
        let known = Mutex::default();
        Self { endpoint, store, clock, scope: None, seed: None, assumed_lifetime: None, known }
    }

    /// The refresh token to start with. What the store keeps goes before it, if that came of this very token; a new one here
    /// is a new sign-in, and goes before what the store keeps.
    #[must_use]
    pub fn starting_with(mut self, refresh_token: Secret) -> Self {
        self.seed = Some(refresh_token);
        self
    }

    /// Asks for a narrower scope (RFC 6749 §6).
    #[must_use]
    pub fn with_scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// How long a token another process got is taken to live when the provider does not say.
    #[must_use]
    pub const fn assuming_lifetime(mut self, lifetime: Duration) -> Self {
        self.assumed_lifetime = Some(lifetime);
        self
    }

    /// An access token the API refused to another run of this program: if the store still keeps it, it is not handed out again.
    #[must_use]
    pub fn refused(self, access_token: Secret) -> Self {
        self.known().handed_out = Some(access_token);
        self
    }

    /// What the store keeps of this login, however old; `None` when nobody signed in.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn kept(&self) -> Result<Option<TokenSet>, Error> {
        let kept = self.store.load().await?;
        Ok(kept.filter(|kept| self.current(Some(kept)).1).map(|kept| kept.tokens))
    }

    /// The refresh token as it is now; `None` when nobody signed in.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn refresh_token(&self) -> Result<Option<Secret>, Error> {
        let unsaved = self.known().unsaved.clone();
        if let Some(Unsaved { tokens, .. }) = unsaved {
            return Ok(tokens.refresh_token);
        }
        let kept = self.store.load().await?;
        Ok(self.current(kept.as_ref()).0)
    }

    /// The refresh token to present, and whether the store's tokens belong to it.
    fn current(&self, kept: Option<&StoredTokens>) -> (Option<Secret>, bool) {
        let Some(kept) = kept else { return (self.seed.clone(), false) };
        let seed = self.seed.as_ref().map(fingerprint);
        let foreign = seed.is_some() && kept.tokens.extras.get(SEED) != seed.as_deref();
        if foreign { (self.seed.clone(), false) } else { (kept.tokens.refresh_token.clone(), true) }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn freshness(&self, kept: &TokenSet, now: Timestamp) -> Freshness {
        let assumed = || self.assumed_lifetime.map(|lifetime| kept.received_at + lifetime);
        let mut dated = kept.clone();
        dated.expires_at = kept.expires_at.or_else(assumed);
        dated.freshness(now, WORTH_ADOPTING)
    }

    /// What another process got meanwhile, if it serves.
    fn adoptable(&self, kept: &TokenSet, now: Timestamp) -> bool {
        !kept.access_token.is_empty()
            && self.known().handed_out.as_ref() != Some(&kept.access_token)
            && self.freshness(kept, now) == Freshness::Fresh
    }

    async fn adopt_or_refresh(&self) -> Result<TokenSet, Error> {
        let mut presented: Option<Secret> = None;
        let mut refused: Option<Error> = None;
        for look in 0..LOOKS {
            let kept = self.store.load().await?;
            let (refresh_token, ours) = self.current(kept.as_ref());
            let theirs = kept.as_ref().filter(|kept| ours && self.adoptable(&kept.tokens, self.clock.now()));
            if let Some(theirs) = theirs {
                tracing::debug!(target: "authsession::refresh", "another process refreshed; its tokens are adopted");
                return Ok(theirs.tokens.clone());
            }
            let refresh_token = refresh_token.ok_or_else(nobody_signed_in)?;
            if let Some(kept) = kept.as_ref().filter(|_| ours) {
                self.heed_doubt(&kept.tokens, &refresh_token)?;
            }
            // Refused, and nobody replaced it meanwhile: it is dead.
            if let Some(error) = refused
                .take()
                .filter(|error: &Error| !in_process(error) && presented.as_ref() == Some(&refresh_token))
            {
                return Err(error);
            }
            let grant = RefreshToken { refresh_token: refresh_token.clone(), scope: self.scope.clone() };
            match self.endpoint.redeem(&grant).await {
                Ok(tokens) => {
                    let seen = kept.as_ref().map(|kept| kept.revision);
                    let before = kept.filter(|_| ours).map(|kept| kept.tokens);
                    let tokens = self.complete(tokens, grant.refresh_token, before);
                    return self.save(seen, tokens).await;
                }
                Err(error) if in_process(&error) => {
                    if look + 1 < LOOKS {
                        clock::wait(FIRST_LOOK * 2_u32.pow(look)).await;
                    }
                    refused = Some(error);
                }
                Err(error @ Error::GrantRefused { .. }) => refused = Some(error),
                Err(error) => {
                    if let Some(kept) = kept.filter(|_| ours && error.may_have_happened()) {
                        self.cast_doubt(kept, &grant.refresh_token).await;
                    }
                    return Err(error);
                }
            }
            presented = Some(refresh_token);
        }
        Err(refused
            .unwrap_or_else(|| Error::misconfigured("the refresh token changes faster than it can be used")))
    }

    /// Lets other processes know that the answer to this refresh token was lost.
    async fn cast_doubt(&self, kept: StoredTokens, refresh_token: &Secret) {
        let (mut tokens, doubt) = (kept.tokens, fingerprint(refresh_token));
        tokens.extras.insert(DOUBT, doubt.clone());
        self.known().doubt = Some(doubt);
        // At worst they do not know.
        let _ = self.store.compare_and_swap(Some(kept.revision), &tokens).await;
    }

    /// Whoever held a token while another process lost the answer asks no more than that process does, which is nothing while
    /// the token serves ([`Mint::is_repeatable`]). Who asks again has nothing left to lose.
    fn heed_doubt(&self, kept: &TokenSet, refresh_token: &Secret) -> Result<(), Error> {
        let doubt = kept.extras.get(DOUBT).filter(|doubt| **doubt == fingerprint(refresh_token));
        let mut known = self.known();
        let is_news = doubt.is_some() && known.doubt.as_deref() != doubt;
        if !is_news || self.freshness(kept, self.clock.now()) == Freshness::Expired {
            return Ok(());
        }
        known.doubt = doubt.map(str::to_owned);
        Err(Error::unavailable(Endpoint::Token, Fault::NoAnswer))
    }

    /// Completes new tokens by what their answer leaves out: it stands as it did before.
    fn complete(&self, mut tokens: TokenSet, spent: Secret, before: Option<TokenSet>) -> TokenSet {
        tokens.refresh_token = tokens.refresh_token.or(Some(spent));
        let before = before.unwrap_or_else(|| TokenSet::new("", tokens.received_at));
        // First, so that there is room for it: without it the spent refresh token would be taken for a new one.
        let mut extras = Extras::default();
        let seed = self.seed.as_ref().map(fingerprint).or_else(|| before.extras.get(SEED).map(str::to_owned));
        if let Some(seed) = seed {
            extras.insert(SEED, seed);
        }
        tokens.scope = tokens.scope.or(before.scope);
        for (name, text) in tokens.extras.iter().chain(before.extras.iter()) {
            if name != DOUBT && extras.get(name).is_none() {
                extras.insert(name, text);
            }
        }
        tokens.extras = extras;
        tokens
    }

    /// Saves the tokens of a new sign-in, in place of whatever is kept.
    pub(crate) async fn sign_in(&self, tokens: TokenSet) -> Result<(), Error> {
        let _turn = self.store.lock().await?;
        let seen = self.store.load().await?.map(|kept| kept.revision);
        self.save(seen, tokens).await.map(drop)
    }

    /// Saves what is left unsaved, unless something newer is kept by now.
    async fn catch_up(&self) -> Result<(), Error> {
        let unsaved = self.known().unsaved.clone();
        let Some(Unsaved { tokens, seen }) = unsaved else { return Ok(()) };
        let kept = self.store.load().await?;
        if kept.map(|kept| kept.revision) == seen {
            self.save(seen, tokens).await?;
        }
        self.known().unsaved = None;
        Ok(())
    }

    async fn save(&self, seen: Option<u64>, tokens: TokenSet) -> Result<TokenSet, Error> {
        // First into this process's keeping: whatever happens from here, they are not lost.
        self.known().unsaved = Some(Unsaved { tokens: tokens.clone(), seen });
        let mut outcome = self.try_to_save(seen, &tokens).await;
        for attempt in 0..SAVES {
            if outcome.is_ok() {
                break;
            }
            // Still under the lock: nobody else shall present the spent refresh token meanwhile.
            clock::wait(FIRST_SAVE_PAUSE * 2_u32.pow(attempt)).await;
            let kept = self.store.load().await.map(|kept| kept.map(|kept| kept.revision));
            outcome = match kept {
                Ok(seen) => self.try_to_save(seen, &tokens).await,
                Err(error) => Err(error),
            };
        }
        outcome?;
        self.known().unsaved = None;
        Ok(tokens)
    }

    async fn try_to_save(&self, mut seen: Option<u64>, tokens: &TokenSet) -> Result<(), Error> {
        for _ in 0..SAVES {
            if self.store.compare_and_swap(seen, tokens).await?.is_some() {
                return Ok(());
            }
            let kept = self.store.load().await?;
            if kept.as_ref().is_some_and(|kept| kept.tokens == *tokens) {
                return Ok(());
            }
            // Saved by somebody who did not take the lock. Ours are the ones the provider handed out last.
            seen = kept.map(|kept| kept.revision);
        }
        Err(Error::TokenStore { doing: "save: others keep writing without the lock", cause: None })
    }
}

#[async_trait]
impl Mint for RefreshMint {
    async fn mint(&self) -> Result<TokenSet, Error> {
        let _turn = self.store.lock().await?;
        self.catch_up().await?;
        let tokens = self.adopt_or_refresh().await?;
        self.known().handed_out = Some(tokens.access_token.clone());
        Ok(tokens)
    }

    fn is_repeatable(&self) -> bool {
        false
    }
}

/// What to do is what to do about a login that is over.
fn nobody_signed_in() -> Error {
    Error::GrantRefused { code: OAuthError::LoginRequired, cause: Some(Arc::new(NobodySignedIn)) }
}

/// Why a refresh did not even get as far as the provider.
#[derive(Debug, thiserror::Error)]
#[error("no refresh token is kept, nor was one given")]
struct NobodySignedIn;

const fn in_process(error: &Error) -> bool {
    matches!(error, Error::Unavailable { fault: Fault::AlreadyInProcess, .. })
}

/// Tells refresh tokens apart without being one.
fn fingerprint(secret: &Secret) -> String {
    use base64::Engine as _;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, secret.expose().as_bytes());
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&digest.as_ref()[..12])
}
