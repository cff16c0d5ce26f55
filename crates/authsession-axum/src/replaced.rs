//! The session a browser had before its user signed in anew: how it ends, and when the new one gets its refresh token.

use authsession_core::claims::IdTokenClaims;
use authsession_core::error::Error as ProtocolError;
use authsession_core::secret::Secret;
use authsession_store::end_reason::EndReason;
use authsession_store::key::StoreKey;
use authsession_store::record::{SessionRecord, StoredSession};
use authsession_store::store::{StoreError, Updated};

use crate::errors::Error;
use crate::keeper::Keeper;
use crate::watch;

impl Keeper {
    /// Whether a new session will get the refresh token of the one before, which [`replace`](Self::replace) hands over.
    pub(crate) async fn will_inherit(&self, new: &SessionRecord, before: StoreKey) -> Result<bool, Error> {
        match self.live(before).await {
            Ok(session) => Ok(self.hands_over(before, &session.record, new)),
            Err(Error::NotSignedIn(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Ends the session before a new one that is kept already: whatever fails here, the user is signed in. Its refresh token
    /// is handed over, or revoked, or left to expire where to revoke it would end the new one's grant too.
    pub(crate) async fn replace(&self, before: StoreKey, key: StoreKey, new: &StoredSession) {
        let ended = match self.store.end(&before, EndReason::Replaced).await {
            Ok(Some(ended)) => ended,
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(target: "authsession::session", session = ?before, %error, "a session that was replaced could not be ended");
                return;
            }
        };
        watch::session_ended(before, ended.reason);
        let inherits =
            ended.session.as_ref().is_some_and(|old| self.hands_over(before, &old.record, &new.record));
        let same_user = ended.session.as_ref().is_some_and(|old| is_same_user(&old.record, &new.record));
        let mut tokens = self.refresh_tokens(&ended);
        if inherits
            && let Some(token) = tokens.pop()
            && let Err(error) = self.bequeath(key, new, token).await
        {
            tracing::warn!(target: "authsession::session", session = ?key, %error, "a refresh token could not be handed over");
        }
        if !(self.ends_whole_grants() && same_user) {
            self.revoke_behind(tokens);
        }
    }

    /// Whether to revoke one refresh token ends all of its user's: providers that issue one with the user's consent alone have
    /// one grant for each user and client. There nothing but a logout, or another user in the same browser, has one revoked.
    pub(crate) fn ends_whole_grants(&self) -> bool {
        self.configuration.consent_for_refresh_token
    }

    async fn bequeath(
        &self,
        key: StoreKey,
        new: &StoredSession,
        token: Secret,
    ) -> Result<Updated, StoreError> {
        let mut record = new.record.clone();
        record.tokens.refresh_token = Some(token);
        self.store.update(&key, new.version, record).await
    }

    /// Whether the new session needs that refresh token and may have it: it is the same user's, who did not authenticate anew
    /// in between (a refresh says of the login what it was), and it is certainly unspent.
    fn hands_over(&self, key: StoreKey, before: &SessionRecord, new: &SessionRecord) -> bool {
        self.configuration.consent_for_refresh_token
            && new.tokens.refresh_token.is_none()
            && before.tokens.refresh_token.is_some()
            && before.refresh_sent_at.is_none()
            && !self.unsaved.has(&key)
            && is_same_user(before, new)
            && matches!((authentication(before), authentication(new)), (Ok(then), Ok(now)) if then == now)
    }
}

/// Whether both are certainly the same user's. Who has no name may be anybody.
fn is_same_user(one: &SessionRecord, other: &SessionRecord) -> bool {
    !one.subject.is_empty()
        && one.subject == other.subject
        && one.issuer == other.issuer
        && one.client_id == other.client_id
}

/// When and how strongly the user authenticated, as far as the ID token says.
fn authentication(record: &SessionRecord) -> Result<(Option<i64>, Option<String>), ProtocolError> {
    let Some(id_token) = &record.tokens.id_token else { return Ok((None, None)) };
    let claims = IdTokenClaims::danger_read_unverified(id_token)?;
    Ok((claims.authenticated_at.map(|at| at.unix_seconds()), claims.authentication_context))
}
