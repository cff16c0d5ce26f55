//! Copies of sessions in this process, in front of a backend that is a round trip away.
//!
//! Each name has a stamp, shared by the few that hash alike, which goes up with every change that is known of. Whoever asks the
//! backend takes the stamp first; what comes back is a copy for as long as the stamp is still that one. So a look-up that was under
//! way while its session was saved or ended leaves nothing behind.

use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use authsession_core::clock::Timestamp;
use moka::sync::Cache;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;

use crate::changes::Changes;
use crate::key::StoreKey;
use crate::keyed_hash::KeyedHash;
use crate::record::StoredSession;

const STAMPS: usize = 4_096;

/// What was read or saved lately.
pub(crate) struct NearCopies {
    copies: Cache<[u8; 32], Arc<Copy>>,
    stamps: Box<[AtomicU64]>,
    staleness: Duration,
    heard: OnceLock<Mutex<Receiver<Option<KeyedHash>>>>,
}

struct Copy {
    session: Arc<StoredSession>,
    idle_deadline: AtomicI64,
    asked: Asked,
}

/// What was known when the backend was asked for that session.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    name: KeyedHash,
    stamp: u64,
    at: Timestamp,
}

/// Marks a session as changed when it is dropped, however far what it stands for got.
pub(crate) struct Changing<'near> {
    near: Option<&'near NearCopies>,
    name: KeyedHash,
}

impl NearCopies {
    pub(crate) fn new(at_most: u64, staleness: Duration) -> Self {
        Self {
            copies: Cache::builder().max_capacity(at_most).time_to_live(staleness).build(),
            stamps: (0..STAMPS).map(|_| AtomicU64::new(0)).collect(),
            staleness,
            heard: OnceLock::new(),
        }
    }

    /// To be taken before the backend is asked.
    pub(crate) fn asking(&self, name: KeyedHash, now: Timestamp) -> Asked {
        Asked { name, stamp: self.stamp(&name).load(Ordering::SeqCst), at: now }
    }

    /// The copy, and when its session ends unless it is used; none that is older than stated, changed since, or overdue: another
    /// process may have moved the deadline on.
    pub(crate) fn find(
        &self,
        key: &StoreKey,
        now: Timestamp,
        changes: Option<&Changes>,
    ) -> Option<(Arc<StoredSession>, Timestamp)> {
        self.listen(changes);
        let copy = self.copies.get(key.as_bytes())?;
        let idle_deadline = Timestamp::from_unix_millis(copy.idle_deadline.load(Ordering::Relaxed));
        let is_current = self.stamp(&copy.asked.name).load(Ordering::SeqCst) == copy.asked.stamp;
        let is_young = now < copy.asked.at + self.staleness;
        let is_due = now < idle_deadline.min(copy.session.record.expires_at);
        (is_current && is_young && is_due).then(|| (Arc::clone(&copy.session), idle_deadline))
    }

    /// Keeps what came of asking.
    pub(crate) fn keep(
        &self,
        key: &StoreKey,
        asked: Asked,
        session: Arc<StoredSession>,
        idle_deadline: Timestamp,
    ) {
        let idle_deadline = AtomicI64::new(idle_deadline.unix_millis());
        self.copies.insert(*key.as_bytes(), Arc::new(Copy { session, idle_deadline, asked }));
    }

    /// A touch is no new version: the copy stays.
    pub(crate) fn touch(&self, key: &StoreKey, idle_deadline: Timestamp) {
        if let Some(copy) = self.copies.get(key.as_bytes()) {
            copy.idle_deadline.fetch_max(idle_deadline.unix_millis(), Ordering::Relaxed);
        }
    }

    pub(crate) fn changed(&self, name: &KeyedHash) {
        self.stamp(name).fetch_add(1, Ordering::SeqCst);
    }

    fn anything_changed(&self) {
        self.stamps.iter().for_each(|stamp| {
            stamp.fetch_add(1, Ordering::SeqCst);
        });
    }

    fn stamp(&self, name: &KeyedHash) -> &AtomicU64 {
        let [low, high, ..] = name.0;
        &self.stamps[usize::from(u16::from_le_bytes([low, high])) % STAMPS]
    }

    /// Takes note of what others changed. Whoever comes while another one is at it goes on: that is as if it had come before.
    fn listen(&self, changes: Option<&Changes>) {
        let Some(changes) = changes else { return };
        let heard = self.heard.get_or_init(|| {
            let heard = Mutex::new(changes.subscribe());
            // What was told before nobody heard.
            self.anything_changed();
            heard
        });
        let Ok(mut heard) = heard.try_lock() else { return };
        loop {
            match heard.try_recv() {
                Ok(Some(name)) => self.changed(&name),
                Ok(None) | Err(TryRecvError::Lagged(_)) => self.anything_changed(),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }
}

impl<'near> Changing<'near> {
    pub(crate) const fn new(near: Option<&'near NearCopies>, name: KeyedHash) -> Self {
        Self { near, name }
    }
}

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        if let Some(near) = self.near {
            near.changed(&self.name);
        }
    }
}

impl fmt::Debug for NearCopies {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("NearCopies").field("staleness", &self.staleness).finish_non_exhaustive()
    }
}
