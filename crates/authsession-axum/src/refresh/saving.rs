//! Refreshed tokens on their way into the store: tried again, and parked while it takes nothing.

use std::sync::Arc;
use std::time::Duration;

use authsession_core::clock::{self, Timestamp};
use authsession_core::error::{Endpoint, Error as ProtocolError, Fault};
use authsession_core::token_set::TokenSet;
use authsession_store::end_reason::EndReason;
use authsession_store::key::StoreKey;
use authsession_store::record::{Refused, SessionRecord, StoredSession, Version};
use authsession_store::store::{Found, StoreError, Updated};

use crate::errors::Error;
use crate::keeper::Look;
use crate::refresh::Refresher;
use crate::refresh::parked::reason_of;
use crate::watch::{self, Outcome};

/// A refreshed token set that cannot be saved is tried again this often, then parked and saved first next time.
pub(super) const SAVES: u32 = 8;
pub(super) const SAVE_AGAIN: Duration = Duration::from_millis(50);
/// How long they are tried in all: a store that hangs takes its time for each, and somebody waits for the answer.
pub(super) const SAVING: Duration = Duration::from_secs(5);

/// How far saving got.
enum Saving {
    Done(Arc<StoredSession>),
    Onto(Arc<StoredSession>),
    Ended,
}

impl Refresher {
    /// Saves the new tokens onto whatever version the session has by now; onto an ended one, never.
    pub(super) async fn save(
        &self,
        key: StoreKey,
        before: &StoredSession,
        tokens: TokenSet,
        id_token_refused: bool,
    ) -> Result<Arc<StoredSession>, Error> {
        let id_token_is_new = tokens.id_token != before.record.tokens.id_token;
        let session_expiry = if id_token_is_new { self.new_session_expiry(&tokens) } else { None };
        if session_expiry.is_some_and(|at| at <= self.keeper.configuration.clock.now()) {
            return self.over_by(EndReason::TooOld, key, before, tokens).await;
        }
        let saving = self.save_in_time(key, before, &tokens, id_token_refused, session_expiry);
        match clock::within(SAVING, saving).await.flatten() {
            Some(Saving::Done(session)) => return Ok(session),
            Some(_) => return self.ended_meanwhile(key, before, tokens).await,
            None => {}
        }
        self.park(key, before, tokens);
        Err(self.later(key, ProtocolError::unavailable(Endpoint::Token, Fault::BackingOff)))
    }

    /// `None`: not in so many attempts.
    async fn save_in_time(
        &self,
        key: StoreKey,
        before: &StoredSession,
        tokens: &TokenSet,
        id_token_refused: bool,
        session_expiry: Option<Timestamp>,
    ) -> Option<Saving> {
        let id_token_is_new = tokens.id_token != before.record.tokens.id_token;
        let (mut version, mut base) = (before.version, before.record.clone());
        for attempt in 1..=SAVES {
            // What was refused was the token that is replaced now; parked after a useless answer, it is the same one still.
            let same = tokens.access_token == base.tokens.access_token;
            let refused = base.refused.map(|refused| Refused { pending: refused.pending && same, ..refused });
            let record = SessionRecord {
                tokens: tokens.clone(),
                expires_at: self.end_of(&base, session_expiry),
                refresh_sent_at: None,
                refused,
                userinfo_is_newer: base.userinfo_is_newer && !id_token_is_new,
                id_token_refused: id_token_refused || (base.id_token_refused && !id_token_is_new),
                ..base.clone()
            };
            match self.save_once(key, version, record, before).await {
                Ok(Saving::Onto(newer)) => (version, base) = (newer.version, newer.record.clone()),
                Ok(saved_or_ended) => return Some(saved_or_ended),
                Err(error) => {
                    tracing::error!(target: "authsession::refresh", session = ?key, %error, attempt, "refreshed tokens could not be saved");
                    if attempt < SAVES {
                        clock::wait(SAVE_AGAIN * attempt).await;
                    }
                }
            }
        }
        None
    }

    /// Somebody signed out meanwhile: the tokens are of no more use to anyone.
    pub(super) async fn ended_meanwhile(
        &self,
        key: StoreKey,
        before: &StoredSession,
        tokens: TokenSet,
    ) -> Result<Arc<StoredSession>, Error> {
        match self.keeper.store.load(&key).await {
            Ok(Found::Overdue(reason)) => self.over_by(reason, key, before, tokens).await,
            Ok(found @ (Found::Ended(_) | Found::Absent)) => {
                let over = self.keeper.judge(key, found, Look::Aside).map(|live| live.session);
                self.let_go(tokens.refresh_token, reason_of(&over));
                over
            }
            // It lives after all, or nobody knows.
            Ok(Found::Live { .. }) | Err(_) => {
                self.park(key, before, tokens);
                Err(self.later(key, ProtocolError::unavailable(Endpoint::Token, Fault::BackingOff)))
            }
        }
    }

    async fn save_once(
        &self,
        key: StoreKey,
        version: Version,
        record: SessionRecord,
        before: &StoredSession,
    ) -> Result<Saving, StoreError> {
        Ok(match self.keeper.store.update(&key, version, record).await? {
            Updated::Saved(session) => {
                if session.record.tokens.access_token != before.record.tokens.access_token {
                    self.failures.succeeded(&key);
                    watch::refresh(key, Outcome::Refreshed);
                    self.keeper.renew_userinfo_behind(key, before, &session);
                }
                Saving::Done(session)
            }
            Updated::Ended => Saving::Ended,
            Updated::Changed => match self.keeper.store.load(&key).await? {
                // Another replica rotated it in spite of our lease: what it holds is the newer end of the chain.
                Found::Live { session, .. }
                    if session.record.tokens.refresh_token != before.record.tokens.refresh_token =>
                {
                    Saving::Done(session)
                }
                Found::Live { session, .. } => Saving::Onto(session),
                Found::Overdue(_) | Found::Ended(_) | Found::Absent => Saving::Ended,
            },
        })
    }
}
