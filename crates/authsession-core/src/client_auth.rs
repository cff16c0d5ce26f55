//! How the client proves who it is at the token endpoint (RFC 6749 §2.3, RFC 7523 §2.2, OpenID Connect Core §9).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use zeroize::Zeroizing;

use crate::assertion::Assertion;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::http::Form;
use crate::provider::ProviderMetadata;
use crate::secret::Secret;
use crate::signer::Signer;

const JWT: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The client as registered at the provider.
#[derive(Clone, Debug)]
pub struct Client {
    /// `client_id`.
    pub id: String,
    /// How it authenticates.
    pub auth: ClientAuth,
}

/// A way to authenticate.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ClientAuth {
    /// A public client: PKCE alone.
    None,
    /// Nothing at all, not even the client id: the grant says who we are (RFC 7523 §3.1).
    Omitted,
    /// A secret, in the header unless the provider announces that it only takes the body.
    Secret(Secret),
    /// `client_secret_basic`: always in the header.
    SecretBasic(Secret),
    /// `client_secret_post`: always in the body.
    SecretPost(Secret),
    /// `private_key_jwt`: an assertion, signed for each request with a key whose public half the provider knows.
    PrivateKeyJwt(Arc<dyn Signer>),
    /// The same, for a provider that takes assertions with that audience only.
    PrivateKeyJwtFor(AssertionAudience, Arc<dyn Signer>),
    /// A secret that is a token of our own, signed for each request and sent as `client_secret` in the body: no standard has it,
    /// and Apple wants it so.
    SignedSecret {
        /// What it says.
        says: Assertion,
        /// Who signs it.
        signer: Arc<dyn Signer>,
    },
}

/// Whom the assertions of a client are made out to: their `aud`, which stands alone.
///
/// ```
/// use std::sync::Arc;
///
/// use authsession_core::client_auth::{AssertionAudience, ClientAuth};
/// use authsession_core::signer::SigningKey;
///
/// fn for_one_that_wants_its_url(key: SigningKey) -> ClientAuth {
///     ClientAuth::PrivateKeyJwtFor(AssertionAudience::TokenEndpoint, Arc::new(key))
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AssertionAudience {
    /// The issuer, where the provider has one. An assertion made out to an endpoint's URL can be lured to another provider
    /// that names that URL as its own (draft-ietf-oauth-rfc7523bis).
    #[default]
    Issuer,
    /// The token endpoint's URL (RFC 7523 §3), whichever endpoint is asked: for a provider that takes nothing else.
    TokenEndpoint,
}

impl Client {
    /// Puts the proof into a request: into the form, or into the `Authorization` header it returns. `now` is the provider's time.
    pub(crate) async fn authenticate(
        &self,
        metadata: &ProviderMetadata,
        now: Timestamp,
        form: &mut Form,
    ) -> Result<Option<HeaderValue>, Error> {
        match &self.auth {
            ClientAuth::None => {
                form.push("client_id", &self.id);
                Ok(None)
            }
            ClientAuth::Omitted => Ok(None),
            ClientAuth::SecretBasic(secret) => self.basic(secret).map(Some),
            ClientAuth::Secret(secret) if !takes_only_post(metadata) => self.basic(secret).map(Some),
            ClientAuth::Secret(secret) | ClientAuth::SecretPost(secret) => {
                form.push("client_id", &self.id);
                form.push("client_secret", secret.expose());
                Ok(None)
            }
            ClientAuth::PrivateKeyJwt(signer) => {
                self.assert(AssertionAudience::Issuer, &**signer, metadata, now, form).await
            }
            ClientAuth::PrivateKeyJwtFor(audience, signer) => {
                self.assert(*audience, &**signer, metadata, now, form).await
            }
            ClientAuth::SignedSecret { says, signer } => {
                form.push("client_id", &self.id);
                form.push("client_secret", says.sign(&**signer, now).await?.expose());
                Ok(None)
            }
        }
    }

    /// Whether it proves itself by assertions.
    pub(crate) const fn asserts(&self) -> bool {
        matches!(self.auth, ClientAuth::PrivateKeyJwt(_) | ClientAuth::PrivateKeyJwtFor(..))
    }

    /// RFC 7523 §2.2.
    async fn assert(
        &self,
        audience: AssertionAudience,
        signer: &dyn Signer,
        metadata: &ProviderMetadata,
        now: Timestamp,
        form: &mut Form,
    ) -> Result<Option<HeaderValue>, Error> {
        let endpoint = metadata.token_endpoint.as_str();
        let audience = match audience {
            AssertionAudience::Issuer => metadata.sole_issuer().unwrap_or(endpoint),
            AssertionAudience::TokenEndpoint => endpoint,
        };
        let assertion = Assertion::new(&self.id, &self.id, audience);
        form.push("client_id", &self.id);
        form.push("client_assertion_type", JWT);
        form.push("client_assertion", assertion.sign(signer, now).await?.expose());
        Ok(None)
    }

    /// RFC 6749 §2.3.1: both halves are form-encoded before they are joined.
    fn basic(&self, secret: &Secret) -> Result<HeaderValue, Error> {
        let mut credentials = Zeroizing::new(String::new());
        credentials.extend(url::form_urlencoded::byte_serialize(self.id.as_bytes()));
        credentials.push(':');
        credentials.extend(url::form_urlencoded::byte_serialize(secret.expose().as_bytes()));
        let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(credentials.as_bytes())))
            .map_err(|_| Error::misconfigured("the client's credentials do not fit a header"))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

fn takes_only_post(metadata: &ProviderMetadata) -> bool {
    metadata.token_endpoint_auth_methods_supported.as_ref().is_some_and(|methods| {
        let takes = |name: &str| methods.iter().any(|method| method == name);
        takes("client_secret_post") && !takes("client_secret_basic")
    })
}
