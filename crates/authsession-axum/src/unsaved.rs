//! Tokens the provider handed out and the store would not take: the old ones are spent, so they must not be lost.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use authsession_core::secret::Secret;
use authsession_core::token_set::TokenSet;
use authsession_store::key::StoreKey;

/// Token sets parked until the store works again.
#[derive(Debug, Default)]
pub(crate) struct Unsaved(Mutex<HashMap<StoreKey, Parked>>);

/// A token set, and the refresh token it was had for. Of a useless answer: the old set with the new refresh token.
#[derive(Debug)]
pub(crate) struct Parked {
    pub(crate) redeemed: Option<Secret>,
    pub(crate) tokens: TokenSet,
}

impl Unsaved {
    pub(crate) fn park(&self, key: StoreKey, parked: Parked) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, parked);
    }

    pub(crate) fn take(&self, key: &StoreKey) -> Option<Parked> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key)
    }

    pub(crate) fn has(&self, key: &StoreKey) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(key)
    }
}
