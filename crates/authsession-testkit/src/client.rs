//! An application registered at the provider, and how it must prove who it is.

use crate::public_key::PublicKey;
use std::fmt;

/// How a client authenticates at the token endpoint (RFC 6749 §2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthMethod {
    /// `client_secret_basic`: form-encoded id and secret in the `Authorization` header.
    Basic,
    /// `client_secret_post`: id and secret in the body.
    Post,
    /// `none`: a public client names itself in the body.
    None,
    /// `private_key_jwt`: an assertion signed by a registered key (OpenID Connect Core §9, RFC 7523 §2.2).
    PrivateKeyJwt,
    /// A token signed by a registered key, issued by the key's team, sent as `client_secret` in the body, as Apple has it.
    SignedSecret,
    /// By its secret, in either of the two ways, or by its key; whichever of them it has.
    Any,
}

/// An application registered at the provider.
///
/// ```
/// use authsession_testkit::client::{AuthMethod, Client};
///
/// let shop = Client::confidential("shop", "s3cret").auth_method(AuthMethod::Basic);
/// assert_eq!(shop.id(), "shop");
/// assert!(!format!("{shop:?}").contains("s3cret"));
/// ```
#[derive(Clone)]
pub struct Client {
    id: String,
    secret: String,
    name: String,
    redirect_uris: Vec<String>,
    post_logout_redirect_uris: Vec<String>,
    auth_method: AuthMethod,
    keys: Vec<PublicKey>,
}

impl Client {
    /// A client with a secret, sent in either of the two ways.
    #[must_use]
    pub fn confidential(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self::registered(id.into(), secret.into(), AuthMethod::Any)
    }

    /// A client without a secret, which must use PKCE.
    #[must_use]
    pub fn public(id: impl Into<String>) -> Self {
        Self::registered(id.into(), String::new(), AuthMethod::None)
    }

    /// A client without a secret that signs assertions by this key's private half.
    #[must_use]
    pub fn with_key(id: impl Into<String>, key: PublicKey) -> Self {
        Self::registered(id.into(), String::new(), AuthMethod::PrivateKeyJwt).public_key(key)
    }

    fn registered(id: String, secret: String, auth_method: AuthMethod) -> Self {
        let name = id.clone();
        Self {
            id,
            secret,
            name,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            auth_method,
            keys: Vec::new(),
        }
    }

    /// The name the login page shows; the id unless stated.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Registers a redirect URI. Once one is registered, only registered ones are accepted.
    #[must_use]
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uris.push(uri.into());
        self
    }

    /// Registers a place to go after a logout. Once one is registered, only registered ones are accepted.
    #[must_use]
    pub fn post_logout_redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.post_logout_redirect_uris.push(uri.into());
        self
    }

    /// Registers one more key, by which it may authenticate.
    #[must_use]
    pub fn public_key(mut self, key: PublicKey) -> Self {
        self.keys.push(key);
        self
    }

    /// The one way this client must authenticate.
    #[must_use]
    pub fn auth_method(mut self, method: AuthMethod) -> Self {
        self.auth_method = method;
        self
    }

    /// The `client_id`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The client secret; empty for a public client.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// The name the login page shows.
    #[must_use]
    pub fn display_name(&self) -> &str {
        &self.name
    }

    pub(crate) fn accepts_redirect(&self, uri: &str) -> bool {
        self.redirect_uris.is_empty() || self.redirect_uris.iter().any(|known| known == uri)
    }

    pub(crate) fn accepts_post_logout_redirect(&self, uri: &str) -> bool {
        self.post_logout_redirect_uris.is_empty()
            || self.post_logout_redirect_uris.iter().any(|known| known == uri)
    }

    pub(crate) fn signs_its_secret(&self) -> bool {
        self.auth_method == AuthMethod::SignedSecret
    }

    pub(crate) fn accepts(&self, presented: AuthMethod, secret: &str) -> bool {
        let method = match self.auth_method {
            AuthMethod::Any => {
                !self.secret.is_empty() && matches!(presented, AuthMethod::Basic | AuthMethod::Post)
            }
            AuthMethod::PrivateKeyJwt | AuthMethod::SignedSecret => false,
            required => presented == required,
        };
        method && secret == self.secret
    }

    /// The keys it may sign assertions with; none if it must authenticate otherwise.
    pub(crate) fn keys(&self) -> &[PublicKey] {
        match self.auth_method {
            AuthMethod::Any | AuthMethod::PrivateKeyJwt | AuthMethod::SignedSecret => &self.keys,
            AuthMethod::Basic | AuthMethod::Post | AuthMethod::None => &[],
        }
    }

    /// Whether it can prove who it is, and so may act as itself.
    pub(crate) fn is_confidential(&self) -> bool {
        !self.secret.is_empty() || !self.keys().is_empty()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("id", &self.id)
            .field("auth_method", &self.auth_method)
            .field("redirect_uris", &self.redirect_uris)
            .field("post_logout_redirect_uris", &self.post_logout_redirect_uris)
            .finish_non_exhaustive()
    }
}
