//! Sessions as this application keeps them: which count as live, and what ending one takes.

use std::sync::Arc;
use std::time::Duration;

use authsession_core::clock::Timestamp;
use authsession_core::revocation::{self, TokenKind};
use authsession_core::secret::Secret;
use authsession_store::end_reason::EndReason;
use authsession_store::key::StoreKey;
use authsession_store::record::StoredSession;
use authsession_store::store::{Found, SessionStore};

use crate::config::OAuthConfiguration;
use crate::errors::{Error, NotSignedIn};
use crate::watch;

/// A touch is saved when the idle deadline has moved by this part of the idle timeout, or by a minute.
const TOUCH_PART: u32 = 10;
const TOUCH_AT_MOST: Duration = Duration::from_secs(60);
/// How many overdue sessions one sweep ends.
const SWEPT_AT_ONCE: usize = 1_000;

/// The store, and the configuration that says what its sessions are worth. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Keeper {
    pub(crate) configuration: Arc<OAuthConfiguration>,
    pub(crate) store: Arc<dyn SessionStore>,
}

impl Keeper {
    /// The live session under that key.
    pub(crate) async fn live(&self, key: StoreKey) -> Result<Arc<StoredSession>, Error> {
        let found = self.store.load(&key).await?;
        self.judge(key, found)
    }

    /// The session a look-up found, if it counts; it is used by this.
    pub(crate) fn judge(&self, key: StoreKey, found: Found) -> Result<Arc<StoredSession>, Error> {
        let not_signed_in = |why| Err(Error::NotSignedIn(why));
        match found {
            // Kept by an application at another provider that shares the store: not ours to honour, or to refresh.
            Found::Live { session, .. } if session.record.issuer != self.configuration.issuer => {
                not_signed_in(NotSignedIn::UnknownSession)
            }
            Found::Live { session, idle_deadline } => {
                self.touch(key, idle_deadline);
                Ok(session)
            }
            Found::Overdue(reason) => {
                let keeper = self.clone();
                tokio::spawn(async move { keeper.end_or_say(key, reason).await });
                not_signed_in(NotSignedIn::Ended(reason))
            }
            Found::Ended(reason) => not_signed_in(NotSignedIn::Ended(reason)),
            Found::Absent => not_signed_in(NotSignedIn::UnknownSession),
        }
    }

    /// Ends a session, says why, and has its refresh token revoked, unless it was over already.
    pub(crate) async fn end(
        &self,
        key: StoreKey,
        reason: EndReason,
    ) -> Result<Option<Arc<StoredSession>>, Error> {
        let ended = self.store.end(&key, reason).await?;
        if let Some(session) = &ended {
            watch::session_ended(key, reason);
            self.revoke_behind(session.record.tokens.refresh_token.clone());
        }
        Ok(ended)
    }

    /// The same where nobody can be told of a failure.
    pub(crate) async fn end_or_say(&self, key: StoreKey, reason: EndReason) {
        if let Err(error) = self.end(key, reason).await {
            tracing::warn!(target: "authsession::session", session = ?key, %reason, %error, "a session could not be ended");
        }
    }

    /// Tells the provider that a refresh token is done with, behind the caller's back: that it cannot be told is no reason
    /// to fail, or to wait.
    pub(crate) fn revoke_behind(&self, refresh_token: Option<Secret>) {
        let Some(token) = refresh_token else { return };
        let configuration = Arc::clone(&self.configuration);
        tokio::spawn(async move {
            let OAuthConfiguration { http, provider, client, .. } = &*configuration;
            if let Err(error) =
                revocation::revoke(http, provider, client, &token, TokenKind::RefreshToken).await
            {
                tracing::warn!(target: "authsession::session", %error, "a refresh token could not be revoked");
            }
        });
    }

    /// Ends sessions that are overdue though nobody asks for them, behind the caller's back.
    pub(crate) fn sweep_behind(&self) {
        let keeper = self.clone();
        tokio::spawn(async move {
            match keeper.store.sweep(SWEPT_AT_ONCE).await {
                Ok(swept) => {
                    for (key, reason, session) in swept {
                        watch::session_ended(key, reason);
                        keeper.revoke_behind(session.record.tokens.refresh_token.clone());
                    }
                }
                Err(error) => {
                    tracing::warn!(target: "authsession::session", %error, "the store was not swept")
                }
            }
        });
    }

    /// Moves the idle deadline on, behind the request's back and not at every request.
    fn touch(&self, key: StoreKey, idle_deadline: Timestamp) {
        let deadline = self.configuration.clock.now() + self.configuration.session_idle_timeout;
        let step = (self.configuration.session_idle_timeout / TOUCH_PART).min(TOUCH_AT_MOST);
        if deadline.since(idle_deadline) < step {
            return;
        }
        self.sweep_behind();
        let store = Arc::clone(&self.store);
        tokio::spawn(async move {
            if let Err(error) = store.touch(&key, deadline).await {
                tracing::warn!(target: "authsession::session", %error, "an idle deadline was not moved on");
            }
        });
    }
}
