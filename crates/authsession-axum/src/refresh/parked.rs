//! Tokens the store would not take, on their way out of this process: saved after all, or revoked once they are of no more use.

use std::sync::Arc;
use std::time::Duration;

use authsession_core::clock;
use authsession_core::retry::Backoff;
use authsession_core::secret::Secret;
use authsession_core::token_set::TokenSet;
use authsession_store::end_reason::EndReason;
use authsession_store::key::StoreKey;
use authsession_store::record::StoredSession;
use authsession_store::store::Found;
use authsession_store::waiting::RENEWAL;
use futures_util::{StreamExt as _, stream};

use crate::errors::{Error, NotSignedIn};
use crate::refresh::Refresher;
use crate::unsaved::Parked;

/// Sessions looked after at once: one that hangs does not cost the others their leases.
const AT_ONCE: usize = 32;

/// How long after its session's end something is still parked, if the store says nothing: a clock may be wrong.
const LAST_RESORT: Duration = Duration::from_secs(24 * 3600);

impl Refresher {
    /// Keeps tokens the store would not take, and sees to it that they are tried again though nobody asks for their session.
    pub(super) fn park(&self, key: StoreKey, before: &StoredSession, tokens: TokenSet) {
        let (redeemed, until) = (before.record.tokens.refresh_token.clone(), before.record.expires_at);
        if self.keeper.unsaved.park(key, Parked { redeemed, tokens, until }) {
            let refresher = self.clone();
            tokio::spawn(async move { refresher.tend().await });
        }
    }

    /// The provider says that the session must have ended by now, or this process's clock does, which may be wrong: it is over once
    /// the store takes that for its end.
    pub(super) async fn over_by(
        &self,
        reason: EndReason,
        key: StoreKey,
        before: &StoredSession,
        tokens: TokenSet,
    ) -> Result<Arc<StoredSession>, Error> {
        // Whoever ends the session revokes what is parked, too. While the store is away, it waits for the next try.
        self.park(key, before, tokens);
        let ended = self.end(key, reason).await;
        if matches!(ended, Err(Error::NotSignedIn(_)))
            && matches!(self.keeper.store.load(&key).await?, Found::Ended(_) | Found::Absent)
            && let Some(Parked { tokens, .. }) = self.keeper.unsaved.take(&key)
        {
            self.let_go(tokens.refresh_token, Some(reason));
        }
        ended
    }

    /// Saves what is parked for the session, before anything else is done with it. What it is then; `None` when nothing was.
    pub(super) async fn catch_up(
        &self,
        key: StoreKey,
        session: &Arc<StoredSession>,
    ) -> Result<Option<Arc<StoredSession>>, Error> {
        let _in_hand = self.keeper.unsaved.in_hand(key);
        let Some(Parked { redeemed, tokens, .. }) = self.keeper.unsaved.take(&key) else { return Ok(None) };
        if tokens.refresh_token == session.record.tokens.refresh_token && redeemed != tokens.refresh_token {
            // They were saved after all, and only the store's answer was lost.
            return Ok(Some(Arc::clone(session)));
        }
        let held = &session.record.tokens;
        if tokens.refresh_token == held.refresh_token && tokens.received_at <= held.received_at {
            // Refreshed elsewhere meanwhile, by the same refresh token: what is parked is the older one.
            return Ok(None);
        }
        if redeemed == held.refresh_token {
            return self.save(key, session, tokens, false).await.map(Some);
        }
        // Rotated elsewhere meanwhile: what is parked leads nowhere.
        self.let_go(tokens.refresh_token, None);
        Ok(None)
    }

    /// Has a refresh token revoked that came too late for its session, unless that would end more than was ended: `over` says
    /// why the session did, if it did.
    pub(super) fn let_go(&self, refresh_token: Option<Secret>, over: Option<EndReason>) {
        let ends_one = matches!(over, None | Some(EndReason::Replaced | EndReason::Idle | EndReason::TooOld));
        if ends_one {
            self.keeper.revoke_one_behind(refresh_token);
        } else {
            self.keeper.revoke_behind(refresh_token);
        }
    }

    /// Looks again and again, until nothing is parked; less and less often, but before a lease falls free.
    async fn tend(&self) {
        let clock = &self.keeper.configuration.clock;
        let (mut backoff, mut before) = (Backoff::default(), usize::MAX);
        loop {
            let left = self.keeper.unsaved.left();
            if left.is_empty() {
                return;
            }
            if left.len() < before {
                backoff = Backoff::default();
            }
            before = left.len();
            backoff = backoff.after_failure(clock.now(), None);
            let pause = clock::wait(backoff.wait(clock.now()).min(RENEWAL));
            let look = async |(key, until)| {
                if until + LAST_RESORT <= clock.now() {
                    self.give_up(key, Some(EndReason::TooOld));
                } else if let Err(error) = self.look_after(key).await {
                    tracing::debug!(target: "authsession::refresh", session = ?key, %error, "tokens that could not be saved stay parked");
                }
            };
            // A look that hung until the store was back is followed by the next one at once.
            pause.await;
            stream::iter(left).for_each_concurrent(AT_ONCE, look).await;
        }
    }

    async fn look_after(&self, key: StoreKey) -> Result<(), Error> {
        if !self.keeper.unsaved.has(&key) {
            return Ok(());
        }
        match self.keeper.store.load(&key).await? {
            Found::Live { .. } => return self.save_parked(key).await,
            // What is parked goes with what is kept.
            Found::Overdue(reason) => return self.keeper.end(key, reason).await.map(drop),
            // By another replica, which knows nothing of what is parked here.
            Found::Ended(reason) => self.give_up(key, Some(reason)),
            Found::Absent => self.give_up(key, None),
        }
        Ok(())
    }

    async fn save_parked(&self, key: StoreKey) -> Result<(), Error> {
        let save = async {
            let session = self.keeper.live(key).await?;
            self.catch_up(key, &session).await.map(drop)
        };
        if let Some(lease) = self.lease(key).await? {
            return self.under(&lease, save).await;
        }
        // Another replica has it, and is about to present the refresh token that is spent. The version it saves on is our fence.
        let Some(owner) = self.keeper.unsaved.lease_of(&key) else { return Ok(()) };
        let saved = save.await;
        self.keeper.unsaved.keep_lease(&key, owner);
        saved
    }

    fn give_up(&self, key: StoreKey, over: Option<EndReason>) {
        if let Some(parked) = self.keeper.unsaved.take(&key) {
            self.let_go(parked.tokens.refresh_token, over);
        }
    }
}

/// Why the session is over, if that is what came of looking for it.
pub(super) fn reason_of<T>(looked: &Result<T, Error>) -> Option<EndReason> {
    match looked {
        Err(Error::NotSignedIn(NotSignedIn::Ended(reason))) => Some(*reason),
        _ => None,
    }
}
