//! The session's id, which only the browser holds, and the key a store keeps in its place.

use std::fmt;

use authsession_core::error::Error;
use authsession_core::random;
use authsession_core::secret::Secret;
use aws_lc_rs::digest;

/// With the id it makes 55 bytes, the most that SHA-256 hashes in one block.
const DOMAIN: &[u8] = b"authsess v1\0";
/// 32 bytes in base64url.
const ID_LENGTH: usize = 43;

/// What the cookie holds: 256 random bits. Whoever has it is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionId(Secret);

impl SessionId {
    /// A new one that nobody guesses.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub fn generate() -> Result<Self, Error> {
        random::text::<32>().map(|text| Self(text.into()))
    }

    /// The text for the cookie.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// Where a session is kept: a hash of the session's id, so that a stolen store opens no session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreKey([u8; 32]);

impl StoreKey {
    /// The key for the text of a cookie; `None` when it cannot be a session's id.
    #[must_use]
    pub fn from_cookie(text: &str) -> Option<Self> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        // All of them, without stopping at the first: several at a time that way.
        let shaped = text.len() == ID_LENGTH && text.bytes().fold(true, |all, byte| all & fits(byte));
        shaped.then(|| Self::hash(text))
    }

    /// The key for a session's id.
    #[must_use]
    pub fn of(id: &SessionId) -> Self {
        Self::hash(id.expose())
    }

    /// The bytes, for a backend.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// From the bytes a backend kept.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Of an id's text, whose length was checked. In one go: half the time of a hash that is fed in pieces.
    fn hash(text: &str) -> Self {
        let mut message = [0; DOMAIN.len() + ID_LENGTH];
        message[..DOMAIN.len()].copy_from_slice(DOMAIN);
        message[DOMAIN.len()..].copy_from_slice(text.as_bytes());
        let mut key = [0; 32];
        key.copy_from_slice(digest::digest(&digest::SHA256, &message).as_ref());
        Self(key)
    }
}

/// Shows the first four bytes: enough to follow a session through a log, too few to find it by.
impl fmt::Debug for StoreKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:02x}{:02x}{:02x}{:02x}…", self.0[0], self.0[1], self.0[2], self.0[3])
    }
}
