//! How a record is sealed, and for what it opens again.

use std::sync::Arc;

use crate::backend::Content;
use crate::key::StoreKey;
use crate::keyed_hash::KeyedHash;
use crate::record::{SessionRecord, StoredSession, Version};
use crate::seal::SealError;
use crate::sealed_store::SealedStore;
use crate::store::StoreError;
use crate::written;

const RECORD: &str = "session record";
const RECORD_BY_SERVER: &str = "session record, by the server";

/// How a record is sealed: its first byte.
const WITH_ITS_COOKIE: u8 = 1;
const BY_SERVER: u8 = 2;

impl SealedStore {
    pub(super) fn seal(
        &self,
        key: &StoreKey,
        name: &KeyedHash,
        version: Version,
        record: &SessionRecord,
    ) -> Result<Content, StoreError> {
        let (kind, purpose, id) = match key.id() {
            Some(id) if !self.by_server => (WITH_ITS_COOKIE, RECORD, id.as_slice()),
            _ if self.by_server => (BY_SERVER, RECORD_BY_SERVER, [].as_slice()),
            _ => return Err(StoreError::SealedForItsUser),
        };
        let (context, text) = (context(name, version, id), written::write(record));
        let sealed = self.ring.seal_behind(&[kind], purpose, &context, &text)?;
        Ok(Content { version, sealed, expires_at: record.expires_at })
    }

    pub(super) fn open(
        &self,
        key: &StoreKey,
        name: &KeyedHash,
        content: &Content,
    ) -> Result<Arc<StoredSession>, StoreError> {
        let (purpose, id, sealed) = match (&*content.sealed, key.id()) {
            ([WITH_ITS_COOKIE, sealed @ ..], Some(id)) => (RECORD, id.as_slice(), sealed),
            ([WITH_ITS_COOKIE, ..], None) => return Err(StoreError::SealedForItsUser),
            ([BY_SERVER, sealed @ ..], _) => (RECORD_BY_SERVER, [].as_slice(), sealed),
            _ => return Err(StoreError::unreadable(SealError::NotOurs)),
        };
        let context = context(name, content.version, id);
        let text = self.ring.open(purpose, &context, sealed).map_err(StoreError::unreadable)?;
        let record = written::read(&text).map_err(StoreError::unreadable)?;
        Ok(Arc::new(StoredSession::new(record, content.version)))
    }
}

/// What a record belongs to: it opens nowhere else, and as no other version.
pub(super) fn context(name: &KeyedHash, version: Version, id: &[u8]) -> Vec<u8> {
    [&name.0, version.number().to_le_bytes().as_slice(), id].concat()
}
