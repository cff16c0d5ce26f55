//! How a memory store keeps one version of a session, and how it is found by whose it is.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use authsession_core::clock::Timestamp;

use crate::record::{SessionRecord, StoredSession, Version};
use crate::store::StoreError;

/// One version of a session as it is kept. What is asked of it while the store is locked takes no time to speak of.
pub(crate) trait Kept: Clone + Send + Sync + 'static {
    fn keep(session: &Arc<StoredSession>, hashes: &RandomState) -> Self;

    fn version(&self) -> Version;

    fn expires_at(&self) -> Timestamp;

    /// Whether it may be one of those: `false` is certain.
    fn may_be(&self, wanted: &Wanted<'_>) -> bool;

    /// The session. To be asked for when nothing is locked any more.
    fn into_session(self) -> Result<Arc<StoredSession>, StoreError>;
}

impl Kept for Arc<StoredSession> {
    fn keep(session: &Self, _: &RandomState) -> Self {
        Self::clone(session)
    }

    fn version(&self) -> Version {
        self.version
    }

    fn expires_at(&self) -> Timestamp {
        self.record.expires_at
    }

    fn may_be(&self, wanted: &Wanted<'_>) -> bool {
        wanted.is(&self.record)
    }

    fn into_session(self) -> Result<Self, StoreError> {
        Ok(self)
    }
}

/// Whose sessions are looked for.
pub(crate) struct Wanted<'text> {
    issuer: &'text str,
    whose: Whose<'text>,
    #[cfg_attr(not(feature = "sealed"), expect(dead_code, reason = "what is not packed is compared itself"))]
    hash: u64,
}

/// What they have in common, beside the issuer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose<'text> {
    Subject(&'text str),
    ProviderSession(&'text str),
}

impl<'text> Wanted<'text> {
    pub(crate) fn new(issuer: &'text str, whose: Whose<'text>, hashes: &RandomState) -> Self {
        let (Whose::Subject(text) | Whose::ProviderSession(text)) = whose;
        Self { issuer, whose, hash: hashes.hash_one((issuer, text)) }
    }

    pub(crate) fn is(&self, record: &SessionRecord) -> bool {
        &*record.issuer == self.issuer
            && match self.whose {
                Whose::Subject(subject) => &*record.subject == subject,
                Whose::ProviderSession(sid) => record.provider_session.as_deref() == Some(sid),
            }
    }

    #[cfg(feature = "sealed")]
    pub(crate) const fn whose(&self) -> Whose<'text> {
        self.whose
    }

    /// What those that are wanted have in common, and others that are not. Nobody outside the store's process can tell which.
    #[cfg(feature = "sealed")]
    pub(crate) const fn hash(&self) -> u64 {
        self.hash
    }
}
