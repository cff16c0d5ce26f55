//! authsession's stores as keepers of sessions.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use authsession_core::clock::Timestamp;
use authsession_store::key::{SessionId, StoreKey};
use authsession_store::record::{SessionRecord, Version};
use authsession_store::store::{Found, SessionStore, Updated};

use crate::stores::keeper::{Failure, Keeper, SESSIONS, Step};
use crate::stores::records::{IDLE, Records};

/// A store, and the sessions it was given.
pub(crate) struct Ours {
    store: Arc<dyn SessionStore>,
    sessions: Vec<Session>,
}

struct Session {
    key: StoreKey,
    record: SessionRecord,
    version: AtomicU64,
    touched: AtomicU64,
}

impl Ours {
    /// Signs users in.
    pub(crate) async fn on(store: Arc<dyn SessionStore>) -> Result<Self, Failure> {
        let (mut records, mut sessions) = (Records::new(), Vec::with_capacity(SESSIONS));
        for _ in 0..SESSIONS {
            let (key, record) = (new_key()?, records.next());
            store.create(&key, record.clone(), first_deadline(&record)).await?;
            let version = AtomicU64::new(Version::FIRST.number());
            sessions.push(Session { key, record, version, touched: AtomicU64::new(0) });
        }
        Ok(Self { store, sessions })
    }
}

impl Keeper for Ours {
    async fn take(&self, step: Step, session: usize) -> Result<(), Failure> {
        let Session { key, record, version, touched } = &self.sessions[session];
        match step {
            Step::Load => {
                // As a request does: what is near by first.
                let found = match self.store.load_at_once(key) {
                    Some(found) => found,
                    None => self.store.load(key).await?,
                };
                match found {
                    Found::Live { session, .. } => {
                        black_box(session);
                    }
                    found => return Err(format!("not live: {found:?}").into()),
                }
            }
            Step::Update => {
                let read = Version::from_number(version.load(Ordering::Relaxed));
                match self.store.update(key, read, record.clone()).await? {
                    Updated::Saved(session) => version.store(session.version.number(), Ordering::Relaxed),
                    outcome => return Err(format!("not saved: {outcome:?}").into()),
                }
            }
            Step::Touch => {
                let later = i64::try_from(touched.fetch_add(1, Ordering::Relaxed))?;
                let deadline = first_deadline(record).unix_millis() + later;
                self.store.touch(key, Timestamp::from_unix_millis(deadline)).await?;
            }
        }
        Ok(())
    }
}

pub(crate) fn new_key() -> Result<StoreKey, Failure> {
    Ok(StoreKey::of(&SessionId::generate()?))
}

pub(crate) fn first_deadline(record: &SessionRecord) -> Timestamp {
    record.created_at + IDLE
}
