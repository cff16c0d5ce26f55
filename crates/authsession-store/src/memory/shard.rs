//! A part of the sessions in memory, behind a lock of its own: by their keys, and the leases on some of them.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::memory::leases::Leases;
use crate::memory::slot::Slot;

pub(super) type Slots<K> = HashMap<[u8; 32], Slot<K>, BuildHasherDefault<TakesTheKeysOwnBits>>;

pub(super) struct Shard<K> {
    pub(super) slots: Slots<K>,
    pub(super) leases: Leases,
}

impl<K> Default for Shard<K> {
    fn default() -> Self {
        Self { slots: Slots::default(), leases: Leases::default() }
    }
}

pub(super) fn read<K>(shard: &RwLock<Shard<K>>) -> RwLockReadGuard<'_, Shard<K>> {
    shard.read().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn write<K>(shard: &RwLock<Shard<K>>) -> RwLockWriteGuard<'_, Shard<K>> {
    shard.write().unwrap_or_else(PoisonError::into_inner)
}

/// A store key is a hash already: its first bytes serve as they are.
#[derive(Default)]
pub(super) struct TakesTheKeysOwnBits(u64);

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
