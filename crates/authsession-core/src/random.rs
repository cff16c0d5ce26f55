//! Randomness, and its one source: the operating system's, through aws-lc-rs.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::Error;

/// `N` random bytes, fit for keys.
///
/// # Errors
/// [`Error::Misconfigured`] when the operating system has no randomness to give.
pub fn bytes<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    #[expect(clippy::disallowed_methods, reason = "the one source of randomness")]
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| Error::misconfigured("the operating system's random source does not answer"))?;
    Ok(bytes)
}

/// `N` random bytes as base64url text: `N` = 32 gives 43 characters that nobody guesses.
///
/// # Errors
/// As [`bytes()`].
pub fn text<const N: usize>() -> Result<String, Error> {
    Ok(URL_SAFE_NO_PAD.encode(bytes::<N>()?))
}

/// A fraction in `0.0..1.0` to spread retries with; never for keys. `0.5` where there is no randomness.
#[must_use]
pub fn fraction() -> f64 {
    bytes::<4>().map_or(0.5, |bytes| f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0))
}
