//! Signed tokens in compact form (RFC 7515 §7.1): taken apart, then verified with one key. Only here is a signature
//! checked. Public keys and secrets never meet: a token's `alg` picks which of the two is tried.

use aws_lc_rs::hmac;
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
use crate::secret::Secret;

/// No honest token comes near this; a larger one is not looked at.
const LARGEST: usize = 64 * 1024;

/// A signature algorithm (RFC 7518 §3.1, RFC 8037, RFC 9864).
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
    Hs256,
    Hs384,
    Hs512,
}

impl Algorithm {
    /// Those with a public key, all allowed by default.
    pub const ASYMMETRIC: &'static [Self] = &[
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

    /// Those keyed with the client's secret (OpenID Connect Core §10.1), allowed only where they are named.
    pub const SYMMETRIC: &'static [Self] = &[Self::Hs256, Self::Hs384, Self::Hs512];

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
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }

    /// The algorithm of that name; `None` for `none` and unknown ones.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let mut all = Self::ASYMMETRIC.iter().chain(Self::SYMMETRIC).copied();
        all.find(|algorithm| algorithm.name() == name)
    }

    /// Whether it is keyed with a secret that both sides know.
    #[must_use]
    pub const fn is_symmetric(self) -> bool {
        self.hmac().is_some()
    }

    /// The fewest bytes a secret for it may have: as many as the hash (RFC 7518 §3.2). `None` for one with a public key.
    #[must_use]
    pub const fn shortest_secret(self) -> Option<usize> {
        match self {
            Self::Hs256 => Some(32),
            Self::Hs384 => Some(48),
            Self::Hs512 => Some(64),
            _ => None,
        }
    }

    const fn hmac(self) -> Option<hmac::Algorithm> {
        match self {
            Self::Hs256 => Some(hmac::HMAC_SHA256),
            Self::Hs384 => Some(hmac::HMAC_SHA384),
            Self::Hs512 => Some(hmac::HMAC_SHA512),
            _ => None,
        }
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
    /// From an RSA modulus and exponent, both big-endian; `None` below 2048 bits, and where anybody could sign: an exponent of
    /// one, or an even number where an odd one belongs.
    pub(crate) fn rsa(algorithm: Algorithm, modulus: &[u8], exponent: &[u8]) -> Option<Self> {
        let (n, e) = (without_leading_zeros(modulus), without_leading_zeros(exponent));
        let is_odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
        let is_long = n.len() > 256 || (n.len() == 256 && n[0] >= 0x80);
        if !is_long || !is_odd(n) || !is_odd(e) || e == [1] || e.len() > 4 {
            return None;
        }
        let key = RsaPublicKeyComponents { n, e }.to_parsed_public_key(algorithm.rsa()?).ok()?;
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

fn without_leading_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

/// A signed token, taken apart and not yet believed.
#[derive(Debug)]
pub(crate) struct Jws<'token> {
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: Option<String>,
    /// `typ`, in small letters.
    kind: Option<String>,
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
        // RFC 7797 §7: a JWT's payload is always encoded.
        if header.get("b64").is_some_and(|encoded| *encoded != Value::Bool(true)) {
            return Err(Error::untrusted("the signed token's payload is not encoded as an ID token's is"));
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
        let kind = header.get("typ").and_then(Value::as_str).map(str::to_ascii_lowercase);
        let (payload, signature) = (decode(payload)?, decode(signature)?);
        Ok(Self { algorithm, key_id, kind, signed, payload, signature })
    }

    /// Whether this secret keyed the token's signature; never, for an algorithm with a public key.
    pub(crate) fn is_keyed_with(&self, secret: &Secret) -> bool {
        self.algorithm.hmac().is_some_and(|algorithm| {
            let key = hmac::Key::new(algorithm, secret.expose().as_bytes());
            hmac::verify(&key, self.signed.as_bytes(), &self.signature).is_ok()
        })
    }

    /// Whether it calls itself a kind of token of its own, such as `at+jwt` or `logout+jwt` (RFC 8725 §3.11).
    pub(crate) fn is_of_another_kind(&self) -> bool {
        self.kind.as_deref().is_some_and(|kind| kind.ends_with("+jwt"))
    }

    /// The claims; to be called once the signature is verified.
    pub(crate) fn claims(&self) -> Result<Map<String, Value>, Error> {
        json::object(&self.payload).ok_or_else(|| {
            Error::untrusted("the signed token's claims are not an object, or name a claim twice")
        })
    }
}
