//! The provider's keys (RFC 7517 §4 and §5, RFC 7518 §6, RFC 8037 §2): which of them may verify.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use url::Url;

use crate::error::{Endpoint, Error};
use crate::http::HttpClient;
use crate::jws::{Algorithm, Jws, VerifyingKey};
use crate::tenant;

/// The keys of a key set that may verify signatures. Others are left out, never an error.
#[derive(Debug)]
pub(crate) struct KeySet {
    keys: Vec<Key>,
}

#[derive(Debug)]
struct Key {
    id: Option<String>,
    /// The issuer it is bound to, where the provider has one for each tenant; not a standard member.
    issuer: Option<String>,
    key: VerifyingKey,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    issuer: Option<serde_json::Value>,
}

impl KeySet {
    /// Fetches the set; an answer that is none is as good as no answer.
    pub(crate) async fn fetch(http: HttpClient, jwks_uri: Url) -> Result<Self, Error> {
        let answer = http.get(Endpoint::Jwks, &jwks_uri, None).await?;
        if !answer.status.is_success() {
            return Err(answer.bad());
        }
        Self::parse(&answer.body).ok_or_else(|| answer.bad())
    }

    /// Reads a key set document (RFC 7517 §5); `None` when it is no key set at all.
    fn parse(document: &[u8]) -> Option<Self> {
        let document: Document = serde_json::from_slice(document).ok()?;
        let keys = document
            .keys
            .into_iter()
            .filter_map(|key| serde_json::from_value::<Jwk>(key).ok())
            .flat_map(|jwk| {
                let issuer = jwk.issuer.as_ref().map(|issuer| issuer.as_str().unwrap_or_default().to_owned());
                let keys = jwk.verifying_keys().into_iter();
                keys.map(move |key| Key { id: jwk.kid.clone(), issuer: issuer.clone(), key })
            })
            .collect();
        Some(Self { keys })
    }

    /// How the token's signature stands with this set. A key bound to one issuer vouches for no other.
    pub(crate) fn judge(&self, token: &Jws<'_>, many_tenants: bool) -> Judgement {
        let bound = self.keys.iter().any(|key| key.issuer.is_some());
        // Not believed yet, and only ever a reason to trust fewer keys.
        let named = if bound { token.claims().ok() } else { None };
        let issuer = named.as_ref().and_then(|claims| claims.get("iss"));
        let mut one_was_meant = false;
        for candidate in &self.keys {
            // A key without a name may be the one that is meant, whatever name the token gives it.
            let named_alike = candidate.id == token.key_id;
            let is_meant = named_alike || candidate.id.is_none() || token.key_id.is_none();
            let is_bound_elsewhere = candidate
                .issuer
                .as_ref()
                .is_some_and(|of| tenant::is_bound_elsewhere(of, issuer, many_tenants));
            if candidate.key.algorithm() != token.algorithm || !is_meant || is_bound_elsewhere {
                continue;
            }
            if candidate.key.verifies(token) {
                return Judgement::Verified;
            }
            one_was_meant |= named_alike && token.key_id.is_some();
        }
        if one_was_meant { Judgement::WrongSignature } else { Judgement::UnknownKey }
    }
}

/// What this key of a key set would verify; nothing, for one that is left out.
pub(crate) fn usable_with(key: &serde_json::Value) -> Vec<Algorithm> {
    let jwk = Jwk::deserialize(key).map(|jwk| jwk.verifying_keys()).unwrap_or_default();
    jwk.iter().map(VerifyingKey::algorithm).collect()
}

/// How a token's signature stands with a key set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// One of its keys made it.
    Verified,
    /// None of its keys is the one meant.
    UnknownKey,
    /// The key meant did not make it.
    WrongSignature,
}

impl Judgement {
    pub(crate) fn into_result(self) -> Result<(), Error> {
        match self {
            Self::Verified => Ok(()),
            Self::UnknownKey => {
                Err(Error::untrusted("the token is signed by a key the provider does not publish"))
            }
            Self::WrongSignature => Err(Error::untrusted("the token's signature is wrong")),
        }
    }
}

impl Jwk {
    /// One verifying key for each algorithm this key may be used with: none for a key that is too short, symmetric, or
    /// meant for something else.
    fn verifying_keys(&self) -> Vec<VerifyingKey> {
        let purpose = self.purpose.as_deref().is_none_or(|purpose| purpose == "sig");
        let operations = self.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        if !purpose || !operations {
            return Vec::new();
        }
        Algorithm::ASYMMETRIC
            .iter()
            .copied()
            .filter(|algorithm| self.alg.as_deref().is_none_or(|alg| alg == algorithm.name()))
            .filter_map(|algorithm| self.verifying_key(algorithm))
            .collect()
    }

    fn verifying_key(&self, algorithm: Algorithm) -> Option<VerifyingKey> {
        let decode = |part: &Option<String>| URL_SAFE_NO_PAD.decode(part.as_ref()?).ok();
        let curve = match algorithm {
            Algorithm::Es256 => ("P-256", 32),
            Algorithm::Es384 => ("P-384", 48),
            Algorithm::Es512 => ("P-521", 66),
            Algorithm::EdDsa | Algorithm::Ed25519 => {
                let fits = self.kty == "OKP" && self.crv.as_deref() == Some("Ed25519");
                return fits.then(|| VerifyingKey::curve(algorithm, &decode(&self.x)?))?;
            }
            _ if self.kty == "RSA" => {
                return VerifyingKey::rsa(algorithm, &decode(&self.n)?, &decode(&self.e)?);
            }
            _ => return None,
        };
        if self.kty != "EC" || self.crv.as_deref() != Some(curve.0) {
            return None;
        }
        let (x, y) = (decode(&self.x)?, decode(&self.y)?);
        let right_size = x.len() == curve.1 && y.len() == curve.1;
        right_size.then(|| VerifyingKey::curve(algorithm, &[&[4], &x[..], &y[..]].concat()))?
    }
}
