//! One refresh, from lease to release: the steps of the refresh engine, in their order (RFC 6749 §6, RFC 9700 §4.14).

mod id_token;
mod lease;
mod parked;
mod rotated;
mod saving;
mod session_expiry;

use std::sync::Arc;
use std::time::Duration;

use authsession_core::clock::{self, Timestamp};
use authsession_core::error::{Endpoint, Error as ProtocolError, Fault, OAuthError};
use authsession_core::grant::refresh_token::RefreshToken;
use authsession_core::token_set::{Freshness, TokenSet};
use authsession_store::end_reason::EndReason;
use authsession_store::key::StoreKey;
use authsession_store::record::{Refused, SessionRecord, StoredSession};
use authsession_store::store::{Found, Updated};
use authsession_store::waiting::Looks;

use crate::errors::{Error, NotSignedIn};
use crate::failures::Failures;
use crate::keeper::Keeper;
use crate::refresh::lease::Lease;
use crate::refresh::saving::{SAVE_AGAIN, SAVES};
use crate::watch::{self, Outcome};

/// How long to wait for another replica's refresh, or to get ready for our own.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long is waited for a process that presented a refresh token and lost the lease: it looks as often as it renews one, and a call
/// to a store that comes back takes a moment.
const GRACE: Duration = Duration::from_secs(8);
/// The mark of a refresh that may have been sent, and to which nobody has the answer.
const NOBODY_KNOWS: Timestamp = Timestamp::from_unix_seconds(0);
/// What a request is told to wait when the provider says nothing and nothing is backing off.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What a refresh works with.
#[derive(Clone, Debug)]
pub(crate) struct Refresher {
    pub(crate) keeper: Keeper,
    pub(crate) failures: Arc<Failures>,
}

impl Refresher {
    pub(crate) fn new(keeper: Keeper) -> Self {
        Self { keeper, failures: Arc::new(Failures::new()) }
    }

    pub(crate) fn freshness(&self, session: &StoredSession) -> Freshness {
        let configuration = &self.keeper.configuration;
        match session.record.refused {
            // No API takes it any more, whatever the provider said how long.
            Some(Refused { pending: true, .. }) => Freshness::Expired,
            _ => session.record.tokens.freshness(configuration.clock.now(), configuration.refresh_margin),
        }
    }

    /// How long this session's next refresh must wait after failed ones.
    pub(crate) fn pause(&self, key: &StoreKey) -> Duration {
        self.failures.pause(key, self.keeper.configuration.clock.now())
    }

    /// Refreshes the session once. Runs detached, inside a single flight.
    pub(crate) async fn refresh(&self, key: StoreKey) -> Result<Arc<StoredSession>, Error> {
        let (store, clock) = (&self.keeper.store, &self.keeper.configuration.clock);
        let mut looks = Looks::for_at_most(PATIENCE, store.hears_of_changes()).by(clock);
        loop {
            if let Some(lease) = self.lease(key).await?
                && let Some(session) = self.under(&lease, self.holding(&lease)).await?
            {
                return Ok(session);
            }
            // Another replica is at it, the session is over, or the store takes too long.
            let session = self.keeper.live(key).await?;
            if self.freshness(&session) != Freshness::Expired {
                return Ok(session);
            }
            let Some(pause) = looks.next() else { break };
            store.wait_for_change(&key, pause).await;
        }
        Err(unavailable(ProtocolError::unavailable(Endpoint::Token, Fault::TimedOut), RETRY_AFTER))
    }

    /// `None`: nothing was sent, since the lease was lost, or getting ready took too long.
    async fn holding(&self, lease: &Lease) -> Result<Option<Arc<StoredSession>>, Error> {
        let (key, began) = (lease.key, self.keeper.configuration.clock.now());
        let mut waited_for = None;
        loop {
            // Looked at again: whoever held the lease before may have refreshed it.
            let session = self.keeper.live(key).await?;
            if let Some(saved) = self.catch_up(key, &session).await? {
                if self.freshness(&saved) != Freshness::Expired {
                    return Ok(Some(saved));
                }
                continue;
            }
            if self.keeper.unsaved.is_in_hand(&key) {
                // What was parked here is on its way into the store.
                clock::wait(SAVE_AGAIN).await;
                continue;
            }
            let freshness = self.freshness(&session);
            let before = session.record.refresh_sent_at;
            let may_be_spent = before.is_some();
            let Some(refresh_token) = session.record.tokens.refresh_token.clone() else {
                return Ok(Some(session));
            };
            if freshness == Freshness::Fresh || (may_be_spent && freshness == Freshness::Stale) {
                return Ok(Some(session));
            }
            // Before the mark: what fails here was never sent.
            if let Err(error) = self.keeper.configuration.provider.metadata().await {
                return Err(self.later(key, error));
            }
            if self.somebody_may_have_the_answer(before) && waited_for != before {
                waited_for = before;
                self.wait_for_who_sent(key, before).await;
                continue;
            }
            let clock = &self.keeper.configuration.clock;
            if clock.now().since(began) > PATIENCE || !self.still_has(lease).await? {
                return Ok(None);
            }
            let marked = SessionRecord { refresh_sent_at: Some(clock.now()), ..session.record.clone() };
            let session = match self.keeper.store.update(&key, session.version, marked).await? {
                Updated::Saved(session) => session,
                Updated::Changed | Updated::Ended => {
                    lease.doubt();
                    continue;
                }
            };
            if !lease.is_sure(clock.now()) {
                // This process stood still: somebody else may hold the lease by now, and present that token.
                self.mark_anew(key, &session, before).await;
                lease.doubt();
                continue;
            }
            let grant = RefreshToken { refresh_token, scope: None };
            let (answer, rotated) = self.keeper.configuration.token_endpoint.redeem_rotating(&grant).await;
            watch::clock_skew(self.keeper.configuration.clock_skew());
            let session = match answer {
                Ok(tokens) => self.adopt(key, &session, tokens).await,
                Err(error) => {
                    if let Some(rotated) = rotated {
                        self.keep_rotated(key, &session, rotated).await;
                    }
                    self.refused(key, &session, error, may_be_spent).await
                }
            };
            return session.map(Some);
        }
    }

    /// Another process presented the refresh token, and lost the lease since: it may have an answer, and save it now that the store
    /// is back. Nothing is lost by waiting, as it is by presenting the token again.
    async fn wait_for_who_sent(&self, key: StoreKey, mark: Option<Timestamp>) {
        let (store, clock) = (&self.keeper.store, &self.keeper.configuration.clock);
        for pause in Looks::for_at_most(GRACE, store.hears_of_changes()).by(clock) {
            store.wait_for_change(&key, pause).await;
            let looked = store.load(&key).await;
            if !matches!(looked, Ok(Found::Live { session, .. }) if session.record.refresh_sent_at == mark) {
                return;
            }
        }
    }

    /// Takes the new tokens over, once they are known not to be somebody else's.
    async fn adopt(
        &self,
        key: StoreKey,
        before: &StoredSession,
        mut tokens: TokenSet,
    ) -> Result<Arc<StoredSession>, Error> {
        let id_token_refused = match self.take_id_token(key, before, &mut tokens).await {
            Ok(taken) => !taken,
            Err(mismatch) => return self.for_someone_else(key, mismatch, tokens).await,
        };
        let configuration = &self.keeper.configuration;
        let old = &before.record.tokens;
        if let Err(error) = configuration.kept.take(&before.record.issuer, Some(&old.extras), &mut tokens) {
            return self.for_someone_else(key, error, tokens).await;
        }
        tokens.refresh_token = tokens.refresh_token.or_else(|| old.refresh_token.clone());
        tokens.scope = tokens.scope.or_else(|| old.scope.clone());
        tokens.id_token = tokens.id_token.or_else(|| old.id_token.clone());
        configuration.limit_token_age(&mut tokens);
        // Later than what it replaces, whatever the clock did: by that, processes whose sessions travel tell whose state is newer.
        tokens.received_at = tokens.received_at.max(old.received_at + Duration::from_millis(1));
        self.save(key, before, tokens, id_token_refused).await
    }

    async fn for_someone_else(
        &self,
        key: StoreKey,
        error: ProtocolError,
        tokens: TokenSet,
    ) -> Result<Arc<StoredSession>, Error> {
        tracing::error!(target: "authsession::refresh", session = ?key, %error, "a refresh was answered for someone else");
        self.keeper.revoke_one_behind(tokens.refresh_token);
        self.end(key, EndReason::ProviderMismatch).await
    }

    /// The provider did not hand out tokens: the grant is dead, or the session is kept and tried again later.
    async fn refused(
        &self,
        key: StoreKey,
        session: &StoredSession,
        error: ProtocolError,
        may_be_spent: bool,
    ) -> Result<Arc<StoredSession>, Error> {
        if self.count_and_judge(key, session, &error) {
            // Perhaps it is dead because another replica rotated it: then there is a newer one.
            let newer = self.keeper.live(key).await?;
            if newer.record.tokens.refresh_token != session.record.tokens.refresh_token {
                return Ok(newer);
            }
            watch::refresh(key, Outcome::Refused);
            let reason = if may_be_spent { EndReason::RefreshLost } else { EndReason::RefreshRefused };
            return self.end(key, reason).await;
        }
        watch::refresh(key, Outcome::Failed);
        if matches!(error, ProtocolError::Misconfigured { .. }) {
            tracing::error!(target: "authsession::refresh", session = ?key, %error, "a refresh failed; the session is kept");
        } else {
            tracing::warn!(target: "authsession::refresh", session = ?key, %error, "a refresh failed; the session is kept");
        }
        let was_never_sent = !error.may_have_happened() && !may_be_spent;
        self.mark_anew(key, session, if was_never_sent { None } else { Some(NOBODY_KNOWS) }).await;
        Err(self.later(key, error))
    }

    /// Counts the refusal, and says whether it is the grant's end. One without a word is not, until nothing is left to lose and it
    /// has been said often enough.
    fn count_and_judge(&self, key: StoreKey, session: &StoredSession, error: &ProtocolError) -> bool {
        let ProtocolError::GrantRefused { code, .. } = error else {
            self.failures.something_was_said(&key);
            return false;
        };
        let now = self.keeper.configuration.clock.now();
        match code {
            OAuthError::Unstated if self.freshness(session) == Freshness::Expired => {
                self.failures.refused_without_a_word(key, now)
            }
            OAuthError::Unstated => false,
            code => {
                self.failures.something_was_said(&key);
                code.ends_the_grant()
            }
        }
    }

    /// Whether the mark is another process's that has an answer, perhaps, and could not save it yet. Where sessions travel with their
    /// users, no process saves into another's copy.
    fn somebody_may_have_the_answer(&self, mark: Option<Timestamp>) -> bool {
        mark.is_some_and(|mark| mark != NOBODY_KNOWS) && self.keeper.store.carrier().is_none()
    }

    /// Our mark becomes what is known by now: nothing was spent, and the next refresh need not be careful; or nobody has the answer,
    /// and nobody is to be waited for. One that finds it as it was is careful, and waits, which costs no more than time.
    async fn mark_anew(&self, key: StoreKey, marked: &StoredSession, mark: Option<Timestamp>) {
        let (mut version, mut base) = (marked.version, marked.record.clone());
        for _ in 0..SAVES {
            let record = SessionRecord { refresh_sent_at: mark, ..base };
            let newer = match self.keeper.store.update(&key, version, record).await {
                Ok(Updated::Saved(_) | Updated::Ended) => return,
                Ok(Updated::Changed) => self.keeper.live(key).await,
                Err(error) => Err(error.into()),
            };
            match newer {
                Ok(newer) if newer.record.refresh_sent_at == marked.record.refresh_sent_at => {
                    (version, base) = (newer.version, newer.record.clone());
                }
                // It is somebody else's by now.
                Ok(_) => return,
                Err(error) => {
                    tracing::warn!(target: "authsession::refresh", session = ?key, %error, "the mark of a refresh stays as it was");
                    return;
                }
            }
        }
    }

    /// The session is kept, and its next refresh waits.
    fn later(&self, key: StoreKey, error: ProtocolError) -> Error {
        let retry_after = match &error {
            ProtocolError::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        };
        self.failures.failed(key, self.keeper.configuration.clock.now(), retry_after);
        unavailable(error, self.pause(&key))
    }

    async fn end<T>(&self, key: StoreKey, reason: EndReason) -> Result<T, Error> {
        self.keeper.end(key, reason).await?;
        self.failures.succeeded(&key);
        Err(Error::NotSignedIn(NotSignedIn::Ended(reason)))
    }
}

/// Whatever kept a refresh from happening, the answer to a request is the same: later.
fn unavailable(cause: ProtocolError, wait: Duration) -> Error {
    Error::Unavailable { retry_after: wait.max(RETRY_AFTER), cause: cause.into() }
}
