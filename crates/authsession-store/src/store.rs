//! The contract of a session store: what every backend promises. The promises are tests in [`contract`](crate::contract).

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use authsession_core::clock::Timestamp;

use crate::end_reason::EndReason;
use crate::key::StoreKey;
use crate::record::{SessionRecord, StoredSession, Version};

/// Where sessions are kept.
///
/// Every step is atomic. An ended session stays ended: no step revives it.
#[async_trait]
pub trait SessionStore: fmt::Debug + Send + Sync + 'static {
    /// Keeps a new session, until `record.expires_at` at most and `idle_deadline` unless touched.
    ///
    /// # Errors
    /// [`StoreError::KeyTaken`] when there is or was a session under that key.
    async fn create(
        &self,
        key: &StoreKey,
        record: SessionRecord,
        idle_deadline: Timestamp,
    ) -> Result<Arc<StoredSession>, StoreError>;

    /// Looks a session up. Never shows one that ended or is past a deadline.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn load(&self, key: &StoreKey) -> Result<Found, StoreError>;

    /// The same, when it can be told at once, without waiting for anything. `None`: ask [`load`](SessionStore::load).
    fn load_at_once(&self, key: &StoreKey) -> Option<Found> {
        let _ = key;
        None
    }

    /// Saves a session, only if it still is at the version that was read. So a logout wins over any save in flight.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn update(
        &self,
        key: &StoreKey,
        read: Version,
        record: SessionRecord,
    ) -> Result<Updated, StoreError>;

    /// Moves the idle deadline on; never back, never of a session that ended. Not a new version.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn touch(&self, key: &StoreKey, idle_deadline: Timestamp) -> Result<(), StoreError>;

    /// Ends a session and leaves a tombstone that says why; an overdue one says its deadline's reason, whatever is given. Gives
    /// what was kept, so that its tokens can be revoked; `None` when it had ended before or there was none.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn end(&self, key: &StoreKey, reason: EndReason) -> Result<Option<Arc<StoredSession>>, StoreError>;

    /// Ends up to `at_most` overdue sessions and forgets old tombstones. Gives those it ended, each once, and why.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn sweep(&self, at_most: usize) -> Result<Vec<Swept>, StoreError>;

    /// The live sessions of a user; none for an empty subject, which says nothing of who it is.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn find_by_subject(&self, issuer: &str, subject: &str) -> Result<Vec<StoreKey>, StoreError>;

    /// The live sessions that belong to one session at the provider (`sid`).
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn find_by_provider_session(&self, issuer: &str, sid: &str) -> Result<Vec<StoreKey>, StoreError>;

    /// Takes the lease on a session for `ttl`, or renews it: `true` when `owner` holds it now. One owner at a time; it
    /// falls free when its time is over. There is none on a session that ended.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn lease(&self, key: &StoreKey, owner: LeaseOwner, ttl: Duration) -> Result<bool, StoreError>;

    /// Gives the lease back, if `owner` still holds it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn release(&self, key: &StoreKey, owner: LeaseOwner) -> Result<(), StoreError>;
}

/// A session a sweep ended, and why.
pub type Swept = (StoreKey, EndReason, Arc<StoredSession>);

/// What a look-up found.
#[derive(Clone, Debug)]
pub enum Found {
    /// A live session.
    Live {
        /// Its contents.
        session: Arc<StoredSession>,
        /// When it ends unless touched.
        idle_deadline: Timestamp,
    },
    /// One that is past a deadline and was not ended yet: whoever finds it ends it, for that reason.
    Overdue(EndReason),
    /// One that ended, and why.
    Ended(EndReason),
    /// None, as far back as the store remembers.
    Absent,
}

/// What became of an update.
#[derive(Clone, Debug)]
pub enum Updated {
    /// It is saved; this is the new version.
    Saved(Arc<StoredSession>),
    /// Someone saved another version in between: read again.
    Changed,
    /// The session ended in between: nothing is saved.
    Ended,
}

/// Who holds a lease: drawn at random, one for each attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseOwner(pub [u8; 16]);

/// A store could not do its work.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is, or was, a session under that key: draw a new id.
    #[error("the session key is taken")]
    KeyTaken,
    /// The store cannot be reached or failed: try later.
    #[error("the session store is not available: try again later")]
    Unavailable(#[source] Arc<dyn StdError + Send + Sync>),
}

impl StoreError {
    /// Whether the same call may succeed later, unchanged.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}
