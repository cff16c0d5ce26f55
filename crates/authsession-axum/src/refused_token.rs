//! Access tokens an API refused before their time: marked in the store, so that every replica sees it and one renews it.

use std::sync::Arc;
use std::time::Duration;

use authsession_core::clock::Timestamp;
use authsession_core::error::{Endpoint, Error as ProtocolError, Fault};
use authsession_core::secret::equal_in_constant_time;
use authsession_store::key::StoreKey;
use authsession_store::record::{Refused, SessionRecord, StoredSession};
use authsession_store::store::Updated;

use crate::engine::Engine;
use crate::errors::{Error, NotSignedIn};
use crate::keeper::Look;

/// A token refused at this age was never good.
const YOUNG: Duration = Duration::from_secs(60);
/// So many of those in a row are renewed at once: a password changed, an administrator at work. From then on it takes a pause.
const FORGIVEN: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(120);
/// After so long without one, the next is not one more in a row.
const QUIET: Duration = Duration::from_secs(600);
/// How often a mark or a token is tried to be had while others are at it too.
const TRIES: u32 = 8;

impl Engine {
    /// The session with an access token that may be used.
    pub(crate) async fn with_token(&self, key: StoreKey, look: Look) -> Result<Arc<StoredSession>, Error> {
        for _ in 0..TRIES {
            let found = self.keeper().store.load(&key).await?;
            let session = self.keeper().judge(key, found, look)?.session;
            match self.usable(key, session) {
                Some(session) if self.is_expired(&session) => {
                    return Err(Error::NotSignedIn(NotSignedIn::TokenExpired));
                }
                Some(session) => return Ok(session),
                // Not what the flight brings: it may have begun before the token it found was refused.
                None => drop(self.refresh(key).await?),
            }
        }
        let cause = ProtocolError::unavailable(Endpoint::Token, Fault::BackingOff);
        Err(Error::Unavailable { retry_after: FIRST_PAUSE, cause: cause.into() })
    }

    /// The same, when nothing has to be waited for.
    pub(crate) fn with_token_at_once(&self, key: StoreKey, look: Look) -> Option<Arc<StoredSession>> {
        let session = self.session_at_once(key, look)?.ok()?.session;
        (!self.is_expired(&session)).then_some(session)
    }

    /// Takes note that an API refused this access token: if it still is the session's, it is not handed out any more.
    pub(crate) async fn refuse(&self, key: StoreKey, token: &str) -> Result<(), Error> {
        for _ in 0..TRIES {
            let session = self.keeper().live(key).await?;
            let record = &session.record;
            if !equal_in_constant_time(record.tokens.access_token.expose(), token) {
                return Ok(());
            }
            let Some(refused) = once_more(record, self.configuration().clock.now()) else { return Ok(()) };
            let marked = SessionRecord { refused: Some(refused), ..record.clone() };
            match self.keeper().store.update(&key, session.version, marked).await? {
                Updated::Saved(_) | Updated::Ended => return Ok(()),
                // A refresh, or another refusal, or something of the application's.
                Updated::Changed => {}
            }
        }
        Ok(())
    }
}

/// The mark for a session whose token was refused. `None` when it has one, and while tokens are refused as fast as they are
/// had: another one would only be the next.
fn once_more(record: &SessionRecord, now: Timestamp) -> Option<Refused> {
    let last = record.refused.filter(|last| last.pending || now.since(last.at) <= QUIET);
    let before = last.map_or(0, |last| last.young);
    let is_young = now.since(record.tokens.received_at) <= YOUNG;
    let young = if is_young || before >= FORGIVEN { before.saturating_add(1) } else { 0 };
    if last.is_some_and(|last| last.pending || now.since(last.at) < pause(young)) {
        return None;
    }
    Some(Refused { at: now, young, pending: true })
}

/// How long after the refusal before it one that makes it so many is heard.
fn pause(young: u32) -> Duration {
    match young.checked_sub(FORGIVEN + 1) {
        None => Duration::ZERO,
        Some(further) => (FIRST_PAUSE * 2u32.saturating_pow(further.min(8))).min(LONGEST_PAUSE),
    }
}
