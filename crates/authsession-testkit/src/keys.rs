//! The provider's signing keys: made, published as a JWK set (RFC 7517), rotated.

use crate::random::unguessable;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::encoding::Pkcs8V1Der;
use aws_lc_rs::encoding::PublicKeyX509Der;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature;
use aws_lc_rs::signature::EcdsaKeyPair;
use aws_lc_rs::signature::Ed25519KeyPair;
use aws_lc_rs::signature::KeyPair;
use aws_lc_rs::signature::RsaKeyPair;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use serde_json::json;
use std::io;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::PoisonError;

/// How ID tokens are signed (RFC 7518 §3.1, RFC 8037).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the registered ones")]
pub enum SigningAlgorithm {
    #[default]
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
    /// Keyed with the client's secret, like those below; publishes no key.
    Hs256,
    Hs384,
    Hs512,
}

impl SigningAlgorithm {
    /// The registered name, as it stands in a JOSE header.
    #[must_use]
    pub fn name(self) -> &'static str {
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
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }

    /// Whether the client's secret is its key.
    pub(crate) fn is_symmetric(self) -> bool {
        self.family() == Family::Secret
    }

    fn family(self) -> Family {
        match self {
            Self::Rs256 | Self::Rs384 | Self::Rs512 | Self::Ps256 | Self::Ps384 | Self::Ps512 => Family::Rsa,
            Self::Es256 => Family::P256,
            Self::Es384 => Family::P384,
            Self::Es512 => Family::P521,
            Self::EdDsa => Family::Ed25519,
            Self::Hs256 | Self::Hs384 | Self::Hs512 => Family::Secret,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Rsa,
    P256,
    P384,
    P521,
    Ed25519,
    Secret,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    Secret,
}

/// Key pairs that no provider uses any more. Making an RSA key is slow, so they serve again.
fn idle() -> &'static Mutex<Vec<(Family, Pair)>> {
    static IDLE: OnceLock<Mutex<Vec<(Family, Pair)>>> = OnceLock::new();
    IDLE.get_or_init(Mutex::default)
}

fn pair_of(family: Family) -> io::Result<Pair> {
    {
        let mut idle = idle().lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = idle.iter().position(|(kept, _)| *kept == family) {
            return Ok(idle.swap_remove(at).1);
        }
    }
    let ec = |algorithm| EcdsaKeyPair::generate(algorithm).map(Pair::Ec);
    match family {
        Family::Rsa => RsaKeyPair::generate(KeySize::Rsa2048).map(Pair::Rsa),
        Family::P256 => ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING),
        Family::P384 => ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING),
        Family::P521 => ec(&signature::ECDSA_P521_SHA512_FIXED_SIGNING),
        Family::Ed25519 => Ed25519KeyPair::generate().map(Pair::Ed),
        Family::Secret => Ok(Pair::Secret),
    }
    .map_err(|_| io::Error::other("the signing key could not be made"))
}

/// One key with its id. No other provider alive in this process has the same.
pub(crate) struct SigningKey {
    pub(crate) kid: String,
    pub(crate) algorithm: SigningAlgorithm,
    pair: Pair,
    serves_again: bool,
}

impl SigningKey {
    pub(crate) fn new(algorithm: SigningAlgorithm) -> io::Result<Self> {
        let pair = pair_of(algorithm.family())?;
        Ok(Self { kid: unguessable()?, algorithm, pair, serves_again: true })
    }

    /// A key that serves nobody else once this is gone: its public half may be registered somewhere.
    pub(crate) fn unshared(algorithm: SigningAlgorithm) -> io::Result<Self> {
        let mut key = Self::new(algorithm)?;
        key.serves_again = false;
        Ok(key)
    }

    /// The signature over `message`; `secret` keys the HMAC algorithm.
    pub(crate) fn sign(&self, message: &[u8], secret: &[u8]) -> io::Result<Vec<u8>> {
        let random = SystemRandom::new();
        let signed = match &self.pair {
            Pair::Rsa(pair) => {
                let padding: &dyn signature::RsaEncoding = match self.algorithm {
                    SigningAlgorithm::Rs384 => &signature::RSA_PKCS1_SHA384,
                    SigningAlgorithm::Rs512 => &signature::RSA_PKCS1_SHA512,
                    SigningAlgorithm::Ps256 => &signature::RSA_PSS_SHA256,
                    SigningAlgorithm::Ps384 => &signature::RSA_PSS_SHA384,
                    SigningAlgorithm::Ps512 => &signature::RSA_PSS_SHA512,
                    _ => &signature::RSA_PKCS1_SHA256,
                };
                let mut signed = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, message, &mut signed).map(|()| signed)
            }
            Pair::Ec(pair) => pair.sign(&random, message).map(|signed| signed.as_ref().to_vec()),
            Pair::Ed(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Pair::Secret => Ok(self.hmac(secret, message)),
        };
        signed.map_err(|_| io::Error::other("the key refused to sign"))
    }

    /// Whether this key made the signature.
    pub(crate) fn verifies(&self, message: &[u8], made: &[u8], secret: &[u8]) -> bool {
        let by = |algorithm: &'static dyn signature::VerificationAlgorithm, public: &[u8]| {
            signature::UnparsedPublicKey::new(algorithm, public).verify(message, made).is_ok()
        };
        match (&self.pair, self.algorithm) {
            (Pair::Rsa(pair), algorithm) => {
                let padding: &'static signature::RsaParameters = match algorithm {
                    SigningAlgorithm::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
                    SigningAlgorithm::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
                    SigningAlgorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
                    SigningAlgorithm::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
                    SigningAlgorithm::Ps512 => &signature::RSA_PSS_2048_8192_SHA512,
                    _ => &signature::RSA_PKCS1_2048_8192_SHA256,
                };
                by(padding, pair.public_key().as_ref())
            }
            (Pair::Ec(pair), algorithm) => {
                let curve = match algorithm {
                    SigningAlgorithm::Es384 => &signature::ECDSA_P384_SHA384_FIXED,
                    SigningAlgorithm::Es512 => &signature::ECDSA_P521_SHA512_FIXED,
                    _ => &signature::ECDSA_P256_SHA256_FIXED,
                };
                by(curve, pair.public_key().as_ref())
            }
            (Pair::Ed(pair), _) => by(&signature::ED25519, pair.public_key().as_ref()),
            (Pair::Secret, _) => self.hmac(secret, message) == made,
        }
    }

    fn hmac(&self, secret: &[u8], message: &[u8]) -> Vec<u8> {
        let hash = match self.algorithm {
            SigningAlgorithm::Hs384 => hmac::HMAC_SHA384,
            SigningAlgorithm::Hs512 => hmac::HMAC_SHA512,
            _ => hmac::HMAC_SHA256,
        };
        hmac::sign(&hmac::Key::new(hash, secret), message).as_ref().to_vec()
    }

    /// The public half as a JWK; none for a secret.
    pub(crate) fn jwk(&self) -> Option<Value> {
        let mut jwk = match &self.pair {
            Pair::Rsa(pair) => {
                let public = pair.public_key();
                json!({
                    "kty": "RSA",
                    "n": URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero()),
                    "e": URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero()),
                })
            }
            Pair::Ec(pair) => {
                let curve = match self.algorithm {
                    SigningAlgorithm::Es384 => "P-384",
                    SigningAlgorithm::Es512 => "P-521",
                    _ => "P-256",
                };
                let point = pair.public_key().as_ref().get(1..)?;
                let (x, y) = point.split_at(point.len() / 2);
                let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
                json!({ "kty": "EC", "crv": curve, "x": x, "y": y })
            }
            Pair::Ed(pair) => {
                let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
                json!({ "kty": "OKP", "crv": "Ed25519", "x": x })
            }
            Pair::Secret => return None,
        };
        let members = jwk.as_object_mut()?;
        members.insert("use".into(), "sig".into());
        members.insert("alg".into(), self.algorithm.name().into());
        members.insert("kid".into(), self.kid.clone().into());
        Some(jwk)
    }

    /// The public half as PEM text, which a confused verifier takes for an HMAC key.
    pub(crate) fn public_pem(&self) -> io::Result<String> {
        let der: Result<PublicKeyX509Der<'_>, _> = match &self.pair {
            Pair::Rsa(pair) => pair.public_key().as_der(),
            Pair::Ec(pair) => pair.public_key().as_der(),
            Pair::Ed(pair) => pair.public_key().as_der(),
            Pair::Secret => return Ok(String::new()),
        };
        let der = der.map_err(|_| io::Error::other("the public key could not be encoded"))?;
        Ok(pem("PUBLIC KEY", der.as_ref()))
    }

    /// The private half as PEM text of its PKCS#8 encoding.
    pub(crate) fn private_pem(&self) -> io::Result<String> {
        let unencodable = |_| io::Error::other("the private key could not be encoded");
        match &self.pair {
            Pair::Rsa(pair) => {
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(unencodable)?;
                Ok(pem("PRIVATE KEY", der.as_ref()))
            }
            Pair::Ec(pair) => Ok(pem("PRIVATE KEY", pair.to_pkcs8v1().map_err(unencodable)?.as_ref())),
            Pair::Ed(pair) => Ok(pem("PRIVATE KEY", pair.to_pkcs8v1().map_err(unencodable)?.as_ref())),
            Pair::Secret => Ok(String::new()),
        }
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        (0..text.len()).step_by(64).filter_map(|at| text.get(at..text.len().min(at + 64))).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

impl Drop for SigningKey {
    fn drop(&mut self) {
        let pair = std::mem::replace(&mut self.pair, Pair::Secret);
        if self.serves_again && !matches!(pair, Pair::Secret) {
            let family = self.algorithm.family();
            idle().lock().unwrap_or_else(PoisonError::into_inner).push((family, pair));
        }
    }
}

pub(crate) fn hmac_sha256(secret: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message).as_ref().to_vec()
}

/// The keys one provider has had; the last one signs and is the only one published.
pub(crate) struct KeyRing {
    keys: Vec<SigningKey>,
    current: SigningKey,
    pub(crate) rotate_before_signing: bool,
}

impl KeyRing {
    pub(crate) fn new(algorithm: SigningAlgorithm) -> io::Result<Self> {
        Ok(Self { keys: Vec::new(), current: SigningKey::new(algorithm)?, rotate_before_signing: false })
    }

    pub(crate) fn current(&self) -> &SigningKey {
        &self.current
    }

    /// The key to sign with now: a new one, if a rotation just before signing was asked for.
    pub(crate) fn signing(&mut self) -> io::Result<&SigningKey> {
        if std::mem::take(&mut self.rotate_before_signing) {
            self.rotate()?;
        }
        Ok(&self.current)
    }

    pub(crate) fn rotate(&mut self) -> io::Result<()> {
        let next = SigningKey::new(self.current.algorithm)?;
        self.keys.push(std::mem::replace(&mut self.current, next));
        Ok(())
    }

    pub(crate) fn jwks(&self) -> Value {
        json!({ "keys": self.current.jwk().into_iter().collect::<Vec<_>>() })
    }

    /// The key of that id, published or retired.
    pub(crate) fn find(&self, kid: &str) -> Option<&SigningKey> {
        self.keys.iter().chain([&self.current]).find(|key| key.kid == kid)
    }
}
