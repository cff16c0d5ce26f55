//! The provider's key: made from a fixed seed, so that seeds of inputs can name its public half.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Signs as the provider does.
#[derive(Debug)]
pub struct Signer(Ed25519KeyPair);

impl Default for Signer {
    fn default() -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap())
    }
}

impl Signer {
    /// The `x` of its public half.
    pub fn x(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.public_key())
    }

    /// The key set that publishes it.
    pub fn key_set(&self) -> String {
        format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","kid":"k","x":"{}"}}]}}"#, self.x())
    }

    /// A token of any header and payload, honestly signed.
    pub fn sign(&self, header: &[u8], payload: &[u8]) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let signature = URL_SAFE_NO_PAD.encode(self.0.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}
