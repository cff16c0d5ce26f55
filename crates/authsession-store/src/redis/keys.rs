//! What is kept under which key. Each session is one key, so that a cluster's node has all of it.

use std::sync::Arc;

use crate::backend::Label;
use crate::keyed_hash::KeyedHash;

/// The index of what is due is spread over so many keys, and with them over a cluster's nodes.
const PARTS: usize = 16;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The keys below a prefix.
#[derive(Clone)]
pub(super) struct Keys(pub(super) Arc<str>);

impl Keys {
    /// A string: see `value`.
    pub(super) fn session(&self, name: &KeyedHash) -> String {
        self.named("session", name)
    }

    /// A sorted set of the names of the sessions that carry it, by when they are too old.
    pub(super) fn label(&self, label: &Label) -> String {
        match label {
            Label::Subject(name) => self.named("subject", name),
            Label::ProviderSession(name) => self.named("provider", name),
        }
    }

    /// A sorted set of names, by when they are due at the earliest: a touch does not write it.
    pub(super) fn due(&self, name: &KeyedHash) -> String {
        self.due_part(usize::from(name.0[0]) % PARTS)
    }

    /// All of those.
    pub(super) fn all_due(&self) -> impl Iterator<Item = String> + '_ {
        (0..PARTS).map(|part| self.due_part(part))
    }

    /// Where changes are told.
    pub(super) fn channel(&self) -> String {
        format!("{}changes", self.0)
    }

    fn due_part(&self, part: usize) -> String {
        format!("{}due:{part:x}", self.0)
    }

    fn named(&self, kind: &str, name: &KeyedHash) -> String {
        let mut key = String::with_capacity(self.0.len() + kind.len() + 65);
        key.push_str(&self.0);
        key.push_str(kind);
        key.push(':');
        for digit in name.0.iter().flat_map(|byte| [byte >> 4, byte & 15]) {
            key.push(char::from(DIGITS[usize::from(digit)]));
        }
        key
    }
}
