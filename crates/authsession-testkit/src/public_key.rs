//! The public key of somebody else, by which the provider knows their signature (RFC 7517, RFC 7468 §13).

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::encoding::PublicKeyX509Der;
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature;
use aws_lc_rs::signature::ParsedPublicKey;
use aws_lc_rs::signature::UnparsedPublicKey;
use aws_lc_rs::signature::VerificationAlgorithm;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use std::io;

/// The algorithms a registered key may sign with; its kind decides which of them it can.
pub(crate) const ALGORITHMS: [&str; 10] =
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];

/// An RSA (2048 bits or more), EC (P-256, P-384, P-521) or Ed25519 public key.
///
/// ```
/// use authsession_testkit::key_pair::KeyPair;
/// use authsession_testkit::keys::SigningAlgorithm;
/// use authsession_testkit::public_key::PublicKey;
///
/// let pair = KeyPair::generate(SigningAlgorithm::Es256)?;
/// PublicKey::from_pem(&pair.public_key_pem()?)?;
/// PublicKey::from_jwk(&pair.public_key_jwk())?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct PublicKey {
    key_id: Option<String>,
    /// What a JWK says it is for.
    algorithm: Option<String>,
    /// SPKI, or the bare point.
    encoded: Vec<u8>,
}

impl PublicKey {
    /// The key in a PEM text (`BEGIN PUBLIC KEY`).
    ///
    /// # Errors
    ///
    /// When it is none, or of a kind the provider does not know.
    pub fn from_pem(text: &str) -> io::Result<Self> {
        let (_, rest) = text.split_once("-----BEGIN PUBLIC KEY-----").ok_or_else(unusable)?;
        let (body, _) = rest.split_once("-----END PUBLIC KEY-----").ok_or_else(unusable)?;
        let body: String = body.split_ascii_whitespace().collect();
        Self::checked(STANDARD.decode(body).map_err(|_| unusable())?)
    }

    /// The key in a JWK. Its `kid` and `alg`, if it has them, must be those of what it has signed.
    ///
    /// # Errors
    ///
    /// When it is none, or of a kind the provider does not know.
    pub fn from_jwk(jwk: &Value) -> io::Result<Self> {
        let text = |member: &str| jwk.get(member).and_then(Value::as_str);
        let bytes = |member: &str| {
            text(member).and_then(|value| URL_SAFE_NO_PAD.decode(value).ok()).ok_or_else(unusable)
        };
        let encoded = match text("kty") {
            Some("RSA") => {
                let components = PublicKeyComponents { n: bytes("n")?, e: bytes("e")? };
                let der: PublicKeyX509Der<'_> = components.as_der().map_err(|_| unusable())?;
                der.as_ref().to_vec()
            }
            Some("EC") => [vec![4], bytes("x")?, bytes("y")?].concat(),
            Some("OKP") => bytes("x")?,
            _ => return Err(unusable()),
        };
        let key = Self::checked(encoded)?;
        let (key_id, algorithm) = (text("kid").map(str::to_owned), text("alg").map(str::to_owned));
        Ok(Self { key_id, algorithm, ..key })
    }

    /// The id signatures by this key must state, if they state any.
    #[must_use]
    pub fn key_id(mut self, id: impl Into<String>) -> Self {
        self.key_id = Some(id.into());
        self
    }

    fn checked(encoded: Vec<u8>) -> io::Result<Self> {
        let known = ALGORITHMS
            .into_iter()
            .filter_map(verification)
            .any(|algorithm| ParsedPublicKey::new(algorithm, &encoded).is_ok());
        if known { Ok(Self { key_id: None, algorithm: None, encoded }) } else { Err(unusable()) }
    }

    /// Whether a signature under this key id, if it states one, can be by this key.
    pub(crate) fn answers_to(&self, stated: Option<&str>) -> bool {
        match (self.key_id.as_deref(), stated) {
            (Some(own), Some(stated)) => own == stated,
            _ => true,
        }
    }

    /// Whether this key made the signature, by the algorithm of that name.
    pub(crate) fn verifies(&self, algorithm: &str, message: &[u8], made: &[u8]) -> bool {
        let meant_for = self.algorithm.as_deref().is_none_or(|own| own == algorithm);
        meant_for
            && verification(algorithm).is_some_and(|algorithm| {
                UnparsedPublicKey::new(algorithm, &self.encoded).verify(message, made).is_ok()
            })
    }
}

fn verification(algorithm: &str) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match algorithm {
        "RS256" => &signature::RSA_PKCS1_2048_8192_SHA256,
        "RS384" => &signature::RSA_PKCS1_2048_8192_SHA384,
        "RS512" => &signature::RSA_PKCS1_2048_8192_SHA512,
        "PS256" => &signature::RSA_PSS_2048_8192_SHA256,
        "PS384" => &signature::RSA_PSS_2048_8192_SHA384,
        "PS512" => &signature::RSA_PSS_2048_8192_SHA512,
        "ES256" => &signature::ECDSA_P256_SHA256_FIXED,
        "ES384" => &signature::ECDSA_P384_SHA384_FIXED,
        "ES512" => &signature::ECDSA_P521_SHA512_FIXED,
        "EdDSA" => &signature::ED25519,
        _ => return None,
    })
}

fn unusable() -> io::Error {
    io::Error::other("this is not a public key the provider can use")
}
