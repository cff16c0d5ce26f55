//! A cell with the same steps as the library's, each of them one step for loom too.

use std::sync::{Arc, PoisonError};

pub(crate) use loom::sync::{Mutex, MutexGuard};

#[derive(Debug)]
pub(crate) struct Cell<T>(Mutex<Option<Arc<T>>>);

pub(crate) type Borrowed<T> = Option<Arc<T>>;

impl<T> Cell<T> {
    pub(crate) fn empty() -> Self {
        Self(Mutex::new(None))
    }

    pub(crate) fn borrow(&self) -> Borrowed<T> {
        self.load()
    }

    pub(crate) fn load(&self) -> Option<Arc<T>> {
        self.content().clone()
    }

    pub(crate) fn store(&self, value: Option<Arc<T>>) {
        *self.content() = value;
    }

    pub(crate) fn replace(&self, seen: &Arc<T>, next: Option<Arc<T>>) -> bool {
        let mut content = self.content();
        let is_seen = content.as_ref().is_some_and(|content| Arc::ptr_eq(content, seen));
        if is_seen {
            *content = next;
        }
        is_seen
    }

    fn content(&self) -> MutexGuard<'_, Option<Arc<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
