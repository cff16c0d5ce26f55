//! The refresh token of an answer that is of no other use: the one presented is spent, so this one is kept (RFC 6749 §6).

use std::sync::Arc;

use authsession_core::clock;
use authsession_core::secret::Secret;
use authsession_store::key::StoreKey;
use authsession_store::record::{SessionRecord, StoredSession};
use authsession_store::store::Updated;

use crate::errors::Error;
use crate::refresh::parked::reason_of;
use crate::refresh::{Refresher, SAVE_AGAIN, SAVES};
use crate::unsaved::Parked;

impl Refresher {
    /// Saves it in place of the one that was presented, and nothing else of that answer; parks it while the store takes nothing. The next refresh need not be careful:
    /// what it presents was not presented before.
    pub(super) async fn keep_rotated(&self, key: StoreKey, marked: &Arc<StoredSession>, rotated: Secret) {
        let mut base = Arc::clone(marked);
        for attempt in 1..=SAVES {
            let mut tokens = base.record.tokens.clone();
            tokens.refresh_token = Some(rotated.clone());
            let record = SessionRecord { tokens, refresh_sent_at: None, ..base.record.clone() };
            match self.keeper.store.update(&key, base.version, record).await {
                Ok(Updated::Saved(_)) => return,
                Ok(Updated::Ended | Updated::Changed) => match self.keeper.live(key).await {
                    Ok(newer) if newer.record.tokens.refresh_token == marked.record.tokens.refresh_token => {
                        base = newer;
                    }
                    // It was saved after all, and only the store's answer was lost.
                    Ok(newer) if newer.record.tokens.refresh_token.as_ref() == Some(&rotated) => return,
                    // Over, or rotated elsewhere: there is a newer end of the chain.
                    looked @ (Ok(_) | Err(Error::NotSignedIn(_))) => {
                        return self.let_go(Some(rotated), reason_of(&looked));
                    }
                    Err(error) => self.wait_for_the_store(key, &error, attempt).await,
                },
                Err(error) => self.wait_for_the_store(key, &error.into(), attempt).await,
            }
        }
        let mut tokens = base.record.tokens.clone();
        tokens.refresh_token = Some(rotated);
        let (redeemed, until) = (base.record.tokens.refresh_token.clone(), base.record.expires_at);
        self.park(key, Parked { redeemed, tokens, until });
    }

    async fn wait_for_the_store(&self, key: StoreKey, error: &Error, attempt: u32) {
        tracing::error!(target: "authsession::refresh", session = ?key, %error, attempt, "a rotated refresh token could not be saved");
        if attempt < SAVES {
            clock::wait(SAVE_AGAIN * attempt).await;
        }
    }
}
