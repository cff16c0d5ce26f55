//! Keys and tokens made by the test itself: what no honest provider would sign or publish.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A signing key for Ed25519, under a key id.
pub(crate) struct Mint {
    pair: Ed25519KeyPair,
    key_id: &'static str,
}

impl Mint {
    pub(crate) fn new(key_id: &'static str) -> Self {
        Self { pair: Ed25519KeyPair::generate().unwrap(), key_id }
    }

    /// The public key, as a provider publishes it.
    pub(crate) fn jwk(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.pair.public_key().as_ref());
        json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": self.key_id, "use": "sig", "alg": "EdDSA" })
    }

    /// A signed token with these very claims, naming the key.
    pub(crate) fn token(&self, claims: &str) -> String {
        self.sign(&json!({ "alg": "EdDSA", "kid": self.key_id }).to_string(), claims)
    }

    /// A signed token with this very header and these very claims.
    pub(crate) fn sign(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = URL_SAFE_NO_PAD.encode(self.pair.sign(signed.as_bytes()).as_ref());
        format!("{signed}.{signature}")
    }
}
