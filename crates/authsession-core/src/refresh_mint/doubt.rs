//! A refresh whose answer was lost, when several processes share the login: none of them presents the refresh token again while
//! the access token serves.

use crate::error::{Endpoint, Error, Fault};
use crate::refresh_mint::RefreshMint;
use crate::refresh_mint::marks::{DOUBT, fingerprint};
use crate::secret::Secret;
use crate::token_set::{Freshness, TokenSet};
use crate::token_store::StoredTokens;

impl RefreshMint {
    /// Lets other processes know, before it is presented, that this refresh token may be spent from now on; and proves that the
    /// store can be written. What it keeps then; `None` when somebody wrote meanwhile.
    ///
    /// What is kept of another login stays untouched until this one turned out to be good.
    pub(super) async fn announce(
        &self,
        kept: Option<StoredTokens>,
        ours: bool,
        refresh_token: &Secret,
    ) -> Result<Option<Option<StoredTokens>>, Error> {
        let doubt = fingerprint(refresh_token.expose());
        let (seen, mut tokens) = match kept {
            Some(kept) if !ours || kept.tokens.extras.get(DOUBT) == Some(doubt.as_str()) => {
                self.known().doubt = Some(doubt);
                return Ok(Some(Some(kept)));
            }
            Some(kept) => (Some(kept.revision), kept.tokens),
            None => {
                (None, self.complete(self.nothing_but(refresh_token.clone()), refresh_token.clone(), None))
            }
        };
        tokens.extras.insert(DOUBT, doubt.clone());
        let revision = self.store.compare_and_swap(seen, &tokens).await?;
        self.known().doubt = Some(doubt);
        Ok(revision.map(|revision| Some(StoredTokens { tokens, revision })))
    }

    /// It was not presented after all. At worst others are a little too careful.
    pub(super) async fn take_back(&self, announced: Option<StoredTokens>) {
        let Some(StoredTokens { mut tokens, revision }) = announced else { return };
        if tokens.extras.get(DOUBT).is_none() {
            return;
        }
        tokens.extras = tokens.extras.iter().filter(|(name, _)| *name != DOUBT).collect();
        let _ = self.store.compare_and_swap(Some(revision), &tokens).await;
    }

    /// Whoever held a token while another process lost the answer asks no more than that process does, which is nothing while
    /// the token serves ([`Mint::is_repeatable`]). Who asks again has nothing left to lose.
    pub(super) fn heed_doubt(&self, kept: &TokenSet, refresh_token: &Secret) -> Result<(), Error> {
        let doubt = kept.extras.get(DOUBT).filter(|doubt| **doubt == fingerprint(refresh_token.expose()));
        let mut known = self.known();
        let is_news = doubt.is_some() && known.doubt.as_deref() != doubt;
        let is_lost = known.refused.as_ref() == Some(&kept.access_token);
        if !is_news || is_lost || self.freshness(kept, self.clock.now()) == Freshness::Expired {
            return Ok(());
        }
        known.doubt = doubt.map(str::to_owned);
        Err(Error::unavailable(Endpoint::Token, Fault::NoAnswer))
    }
}
