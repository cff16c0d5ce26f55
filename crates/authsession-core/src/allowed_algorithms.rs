//! Which signatures of a provider's are believed, and by which key: a public one of its key set, or the client's secret where
//! that was asked for (OpenID Connect Core §10.1, RFC 7518 §3.2).

use crate::error::Error;
use crate::jws::{Algorithm, Jws};
use crate::provider::Provider;
use crate::secret::Secret;

/// No secret below 256 bits keys anything, whatever was allowed.
const SHORTEST_EVER: usize = 32;

/// The algorithms one client allows, and its secret.
#[derive(Clone, Debug)]
pub(crate) struct AllowedAlgorithms {
    pub(crate) named: Vec<Algorithm>,
    pub(crate) secret: Option<Secret>,
    pub(crate) short_secret: bool,
}

impl Default for AllowedAlgorithms {
    fn default() -> Self {
        Self { named: Algorithm::ASYMMETRIC.to_vec(), secret: None, short_secret: false }
    }
}

impl AllowedAlgorithms {
    /// Whether what was named can be done with the secret there is.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.named.is_empty() {
            return Err(Error::misconfigured("name at least one algorithm, or leave the default"));
        }
        self.named.iter().try_for_each(|algorithm| self.key(*algorithm).map(drop))
    }

    /// The secret that keys this algorithm; `None` for one with a public key.
    fn key(&self, algorithm: Algorithm) -> Result<Option<&Secret>, Error> {
        let Some(shortest) = algorithm.shortest_secret() else { return Ok(None) };
        let name = algorithm.name();
        let secret = self.secret.as_ref().ok_or_else(|| {
            Error::misconfigured(format!(
                "{name} is keyed with the client secret, and there is none: set it, or leave {name} out"
            ))
        })?;
        let length = secret.expose().len();
        if length < SHORTEST_EVER {
            return Err(Error::misconfigured(format!(
                "{name} needs a client secret of {shortest} bytes or more: have the provider make a longer one, or sign \
                 with RS256 or ES256"
            )));
        }
        if length < shortest && !self.short_secret {
            return Err(Error::misconfigured(format!(
                "{name} needs a client secret of {shortest} bytes or more: have the provider make a longer one, sign with \
                 HS256, RS256 or ES256, or say danger_allow_short_client_secret()"
            )));
        }
        Ok(Some(secret))
    }

    /// Whether the provider signed this ID token, in a way that is allowed.
    pub(crate) async fn verify(&self, provider: &Provider, token: &Jws<'_>) -> Result<(), Error> {
        if !self.named.contains(&token.algorithm) {
            return Err(Error::untrusted("the ID token is signed with an algorithm that is not allowed"));
        }
        self.verify_by_its_key(provider, token).await
    }

    /// Whether the provider signed this userinfo. Its algorithm is registered apart from the ID token's: any with a public key
    /// will do, one with a secret only if it was named.
    pub(crate) async fn verify_userinfo(&self, provider: &Provider, token: &Jws<'_>) -> Result<(), Error> {
        if token.algorithm.is_symmetric() && !self.named.contains(&token.algorithm) {
            return Err(Error::untrusted("the userinfo is signed with an algorithm that is not allowed"));
        }
        self.verify_by_its_key(provider, token).await
    }

    /// The algorithm alone says which kind of key is tried, so neither kind passes for the other.
    async fn verify_by_its_key(&self, provider: &Provider, token: &Jws<'_>) -> Result<(), Error> {
        match self.key(token.algorithm)? {
            None => provider.verify_signature(token).await,
            Some(secret) if token.is_keyed_with(secret) => Ok(()),
            Some(_) => Err(Error::untrusted("the token's signature is wrong")),
        }
    }
}
