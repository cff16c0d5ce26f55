//! The session's id, which only the browser holds, and the key a store keeps in its place.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

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

    /// The one that was told as that text; `None` when it cannot be a session's id.
    #[must_use]
    pub fn from_text(text: Secret) -> Option<Self> {
        is_shaped(text.expose()).then_some(Self(text))
    }

    /// The text for the cookie.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// Where a session is kept: a hash of the session's id, so that a stolen store opens no session.
///
/// Made of a cookie, it carries the id along, which a store at rest needs to open the record. One that a look-up or a sweep
/// gave carries none: it names the session by what the store calls it, and is good for ending it. Keys are compared by their
/// bytes alone.
#[derive(Clone, Copy)]
pub struct StoreKey {
    bytes: [u8; 32],
    id: Option<[u8; ID_LENGTH]>,
}

impl StoreKey {
    /// The key for the text of a cookie; `None` when it cannot be a session's id.
    #[must_use]
    pub fn from_cookie(text: &str) -> Option<Self> {
        is_shaped(text).then(|| Self::hash(text))
    }

    /// The key for a session's id.
    #[must_use]
    pub fn of(id: &SessionId) -> Self {
        Self::hash(id.expose())
    }

    /// The bytes, for a backend.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// What a store calls a session, from the bytes it kept.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self { bytes, id: None }
    }

    /// Whether it was made of a cookie, and so opens what is sealed with that.
    #[must_use]
    pub const fn carries_id(&self) -> bool {
        self.id.is_some()
    }

    /// The session's id, of a key that was made of a cookie.
    #[cfg(feature = "sealed")]
    pub(crate) const fn id(&self) -> Option<&[u8; ID_LENGTH]> {
        self.id.as_ref()
    }

    /// Of an id's text, whose length was checked. In one go: half the time of a hash that is fed in pieces.
    fn hash(text: &str) -> Self {
        let mut id = [0; ID_LENGTH];
        id.copy_from_slice(text.as_bytes());
        let mut message = [0; DOMAIN.len() + ID_LENGTH];
        message[..DOMAIN.len()].copy_from_slice(DOMAIN);
        message[DOMAIN.len()..].copy_from_slice(&id);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, &message).as_ref());
        Self { bytes, id: Some(id) }
    }
}

fn is_shaped(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    // All of them, without stopping at the first: several at a time that way.
    text.len() == ID_LENGTH && text.bytes().fold(true, |all, byte| all & fits(byte))
}

impl PartialEq for StoreKey {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for StoreKey {}

impl PartialOrd for StoreKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for StoreKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bytes.cmp(&other.bytes)
    }
}

impl Hash for StoreKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}

/// Shows the first four bytes: enough to follow a session through a log, too few to find it by.
impl fmt::Debug for StoreKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.bytes;
        write!(formatter, "{a:02x}{b:02x}{c:02x}{d:02x}…")
    }
}
