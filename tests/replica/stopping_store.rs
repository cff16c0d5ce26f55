//! A store at which a refresh can be made to stop at each of its steps, as a process that is about to die does.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use authsession_core::clock::Timestamp;
use authsession_store::claim::{Claim, Settled};
use authsession_store::end_reason::EndReason;
use authsession_store::key::StoreKey;
use authsession_store::record::{SessionRecord, StoredSession, Version};
use authsession_store::store::{EndedSession, Found, LeaseOwner, SessionStore, StoreError, Updated};
use tokio::sync::Notify;

/// Where a refresh stops. What the provider does in between is the provider's to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It holds the lease.
    Leased,
    /// The refresh is marked as sent, and is not.
    Marked,
    /// The answer is there, and nothing is saved.
    Answered,
    /// The new tokens are saved, and the lease is still held.
    Saved,
}

impl Step {
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "leased" => Self::Leased,
            "marked" => Self::Marked,
            "answered" => Self::Answered,
            "saved" => Self::Saved,
            other => unreachable!("no step is called {other}"),
        }
    }
}

#[derive(Debug)]
pub(crate) struct StoppingStore {
    inner: Arc<dyn SessionStore>,
    stop_at: Mutex<Option<Step>>,
    stopped: AtomicBool,
    goes_on: Notify,
}

impl StoppingStore {
    pub(crate) fn before(inner: Arc<dyn SessionStore>) -> Self {
        Self { inner, stop_at: Mutex::new(None), stopped: AtomicBool::new(false), goes_on: Notify::new() }
    }

    pub(crate) fn stop_at(&self, step: Step) {
        *self.stop_at.lock().unwrap() = Some(step);
    }

    /// What stopped goes on, and nothing stops any more.
    pub(crate) fn go_on(&self) {
        *self.stop_at.lock().unwrap() = None;
        self.goes_on.notify_one();
    }

    pub(crate) fn has_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    async fn reached(&self, step: Step) {
        if *self.stop_at.lock().unwrap() == Some(step) {
            self.stopped.store(true, Ordering::SeqCst);
            self.goes_on.notified().await;
        }
    }
}

#[async_trait]
impl SessionStore for StoppingStore {
    async fn create(
        &self,
        key: &StoreKey,
        record: SessionRecord,
        idle: Timestamp,
    ) -> Result<Arc<StoredSession>, StoreError> {
        self.inner.create(key, record, idle).await
    }

    async fn load(&self, key: &StoreKey) -> Result<Found, StoreError> {
        self.inner.load(key).await
    }

    fn load_at_once(&self, key: &StoreKey) -> Option<Found> {
        self.inner.load_at_once(key)
    }

    async fn update(
        &self,
        key: &StoreKey,
        read: Version,
        record: SessionRecord,
    ) -> Result<Updated, StoreError> {
        let is_the_mark = record.refresh_sent_at.is_some();
        if !is_the_mark {
            self.reached(Step::Answered).await;
        }
        let updated = self.inner.update(key, read, record).await?;
        self.reached(if is_the_mark { Step::Marked } else { Step::Saved }).await;
        Ok(updated)
    }

    async fn touch(&self, key: &StoreKey, idle: Timestamp) -> Result<(), StoreError> {
        self.inner.touch(key, idle).await
    }

    async fn end(&self, key: &StoreKey, reason: EndReason) -> Result<Option<EndedSession>, StoreError> {
        self.inner.end(key, reason).await
    }

    async fn sweep(&self, at_most: usize) -> Result<Vec<EndedSession>, StoreError> {
        self.inner.sweep(at_most).await
    }

    fn sweep_parts(&self) -> usize {
        self.inner.sweep_parts()
    }

    async fn find_by_subject(&self, issuer: &str, subject: &str) -> Result<Vec<StoreKey>, StoreError> {
        self.inner.find_by_subject(issuer, subject).await
    }

    async fn find_by_provider_session(&self, issuer: &str, sid: &str) -> Result<Vec<StoreKey>, StoreError> {
        self.inner.find_by_provider_session(issuer, sid).await
    }

    fn is_found_as(&self, key: &StoreKey, found: &StoreKey) -> bool {
        self.inner.is_found_as(key, found)
    }

    async fn wait_for_change(&self, key: &StoreKey, at_most: Duration) {
        self.inner.wait_for_change(key, at_most).await;
    }

    fn hears_of_changes(&self) -> bool {
        self.inner.hears_of_changes()
    }

    async fn lease(&self, key: &StoreKey, owner: LeaseOwner, ttl: Duration) -> Result<bool, StoreError> {
        let is_ours = self.inner.lease(key, owner, ttl).await?;
        if is_ours {
            self.reached(Step::Leased).await;
        }
        Ok(is_ours)
    }

    async fn release(&self, key: &StoreKey, owner: LeaseOwner) -> Result<(), StoreError> {
        self.inner.release(key, owner).await
    }

    async fn claim(&self, key: &StoreKey, ttl: Duration) -> Result<Claim, StoreError> {
        self.inner.claim(key, ttl).await
    }

    async fn settle(&self, key: &StoreKey, ours: Version, settled: Settled) -> Result<(), StoreError> {
        self.inner.settle(key, ours, settled).await
    }
}
