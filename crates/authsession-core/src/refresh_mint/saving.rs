//! New tokens on their way into the store: completed, marked, and not given up until they are there.

use std::time::Duration;

use crate::clock;
use crate::error::Error;
use crate::extras::{Extras, OURS};
use crate::refresh_mint::marks::{DOUBT, ORIGIN, OWNER, SEED, fingerprint};
use crate::refresh_mint::{RefreshMint, Unsaved};
use crate::secret::Secret;
use crate::token_set::TokenSet;
use crate::token_store::StoredTokens;

/// A save that fails is tried again so often while the lock is held, and then by the next caller.
const SAVES: u32 = 3;
const FIRST_SAVE_PAUSE: Duration = Duration::from_millis(100);

impl RefreshMint {
    /// Completes new tokens by what has to stand as it did before. The other members of an answer stay apart from those of the one
    /// before: a provider may vouch for several of them together.
    pub(super) fn complete(
        &self,
        mut tokens: TokenSet,
        spent: Secret,
        before: Option<&TokenSet>,
    ) -> TokenSet {
        tokens.refresh_token = tokens.refresh_token.or(Some(spent));
        let nothing = Extras::default();
        let marks = before.map_or(&nothing, |before| &before.extras);
        // First, so that there is room for them: without the seed the spent refresh token would be taken for a new one.
        let mut extras = Extras::from_iter([(ORIGIN, self.origin())]);
        let seed = self
            .seed
            .as_ref()
            .map(|seed| fingerprint(seed.expose()))
            .or_else(|| marks.get(SEED).map(str::to_owned));
        if let Some(seed) = seed {
            extras.insert(SEED, seed);
        }
        if let Some(owner) = self.pin(before, &tokens) {
            extras.insert(OWNER, owner);
        }
        tokens.scope = tokens.scope.or_else(|| before?.scope.clone());
        add(&mut extras, marks.iter().filter(|(name, _)| name.starts_with(OURS)));
        add(&mut extras, tokens.extras.iter());
        tokens.extras = extras;
        tokens
    }

    /// Saves what is left unsaved, unless the store keeps something newer by now.
    pub(super) async fn catch_up(&self) -> Result<(), Error> {
        let unsaved = self.known().unsaved.clone();
        let Some(Unsaved { tokens, replaced }) = unsaved else { return Ok(()) };
        let kept = self.store.load().await?;
        if kept.as_ref().and_then(|kept| kept.tokens.refresh_token.as_ref()) == replaced.as_ref() {
            self.save(kept.as_ref(), tokens).await?;
        }
        self.known().unsaved = None;
        Ok(())
    }

    /// Saves in place of what is `kept`.
    pub(super) async fn save(
        &self,
        kept: Option<&StoredTokens>,
        tokens: TokenSet,
    ) -> Result<TokenSet, Error> {
        // First into this process's keeping: whatever happens from here, they are not lost.
        let replaced = kept.and_then(|kept| kept.tokens.refresh_token.clone());
        let seen = kept.map(|kept| kept.revision);
        {
            let mut known = self.known();
            known.unsaved = Some(Unsaved { tokens: tokens.clone(), replaced });
            known.latest.clone_from(&tokens.refresh_token);
        }
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

/// Adds what is not there yet. Doubts were about the tokens before.
pub(super) fn add<'a>(extras: &mut Extras, further: impl Iterator<Item = (&'a str, &'a str)>) {
    for (name, text) in further {
        if name != DOUBT && extras.get(name).is_none() {
            extras.insert(name, text);
        }
    }
}
