//! The key the Salesforce CLI encrypts tokens with, and what it opens (AES-256-GCM, NIST SP 800-38D).

use std::fmt;

use authsession_core::secret::Secret;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::error::cli_login_fault::CliLoginFault;
use crate::error::{CirrusError, CirrusResult};

/// What the CLI calls its entry in a keychain.
const SERVICE: &str = "sfdx";
const ACCOUNT: &str = "local";

/// The Salesforce CLI's key.
///
/// With `SF_USE_GENERIC_UNIX_KEYCHAIN=true` it is in `~/.sfdx/key.json`, else in the system's keychain: on Linux
/// `secret-tool lookup user local domain sfdx` shows it, on macOS `security find-generic-password -a local -s sfdx -w`.
#[derive(Clone)]
pub struct CliKey {
    key: Zeroizing<[u8; 32]>,
    version: Version,
}

/// The CLI has two ways to write a key and a nonce; the key's length tells which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    /// 32 characters that are the key, and 12 that are the nonce.
    Characters,
    /// 64 and 24 hexadecimal digits for them.
    Digits,
}

#[derive(Deserialize)]
struct KeyFile {
    service: String,
    account: String,
    key: Zeroizing<String>,
}

impl CliKey {
    /// The key as the keychain shows it.
    ///
    /// # Errors
    /// [`CirrusError::CliLogin`] when it has not 32 or 64 characters.
    pub fn new(text: &str) -> CirrusResult<Self> {
        let text = text.trim();
        let (bytes, version) = match text.len() {
            64 => (unhex(text).unwrap_or_default(), Version::Digits),
            _ => (Zeroizing::new(text.as_bytes().to_vec()), Version::Characters),
        };
        let mut key = Zeroizing::new([0; 32]);
        if bytes.len() != key.len() {
            return Err(CirrusError::cli_login(CliLoginFault::KeyUnreadable));
        }
        key.copy_from_slice(&bytes);
        Ok(Self { key, version })
    }

    /// The key in a `key.json`.
    ///
    /// # Errors
    /// [`CirrusError::CliLogin`] when it is not one of the CLI's.
    pub fn from_key_file(text: &str) -> CirrusResult<Self> {
        match serde_json::from_str::<KeyFile>(text) {
            Ok(file) if file.service == SERVICE && file.account == ACCOUNT => Self::new(&file.key),
            _ => Err(CirrusError::cli_login(CliLoginFault::KeyUnreadable)),
        }
    }

    /// Opens `nonce ciphertext:tag`, all written in hexadecimal digits.
    pub(crate) fn open(&self, sealed: &str) -> CirrusResult<Secret> {
        self.try_open(sealed).ok_or_else(|| CirrusError::cli_login(CliLoginFault::NotDecryptable))
    }

    fn try_open(&self, sealed: &str) -> Option<Secret> {
        let (sealed, tag) = sealed.split_once(':')?;
        let (nonce, ciphertext) = sealed.split_at_checked(match self.version {
            Version::Characters => NONCE_LEN,
            Version::Digits => NONCE_LEN * 2,
        })?;
        let nonce = match self.version {
            Version::Characters => Zeroizing::new(nonce.as_bytes().to_vec()),
            Version::Digits => unhex(nonce)?,
        };
        let nonce = Nonce::try_assume_unique_for_key(&nonce).ok()?;
        let mut opened = unhex(ciphertext)?;
        opened.extend_from_slice(&unhex(tag)?);
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &*self.key).ok()?);
        let text = key.open_in_place(nonce, Aad::empty(), &mut opened).ok()?;
        std::str::from_utf8(text).ok().map(Secret::from)
    }
}

impl fmt::Debug for CliKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CliKey([redacted])")
    }
}

/// Whether the CLI encrypted the text: no token of Salesforce's has a colon in it.
pub(crate) fn is_sealed(text: &str) -> bool {
    text.contains(':')
}

fn unhex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    if !text.len().is_multiple_of(2) {
        return None;
    }
    // Room for a tag behind it: growing would leave a copy in memory that nobody wipes.
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() / 2 + AES_256_GCM.tag_len()));
    for pair in text.as_bytes().chunks_exact(2) {
        let [high, low] = pair else { return None };
        bytes.push(digit(high)? << 4 | digit(low)?);
    }
    Some(bytes)
}
