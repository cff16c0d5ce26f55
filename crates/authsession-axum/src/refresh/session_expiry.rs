//! What a refreshed ID token says of the session's end: `session_expiry` (OpenID Connect Enterprise Extensions 1.0, draft 02, §2.1).

use std::sync::Arc;

use authsession_core::claims::IdTokenClaims;
use authsession_core::clock::Timestamp;
use authsession_core::token_set::TokenSet;
use authsession_store::end_reason::EndReason;
use authsession_store::key::StoreKey;
use authsession_store::record::{SessionRecord, StoredSession};

use authsession_store::store::Found;

use crate::errors::Error;
use crate::refresh::Refresher;
use crate::unsaved::Parked;

impl Refresher {
    /// The `session_expiry` these tokens bring, whose ID token was verified when they came.
    pub(super) fn new_session_expiry(&self, tokens: &TokenSet) -> Option<Timestamp> {
        let claims = IdTokenClaims::danger_read_unverified(tokens.id_token.as_ref()?).ok()?;
        self.keeper.session_expiry(&claims)
    }

    /// When the session ends from now on: earlier or later by a new one, never beyond our own limit. Without a new one, as
    /// before.
    pub(super) fn end_of(&self, record: &SessionRecord, session_expiry: Option<Timestamp>) -> Timestamp {
        let limits = &self.keeper.configuration.session_limits;
        match session_expiry {
            Some(_) => limits.expires_at(record.created_at, record.remembered, session_expiry),
            None => record.expires_at,
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
        let (redeemed, until) = (before.record.tokens.refresh_token.clone(), before.record.expires_at);
        // Whoever ends the session revokes what is parked, too. While the store is away, it waits for the next try.
        self.park(key, Parked { redeemed, tokens, until });
        let ended = self.end(key, reason).await;
        if matches!(ended, Err(Error::NotSignedIn(_)))
            && matches!(self.keeper.store.load(&key).await?, Found::Ended(_) | Found::Absent)
            && let Some(Parked { tokens, .. }) = self.keeper.unsaved.take(&key)
        {
            self.let_go(tokens.refresh_token, Some(reason));
        }
        ended
    }
}
