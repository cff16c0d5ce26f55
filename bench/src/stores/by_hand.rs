//! The floor of a store in this process: a sharded map of `Arc`s.

use std::array;
use std::collections::HashMap;
use std::hint::black_box;
use std::sync::{Arc, PoisonError, RwLock};

use authsession_core::clock::{Clock, Timestamp};
use authsession_store::record::SessionRecord;

use crate::stores::keeper::{Failure, Keeper, SESSIONS, Step};
use crate::stores::ours::{first_deadline, new_key};
use crate::stores::records::{IDLE, Records};

const SHARDS: usize = 64;

type Key = [u8; 32];
type Shard = RwLock<HashMap<Key, (Arc<SessionRecord>, Timestamp)>>;

pub(crate) struct ByHand {
    shards: [Shard; SHARDS],
    sessions: Vec<(Key, SessionRecord)>,
}

impl ByHand {
    pub(crate) fn new() -> Result<Self, Failure> {
        let (mut records, mut sessions) = (Records::new(), Vec::with_capacity(SESSIONS));
        let shards = array::from_fn(|_| Shard::default());
        for _ in 0..SESSIONS {
            sessions.push((*new_key()?.as_bytes(), records.next()));
        }
        let this = Self { shards, sessions };
        for (key, record) in &this.sessions {
            let kept = (Arc::new(record.clone()), first_deadline(record));
            this.shard(key).write().unwrap_or_else(PoisonError::into_inner).insert(*key, kept);
        }
        Ok(this)
    }

    fn shard(&self, key: &Key) -> &Shard {
        &self.shards[usize::from(key[31]) % SHARDS]
    }
}

impl Keeper for ByHand {
    async fn take(&self, step: Step, session: usize) -> Result<(), Failure> {
        let (key, record) = &self.sessions[session];
        let (shard, now) = (self.shard(key), Clock::system().now());
        if step == Step::Load {
            let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
            let (session, deadline) = shard.get(key).ok_or("no session")?;
            black_box((*deadline > now).then(|| Arc::clone(session)).ok_or("overdue")?);
            return Ok(());
        }
        let new = (step == Step::Update).then(|| Arc::new(record.clone()));
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        let kept = shard.get_mut(key).filter(|(_, deadline)| *deadline > now).ok_or("overdue")?;
        match new {
            Some(record) => kept.0 = record,
            None => kept.1 = kept.1.max(now + IDLE),
        }
        Ok(())
    }
}
