//! A refresh whose answer was lost, when several processes share the login: none of them presents the refresh token again while
//! the access token serves.

use crate::error::{Endpoint, Error, Fault};
use crate::refresh_mint::RefreshMint;
use crate::refresh_mint::marks::{DOUBT, fingerprint};
use crate::secret::Secret;
use crate::token_set::{Freshness, TokenSet};
use crate::token_store::StoredTokens;

impl RefreshMint {
    /// Lets other processes know that the answer to this refresh token was lost.
    pub(super) async fn cast_doubt(&self, kept: StoredTokens, refresh_token: &Secret) {
        let (mut tokens, doubt) = (kept.tokens, fingerprint(refresh_token.expose()));
        tokens.extras.insert(DOUBT, doubt.clone());
        self.known().doubt = Some(doubt);
        // At worst they do not know.
        let _ = self.store.compare_and_swap(Some(kept.revision), &tokens).await;
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
