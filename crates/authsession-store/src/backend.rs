//! What a backend of [`SealedStore`](crate::sealed_store::SealedStore) does: it keeps bytes it cannot read, and takes each step whole or not at all.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use authsession_core::clock::Timestamp;

use crate::changes::Changes;
use crate::end_reason::EndReason;
use crate::keyed_hash::KeyedHash;
use crate::record::Version;
use crate::store::{LeaseOwner, StoreError};

/// Keeps sessions for [`SealedStore`](crate::sealed_store::SealedStore), which seals them, hashes their names and says what time it is.
///
/// Every step is atomic, among all processes. A session is *live* at `now` when it did not end and both its deadlines are later
/// than that. To hold one against the promises of a store, hand an `SealedStore` of it to
/// [`contract::keeps_every_promise`](crate::contract::keeps_every_promise), and the backend itself to
/// [`contract::keeps_every_promise_among_processes`](crate::contract::keeps_every_promise_among_processes). Everything fails with [`StoreError::Unavailable`].
#[async_trait]
pub trait Backend: fmt::Debug + Send + Sync + 'static {
    /// Keeps a new session; `false`, and nothing done, when there is or was one of that name.
    async fn create(
        &self,
        name: &KeyedHash,
        content: &Content,
        labels: &Labels,
        idle_deadline: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// What is kept under that name, overdue or not.
    async fn load(&self, name: &KeyedHash) -> Result<Kept, StoreError>;

    /// Puts new content and labels in the old ones' place, if the session is live and still at the version that was read. The
    /// idle deadline and the lease stay.
    async fn update(
        &self,
        name: &KeyedHash,
        read: Version,
        content: &Content,
        labels: &Labels,
        now: Timestamp,
    ) -> Result<UpdateOutcome, StoreError>;

    /// Moves the idle deadline on, never back, if the session is live; whether it is.
    async fn touch(
        &self,
        name: &KeyedHash,
        idle_deadline: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Ends a session: what it held goes, a tombstone stays until `forget_at`. One that is overdue ends for its deadline's
    /// reason ([`EndReason::by_deadline`]).
    ///
    /// For [`EndReason::Idle`] it ends only one that is overdue. Who asks for that saw a deadline, and a touch may have moved it
    /// on since: a live session stays as it is, and the outcome is [`EndOutcome::Before`].
    async fn end(
        &self,
        name: &KeyedHash,
        reason: EndReason,
        now: Timestamp,
        forget_at: Timestamp,
    ) -> Result<EndOutcome, StoreError>;

    /// Ends up to `at_most` overdue sessions, each in one process only, has each remembered until [`Content::forget_at`], and forgets
    /// tombstones whose time is over: all of them, if it can in the time that a call may take.
    async fn sweep(
        &self,
        at_most: usize,
        now: Timestamp,
        forget_at: Timestamp,
    ) -> Result<Vec<(KeyedHash, EndReason, Content)>, StoreError>;

    /// The names of the live sessions that carry this label.
    async fn find(&self, label: &Label, now: Timestamp) -> Result<Vec<KeyedHash>, StoreError>;

    /// Takes the lease on a live session for `ttl`, or renews it, if nobody else holds it; whether `owner` holds it. It lasts by the
    /// clock that tells the [`time`](Self::time), whatever the processes' own say. One that has longer to go than five
    /// times `ttl` is free: that clock was set back. So all who ask for the same lease ask for about the same time.
    async fn lease(
        &self,
        name: &KeyedHash,
        owner: LeaseOwner,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Gives the lease back, if `owner` holds it.
    async fn release(&self, name: &KeyedHash, owner: LeaseOwner) -> Result<(), StoreError>;

    /// What time it is by the clock of the server that all processes share. `None` where there is none: then `now` counts.
    async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(None)
    }

    /// What other processes change, where the backend hears of it.
    fn changes(&self) -> Option<&Changes> {
        None
    }
}

/// What is kept of a session beside its deadlines. No two are alike: a backend that finds what it was about to keep, as a call was
/// repeated whose answer was lost, kept it itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    /// Which version it is.
    pub version: Version,
    /// The sealed record.
    pub sealed: Vec<u8>,
    /// When the session ends, however much it is used.
    pub expires_at: Timestamp,
}

impl Content {
    /// What begins a claim, where a session has how its record is sealed; after it, whether it was given up.
    pub(crate) const CLAIM: u8 = 3;
    pub(crate) const GIVEN_UP: u8 = 1;
    const CLAIM_REMEMBERED: Duration = Duration::from_secs(15 * 60);

    /// Until when a sweep at `now` has the end of this remembered, where a session's is remembered until `forget_at`: a claim's for a
    /// quarter of an hour, and not at all if it was given up. Anybody can begin a sign-in, as often as they like.
    #[must_use]
    pub fn forget_at(&self, forget_at: Timestamp, now: Timestamp) -> Timestamp {
        match *self.sealed {
            [Self::CLAIM, Self::GIVEN_UP, ..] => forget_at.min(now),
            [Self::CLAIM, ..] => forget_at.min(now + Self::CLAIM_REMEMBERED),
            _ => forget_at,
        }
    }
}

/// What a session can be found by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// Its user.
    pub subject: Option<KeyedHash>,
    /// Its session at the provider.
    pub provider_session: Option<KeyedHash>,
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// The user.
    Subject(KeyedHash),
    /// The session at the provider.
    ProviderSession(KeyedHash),
}

/// What a look-up found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// A session that did not end; it may be overdue.
    Session {
        /// What is kept of it.
        content: Content,
        /// When it ends unless touched.
        idle_deadline: Timestamp,
    },
    /// A tombstone.
    Ended(EndReason),
    /// Nothing.
    Absent,
}

/// What became of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateOutcome {
    /// It is kept.
    Saved,
    /// Another version is there.
    Changed,
    /// The session ended, or is overdue.
    Ended,
    /// There is none.
    Absent,
}

/// What became of an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndOutcome {
    /// It ended now, for that reason; this was kept of it.
    Now(EndReason, Content),
    /// It had ended before; or it was to end for [`EndReason::Idle`], and is live.
    Before,
    /// There is none.
    Absent,
}

impl fmt::Debug for Content {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Content")
            .field("version", &self.version)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// How long a lease lasts, in milliseconds: of no use beyond thirty thousand years, and exact in every backend's numbers.
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql", feature = "redis"))]
pub(crate) fn lasting(ttl: Duration) -> i64 {
    const LONGEST: i64 = 1_000_000_000_000_000;
    i64::try_from(ttl.as_millis()).map_or(LONGEST, |millis| millis.min(LONGEST))
}
