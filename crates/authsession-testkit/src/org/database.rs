//! The org's records: SQLite in memory, made when first asked for.

pub(crate) mod coerce;
pub(crate) mod cursor;
pub(crate) mod describe;
pub(crate) mod fill;
pub(crate) mod read;
pub(crate) mod references;
pub(crate) mod shown;
pub(crate) mod store;
pub(crate) mod write;

use crate::clock::VirtualClock;
use crate::org::api_error::ApiError;
use crate::org::database::read::Rows;
use crate::org::database::store::Store;
use crate::org::object::OrgObject;
use serde_json::Map;
use serde_json::Value;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

/// A record's fields by name, as they are sent.
pub(crate) type Fields = Map<String, Value>;

/// The records behind their lock. What is done here is done at once; several steps that belong together hold the
/// [`Store`] that [`open`](Self::open) gives.
pub(crate) struct Database {
    clock: VirtualClock,
    organization: String,
    make: Make,
    store: Mutex<Option<Store>>,
}

/// Makes the tables of an organization.
pub(crate) type Make = fn(VirtualClock, &str) -> Result<Store, ApiError>;

/// The open database; others wait as long as this is held.
pub(crate) struct Opened<'a> {
    guard: MutexGuard<'a, Option<Store>>,
}

impl Database {
    pub(crate) fn new(clock: VirtualClock, organization: &str, make: Make) -> Self {
        Self { clock, organization: organization.to_owned(), make, store: Mutex::default() }
    }

    pub(crate) fn open(&self) -> Result<Opened<'_>, ApiError> {
        let mut guard = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        if guard.is_none() {
            *guard = Some((self.make)(self.clock.clone(), &self.organization)?);
        }
        Ok(Opened { guard })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Store) -> Result<T, ApiError>) -> Result<T, ApiError> {
        work(self.open()?.store()?)
    }

    /// A new record; its id.
    pub(crate) fn insert(&self, object: &str, fields: Fields) -> Result<String, ApiError> {
        self.with(|store| store.insert(object, fields))
    }

    pub(crate) fn update(&self, object: &str, id: &str, fields: Fields) -> Result<(), ApiError> {
        self.with(|store| store.update(object, id, fields))
    }

    pub(crate) fn delete(&self, object: &str, id: &str) -> Result<(), ApiError> {
        self.with(|store| store.delete(object, id))
    }

    /// The bytes of a blob field, such as the `LogFile` of an `EventLogFile`.
    pub(crate) fn blob(&self, object: &str, id: &str, field: &str) -> Result<Vec<u8>, ApiError> {
        self.with(|store| store.blob(object, id, field))
    }

    /// All rows of a query at once.
    pub(crate) fn run(&self, soql: &str, include_deleted: bool) -> Result<Rows, ApiError> {
        self.with(|store| store.run(soql, include_deleted))
    }

    pub(crate) fn define(&self, object: OrgObject) -> Result<(), ApiError> {
        self.with(|store| store.define(object))
    }

    pub(crate) fn fill(&self, object: &str, count: usize) -> Result<(), ApiError> {
        self.with(|store| store.fill(object, count))
    }
}

impl Opened<'_> {
    pub(crate) fn store(&mut self) -> Result<&mut Store, ApiError> {
        let closed = || ApiError::new(500, "UNKNOWN_EXCEPTION", "The database is closed");
        self.guard.as_mut().ok_or_else(closed)
    }
}
