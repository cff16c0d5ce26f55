//! Sessions as a server sees them: a name, and bytes that tell it nothing.

use authsession_core::clock::Clock;
use authsession_core::random;

use crate::stores::keeper::{Failure, SESSIONS};
use crate::stores::records::IDLE;

/// One of them. Times are milliseconds since the Unix epoch.
pub(crate) struct Blob {
    pub(crate) name: Vec<u8>,
    /// What it holds in turn: whatever is sealed anew shares no byte with what was there.
    pub(crate) sealed: [Vec<u8>; 2],
    pub(crate) subject: Vec<u8>,
    pub(crate) provider_session: Vec<u8>,
    pub(crate) idle_deadline: i64,
    pub(crate) expires_at: i64,
}

impl Blob {
    /// What that version holds.
    pub(crate) fn sealed(&self, version: i64) -> &[u8] {
        &self.sealed[usize::from(version % 2 == 0)]
    }
}

/// All sessions of a keeper, each of that length.
pub(crate) fn blobs(length: usize) -> Result<Vec<Blob>, Failure> {
    let now = Clock::system().now();
    let bytes = |length: usize| {
        let mut bytes = Vec::with_capacity(length + 32);
        while bytes.len() < length {
            bytes.extend(random::bytes::<32>()?);
        }
        bytes.truncate(length);
        Ok::<_, Failure>(bytes)
    };
    let one = || {
        Ok(Blob {
            name: bytes(32)?,
            sealed: [bytes(length)?, bytes(length)?],
            subject: bytes(32)?,
            provider_session: bytes(32)?,
            idle_deadline: (now + IDLE).unix_millis(),
            expires_at: (now + IDLE * 20).unix_millis(),
        })
    };
    (0..SESSIONS).map(|_| one()).collect()
}
