//! Sealing: authenticated encryption for what leaves the process, under a ring of keys that can be rotated.
//!
//! A sealed text is `version (1 byte) · key id (4) · salt (16) · AES-256-GCM ciphertext and tag`. Each text has a key of
//! its own, derived (HKDF-SHA-256, RFC 5869) from the ring's key, the purpose, the context and the salt; so no nonce ever
//! repeats under a key, and a text sealed for one purpose or context does not open for another.

use std::fmt;

use authsession_core::random;
use authsession_core::secret::Secret;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const KEY_ID: usize = 4;
const SALT: usize = 16;
const HEADER: usize = 1 + KEY_ID + SALT;
/// Each salt makes a key of its own, which seals one text: its nonce may be constant.
const NONCE: [u8; 12] = [0; 12];
const FEWEST_DISTINCT: usize = 8;

/// The keys that seal and open. The first seals; all open.
#[derive(Clone)]
pub struct KeyRing(Vec<Key>);

#[derive(Clone)]
struct Key {
    id: [u8; KEY_ID],
    prk: Prk,
}

/// Sealing or opening failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The key is too weak to be one.
    #[error("the key must carry 32 random bytes: make one with `openssl rand -base64 32`")]
    WeakKey,
    /// Not sealed by a key of this ring, for this purpose and context; or changed since.
    #[error("not sealed by us, or changed since")]
    NotOurs,
    /// The operating system has no randomness to give.
    #[error("no randomness to seal with")]
    NoRandomness,
}

impl KeyRing {
    /// A ring of one key, given as text that carries at least 32 random bytes: 64 hex digits, or 43 characters of base64
    /// or anything else.
    ///
    /// # Errors
    /// [`SealError::WeakKey`] for a shorter one, or one of few different characters.
    pub fn new(key: &Secret) -> Result<Self, SealError> {
        Ok(Self(vec![Key::parse(key)?]))
    }

    /// Adds a key that only opens: the one in use before. What it sealed is sealed by the new one when next written.
    ///
    /// # Errors
    /// As [`KeyRing::new`].
    pub fn with_old_key(mut self, key: &Secret) -> Result<Self, SealError> {
        self.0.push(Key::parse(key)?);
        Ok(self)
    }

    /// A ring of one random key: what it seals opens only in this process.
    ///
    /// # Errors
    /// [`SealError::NoRandomness`].
    pub fn random() -> Result<Self, SealError> {
        let key = random::text::<32>().map_err(|_| SealError::NoRandomness)?;
        Self::new(&key.into())
    }

    /// Seals a text for a purpose (a constant of the program) and a context (what it belongs to; it may be secret).
    ///
    /// # Errors
    /// [`SealError::NoRandomness`].
    pub fn seal(&self, purpose: &str, context: &[u8], text: &[u8]) -> Result<Vec<u8>, SealError> {
        self.seal_behind(&[], purpose, context, text)
    }

    /// The same behind something that is not sealed.
    pub(crate) fn seal_behind(
        &self,
        before: &[u8],
        purpose: &str,
        context: &[u8],
        text: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        let key = self.0.first().ok_or(SealError::WeakKey)?;
        let salt = random::bytes::<SALT>().map_err(|_| SealError::NoRandomness)?;
        let mut header = [0; HEADER];
        header[0] = VERSION;
        header[1..=KEY_ID].copy_from_slice(&key.id);
        header[1 + KEY_ID..].copy_from_slice(&salt);
        let cipher = key.cipher(purpose, context, &salt).ok_or(SealError::NoRandomness)?;
        let start = before.len() + HEADER;
        let mut sealed = Vec::with_capacity(start + text.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(before);
        sealed.extend_from_slice(&header);
        sealed.extend_from_slice(text);
        let tag = cipher
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(NONCE),
                Aad::from(header),
                &mut sealed[start..],
            )
            .map_err(|_| SealError::NoRandomness)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Opens what was sealed for this purpose and context by any key of the ring.
    ///
    /// # Errors
    /// [`SealError::NotOurs`], whatever the cause.
    pub fn open(
        &self,
        purpose: &str,
        context: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let header: [u8; HEADER] = sealed.first_chunk().copied().ok_or(SealError::NotOurs)?;
        if header[0] != VERSION {
            return Err(SealError::NotOurs);
        }
        let (id, salt) = header[1..].split_at(KEY_ID);
        let key = self.0.iter().find(|key| key.id == id).ok_or(SealError::NotOurs)?;
        let cipher = key.cipher(purpose, context, salt).ok_or(SealError::NotOurs)?;
        let mut text = Zeroizing::new(sealed[HEADER..].to_vec());
        let length = cipher
            .open_in_place(Nonce::assume_unique_for_key(NONCE), Aad::from(header), &mut text)
            .map_err(|_| SealError::NotOurs)?
            .len();
        text.truncate(length);
        Ok(text)
    }

    /// A keyed hash of these parts for a purpose, by each key of the ring: the one that seals first.
    #[cfg(feature = "sealed")]
    pub(crate) fn names<'ring>(
        &'ring self,
        purpose: &str,
        of: &[&[u8]],
    ) -> impl Iterator<Item = [u8; 32]> + use<'ring> {
        // Each with its length before it, so that no two lists of parts read the same.
        let parts = purpose.len() + of.iter().map(|part| part.len()).sum::<usize>();
        let mut message = Vec::with_capacity(parts + (1 + of.len()) * size_of::<u64>());
        for part in [purpose.as_bytes()].iter().chain(of) {
            message.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            message.extend_from_slice(part);
        }
        self.0.iter().filter_map(move |key| {
            let mut name = [0; 32];
            derive(&key.prk, &[b"name", &message], &mut name)?;
            Some(name)
        })
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "KeyRing({} keys)", self.0.len())
    }
}

impl Key {
    fn parse(key: &Secret) -> Result<Self, SealError> {
        let text = key.expose();
        let hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let long_enough = text.len() >= if hex { 64 } else { 43 };
        let distinct = (0..=u8::MAX).filter(|byte| text.as_bytes().contains(byte)).count();
        if !long_enough || distinct < FEWEST_DISTINCT {
            return Err(SealError::WeakKey);
        }
        let prk = Salt::new(HKDF_SHA256, b"authsession key ring v1").extract(text.as_bytes());
        let mut id = [0; KEY_ID];
        derive(&prk, &[b"key id"], &mut id).ok_or(SealError::WeakKey)?;
        Ok(Self { id, prk })
    }

    fn cipher(&self, purpose: &str, context: &[u8], salt: &[u8]) -> Option<LessSafeKey> {
        let mut key = Zeroizing::new([0; 32]);
        // The length keeps purpose and context apart; the salt's is fixed.
        let length = u64::try_from(purpose.len()).ok()?.to_le_bytes();
        derive(&self.prk, &[b"seal", salt, &length, purpose.as_bytes(), context], &mut *key)?;
        UnboundKey::new(&AES_256_GCM, &*key).ok().map(LessSafeKey::new)
    }
}

fn derive(prk: &Prk, info: &[&[u8]], out: &mut [u8]) -> Option<()> {
    struct Length(usize);
    impl KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    prk.expand(info, Length(out.len())).ok()?.fill(out).ok()
}
