//! New tokens for a refresh token, rotation included (RFC 6749 §6, RFC 9700 §4.14.2): lock, load again, adopt or refresh, and
//! save before use.

mod doubt;
mod marks;
mod owner;
mod saving;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::clock::{self, Clock, Timestamp};
use crate::error::{Error, Fault, OAuthError};
use crate::extras::Extras;
use crate::grant::refresh_token::RefreshToken;
use crate::refresh_mint::marks::{ORIGIN, OWNER, SEED, fingerprint};
pub use crate::refresh_mint::owner::Owners;
use crate::refresh_mint::owner::marked;
use crate::refresh_mint::saving::add;
use crate::revocation::TokenKind;
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
    owners: Option<Arc<dyn Owners>>,
    known: Mutex<Known>,
}

/// What this process knows and the store does not.
#[derive(Debug, Default)]
struct Known {
    /// The access token handed out last: if it were still good, nobody would ask for another.
    handed_out: Option<Secret>,
    /// The API refused it: there is nothing in it to lose.
    refused: Option<Secret>,
    /// Tokens the store would not take. The refresh token they came for is spent.
    unsaved: Option<Unsaved>,
    /// The doubt of the store's that whoever asks here was told of.
    doubt: Option<String>,
    /// The mark of another login that was kept when ours was signed out.
    signed_out_beside: Option<String>,
    /// Whose login it is, by the mark of what was handed out.
    owner: Option<String>,
    /// The newest refresh token.
    latest: Option<Secret>,
    /// The refresh token it was started with is revoked.
    is_signed_out: bool,
}

#[derive(Clone, Debug)]
struct Unsaved {
    tokens: TokenSet,
    /// The refresh token they replace: a save on top of another one would undo what another process did since.
    replaced: Option<Secret>,
}

impl RefreshMint {
    /// Refreshes what is kept in `store`, by way of `endpoint`.
    #[must_use]
    pub fn new(endpoint: TokenEndpoint, store: Arc<dyn TokenStore>, clock: Clock) -> Self {
        let known = Mutex::default();
        Self { endpoint, store, clock, scope: None, seed: None, assumed_lifetime: None, owners: None, known }
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

    /// Pins the login to whom `owners` say it is of: at a sign-in, or at the first use of one that is not pinned. Tokens of anybody
    /// else are refused, here and by whoever loads them from the store later, until somebody signs in anew.
    #[must_use]
    pub fn pinning(mut self, owners: Arc<dyn Owners>) -> Self {
        self.owners = Some(owners);
        self
    }

    /// An access token the API refused to another run of this program: if the store still keeps it, it is not handed out again.
    #[must_use]
    pub fn refused(self, access_token: Secret) -> Self {
        *self.known() =
            Known { handed_out: Some(access_token.clone()), refused: Some(access_token), ..Known::default() };
        self
    }

    /// What the store keeps of this login, however old; `None` when nobody signed in.
    ///
    /// # Errors
    /// Those of the store; [`Error::Untrusted`] when it is another's than the one who signed in.
    pub async fn kept(&self) -> Result<Option<TokenSet>, Error> {
        let kept = self.store.load().await?;
        let (_, ours) = self.current(kept.as_ref())?;
        let serves = |kept: &StoredTokens| ours && !kept.tokens.access_token.is_empty();
        let kept = kept.filter(serves).map(|kept| kept.tokens);
        kept.as_ref().map_or(Ok(()), |kept| self.check_owner(kept))?;
        Ok(kept)
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
        Ok(self.current(kept.as_ref())?.0)
    }

    /// Saves the tokens of a new sign-in, in place of whatever is kept.
    ///
    /// # Errors
    /// Those of the store. What could not be saved is kept here, and saved by the next caller.
    pub async fn sign_in(&self, tokens: TokenSet) -> Result<(), Error> {
        let _turn = self.store.lock().await?;
        let kept = self.store.load().await?;
        let mut tokens = tokens;
        let owner = self.owner(&tokens);
        let seed = tokens.refresh_token.as_ref().map(|seed| fingerprint(seed.expose()));
        let marks = [(ORIGIN, Some(self.origin())), (OWNER, owner.clone()), (SEED, seed)];
        // First, so that there is room for them.
        let mut extras: Extras = marks.into_iter().filter_map(|(name, mark)| Some((name, mark?))).collect();
        add(&mut extras, tokens.extras.iter());
        tokens.extras = extras;
        self.save(kept.as_ref(), tokens).await?;
        let mut known = self.known();
        known.is_signed_out = false;
        known.owner = owner;
        known.signed_out_beside = None;
        Ok(())
    }

    /// Whether the store answers: before a user takes the trouble to sign in.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn try_the_store(&self) -> Result<(), Error> {
        drop(self.store.lock().await?);
        self.store.load().await.map(drop)
    }

    /// Saves what could not be saved so far. Before a shutdown: what is not saved then is lost.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn save_pending(&self) -> Result<(), Error> {
        let _turn = self.store.lock().await?;
        self.catch_up().await
    }

    /// Ends the login: revokes its refresh token (RFC 7009), with which the provider ends its access tokens, and removes what the
    /// store keeps of it. Nobody refreshes meanwhile. Afterwards there is no token until somebody signs in.
    ///
    /// # Errors
    /// Those of the store and of [`TokenEndpoint::revoke`]; then nothing is removed.
    pub async fn sign_out(&self) -> Result<(), Error> {
        let _turn = self.store.lock().await?;
        self.catch_up().await?;
        let kept = self.store.load().await?;
        let (refresh_token, ours) = self.current(kept.as_ref())?;
        let access_token = kept.as_ref().filter(|_| ours).map(|kept| kept.tokens.access_token.clone());
        match (refresh_token, access_token.filter(|token| !token.is_empty())) {
            (Some(refresh_token), _) => self.endpoint.revoke(&refresh_token, TokenKind::RefreshToken).await?,
            (None, Some(access_token)) => self.endpoint.revoke(&access_token, TokenKind::AccessToken).await?,
            (None, None) => {}
        }
        let mut beside = None;
        if let Some(kept) = kept {
            if ours {
                self.store.clear(kept.revision).await?;
            } else {
                beside = kept.tokens.extras.get(SEED).map(str::to_owned);
            }
        }
        let mut known = self.known();
        known.is_signed_out = true;
        known.latest = None;
        known.owner = None;
        known.signed_out_beside = beside;
        Ok(())
    }

    /// The refresh token to present, and whether the store's tokens belong to it.
    ///
    /// # Errors
    /// The store keeps the login of another provider or client, and none of ours is configured.
    fn current(&self, kept: Option<&StoredTokens>) -> Result<(Option<Secret>, bool), Error> {
        let known = self.known();
        let seed = self.seed.as_ref().filter(|_| !known.is_signed_out);
        let Some(kept) = kept else {
            // What was kept is gone. The one we start with is spent by now, if it ever was replaced.
            let latest = known.latest.clone().filter(|_| !known.is_signed_out);
            return Ok((latest.or_else(|| seed.cloned()), false));
        };
        let is_foreign = self.is_foreign(kept);
        let is_its_start =
            |seed: &&Secret| kept.tokens.extras.get(SEED) == Some(fingerprint(seed.expose()).as_str());
        match seed {
            // Another sign-in is kept. What ours started with is spent, if it ever was replaced.
            Some(seed) if is_foreign || !is_its_start(&seed) => {
                Ok((Some(known.latest.clone().unwrap_or_else(|| seed.clone())), false))
            }
            // Ours was ended while it stood there: it has nothing to do with us.
            None if known.signed_out_beside.as_deref() == kept.tokens.extras.get(SEED)
                && known.signed_out_beside.is_some() =>
            {
                Ok((None, false))
            }
            None if is_foreign => Err(Error::misconfigured(
                "the token store keeps the login of another provider or client: use another store, or sign in again",
            )),
            _ => Ok((kept.tokens.refresh_token.clone(), true)),
        }
    }

    /// Whether it is the login of another provider or client, which ours must not be shown.
    fn is_foreign(&self, kept: &StoredTokens) -> bool {
        kept.tokens.extras.get(ORIGIN).is_some_and(|origin| origin != self.origin())
    }

    fn origin(&self) -> String {
        fingerprint(&self.endpoint.origin())
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
            let (refresh_token, ours) = self.current(kept.as_ref())?;
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
            let Some(sent) = self.announce(kept, ours, &refresh_token).await? else { continue };
            let grant = RefreshToken { refresh_token: refresh_token.clone(), scope: self.scope.clone() };
            let (outcome, rotated) = self.endpoint.redeem_rotating(&grant).await;
            match outcome {
                Ok(tokens) => {
                    let before = sent.as_ref().filter(|_| ours).map(|sent| &sent.tokens);
                    let tokens = self.complete(tokens, refresh_token, before);
                    return self.save(sent.as_ref(), tokens).await;
                }
                Err(error) if in_process(&error) => {
                    if look + 1 < LOOKS {
                        clock::wait(FIRST_LOOK * 2_u32.pow(look)).await;
                    }
                    refused = Some(error);
                }
                Err(error @ Error::GrantRefused { .. }) => refused = Some(error),
                Err(error) => {
                    if let Some(rotated) = rotated {
                        // The rest of the answer is of no use, but the refresh token presented is spent.
                        let before = sent.as_ref().filter(|_| ours).map(|sent| &sent.tokens);
                        let tokens = self.complete(self.nothing_but(rotated), refresh_token, before);
                        self.save(sent.as_ref(), tokens).await?;
                    } else if !error.may_have_happened() {
                        self.take_back(sent).await;
                    }
                    return Err(error);
                }
            }
            presented = Some(refresh_token);
        }
        Err(refused
            .unwrap_or_else(|| Error::misconfigured("the refresh token changes faster than it can be used")))
    }

    /// A refresh token, and an access token that nobody takes for one.
    fn nothing_but(&self, refresh_token: Secret) -> TokenSet {
        let mut tokens = TokenSet::new("", self.clock.now()).expiring_after(Duration::ZERO);
        tokens.refresh_token = Some(refresh_token);
        tokens
    }
}

#[async_trait]
impl Mint for RefreshMint {
    async fn mint(&self) -> Result<TokenSet, Error> {
        let _turn = self.store.lock().await?;
        self.catch_up().await?;
        let tokens = self.adopt_or_refresh().await?;
        let mut known = self.known();
        known.handed_out = Some(tokens.access_token.clone());
        known.latest.clone_from(&tokens.refresh_token);
        known.owner = marked(&tokens.extras);
        drop(known);
        self.check_owner(&tokens)?;
        Ok(tokens)
    }

    fn is_repeatable(&self) -> bool {
        false
    }

    fn note_refusal(&self, access_token: &str) {
        self.known().refused = Some(Secret::from(access_token));
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
