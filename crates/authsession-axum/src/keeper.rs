//! Sessions as this application keeps them: which count as live, and what ending one takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use authsession_core::claims::IdTokenClaims;
use authsession_core::clock::{self, Timestamp};
use authsession_core::revocation::{self, TokenKind};
use authsession_core::secret::Secret;
use authsession_store::end_reason::EndReason;
use authsession_store::key::StoreKey;
use authsession_store::record::StoredSession;
use authsession_store::store::{EndedSession, Found, SessionStore};
use futures_util::FutureExt as _;

use crate::config::OAuthConfiguration;
use crate::errors::{Error, NotSignedIn};
use crate::sweeps::Sweeps;
use crate::unsaved::Unsaved;
use crate::watch;

/// A touch is saved when the idle deadline has moved by this part of the idle timeout, or by a minute.
const TOUCH_PART: u32 = 10;
const TOUCH_AT_MOST: Duration = Duration::from_secs(60);

/// How long a provider is told of one batch of swept sessions.
const TELLING: Duration = Duration::from_secs(60);

/// The store, and the configuration that says what its sessions are worth. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Keeper {
    pub(crate) configuration: Arc<OAuthConfiguration>,
    pub(crate) store: Arc<dyn SessionStore>,
    pub(crate) unsaved: Arc<Unsaved>,
    sweeps: Sweeps,
    told_of_absurd_session_expiry: Arc<AtomicBool>,
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
        Self {
            configuration,
            store,
            unsaved: Arc::default(),
            sweeps: Sweeps::default(),
            told_of_absurd_session_expiry: Arc::default(),
        }
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
                    Look::Use => self.touch(key, session.record.remembered, idle_deadline),
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
        let Some(ended) = self.store.end(&key, reason).await? else { return Ok(None) };
        watch::session_ended(key, ended.reason);
        self.revoke_behind(self.no_longer_needed(&ended));
        Ok(ended.session)
    }

    /// The refresh tokens to revoke with a session that ended. A deadline of one device's session ends nothing of the user's
    /// others, where to revoke one token would.
    fn no_longer_needed(&self, ended: &EndedSession) -> Vec<Secret> {
        let tokens = self.refresh_tokens(ended);
        let by_a_deadline = matches!(ended.reason, EndReason::Idle | EndReason::TooOld);
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
    pub(crate) fn refresh_tokens(&self, ended: &EndedSession) -> Vec<Secret> {
        let parked = self.unsaved.take(&ended.key).and_then(|parked| parked.tokens.refresh_token);
        // Another application's token is not for our provider to see.
        let ours = ended.session.as_ref().filter(|session| self.is_ours(session));
        let kept = ours.and_then(|session| session.record.tokens.refresh_token.clone());
        kept.into_iter().chain(parked).collect()
    }

    /// Tells the provider that refresh tokens are done with, behind the caller's back and one after the other: that it
    /// cannot be told is no reason to fail, or to wait.
    pub(crate) fn revoke_behind(&self, refresh_tokens: impl IntoIterator<Item = Secret>) {
        let tokens: Vec<_> = refresh_tokens.into_iter().collect();
        if tokens.is_empty() {
            return;
        }
        let keeper = self.clone();
        tokio::spawn(async move { keeper.revoke(tokens).await });
    }

    /// The same for one of somebody who may have other sessions: not where to revoke one token ends them all.
    pub(crate) fn revoke_one_behind(&self, refresh_token: Option<Secret>) {
        if !self.ends_whole_grants() {
            self.revoke_behind(refresh_token);
        }
    }

    async fn revoke(&self, refresh_tokens: Vec<Secret>) {
        let OAuthConfiguration { http, provider, client, .. } = &*self.configuration;
        for token in refresh_tokens {
            if let Err(error) =
                revocation::revoke(http, provider, client, &token, TokenKind::RefreshToken).await
            {
                tracing::warn!(target: "authsession::session", %error, "a refresh token could not be revoked");
            }
        }
    }

    /// Ends sessions that are overdue though nobody asks for them, when it is time to. Nobody waits for it.
    pub(crate) fn sweep_behind(&self) {
        let keeper = self.clone();
        self.sweeps.start(&self.store, &self.configuration.clock, move |swept| {
            let keeper = keeper.clone();
            async move { keeper.swept(swept).await }
        });
    }

    /// The next batch is swept when the provider has been told of this one, or takes too long.
    async fn swept(&self, swept: Vec<EndedSession>) {
        let mut tokens = Vec::new();
        for ended in swept {
            watch::session_ended(ended.key, ended.reason);
            tokens.extend(self.no_longer_needed(&ended));
        }
        if clock::within(TELLING, self.revoke(tokens)).await.is_none() {
            tracing::warn!(target: "authsession::session", "the provider takes too long to be told of sessions that ended: their refresh tokens are left to expire");
        }
    }

    /// When the provider says that a session must end (OpenID Connect Enterprise Extensions 1.0, draft 02, §2.1). What cannot be
    /// meant locks nobody out, and is told of once.
    pub(crate) fn session_expiry(&self, claims: &IdTokenClaims) -> Option<Timestamp> {
        if claims.has_absurd_session_expiry()
            && !self.told_of_absurd_session_expiry.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(target: "authsession::login", "the provider sends a session_expiry that is no time in seconds: it is ignored, and sessions last as long as this application says");
        }
        self.configuration.session_limits.session_expiry(claims)
    }

    /// Moves the idle deadline on, behind the request's back and not at every request. Where it is then.
    fn touch(&self, key: StoreKey, remembered: bool, idle_deadline: Timestamp) -> Timestamp {
        let idle_timeout = self.configuration.session_limits.idle_timeout(remembered);
        let deadline = self.configuration.clock.now() + idle_timeout;
        let step = (idle_timeout / TOUCH_PART).min(TOUCH_AT_MOST);
        if deadline.since(idle_deadline) < step {
            return idle_deadline;
        }
        self.sweep_behind();
        let store = Arc::clone(&self.store);
        let mut touch = Box::pin(async move {
            if let Err(error) = store.touch(&key, deadline).await {
                tracing::warn!(target: "authsession::session", %error, "an idle deadline was not moved on");
            }
        });
        // At once where nothing has to be waited for.
        if touch.as_mut().now_or_never().is_none() {
            tokio::spawn(touch);
        }
        deadline
    }
}
