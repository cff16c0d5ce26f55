//! The backend for one process: a sharded map whose records are shared by reference.

mod claims;
#[cfg(feature = "cookie-store")]
pub(crate) mod copies;

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use async_trait::async_trait;
use authsession_core::clock::{Clock, Timestamp};

use crate::claim::{Claim, Settled};
use crate::end_reason::{EndReason, REMEMBERED};
use crate::key::StoreKey;
use crate::memory::claims::Claims;
use crate::record::{SessionRecord, StoredSession, Version};
use crate::store::{EndedSession, Found, LeaseOwner, SessionStore, StoreError, Updated};

const SHARDS: usize = 64;

/// Sessions in this process's memory. They are gone when it ends.
///
/// ```
/// use authsession_store::memory::MemoryStore;
///
/// let store = MemoryStore::new();
/// assert!(store.is_empty());
/// ```
pub struct MemoryStore {
    shards: [RwLock<Shard>; SHARDS],
    clock: Clock,
    next_swept: AtomicUsize,
    claims: Mutex<Claims>,
}

type Shard = HashMap<[u8; 32], Slot, BuildHasherDefault<TakesTheKeysOwnBits>>;

enum Slot {
    Live {
        session: Arc<StoredSession>,
        idle_deadline: Timestamp,
        lease: Option<Box<Lease>>,
        /// Of a working copy: what is known of the browser that has the session.
        #[cfg(feature = "cookie-store")]
        browser: Option<Box<copies::Browser>>,
    },
    Ended {
        reason: EndReason,
        forget_at: Timestamp,
    },
}

struct Lease {
    owner: LeaseOwner,
    until: Timestamp,
}

impl MemoryStore {
    /// An empty store on the system's clock.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(Clock::system())
    }

    /// An empty store whose deadlines are measured by `clock`.
    #[must_use]
    pub fn with_clock(clock: Clock) -> Self {
        let shards = std::array::from_fn(|_| RwLock::default());
        Self { shards, clock, next_swept: AtomicUsize::new(0), claims: Mutex::default() }
    }

    /// How many sessions and remembered ends it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| read(shard).len()).sum()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn shard(&self, key: &StoreKey) -> &RwLock<Shard> {
        &self.shards[usize::from(key.as_bytes()[31]) % SHARDS]
    }

    /// One shard a call, in turn: sweeping never holds up more than a part of the sessions.
    fn next_to_sweep(&self) -> RwLockWriteGuard<'_, Shard> {
        write(&self.shards[self.next_swept.fetch_add(1, Ordering::Relaxed) % SHARDS])
    }

    fn find(&self, matches: impl Fn(&SessionRecord) -> bool) -> Vec<StoreKey> {
        let now = self.clock.now();
        let mut found = Vec::new();
        for shard in &self.shards {
            found.extend(read(shard).iter().filter_map(|(key, slot)| match slot {
                Slot::Live { session, .. } if slot.overdue(now).is_none() && matches(&session.record) => {
                    Some(StoreKey::from_bytes(*key))
                }
                _ => None,
            }));
        }
        found
    }
}

impl Slot {
    const fn live(session: Arc<StoredSession>, idle_deadline: Timestamp) -> Self {
        Self::Live {
            session,
            idle_deadline,
            lease: None,
            #[cfg(feature = "cookie-store")]
            browser: None,
        }
    }

    /// Why a live session is over by the clock, if it is.
    fn overdue(&self, now: Timestamp) -> Option<EndReason> {
        match self {
            Self::Live { session, idle_deadline, .. } => {
                EndReason::by_deadline(session.record.expires_at, *idle_deadline, now)
            }
            Self::Ended { .. } => None,
        }
    }

    /// Ends it for that reason, or for that of its deadline if it is overdue, unless it ended before. For being idle nothing ends
    /// that is live: it was touched since somebody saw it so.
    fn end(&mut self, reason: EndReason, now: Timestamp) -> Option<(EndReason, Arc<StoredSession>)> {
        let reason = match self.overdue(now) {
            Some(reason) => reason,
            None if reason == EndReason::Idle => return None,
            None => reason,
        };
        let ended = Self::Ended { reason, forget_at: self.forget_at(now) };
        match std::mem::replace(self, ended) {
            Self::Live { session, .. } => Some((reason, session)),
            before @ Self::Ended { .. } => {
                *self = before;
                None
            }
        }
    }

    /// Until when the end is remembered. That of a working copy until what its user took along is too old: it must not serve.
    fn forget_at(&self, now: Timestamp) -> Timestamp {
        match self {
            #[cfg(feature = "cookie-store")]
            Self::Live { session, browser: Some(_), .. } => session.record.expires_at.max(now + REMEMBERED),
            _ => now + REMEMBERED,
        }
    }

    fn is_to_be_forgotten(&self, now: Timestamp) -> bool {
        matches!(self, Self::Ended { forget_at, .. } if *forget_at <= now)
    }

    fn found(&self, now: Timestamp) -> Found {
        match (self, self.overdue(now)) {
            (Self::Ended { reason, .. }, _) => Found::Ended(*reason),
            (Self::Live { .. }, Some(reason)) => Found::Overdue(reason),
            (Self::Live { session, idle_deadline, .. }, None) => {
                Found::Live { session: Arc::clone(session), idle_deadline: *idle_deadline }
            }
        }
    }
}

#[async_trait]
impl SessionStore for MemoryStore {
    async fn create(
        &self,
        key: &StoreKey,
        record: SessionRecord,
        idle_deadline: Timestamp,
    ) -> Result<Arc<StoredSession>, StoreError> {
        let mut shard = write(self.shard(key));
        if shard.contains_key(key.as_bytes()) {
            return Err(StoreError::KeyTaken);
        }
        let session = Arc::new(StoredSession::new(record, Version::FIRST));
        shard.insert(*key.as_bytes(), Slot::live(Arc::clone(&session), idle_deadline));
        Ok(session)
    }

    async fn load(&self, key: &StoreKey) -> Result<Found, StoreError> {
        Ok(self.load_at_once(key).unwrap_or(Found::Absent))
    }

    fn load_at_once(&self, key: &StoreKey) -> Option<Found> {
        let shard = read(self.shard(key));
        Some(shard.get(key.as_bytes()).map_or(Found::Absent, |slot| slot.found(self.clock.now())))
    }

    async fn update(
        &self,
        key: &StoreKey,
        read: Version,
        record: SessionRecord,
    ) -> Result<Updated, StoreError> {
        let now = self.clock.now();
        let mut shard = write(self.shard(key));
        let Some(slot) = shard.get_mut(key.as_bytes()) else { return Ok(Updated::Ended) };
        if slot.overdue(now).is_some() {
            return Ok(Updated::Ended);
        }
        match slot {
            Slot::Ended { .. } => Ok(Updated::Ended),
            Slot::Live { session, .. } if session.version != read => Ok(Updated::Changed),
            Slot::Live { session, .. } => {
                *session = Arc::new(StoredSession::new(record, read.next()));
                Ok(Updated::Saved(Arc::clone(session)))
            }
        }
    }

    async fn touch(&self, key: &StoreKey, until: Timestamp) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut shard = write(self.shard(key));
        if let Some(slot) = shard.get_mut(key.as_bytes())
            && slot.overdue(now).is_none()
            && let Slot::Live { idle_deadline, .. } = slot
        {
            *idle_deadline = until.max(*idle_deadline);
        }
        Ok(())
    }

    async fn end(&self, key: &StoreKey, reason: EndReason) -> Result<Option<EndedSession>, StoreError> {
        let now = self.clock.now();
        let mut shard = write(self.shard(key));
        let ended = shard.get_mut(key.as_bytes()).and_then(|slot| slot.end(reason, now));
        Ok(ended.map(|(reason, session)| EndedSession { key: *key, reason, session: Some(session) }))
    }

    async fn sweep(&self, at_most: usize) -> Result<Vec<EndedSession>, StoreError> {
        let now = self.clock.now();
        let mut shard = self.next_to_sweep();
        shard.retain(|_, slot| !slot.is_to_be_forgotten(now));
        let overdue = shard.iter_mut().filter(|(_, slot)| slot.overdue(now).is_some()).take(at_most);
        Ok(overdue
            .filter_map(|(key, slot)| {
                let (reason, session) = slot.end(EndReason::TooOld, now)?;
                Some(EndedSession { key: StoreKey::from_bytes(*key), reason, session: Some(session) })
            })
            .collect())
    }

    fn sweep_parts(&self) -> usize {
        SHARDS
    }

    async fn find_by_subject(&self, issuer: &str, subject: &str) -> Result<Vec<StoreKey>, StoreError> {
        Ok(self
            .find(|record| !subject.is_empty() && &*record.issuer == issuer && &*record.subject == subject))
    }

    async fn find_by_provider_session(&self, issuer: &str, sid: &str) -> Result<Vec<StoreKey>, StoreError> {
        Ok(self.find(|record| &*record.issuer == issuer && record.provider_session.as_deref() == Some(sid)))
    }

    async fn lease(&self, key: &StoreKey, owner: LeaseOwner, ttl: Duration) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let mut shard = write(self.shard(key));
        let Some(slot) = shard.get_mut(key.as_bytes()) else { return Ok(false) };
        if slot.overdue(now).is_some() {
            return Ok(false);
        }
        let Slot::Live { lease, .. } = slot else { return Ok(false) };
        // One with that long to go was taken before the clock was set back.
        let held = |until| until > now && until <= now + ttl.saturating_mul(5);
        if lease.as_ref().is_some_and(|lease| lease.owner != owner && held(lease.until)) {
            return Ok(false);
        }
        *lease = Some(Box::new(Lease { owner, until: now + ttl }));
        Ok(true)
    }

    async fn release(&self, key: &StoreKey, owner: LeaseOwner) -> Result<(), StoreError> {
        if let Some(Slot::Live { lease, .. }) = write(self.shard(key)).get_mut(key.as_bytes())
            && lease.as_ref().is_some_and(|lease| lease.owner == owner)
        {
            *lease = None;
        }
        Ok(())
    }

    async fn claim(&self, key: &StoreKey, ttl: Duration) -> Result<Claim, StoreError> {
        let now = self.clock.now();
        Ok(self.claims.lock().unwrap_or_else(PoisonError::into_inner).claim(key, now, ttl))
    }

    async fn settle(&self, key: &StoreKey, ours: Version, settled: Settled) -> Result<(), StoreError> {
        let now = self.clock.now();
        self.claims.lock().unwrap_or_else(PoisonError::into_inner).settle(key, ours, settled, now);
        Ok(())
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MemoryStore").field("len", &self.len()).finish_non_exhaustive()
    }
}

fn read(shard: &RwLock<Shard>) -> RwLockReadGuard<'_, Shard> {
    shard.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(shard: &RwLock<Shard>) -> RwLockWriteGuard<'_, Shard> {
    shard.write().unwrap_or_else(PoisonError::into_inner)
}

/// A store key is a hash already: its first bytes serve as they are.
#[derive(Default)]
struct TakesTheKeysOwnBits(u64);

impl Hasher for TakesTheKeysOwnBits {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    // The length of the array, which every key has alike.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}
