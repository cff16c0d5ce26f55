//! Unguessable values: codes, tokens, session ids and key ids; and what a user types.

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

/// Eight letters and a dash: no vowels, so no words, and nothing that looks like a digit (RFC 8628 §6.1).
pub(crate) fn user_code() -> io::Result<String> {
    const LETTERS: [char; 20] =
        ['B', 'C', 'D', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Z'];
    let random = unguessable()?;
    let mut letters = random.bytes().map(|byte| LETTERS[usize::from(byte) % LETTERS.len()]);
    let half: String = letters.by_ref().take(4).collect();
    Ok(format!("{half}-{}", letters.take(4).collect::<String>()))
}
