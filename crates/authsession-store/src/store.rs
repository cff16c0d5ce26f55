//! The contract of a session store: what every backend promises. The promises are tests in [`contract`](crate::contract).

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use authsession_core::clock::{self, Timestamp};
use authsession_core::secret::Secret;

use crate::claim::{Claim, Settled};
use crate::end_reason::EndReason;
use crate::key::StoreKey;
use crate::record::{SessionRecord, StoredSession, Version};
use crate::seal::KeyRing;
use crate::seal::SealError;

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

    /// Ends a session and leaves a tombstone that says why; an overdue one says its deadline's reason, whatever is given.
    /// `None` when it had ended before or there was none, and where a live one should end as [`EndReason::Idle`]: somebody used
    /// it meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn end(&self, key: &StoreKey, reason: EndReason) -> Result<Option<EndedSession>, StoreError>;

    /// Ends up to `at_most` overdue sessions and forgets as many old tombstones. Gives those it ended, each once.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn sweep(&self, at_most: usize) -> Result<Vec<EndedSession>, StoreError>;

    /// How many calls of [`sweep`](SessionStore::sweep) in a row that come back short have looked at everything, as was known
    /// after the last one: a store may look at one part of itself a call, and at the next one in the next. One unless it says
    /// otherwise; `usize::MAX` while more is due, though a call came back short.
    fn sweep_parts(&self) -> usize {
        1
    }

    /// The live sessions of a user; none for an empty subject, which says nothing of who it is. The keys are what the store
    /// calls them: good for ending them, and [`is_found_as`](SessionStore::is_found_as) compares them.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn find_by_subject(&self, issuer: &str, subject: &str) -> Result<Vec<StoreKey>, StoreError>;

    /// The live sessions that belong to one session at the provider (`sid`).
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn find_by_provider_session(&self, issuer: &str, sid: &str) -> Result<Vec<StoreKey>, StoreError>;

    /// Whether a look-up calls the session under `key` by the key `found`.
    fn is_found_as(&self, key: &StoreKey, found: &StoreKey) -> bool {
        key == found
    }

    /// Waits until it is worth to look at the session again: until another process changed it, where the store hears of that,
    /// and for a while otherwise; never longer than `at_most`. It may return for nothing.
    async fn wait_for_change(&self, key: &StoreKey, at_most: Duration) {
        let _ = key;
        clock::wait(at_most).await;
    }

    /// Whether it hears what other processes change, so that [`wait_for_change`](SessionStore::wait_for_change) returns then.
    fn hears_of_changes(&self) -> bool {
        false
    }

    /// Takes the lease on a session for `ttl`, or renews it: `true` when `owner` holds it now. One owner at a time; it
    /// falls free when its time is over. There is none on a session that ended. One that has longer to go than five times `ttl` is free:
    /// the clock it lasts by was set back. So all who ask for the same lease ask for about the same time.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn lease(&self, key: &StoreKey, owner: LeaseOwner, ttl: Duration) -> Result<bool, StoreError>;

    /// Gives the lease back, if `owner` still holds it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn release(&self, key: &StoreKey, owner: LeaseOwner) -> Result<(), StoreError>;

    /// Claims what that key stands for, which is no session, for whoever asks first among all processes on this store. The claim,
    /// and what came of it, count for `ttl`; then it is [`Claim::Lost`] for a while.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: then it may be claimed or not.
    async fn claim(&self, key: &StoreKey, ttl: Duration) -> Result<Claim, StoreError>;

    /// Says what came of a claim that is [`Claim::Ours`]; once its time is over, nobody hears of it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn settle(&self, key: &StoreKey, ours: Version, settled: Settled) -> Result<(), StoreError>;

    /// What has sessions travel with their users, of a store that works so. Most keep sessions themselves: `None`. A store around
    /// another one hands on what that one says.
    fn carrier(&self) -> Option<&dyn Carrier> {
        None
    }
}

/// Has sessions travel with their users: the browser brings each one along, sealed, and is given it again when it changed. The
/// store holds no more than a working copy, and nothing of those it has not seen for a while.
pub trait Carrier: Send + Sync {
    /// Takes in what a browser brought of the session under that key: unless what is held is as new, or the session ended here.
    /// What the browser has; `None` when that is nothing, or does not open.
    fn take_in(&self, ring: &KeyRing, key: &StoreKey, brought: &str) -> Option<Carried>;

    /// What to give to a browser that has `has`; `None` when that is as new as what is held, or about to be over.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`], and [`StoreError::Unavailable`] without randomness to seal with.
    fn hand_out(
        &self,
        ring: &KeyRing,
        key: &StoreKey,
        has: Option<Carried>,
    ) -> Result<Option<Parcel>, StoreError>;
}

/// Which state of its session a browser has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The version.
    pub version: Version,
    /// When it ends unless touched.
    pub idle_deadline: Timestamp,
}

/// A session for its user to take along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Letters, digits, `-`, `_` and `.`; at most [`Parcel::LARGEST`] of them.
    pub text: Secret,
    /// When the session ends, however much it is used.
    pub expires_at: Timestamp,
    /// Whether its user asked to be remembered.
    pub remembered: bool,
}

impl Parcel {
    /// How large a text may be, in bytes: requests with larger cookies are refused by many servers.
    pub const LARGEST: usize = 14_400;
}

/// A session that was ended now.
#[derive(Clone, Debug)]
pub struct EndedSession {
    /// The key it was ended by; of a sweep, what the store calls it.
    pub key: StoreKey,
    /// Why: the reason given, or that of its deadline.
    pub reason: EndReason,
    /// What was kept, so that its tokens can be revoked. `None` where nobody but its user's cookie opens it.
    pub session: Option<Arc<StoredSession>>,
}

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
    /// The record does not open: its key is missing from the ring, a later release wrote it, or it was changed. Fix that; what
    /// is kept stays as it is.
    #[error(
        "what is kept cannot be read: add the key that sealed it to the ring, or run the release that wrote it"
    )]
    Unreadable(#[source] Arc<dyn StdError + Send + Sync>),
    /// The store's own settings are wrong: fix them. The text says how.
    #[error("fix the session store's settings: {0}")]
    Misconfigured(Cow<'static, str>),
    /// This machine's clock and the store's server's are that far apart, so nobody knows which sessions are over: synchronise them.
    /// Until then nothing is ended here by a deadline.
    #[error(
        "this machine's clock and the session store's are {} s apart: synchronise them; until then nothing is ended here by a deadline",
        .0.as_secs()
    )]
    ClocksApart(Duration),
    /// The session does not fit into its user's cookies: make it smaller, or keep sessions in a store.
    #[error(
        "a session is too large to be kept in cookies: ask for fewer scopes and claims, fetch no userinfo, or keep sessions in a store"
    )]
    TooLarge,
    /// A look-up's key was used to read what opens only together with its user's cookie: end it by that key, or have records
    /// sealed by the server alone.
    #[error(
        "this session opens only with its user's cookie: end it by this key, or have records sealed by the server alone"
    )]
    SealedForItsUser,
}

impl StoreError {
    #[cfg(feature = "sealed")]
    pub(crate) fn unreadable(why: impl StdError + Send + Sync + 'static) -> Self {
        Self::Unreadable(Arc::new(why))
    }

    /// Whether the same call may succeed later, unchanged.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl From<SealError> for StoreError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::NoRandomness => Self::Unavailable(Arc::new(error)),
            SealError::NotOurs => Self::Unreadable(Arc::new(error)),
            SealError::WeakKey => Self::Misconfigured(error.to_string().into()),
        }
    }
}
