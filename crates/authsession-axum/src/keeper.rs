//! Sessions as this application keeps them: which count as live, and what ending one takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
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
use crate::unsaved::Unsaved;
use crate::watch;

/// A touch is saved when the idle deadline has moved by this part of the idle timeout, or by a minute.
const TOUCH_PART: u32 = 10;
const TOUCH_AT_MOST: Duration = Duration::from_secs(60);
/// How many overdue sessions one sweep ends.
const SWEPT_AT_ONCE: usize = 1_000;
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// The store, and the configuration that says what its sessions are worth. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Keeper {
    pub(crate) configuration: Arc<OAuthConfiguration>,
    pub(crate) store: Arc<dyn SessionStore>,
    pub(crate) unsaved: Arc<Unsaved>,
    next_sweep: Arc<AtomicI64>,
}

/// A session that counts, and when it ends unless it is used before.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    pub(crate) session: Arc<StoredSession>,
    pub(crate) idle_deadline: Timestamp,
}

/// What it means to the session that somebody looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Its user does something: the idle deadline moves on.
    Use,
    /// Something is done in its name that the user does not notice.
    Aside,
}

impl Keeper {
    pub(crate) fn new(configuration: Arc<OAuthConfiguration>, store: Arc<dyn SessionStore>) -> Self {
        Self { configuration, store, unsaved: Arc::default(), next_sweep: Arc::default() }
    }

    /// The live session under that key. To look at it is no use of it.
    pub(crate) async fn live(&self, key: StoreKey) -> Result<Arc<StoredSession>, Error> {
        let found = self.store.load(&key).await?;
        Ok(self.judge(key, found, Look::Aside)?.session)
    }

    /// The session a look-up found, if it counts.
    pub(crate) fn judge(&self, key: StoreKey, found: Found, look: Look) -> Result<Live, Error> {
        let not_signed_in = |why| Err(Error::NotSignedIn(why));
        match found {
            // Kept by another application that shares the store: not ours to honour, or to refresh. Or made where less was
            // demanded of the user.
            Found::Live { session, .. } if !self.is_ours(&session) || !self.suffices(&session) => {
                not_signed_in(NotSignedIn::UnknownSession)
            }
            Found::Live { session, idle_deadline } => {
                let idle_deadline = match look {
                    Look::Use => self.touch(key, idle_deadline),
                    Look::Aside => idle_deadline,
                };
                Ok(Live { session, idle_deadline })
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
            self.revoke_behind(self.no_longer_needed(key, session, reason));
        }
        Ok(ended)
    }

    /// The refresh tokens to revoke with a session that ended. A deadline of one device's session ends nothing of the user's
    /// others, where to revoke one token would.
    fn no_longer_needed(&self, key: StoreKey, session: &StoredSession, reason: EndReason) -> Vec<Secret> {
        let tokens = self.refresh_tokens(key, session);
        let by_a_deadline = matches!(reason, EndReason::Idle | EndReason::TooOld);
        if by_a_deadline && self.ends_whole_grants() { Vec::new() } else { tokens }
    }

    /// The same where nobody can be told of a failure.
    pub(crate) async fn end_or_say(&self, key: StoreKey, reason: EndReason) {
        if let Err(error) = self.end(key, reason).await {
            tracing::warn!(target: "authsession::session", session = ?key, %reason, %error, "a session could not be ended");
        }
    }

    /// Whether this application's client made the session at this application's provider.
    fn is_ours(&self, session: &StoredSession) -> bool {
        let record = &session.record;
        self.configuration.honours_issuer(&record.issuer) && record.client_id == self.configuration.client_id
    }

    /// Whether its user authenticated as strongly as is demanded of every login.
    fn suffices(&self, session: &StoredSession) -> bool {
        self.configuration.every_login.essential_acr.is_none()
            || self.configuration.accepts_acr(session.authentication_context())
    }

    /// What is to be revoked of a session that ended: its refresh token, and one the store would not take.
    pub(crate) fn refresh_tokens(&self, key: StoreKey, session: &StoredSession) -> Vec<Secret> {
        let parked = self.unsaved.take(&key).and_then(|parked| parked.tokens.refresh_token);
        // Another application's token is not for our provider to see.
        let kept = session.record.tokens.refresh_token.clone().filter(|_| self.is_ours(session));
        kept.into_iter().chain(parked).collect()
    }

    /// Tells the provider that refresh tokens are done with, behind the caller's back and one after the other: that it
    /// cannot be told is no reason to fail, or to wait.
    pub(crate) fn revoke_behind(&self, refresh_tokens: impl IntoIterator<Item = Secret>) {
        let tokens: Vec<_> = refresh_tokens.into_iter().collect();
        if tokens.is_empty() {
            return;
        }
        let configuration = Arc::clone(&self.configuration);
        tokio::spawn(async move {
            let OAuthConfiguration { http, provider, client, .. } = &*configuration;
            for token in tokens {
                if let Err(error) =
                    revocation::revoke(http, provider, client, &token, TokenKind::RefreshToken).await
                {
                    tracing::warn!(target: "authsession::session", %error, "a refresh token could not be revoked");
                }
            }
        });
    }

    /// Ends sessions that are overdue though nobody asks for them, behind the caller's back and once a second at most.
    pub(crate) fn sweep_behind(&self) {
        let now = self.configuration.clock.now();
        let due = self.next_sweep.load(Ordering::Relaxed);
        let next = (now + SWEEP_EVERY).unix_millis();
        if now.unix_millis() < due
            || self.next_sweep.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_err()
        {
            return;
        }
        let keeper = self.clone();
        tokio::spawn(async move {
            match keeper.store.sweep(SWEPT_AT_ONCE).await {
                Ok(swept) => {
                    let mut tokens = Vec::new();
                    for (key, reason, session) in swept {
                        watch::session_ended(key, reason);
                        tokens.extend(keeper.no_longer_needed(key, &session, reason));
                    }
                    keeper.revoke_behind(tokens);
                }
                Err(error) => {
                    tracing::warn!(target: "authsession::session", %error, "the store was not swept")
                }
            }
        });
    }

    /// Moves the idle deadline on, behind the request's back and not at every request. Where it is then.
    fn touch(&self, key: StoreKey, idle_deadline: Timestamp) -> Timestamp {
        let deadline = self.configuration.clock.now() + self.configuration.session_idle_timeout;
        let step = (self.configuration.session_idle_timeout / TOUCH_PART).min(TOUCH_AT_MOST);
        if deadline.since(idle_deadline) < step {
            return idle_deadline;
        }
        self.sweep_behind();
        let store = Arc::clone(&self.store);
        tokio::spawn(async move {
            if let Err(error) = store.touch(&key, deadline).await {
                tracing::warn!(target: "authsession::session", %error, "an idle deadline was not moved on");
            }
        });
        deadline
    }
}
