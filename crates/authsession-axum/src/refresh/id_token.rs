//! The ID token a refresh brings: whether it takes the place of the one held so far (OpenID Connect Core §12.2).

use authsession_core::claims::IdTokenClaims;
use authsession_core::error::Error as ProtocolError;
use authsession_core::token_set::TokenSet;
use authsession_store::key::StoreKey;
use authsession_store::record::StoredSession;

use crate::refresh::Refresher;

impl Refresher {
    /// Leaves the new ID token among the tokens if it is believed; says whether nothing was taken out.
    ///
    /// # Errors
    /// The provider answered for someone else.
    pub(super) async fn take_id_token(
        &self,
        key: StoreKey,
        before: &StoredSession,
        tokens: &mut TokenSet,
    ) -> Result<bool, ProtocolError> {
        match self.verify_id_token(before, tokens).await {
            Ok(()) => Ok(true),
            Err(error @ ProtocolError::Mismatch(_)) => Err(error),
            // Not believed, so not taken. The access token is this user's as far as anybody can tell, and the old refresh
            // token is spent: losing them would sign the user out.
            Err(error) => {
                tokens.id_token = None;
                if before.record.id_token_refused {
                    tracing::debug!(target: "authsession::refresh", session = ?key, %error, "one more ID token is not taken over");
                } else {
                    tracing::warn!(target: "authsession::refresh", session = ?key, %error, "a new ID token is not taken over; the old one stays");
                }
                Ok(false)
            }
        }
    }

    async fn verify_id_token(&self, before: &StoredSession, tokens: &TokenSet) -> Result<(), ProtocolError> {
        let configuration = &self.keeper.configuration;
        let Some(new) = &tokens.id_token else { return Ok(()) };
        let Some(old) = &before.record.tokens.id_token else {
            return Err(ProtocolError::untrusted(
                "there was no ID token at the login to hold this one against",
            ));
        };
        let old = IdTokenClaims::danger_read_unverified(old)?;
        let now = configuration.clock.now();
        let claims = configuration
            .id_token_verifier
            .verify_refresh(&configuration.provider, new, &tokens.access_token, now, &old)
            .await?;
        if configuration.accepts_acr(claims.authentication_context.as_deref()) {
            return Ok(());
        }
        Err(ProtocolError::untrusted("the refreshed ID token's acr is none of those demanded"))
    }
}
