//! The refresh token of an answer that is of no other use: the one presented is spent, so this one is kept (RFC 6749 §6).

use std::sync::Arc;
use std::time::Duration;

use authsession_core::clock;
use authsession_core::secret::Secret;
use authsession_core::token_set::TokenSet;
use authsession_store::end_reason::EndReason;
use authsession_store::key::StoreKey;
use authsession_store::record::{SessionRecord, StoredSession};
use authsession_store::store::Updated;

use crate::errors::{Error, NotSignedIn};
use crate::refresh::Refresher;
use crate::refresh::parked::reason_of;
use crate::refresh::saving::{SAVE_AGAIN, SAVES, SAVING};

impl Refresher {
    /// Saves it in place of the one that was presented, and nothing else of that answer; parks it while the store takes nothing. The next refresh need not be careful:
    /// what it presents was not presented before.
    pub(super) async fn keep_rotated(&self, key: StoreKey, marked: &Arc<StoredSession>, rotated: Secret) {
        let kept = self.keep_rotated_in_time(key, marked, &rotated);
        if clock::within(SAVING, kept).await.flatten().is_none() {
            self.park(key, marked, with_rotated(&marked.record.tokens, rotated));
        }
    }

    /// `None`: not in so many attempts.
    async fn keep_rotated_in_time(
        &self,
        key: StoreKey,
        marked: &Arc<StoredSession>,
        rotated: &Secret,
    ) -> Option<()> {
        let mut base = Arc::clone(marked);
        for attempt in 1..=SAVES {
            let tokens = with_rotated(&base.record.tokens, rotated.clone());
            let record = SessionRecord { tokens, refresh_sent_at: None, ..base.record.clone() };
            match self.keeper.store.update(&key, base.version, record).await {
                Ok(Updated::Saved(_)) => return Some(()),
                Ok(Updated::Ended | Updated::Changed) => match self.keeper.live(key).await {
                    Ok(newer) if newer.record.tokens.refresh_token == marked.record.tokens.refresh_token => {
                        base = newer;
                    }
                    // It was saved after all, and only the store's answer was lost.
                    Ok(newer) if newer.record.tokens.refresh_token.as_ref() == Some(rotated) => {
                        return Some(());
                    }
                    // By this process's clock alone, perhaps.
                    Err(Error::NotSignedIn(NotSignedIn::Ended(
                        reason @ (EndReason::Idle | EndReason::TooOld),
                    ))) => {
                        let tokens = with_rotated(&marked.record.tokens, rotated.clone());
                        let _ended_or_parked = self.over_by(reason, key, marked, tokens).await;
                        return Some(());
                    }
                    // Over, or rotated elsewhere: there is a newer end of the chain.
                    looked @ (Ok(_) | Err(Error::NotSignedIn(_))) => {
                        self.let_go(Some(rotated.clone()), reason_of(&looked));
                        return Some(());
                    }
                    Err(error) => self.wait_for_the_store(key, &error, attempt).await,
                },
                Err(error) => self.wait_for_the_store(key, &error.into(), attempt).await,
            }
        }
        None
    }

    async fn wait_for_the_store(&self, key: StoreKey, error: &Error, attempt: u32) {
        tracing::error!(target: "authsession::refresh", session = ?key, %error, attempt, "a rotated refresh token could not be saved");
        if attempt < SAVES {
            clock::wait(SAVE_AGAIN * attempt).await;
        }
    }
}

/// The same tokens with that refresh token. A moment newer, which is how processes whose sessions travel tell whose state is the
/// newer one; no more, for the access token is as old as before.
fn with_rotated(tokens: &TokenSet, rotated: Secret) -> TokenSet {
    let received_at = tokens.received_at + Duration::from_millis(1);
    TokenSet { refresh_token: Some(rotated), received_at, ..tokens.clone() }
}
