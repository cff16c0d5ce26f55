//! Unguessable values: codes, tokens, session ids and key ids.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::io;

/// 192 random bits in base64url.
#[expect(clippy::disallowed_methods, reason = "this is where the testkit's randomness comes from")]
pub(crate) fn unguessable() -> io::Result<String> {
    let mut bytes = [0; 24];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| io::Error::other("no randomness"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
