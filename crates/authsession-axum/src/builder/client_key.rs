//! Setters for a client that proves itself by a key instead of a secret (`private_key_jwt`, OpenID Connect Core §9).

use std::sync::Arc;

use authsession_core::client_auth::{AssertionAudience, ClientAuth};
use authsession_core::signer::Signer;

use crate::builder::OAuthConfigurationBuilder;
use crate::errors::Error;

/// The key, and whom its assertions are made out to.
#[derive(Debug, Default)]
pub(super) struct ClientKey {
    signer: Option<Arc<dyn Signer>>,
    audience: Option<AssertionAudience>,
}

impl OAuthConfigurationBuilder {
    /// Proves who the client is by assertions signed for each request (`private_key_jwt`) instead of a secret. The provider
    /// knows the key's public half.
    ///
    /// ```
    /// use authsession_axum::auth_builder::OAuthConfigurationBuilder;
    /// use authsession_core::error::Error;
    /// use authsession_core::signer::SigningKey;
    ///
    /// fn as_registered(pem: &str) -> Result<OAuthConfigurationBuilder, Error> {
    ///     let key = SigningKey::from_pem(pem)?.with_key_id("2026-01");
    ///     Ok(OAuthConfigurationBuilder::default().with_client_id("shop").with_private_key_jwt(key))
    /// }
    /// ```
    pub fn with_private_key_jwt(mut self, key: impl Signer + 'static) -> Self {
        self.client_key.signer = Some(Arc::new(key));
        self
    }

    /// Whom those assertions are made out to; default: the issuer. Change it only for a provider that refuses that.
    pub const fn with_client_assertion_audience(mut self, audience: AssertionAudience) -> Self {
        self.client_key.audience = Some(audience);
        self
    }

    /// How a client with a key authenticates; `None` for one without.
    pub(super) fn authentication_by_key(&mut self) -> Result<Option<ClientAuth>, Error> {
        let ClientKey { signer, audience } = std::mem::take(&mut self.client_key);
        match (signer, audience) {
            (Some(_), _) if self.client_secret.is_some() => Err(Error::misconfigured(
                "the client has a secret and a key: leave out the one the provider does not know it by",
            )),
            (Some(signer), None) => Ok(Some(ClientAuth::PrivateKeyJwt(signer))),
            (Some(signer), Some(audience)) => Ok(Some(ClientAuth::PrivateKeyJwtFor(audience, signer))),
            (None, Some(_)) => Err(Error::misconfigured(
                "an audience for client assertions needs a key that signs them: with_private_key_jwt",
            )),
            (None, None) => Ok(None),
        }
    }
}
