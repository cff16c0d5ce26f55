//! Signed tokens in compact form (RFC 7515 §7.1): taken apart, then verified with one key. Only here is a signature
//! checked.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters,
    RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::error::Error;
use crate::json;

/// No honest token comes near this; a larger one is not looked at.
const LARGEST: usize = 64 * 1024;

/// A signature algorithm with a public key (RFC 7518 §3.1, RFC 8037, RFC 9864).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names are the registry's")]
pub enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    Es512,
    EdDsa,
    Ed25519,
}

impl Algorithm {
    /// All of them, all allowed by default.
    pub const ALL: [Self; 11] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::EdDsa,
        Self::Ed25519,
    ];

    /// The registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
            Self::Ed25519 => "Ed25519",
        }
    }

    /// The algorithm of that name; `None` for `none`, symmetric and unknown ones.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    const fn rsa(self) -> Option<&'static RsaParameters> {
        Some(match self {
            Self::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
            Self::Rs384 => &RSA_PKCS1_2048_8192_SHA384,
            Self::Rs512 => &RSA_PKCS1_2048_8192_SHA512,
            Self::Ps256 => &RSA_PSS_2048_8192_SHA256,
            Self::Ps384 => &RSA_PSS_2048_8192_SHA384,
            Self::Ps512 => &RSA_PSS_2048_8192_SHA512,
            _ => return None,
        })
    }
}

/// A public key for one algorithm, parsed once.
#[derive(Clone, Debug)]
pub(crate) struct VerifyingKey {
    algorithm: Algorithm,
    key: ParsedPublicKey,
}

impl VerifyingKey {
    /// From an RSA modulus and exponent, both big-endian; `None` below 2048 bits.
    pub(crate) fn rsa(algorithm: Algorithm, modulus: &[u8], exponent: &[u8]) -> Option<Self> {
        if modulus.len() < 256 {
            return None;
        }
        let key =
            RsaPublicKeyComponents { n: modulus, e: exponent }.to_parsed_public_key(algorithm.rsa()?).ok()?;
        Some(Self { algorithm, key })
    }

    /// From an elliptic curve's point, uncompressed (`04 x y`) for ECDSA or plain for Ed25519.
    pub(crate) fn curve(algorithm: Algorithm, point: &[u8]) -> Option<Self> {
        let key = match algorithm {
            Algorithm::Es256 => ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point),
            Algorithm::Es384 => ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point),
            Algorithm::Es512 => ParsedPublicKey::new(&ECDSA_P521_SHA512_FIXED, point),
            Algorithm::EdDsa | Algorithm::Ed25519 => ParsedPublicKey::new(&ED25519, point),
            _ => return None,
        };
        Some(Self { algorithm, key: key.ok()? })
    }

    pub(crate) const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether this key made the token's signature.
    pub(crate) fn verifies(&self, token: &Jws<'_>) -> bool {
        self.algorithm == token.algorithm
            && self.key.verify_sig(token.signed.as_bytes(), &token.signature).is_ok()
    }
}

/// A signed token, taken apart and not yet believed.
#[derive(Debug)]
pub(crate) struct Jws<'token> {
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: Option<String>,
    signed: &'token str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'token> Jws<'token> {
    /// Takes a compact token apart. Headers that point to keys (`jku`, `jwk`, `x5u`, `x5c`) are never looked at.
    pub(crate) fn parse(token: &'token str) -> Result<Self, Error> {
        if token.len() > LARGEST {
            return Err(Error::untrusted("the signed token is larger than 64 KiB"));
        }
        let malformed = || Error::untrusted("the signed token is not in compact form");
        let (signed, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
        let (header, payload) = signed.split_once('.').ok_or_else(malformed)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed());
        let header = json::object(&decode(header)?).ok_or_else(malformed)?;
        if header.contains_key("crit") {
            return Err(Error::untrusted("the signed token has a critical header we do not understand"));
        }
        let algorithm = header
            .get("alg")
            .and_then(Value::as_str)
            .and_then(Algorithm::from_name)
            .ok_or_else(|| Error::untrusted("the token is not signed with an algorithm we allow"))?;
        let key_id = match header.get("kid") {
            None => None,
            Some(Value::String(kid)) => Some(kid.clone()),
            Some(_) => return Err(malformed()),
        };
        Ok(Self { algorithm, key_id, signed, payload: decode(payload)?, signature: decode(signature)? })
    }

    /// The claims; to be called once the signature is verified.
    pub(crate) fn claims(&self) -> Result<Map<String, Value>, Error> {
        json::object(&self.payload).ok_or_else(|| {
            Error::untrusted("the signed token's claims are not an object, or name a claim twice")
        })
    }
}
