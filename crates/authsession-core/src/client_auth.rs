//! How the client proves who it is at the token endpoint (RFC 6749 §2.3, OpenID Connect Core §9).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::http::Form;
use crate::provider::ProviderMetadata;
use crate::secret::Secret;

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
    /// A secret, in the header unless the provider announces that it only takes the body.
    Secret(Secret),
    /// `client_secret_basic`: always in the header.
    SecretBasic(Secret),
    /// `client_secret_post`: always in the body.
    SecretPost(Secret),
}

impl Client {
    /// Puts the proof into a request: into the form, or into the `Authorization` header it returns.
    pub(crate) fn authenticate(
        &self,
        metadata: &ProviderMetadata,
        form: &mut Form,
    ) -> Result<Option<HeaderValue>, Error> {
        match &self.auth {
            ClientAuth::None => {
                form.push("client_id", &self.id);
                Ok(None)
            }
            ClientAuth::SecretBasic(secret) => self.basic(secret).map(Some),
            ClientAuth::Secret(secret) if !takes_only_post(metadata) => self.basic(secret).map(Some),
            ClientAuth::Secret(secret) | ClientAuth::SecretPost(secret) => {
                form.push("client_id", &self.id);
                form.push("client_secret", secret.expose());
                Ok(None)
            }
        }
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
