//! Proof Key for Code Exchange (RFC 7636 §4.1 and §4.2): the code is worth nothing without the verifier that stays here.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::Error;
use crate::random;
use crate::secret::Secret;

/// How the code challenge is made from the code verifier (RFC 7636 §4.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CodeChallengeMethod {
    /// Its SHA-256.
    #[default]
    S256,
    /// The verifier itself: whoever reads the authorization request can redeem the code.
    Plain,
}

impl CodeChallengeMethod {
    /// The registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::S256 => "S256",
            Self::Plain => "plain",
        }
    }

    /// The code challenge for a code verifier.
    #[must_use]
    pub fn challenge(self, verifier: &Secret) -> String {
        match self {
            Self::S256 => {
                URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.expose().as_bytes()))
            }
            Self::Plain => verifier.expose().to_owned(),
        }
    }
}

impl std::fmt::Display for CodeChallengeMethod {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A new code verifier: 43 characters from 32 random bytes (RFC 7636 §4.1).
///
/// # Errors
/// [`Error::Misconfigured`] when there is no randomness to be had.
pub fn code_verifier() -> Result<Secret, Error> {
    random::text::<32>().map(Secret::from)
}
