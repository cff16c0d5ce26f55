//! The backend for one process: a sharded map whose records are shared by reference, or packed.

mod claims;
#[cfg(feature = "cookie-store")]
pub(crate) mod copies;
mod kept;
mod leases;
mod look_through;
#[cfg(feature = "sealed")]
pub mod packed;
mod shard;
mod slot;

use std::fmt;
use std::hash::RandomState;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockWriteGuard};
use std::time::Duration;

use async_trait::async_trait;
use authsession_core::clock::{Clock, Timestamp};

use crate::claim::{Claim, Settled};
use crate::end_reason::EndReason;
use crate::key::StoreKey;
use crate::memory::claims::Claims;
use crate::memory::kept::{Kept, Wanted, Whose};
#[cfg(feature = "sealed")]
use crate::memory::packed::Packed;
use crate::memory::shard::{Shard, read, write};
use crate::memory::slot::{Seen, Slot};
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
///
/// What a load finds is shared by all who load it, whole, in as many allocations as a session has texts. Where there are so many
/// sessions that memory counts, `MemoryStore::compact` keeps them packed (feature `sealed`).
pub struct MemoryStore<K = Arc<StoredSession>> {
    shards: [RwLock<Shard<K>>; SHARDS],
    clock: Clock,
    next_swept: AtomicUsize,
    claims: Mutex<Claims>,
    hashes: RandomState,
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
        let (next_swept, claims) = (AtomicUsize::new(0), Mutex::default());
        Self { shards, clock, next_swept, claims, hashes: RandomState::new() }
    }

    /// The same store, compact: what it holds, and will hold, is kept packed, a session in one allocation (feature `sealed`).
    ///
    /// To choose where memory counts for more than some microseconds a request: a session takes less than half as much, and
    /// is unpacked whenever it is read, which holds up nobody else. What is read out of it, such as what is
    /// [derived](StoredSession::derived) and its [authentication context](StoredSession::authentication_context), lasts for a request
    /// then, not for a version.
    ///
    /// ```
    /// use authsession_store::memory::MemoryStore;
    ///
    /// let store = MemoryStore::new().compact();
    /// assert!(store.is_empty());
    /// ```
    #[cfg(feature = "sealed")]
    #[must_use]
    pub fn compact(self) -> MemoryStore<Packed> {
        let Self { shards, clock, next_swept, claims, hashes } = self;
        let pack = |slot: Slot<_>| slot.map(|session| Packed::keep(&session, &hashes));
        let shards = shards.map(|shard| {
            let Shard { slots, leases } = shard.into_inner().unwrap_or_else(PoisonError::into_inner);
            let slots = slots.into_iter().map(|(key, slot)| (key, pack(slot))).collect();
            RwLock::new(Shard { slots, leases })
        });
        MemoryStore { shards, clock, next_swept, claims, hashes }
    }
}

impl<K> MemoryStore<K> {
    /// How many sessions and remembered ends it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| read(shard).slots.len()).sum()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn shard(&self, key: &StoreKey) -> &RwLock<Shard<K>> {
        &self.shards[usize::from(key.as_bytes()[31]) % SHARDS]
    }

    /// One shard a call, in turn: sweeping never holds up more than a part of the sessions.
    fn next_to_sweep(&self) -> RwLockWriteGuard<'_, Shard<K>> {
        write(&self.shards[self.next_swept.fetch_add(1, Ordering::Relaxed) % SHARDS])
    }
}

#[expect(private_bounds, reason = "the ways to keep a session are this crate's")]
impl<K: Kept> MemoryStore<K> {
    /// Whatever has to be unpacked is taken along, and unpacked when its shard is free again.
    fn look(&self, key: &StoreKey) -> Result<Found, StoreError> {
        let now = self.clock.now();
        let seen = read(self.shard(key)).slots.get(key.as_bytes()).map(|slot| slot.seen(now));
        Ok(match seen {
            None => Found::Absent,
            Some(Seen::Live { session, idle_deadline }) => {
                Found::Live { session: session.into_session()?, idle_deadline }
            }
            Some(Seen::Overdue(reason)) => Found::Overdue(reason),
            Some(Seen::Ended(reason)) => Found::Ended(reason),
        })
    }

    fn find(&self, issuer: &str, whose: Whose<'_>) -> Vec<StoreKey> {
        let (now, wanted) = (self.clock.now(), Wanted::new(issuer, whose, &self.hashes));
        let mut found = Vec::new();
        for shard in &self.shards {
            let may_be = |(key, slot): (&[u8; 32], &Slot<K>)| slot.may_be(&wanted, now).then_some(*key);
            let candidates: Vec<_> = read(shard).slots.iter().filter_map(may_be).collect();
            found.extend(candidates.into_iter().map(StoreKey::from_bytes).filter(|key| {
                match self.look(key) {
                    Ok(Found::Live { session, .. }) => wanted.is(&session.record),
                    Ok(_) => false,
                    // By all that can be told it is one of those: whoever ends them ends it, too.
                    Err(_) => true,
                }
            }));
        }
        found
    }
}

#[async_trait]
impl<K: Kept> SessionStore for MemoryStore<K> {
    async fn create(
        &self,
        key: &StoreKey,
        record: SessionRecord,
        idle_deadline: Timestamp,
    ) -> Result<Arc<StoredSession>, StoreError> {
        let session = Arc::new(StoredSession::new(record, Version::FIRST));
        let kept = K::keep(&session, &self.hashes);
        let mut shard = write(self.shard(key));
        if shard.slots.contains_key(key.as_bytes()) {
            return Err(StoreError::KeyTaken);
        }
        shard.slots.insert(*key.as_bytes(), Slot::live(kept, idle_deadline));
        Ok(session)
    }

    async fn load(&self, key: &StoreKey) -> Result<Found, StoreError> {
        self.look(key)
    }

    fn load_at_once(&self, key: &StoreKey) -> Option<Found> {
        self.look(key).ok()
    }

    async fn update(
        &self,
        key: &StoreKey,
        read: Version,
        record: SessionRecord,
    ) -> Result<Updated, StoreError> {
        let saved = Arc::new(StoredSession::new(record, read.next()));
        let mut kept = K::keep(&saved, &self.hashes);
        let now = self.clock.now();
        let mut shard = write(self.shard(key));
        let Some(slot) = shard.slots.get_mut(key.as_bytes()) else { return Ok(Updated::Ended) };
        if slot.overdue(now).is_some() {
            return Ok(Updated::Ended);
        }
        match slot {
            Slot::Ended { .. } => Ok(Updated::Ended),
            Slot::Live { session, .. } if session.version() != read => Ok(Updated::Changed),
            Slot::Live { session, .. } => {
                std::mem::swap(session, &mut kept);
                // What was there before is wiped when nobody waits for it.
                drop(shard);
                Ok(Updated::Saved(saved))
            }
        }
    }

    async fn touch(&self, key: &StoreKey, until: Timestamp) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut shard = write(self.shard(key));
        if let Some(slot) = shard.slots.get_mut(key.as_bytes())
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
        let ended = shard.slots.get_mut(key.as_bytes()).and_then(|slot| slot.end(reason, now));
        drop(shard);
        Ok(ended.map(|ended| told(*key, ended)))
    }

    async fn sweep(&self, at_most: usize) -> Result<Vec<EndedSession>, StoreError> {
        let (now, mut ended) = (self.clock.now(), Vec::new());
        {
            let mut shard = self.next_to_sweep();
            shard.slots.retain(|_, slot| !slot.is_to_be_forgotten(now));
            let overdue =
                shard.slots.iter_mut().filter(|(_, slot)| slot.overdue(now).is_some()).take(at_most);
            ended.extend(overdue.filter_map(|(key, slot)| Some((*key, slot.end(EndReason::TooOld, now)?))));
        }
        Ok(ended.into_iter().map(|(key, ended)| told(StoreKey::from_bytes(key), ended)).collect())
    }

    fn sweep_parts(&self) -> usize {
        SHARDS
    }

    async fn find_by_subject(&self, issuer: &str, subject: &str) -> Result<Vec<StoreKey>, StoreError> {
        Ok(if subject.is_empty() { Vec::new() } else { self.find(issuer, Whose::Subject(subject)) })
    }

    async fn find_by_provider_session(&self, issuer: &str, sid: &str) -> Result<Vec<StoreKey>, StoreError> {
        Ok(self.find(issuer, Whose::ProviderSession(sid)))
    }

    async fn lease(&self, key: &StoreKey, owner: LeaseOwner, ttl: Duration) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let mut shard = write(self.shard(key));
        let is_live = shard.slots.get(key.as_bytes()).is_some_and(|slot| slot.lives(now));
        Ok(is_live && shard.leases.lease(key, owner, ttl, now))
    }

    async fn release(&self, key: &StoreKey, owner: LeaseOwner) -> Result<(), StoreError> {
        write(self.shard(key)).leases.release(key, owner);
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

/// That it ended counts, whatever can be read of it.
fn told<K: Kept>(key: StoreKey, (reason, session): (EndReason, K)) -> EndedSession {
    EndedSession { key, reason, session: session.into_session().ok() }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl<K> fmt::Debug for MemoryStore<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MemoryStore").field("len", &self.len()).finish_non_exhaustive()
    }
}
