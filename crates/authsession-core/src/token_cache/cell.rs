//! The cell a held token stands in: read without a lock, changed by compare-and-swap.

use std::sync::Arc;
pub(crate) use std::sync::{Mutex, MutexGuard};

use arc_swap::{ArcSwapOption, Guard};

/// A place for one shared value, or none.
#[derive(Debug)]
pub(crate) struct Cell<T>(ArcSwapOption<T>);

/// A value read in place: not counted, so no two readers meet on a counter.
pub(crate) type Borrowed<T> = Guard<Option<Arc<T>>>;

impl<T> Cell<T> {
    pub(crate) fn empty() -> Self {
        Self(ArcSwapOption::empty())
    }

    #[inline]
    pub(crate) fn borrow(&self) -> Borrowed<T> {
        self.0.load()
    }

    pub(crate) fn load(&self) -> Option<Arc<T>> {
        self.0.load_full()
    }

    pub(crate) fn store(&self, value: Option<Arc<T>>) {
        self.0.store(value);
    }

    /// Puts `next` in the place of `seen`, unless something else stands there by now.
    pub(crate) fn replace(&self, seen: &Arc<T>, next: Option<Arc<T>>) -> bool {
        let before = self.0.compare_and_swap(seen, next);
        before.as_ref().is_some_and(|before| Arc::ptr_eq(before, seen))
    }
}
