//! A backend in a test's hands: it can be looked into, counted and tampered with.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use authsession_core::clock::Timestamp;
use authsession_store::backend::{Backend, Content, EndOutcome, Kept, Label, Labels, UpdateOutcome};
use authsession_store::changes::Changes;
use authsession_store::end_reason::EndReason;
use authsession_store::keyed_hash::KeyedHash;
use authsession_store::record::Version;
use authsession_store::store::{LeaseOwner, StoreError};
use tokio::sync::Notify;

#[derive(Debug, Default)]
pub(crate) struct Shelf {
    rows: Mutex<HashMap<KeyedHash, Row>>,
    loads: AtomicUsize,
    changes: OnceLock<Changes>,
    held: Mutex<Option<Gate>>,
    /// Whether the next row is written and nobody hears of it.
    pub(crate) loses_an_answer: AtomicBool,
    /// What time it is where the shelf stands.
    pub(crate) time: Mutex<Option<Timestamp>>,
    /// Whether it does not say, and how often it was asked.
    pub(crate) hides_the_time: AtomicBool,
    pub(crate) times_asked: AtomicUsize,
}

/// Where a load stops until it is let on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate(Arc<(Notify, Notify)>);

impl Gate {
    pub(crate) async fn reached(&self) {
        self.0.0.notified().await;
    }

    pub(crate) fn open(&self) {
        self.0.1.notify_one();
    }

    async fn pass(&self) {
        self.0.0.notify_one();
        self.0.1.notified().await;
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) content: Content,
    pub(crate) labels: Labels,
    pub(crate) idle_deadline: Timestamp,
    lease: Option<(LeaseOwner, Timestamp)>,
    ended: Option<(EndReason, Timestamp)>,
}

impl Row {
    fn overdue(&self, now: Timestamp) -> Option<EndReason> {
        EndReason::by_deadline(self.content.expires_at, self.idle_deadline, now)
    }

    fn is_live(&self, now: Timestamp) -> bool {
        self.ended.is_none() && self.overdue(now).is_none()
    }

    fn end(&mut self, reason: EndReason, now: Timestamp, forget_at: Timestamp) -> (EndReason, Content) {
        let reason = self.overdue(now).unwrap_or(reason);
        self.ended = Some((reason, forget_at));
        let emptied = Content { sealed: Vec::new(), ..self.content.clone() };
        (reason, std::mem::replace(&mut self.content, emptied))
    }
}

impl Shelf {
    /// One that hears of changes.
    pub(crate) fn that_hears() -> Self {
        let shelf = Self::default();
        shelf.hears_now();
        shelf
    }

    pub(crate) fn that_hears_later() -> Self {
        Self::default()
    }

    pub(crate) fn hears_now(&self) {
        self.changes.set(Changes::new()).unwrap();
    }

    /// The next load reads, and answers when it is let on.
    pub(crate) fn hold_the_next_load(&self) -> Gate {
        let gate = Gate::default();
        *self.held.lock().unwrap() = Some(gate.clone());
        gate
    }

    pub(crate) fn rows(&self) -> MutexGuard<'_, HashMap<KeyedHash, Row>> {
        self.rows.lock().unwrap()
    }

    /// How often a session was loaded since the last time this was asked.
    pub(crate) fn loads(&self) -> usize {
        self.loads.swap(0, Ordering::SeqCst)
    }

    /// The only row's name and contents.
    pub(crate) fn only(&self) -> (KeyedHash, Row) {
        let rows = self.rows();
        assert_eq!(rows.len(), 1);
        rows.iter().next().map(|(name, row)| (*name, row.clone())).unwrap()
    }

    fn answers(&self) -> Result<(), StoreError> {
        if self.loses_an_answer.swap(false, Ordering::SeqCst) {
            return Err(StoreError::Unavailable(Arc::new(std::io::Error::other("the answer was lost"))));
        }
        Ok(())
    }

    fn tell(&self, name: &KeyedHash) {
        if let Some(changes) = self.changes.get() {
            changes.tell(*name);
        }
    }
}

#[async_trait]
impl Backend for Shelf {
    async fn create(
        &self,
        name: &KeyedHash,
        content: &Content,
        labels: &Labels,
        idle_deadline: Timestamp,
        _now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut rows = self.rows();
        if rows.contains_key(name) {
            return Ok(false);
        }
        let row = Row { content: content.clone(), labels: *labels, idle_deadline, lease: None, ended: None };
        rows.insert(*name, row);
        self.answers().map(|()| true)
    }

    async fn load(&self, name: &KeyedHash) -> Result<Kept, StoreError> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        let kept = match self.rows().get(name) {
            None => Kept::Absent,
            Some(Row { ended: Some((reason, _)), .. }) => Kept::Ended(*reason),
            Some(row) => Kept::Session { content: row.content.clone(), idle_deadline: row.idle_deadline },
        };
        let held = self.held.lock().unwrap().take();
        if let Some(gate) = held {
            gate.pass().await;
        }
        Ok(kept)
    }

    async fn update(
        &self,
        name: &KeyedHash,
        read: Version,
        content: &Content,
        labels: &Labels,
        now: Timestamp,
    ) -> Result<UpdateOutcome, StoreError> {
        let mut rows = self.rows();
        let Some(row) = rows.get_mut(name) else { return Ok(UpdateOutcome::Absent) };
        if !row.is_live(now) {
            return Ok(UpdateOutcome::Ended);
        }
        if row.content.version != read {
            return Ok(UpdateOutcome::Changed);
        }
        (row.content, row.labels) = (content.clone(), *labels);
        self.tell(name);
        self.answers().map(|()| UpdateOutcome::Saved)
    }

    async fn touch(&self, name: &KeyedHash, until: Timestamp, now: Timestamp) -> Result<bool, StoreError> {
        let mut rows = self.rows();
        let Some(row) = rows.get_mut(name) else { return Ok(false) };
        let is_live = row.is_live(now);
        if is_live {
            row.idle_deadline = row.idle_deadline.max(until);
        }
        Ok(is_live)
    }

    async fn end(
        &self,
        name: &KeyedHash,
        reason: EndReason,
        now: Timestamp,
        forget_at: Timestamp,
    ) -> Result<EndOutcome, StoreError> {
        let mut rows = self.rows();
        let Some(row) = rows.get_mut(name) else { return Ok(EndOutcome::Absent) };
        if row.ended.is_some() || (reason == EndReason::Idle && row.is_live(now)) {
            return Ok(EndOutcome::Before);
        }
        let (reason, content) = row.end(reason, now, forget_at);
        self.tell(name);
        Ok(EndOutcome::Now(reason, content))
    }

    async fn sweep(
        &self,
        at_most: usize,
        now: Timestamp,
        forget_at: Timestamp,
    ) -> Result<Vec<(KeyedHash, EndReason, Content)>, StoreError> {
        let mut rows = self.rows();
        rows.retain(|_, row| row.ended.is_none_or(|(_, forget_at)| forget_at > now));
        let overdue = rows.iter_mut().filter(|(_, row)| row.ended.is_none() && row.overdue(now).is_some());
        Ok(overdue
            .take(at_most)
            .map(|(name, row)| {
                let forget_at = row.content.forget_at(forget_at, now);
                let (reason, content) = row.end(EndReason::TooOld, now, forget_at);
                (*name, reason, content)
            })
            .collect())
    }

    async fn find(&self, label: &Label, now: Timestamp) -> Result<Vec<KeyedHash>, StoreError> {
        let carries = |row: &Row| match label {
            Label::Subject(name) => row.labels.subject == Some(*name),
            Label::ProviderSession(name) => row.labels.provider_session == Some(*name),
        };
        let rows = self.rows();
        Ok(rows.iter().filter(|(_, row)| row.is_live(now) && carries(row)).map(|(name, _)| *name).collect())
    }

    async fn lease(
        &self,
        name: &KeyedHash,
        owner: LeaseOwner,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut rows = self.rows();
        let Some(row) = rows.get_mut(name).filter(|row| row.is_live(now)) else { return Ok(false) };
        let held = |until| until > now && until <= now + ttl.saturating_mul(5);
        if row.lease.is_some_and(|(holder, until)| holder != owner && held(until)) {
            return Ok(false);
        }
        row.lease = Some((owner, now + ttl));
        Ok(true)
    }

    async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        self.times_asked.fetch_add(1, Ordering::SeqCst);
        if self.hides_the_time.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable(Arc::new(std::io::Error::other("away"))));
        }
        Ok(*self.time.lock().unwrap())
    }

    async fn release(&self, name: &KeyedHash, owner: LeaseOwner) -> Result<(), StoreError> {
        if let Some(row) = self.rows().get_mut(name) {
            row.lease = row.lease.filter(|(holder, _)| *holder != owner);
        }
        Ok(())
    }

    fn changes(&self) -> Option<&Changes> {
        self.changes.get()
    }
}
