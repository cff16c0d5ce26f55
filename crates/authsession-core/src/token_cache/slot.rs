//! Which token is the current one: the three steps that change it, each right whatever the others do at the same time.
//!
//! A model checker runs this file through every interleaving (`loom/`), with a cell of its own in place of [`Cell`].

use std::sync::{Arc, PoisonError};

use crate::token_cache::cell::{Borrowed, Cell, Mutex, MutexGuard};

/// What tells two tokens apart: somebody else's refusal names the token by its text.
pub(crate) trait Named {
    fn is_named(&self, text: &str) -> bool;
}

/// The time between two clearings of the slot: whoever gets a token lands it in the one they began in, or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Epoch(u64);

/// The current token, if there is one, and what is remembered of refusals.
#[derive(Debug)]
pub(crate) struct Slot<T, M> {
    current: Cell<T>,
    /// How often it was cleared; held while a token lands.
    cleared: Mutex<u64>,
    refusals: Mutex<M>,
}

impl<T: Named, M: Default> Slot<T, M> {
    pub(crate) fn empty() -> Self {
        Self { current: Cell::empty(), cleared: Mutex::new(0), refusals: Mutex::new(M::default()) }
    }

    /// Looks, without a lock and without counting.
    #[inline]
    pub(crate) fn borrow(&self) -> Borrowed<T> {
        self.current.borrow()
    }

    /// Takes a share.
    pub(crate) fn load(&self) -> Option<Arc<T>> {
        self.current.load()
    }

    /// The present one, to land a token in that is asked for from now on.
    pub(crate) fn epoch(&self) -> Epoch {
        Epoch(*self.cleared())
    }

    /// A new token: the current one from now on, whatever was before; unless the slot was cleared since `begun`. Whether it is.
    pub(crate) fn land(&self, token: Arc<T>, begun: Epoch) -> bool {
        let cleared = self.cleared();
        let is_current = *cleared == begun.0;
        if is_current {
            self.current.store(Some(token));
        }
        is_current
    }

    /// No token, whatever was before, and none that is under way.
    pub(crate) fn clear(&self) {
        let mut cleared = self.cleared();
        *cleared += 1;
        self.current.store(None);
    }

    /// Forgets the token of that text, if it is still the current one and `permit` agrees: who was refused late must not
    /// throw away its successor. One at a time, so that many who were refused at once count as one refusal.
    pub(crate) fn forget(&self, text: &str, permit: impl FnOnce(&mut M, &Arc<T>) -> bool) -> bool {
        let mut refusals = self.refusals();
        let Some(current) = self.current.load() else { return false };
        current.is_named(text) && permit(&mut refusals, &current) && self.current.replace(&current, None)
    }

    fn cleared(&self) -> MutexGuard<'_, u64> {
        self.cleared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is remembered of refusals.
    pub(crate) fn refusals(&self) -> MutexGuard<'_, M> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
