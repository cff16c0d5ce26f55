//! A key pair for the side under test: it signs with the private half, the provider is told the public one.

use crate::keys::SigningAlgorithm;
use crate::keys::SigningKey;
use crate::public_key::PublicKey;
use crate::tokens;
use serde_json::Value;
use serde_json::json;
use std::fmt;
use std::io;
use std::sync::Arc;

/// A new key pair; no other one is the same.
///
/// ```
/// use authsession_testkit::client::Client;
/// use authsession_testkit::key_pair::KeyPair;
/// use authsession_testkit::keys::SigningAlgorithm;
///
/// let pair = KeyPair::generate(SigningAlgorithm::Ps256)?;
/// let batch = Client::with_key("batch", pair.public_key()?);
/// assert!(pair.private_key_pem()?.starts_with("-----BEGIN PRIVATE KEY-----"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct KeyPair {
    key: Arc<SigningKey>,
}

impl KeyPair {
    /// Makes a pair to sign with this algorithm.
    ///
    /// # Errors
    ///
    /// When no key can be made; never otherwise. `Hs256` and its like have no pair.
    pub fn generate(algorithm: SigningAlgorithm) -> io::Result<Self> {
        if algorithm.is_symmetric() {
            return Err(io::Error::other("HS256, HS384 and HS512 have a secret, not a key pair"));
        }
        Ok(Self { key: Arc::new(SigningKey::unshared(algorithm)?) })
    }

    /// The algorithm it signs with.
    #[must_use]
    pub fn algorithm(&self) -> SigningAlgorithm {
        self.key.algorithm
    }

    /// The `kid` in its JWK and in what it signs.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key.kid
    }

    /// The private half, PKCS#8 as PEM.
    ///
    /// # Errors
    ///
    /// When it cannot be encoded.
    pub fn private_key_pem(&self) -> io::Result<String> {
        self.key.private_pem()
    }

    /// The public half, SPKI as PEM.
    ///
    /// # Errors
    ///
    /// When it cannot be encoded.
    pub fn public_key_pem(&self) -> io::Result<String> {
        self.key.public_pem()
    }

    /// The public half as a JWK, with `kid` and `alg`.
    #[must_use]
    pub fn public_key_jwk(&self) -> Value {
        self.key.jwk().unwrap_or_default()
    }

    /// The public half, to register. It says no `kid` and no `alg`, so it takes any of its kind.
    ///
    /// # Errors
    ///
    /// When it cannot be encoded.
    pub fn public_key(&self) -> io::Result<PublicKey> {
        PublicKey::from_pem(&self.public_key_pem()?)
    }

    /// A JSON Web Token with these claims.
    ///
    /// # Errors
    ///
    /// When the key refuses.
    pub fn sign(&self, claims: &Value) -> io::Result<String> {
        let header = json!({ "alg": self.key.algorithm.name(), "typ": "JWT", "kid": self.key.kid });
        self.sign_with_header(&header, claims)
    }

    /// As [`sign`](Self::sign), with any header, even a lying one.
    ///
    /// # Errors
    ///
    /// When the key refuses.
    pub fn sign_with_header(&self, header: &Value, claims: &Value) -> io::Result<String> {
        tokens::seal(&self.key, header, claims, &[])
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair")
            .field("algorithm", &self.algorithm())
            .field("key_id", &self.key_id())
            .finish_non_exhaustive()
    }
}
