//! Tokens the provider handed out and the store would not take: the old ones are spent, so they must not be lost.

use std::collections::HashMap;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use authsession_core::clock::Timestamp;
use authsession_core::secret::Secret;
use authsession_core::token_set::TokenSet;
use authsession_store::key::StoreKey;
use authsession_store::store::LeaseOwner;

/// Token sets parked until the store works again.
#[derive(Debug, Default)]
pub(crate) struct Unsaved(Mutex<Lot>);

#[derive(Debug, Default)]
struct Lot {
    parked: HashMap<StoreKey, Kept>,
    /// Whether somebody tries again to save what is parked.
    is_tended: bool,
    /// Whose was taken out to be saved, and is not yet.
    in_hand: Vec<StoreKey>,
}

#[derive(Debug)]
struct Kept {
    parked: Parked,
    /// Whose lease keeps other replicas from presenting the spent refresh token. None: somebody here holds it, and is at it.
    lease: Option<LeaseOwner>,
}

/// A token set, and the refresh token it was had for. Of a useless answer: the old set with the new refresh token.
#[derive(Debug)]
pub(crate) struct Parked {
    pub(crate) redeemed: Option<Secret>,
    pub(crate) tokens: TokenSet,
    /// Until then its session may live.
    pub(crate) until: Timestamp,
}

impl Unsaved {
    /// By whoever holds the session's lease. `true`: nobody tends what is parked, and whoever called is to.
    pub(crate) fn park(&self, key: StoreKey, parked: Parked) -> bool {
        let mut lot = self.lot();
        lot.parked.insert(key, Kept { parked, lease: None });
        !mem::replace(&mut lot.is_tended, true)
    }

    pub(crate) fn take(&self, key: &StoreKey) -> Option<Parked> {
        self.lot().parked.remove(key).map(|kept| kept.parked)
    }

    /// The lease that what is parked for the session keeps, for whoever tries to save it: nobody else here has it then.
    pub(crate) fn take_lease(&self, key: &StoreKey) -> Option<LeaseOwner> {
        self.lot().parked.get_mut(key)?.lease.take()
    }

    /// The same, which stays: whoever saves without it has another replica against them, but nobody here.
    pub(crate) fn lease_of(&self, key: &StoreKey) -> Option<LeaseOwner> {
        self.lot().parked.get(key)?.lease
    }

    /// `false`: nothing is parked for the session, and the lease is to be given back.
    pub(crate) fn keep_lease(&self, key: &StoreKey, lease: LeaseOwner) -> bool {
        self.lot().parked.get_mut(key).map(|kept| kept.lease = Some(lease)).is_some()
    }

    pub(crate) fn has(&self, key: &StoreKey) -> bool {
        self.lot().parked.contains_key(key)
    }

    /// Whoever takes something out to save it keeps that until it is saved, or parked again.
    pub(crate) fn in_hand(&self, key: StoreKey) -> InHand<'_> {
        self.lot().in_hand.push(key);
        InHand(self, key)
    }

    pub(crate) fn is_in_hand(&self, key: &StoreKey) -> bool {
        self.lot().in_hand.contains(key)
    }

    /// Whether nothing is parked, and nothing on its way into the store.
    pub(crate) fn is_empty(&self) -> bool {
        let lot = self.lot();
        lot.parked.is_empty() && lot.in_hand.is_empty()
    }

    /// What is parked, and until when its session may live. None: whoever tends it may go.
    pub(crate) fn left(&self) -> Vec<(StoreKey, Timestamp)> {
        let mut lot = self.lot();
        lot.is_tended = !lot.parked.is_empty();
        lot.parked.iter().map(|(key, kept)| (*key, kept.parked.until)).collect()
    }

    fn lot(&self) -> MutexGuard<'_, Lot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody saves what was parked.
pub(crate) struct InHand<'unsaved>(&'unsaved Unsaved, StoreKey);

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        let mut lot = self.0.lot();
        if let Some(at) = lot.in_hand.iter().position(|key| *key == self.1) {
            lot.in_hand.swap_remove(at);
        }
    }
}
