//! What a refreshed ID token says of the session's end: `session_expiry` (OpenID Connect Enterprise Extensions 1.0, draft 02, §2.1).

use authsession_core::claims::IdTokenClaims;
use authsession_core::clock::Timestamp;
use authsession_core::token_set::TokenSet;
use authsession_store::record::SessionRecord;

use crate::refresh::Refresher;

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
}
