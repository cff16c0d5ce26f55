//! Who signs for us: a private key held here, or one that never leaves its vault (RFC 7515 §5.1, RFC 7518 §3).

mod pem;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::error::KeyRejected;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::Error;
use crate::jws::Algorithm;

/// Signs what proves who we are. Implement it for a key in a KMS or HSM; [`SigningKey`] is one held in memory.
#[async_trait]
pub trait Signer: Send + Sync + fmt::Debug {
    /// How it signs.
    fn algorithm(&self) -> Algorithm;

    /// `kid`: which of our keys this is, for a provider that knows several.
    fn key_id(&self) -> Option<&str> {
        None
    }

    /// `x5t#S256`: the SHA-256 thumbprint of the key's certificate, in base64url, for a provider that looks the key up by it
    /// (RFC 7515 §4.1.8), as Microsoft Entra does.
    fn certificate_thumbprint(&self) -> Option<&str> {
        None
    }

    /// The signature of that message, in the form of a JWS (RFC 7518 §3): for ECDSA the two numbers one after the other,
    /// not DER.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when whoever holds the key may sign later, [`Error::Misconfigured`] otherwise.
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error>;
}

/// A private key in memory. Cheap to clone; wiped with its last clone.
#[derive(Clone)]
pub struct SigningKey {
    pair: Arc<Pair>,
    algorithm: Algorithm,
    key_id: Option<Box<str>>,
    certificate_thumbprint: Option<Box<str>>,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// Reads an RSA, EC (P-256, P-384, P-521) or Ed25519 private key: PKCS#8, PKCS#1 or SEC1, in PEM.
    ///
    /// PEM that came through an environment variable is understood too: with `\n` for its newlines, on one line, in quotes, or as
    /// base64 of the whole; and base64 of DER, or DER. The algorithm is RS256, ES256, ES384, ES512 or EdDSA, as the key is.
    ///
    /// ```no_run
    /// use authsession_core::signer::SigningKey;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let key = SigningKey::from_pem(std::env::var("PRIVATE_KEY")?)?.with_key_id("2026-01");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Misconfigured`] saying what it is instead: encrypted, a certificate, a public key, cut off, an RSA key below
    /// 2048 bits.
    pub fn from_pem(key: impl AsRef<[u8]>) -> Result<Self, Error> {
        let der = pem::der(key.as_ref())?;
        let rsa = match (RsaKeyPair::from_pkcs8(&der), RsaKeyPair::from_der(&der)) {
            (Ok(pair), _) | (_, Ok(pair)) => Some((Pair::Rsa(pair), Algorithm::Rs256)),
            (Err(one), Err(other)) => {
                let by_size =
                    |rejected: KeyRejected| ["TooSmall", "TooLarge"].contains(&rejected.to_string().as_str());
                if by_size(one) || by_size(other) {
                    return Err(Error::misconfigured(
                        "the RSA key has less than 2048 bits, or more than 8192",
                    ));
                }
                None
            }
        };
        let curve = |on: &'static EcdsaSigningAlgorithm, algorithm| {
            Some((Pair::Ec(EcdsaKeyPair::from_private_key_der(on, &der).ok()?), algorithm))
        };
        let (pair, algorithm) = rsa
            .or_else(|| curve(&ECDSA_P256_SHA256_FIXED_SIGNING, Algorithm::Es256))
            .or_else(|| curve(&ECDSA_P384_SHA384_FIXED_SIGNING, Algorithm::Es384))
            .or_else(|| curve(&ECDSA_P521_SHA512_FIXED_SIGNING, Algorithm::Es512))
            .or_else(|| {
                Some((Pair::Ed25519(Ed25519KeyPair::from_pkcs8(&der).ok()?), Algorithm::EdDsa))
            })
            .ok_or_else(|| {
                Error::misconfigured(
                    "the private key is damaged, encrypted, or none of RSA, EC (P-256, P-384, P-521) and Ed25519",
                )
            })?;
        Ok(Self { pair: Arc::new(pair), algorithm, key_id: None, certificate_thumbprint: None })
    }

    /// Signs by another algorithm the key can do.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] when the key is not for it.
    pub fn with_algorithm(mut self, algorithm: Algorithm) -> Result<Self, Error> {
        let fits = match &*self.pair {
            Pair::Rsa(_) => padding(algorithm).is_some(),
            Pair::Ec(_) => algorithm == self.algorithm,
            Pair::Ed25519(_) => matches!(algorithm, Algorithm::EdDsa | Algorithm::Ed25519),
        };
        if !fits {
            return Err(Error::misconfigured(format!("the private key is not one for {}", algorithm.name())));
        }
        self.algorithm = algorithm;
        Ok(self)
    }

    /// Names the key: `kid`.
    #[must_use]
    pub fn with_key_id(mut self, key_id: impl Into<Box<str>>) -> Self {
        self.key_id = Some(key_id.into());
        self
    }

    /// Names the key by its certificate, in PEM: `x5t#S256`.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] when it is no certificate.
    pub fn with_certificate(mut self, certificate: impl AsRef<[u8]>) -> Result<Self, Error> {
        let der = pem::certificate(certificate.as_ref())?;
        let thumbprint = URL_SAFE_NO_PAD.encode(digest(&SHA256, &der));
        self.certificate_thumbprint = Some(thumbprint.into());
        Ok(self)
    }
}

#[async_trait]
impl Signer for SigningKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    fn certificate_thumbprint(&self) -> Option<&str> {
        self.certificate_thumbprint.as_deref()
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let failed = |_| Error::misconfigured("the private key does not sign");
        let random = SystemRandom::new();
        match &*self.pair {
            Pair::Rsa(pair) => {
                let padding = padding(self.algorithm)
                    .ok_or_else(|| Error::misconfigured("the private key is not one for this algorithm"))?;
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            Pair::Ec(pair) => pair.sign(&random, message).map(|made| made.as_ref().to_vec()).map_err(failed),
            Pair::Ed25519(pair) => pair.try_sign(message).map(|made| made.as_ref().to_vec()).map_err(failed),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SigningKey")
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

const fn padding(algorithm: Algorithm) -> Option<&'static dyn RsaEncoding> {
    Some(match algorithm {
        Algorithm::Rs256 => &RSA_PKCS1_SHA256,
        Algorithm::Rs384 => &RSA_PKCS1_SHA384,
        Algorithm::Rs512 => &RSA_PKCS1_SHA512,
        Algorithm::Ps256 => &RSA_PSS_SHA256,
        Algorithm::Ps384 => &RSA_PSS_SHA384,
        Algorithm::Ps512 => &RSA_PSS_SHA512,
        _ => return None,
    })
}
