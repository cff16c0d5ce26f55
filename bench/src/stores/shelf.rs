//! A backend that is a map in this process: what is left of a step's time is what sealing and opening cost.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use authsession_core::clock::Timestamp;
use authsession_store::backend::{Backend, Content, EndOutcome, Kept, Label, Labels, UpdateOutcome};
use authsession_store::end_reason::EndReason;
use authsession_store::keyed_hash::KeyedHash;
use authsession_store::record::Version;
use authsession_store::store::{LeaseOwner, StoreError};

/// What it does not do is not asked of it here.
#[derive(Debug, Default)]
pub(crate) struct Shelf(Mutex<HashMap<KeyedHash, (Content, Labels, Timestamp)>>);

impl Shelf {
    fn rows(&self) -> MutexGuard<'_, HashMap<KeyedHash, (Content, Labels, Timestamp)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One of the sessions: its name, what is kept of it, and its labels.
    pub(crate) fn any(&self) -> Option<(KeyedHash, Content, Labels)> {
        self.rows().iter().next().map(|(name, (content, labels, _))| (*name, content.clone(), *labels))
    }

    /// How many bytes a sealed record takes on average.
    pub(crate) fn mean_length(&self) -> usize {
        let rows = self.rows();
        rows.values().map(|(content, ..)| content.sealed.len()).sum::<usize>() / rows.len().max(1)
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
        _: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(self.rows().insert(*name, (content.clone(), *labels, idle_deadline)).is_none())
    }

    async fn load(&self, name: &KeyedHash) -> Result<Kept, StoreError> {
        Ok(self.rows().get(name).map_or(Kept::Absent, |(content, _, idle_deadline)| Kept::Session {
            content: content.clone(),
            idle_deadline: *idle_deadline,
        }))
    }

    async fn update(
        &self,
        name: &KeyedHash,
        read: Version,
        content: &Content,
        labels: &Labels,
        _: Timestamp,
    ) -> Result<UpdateOutcome, StoreError> {
        Ok(match self.rows().get_mut(name) {
            None => UpdateOutcome::Absent,
            Some((kept, ..)) if kept.version != read => UpdateOutcome::Changed,
            Some((kept, had, _)) => {
                (*kept, *had) = (content.clone(), *labels);
                UpdateOutcome::Saved
            }
        })
    }

    async fn touch(&self, name: &KeyedHash, until: Timestamp, _: Timestamp) -> Result<bool, StoreError> {
        Ok(self.rows().get_mut(name).is_some_and(|(.., idle_deadline)| {
            *idle_deadline = until.max(*idle_deadline);
            true
        }))
    }

    async fn end(
        &self,
        _: &KeyedHash,
        _: EndReason,
        _: Timestamp,
        _: Timestamp,
    ) -> Result<EndOutcome, StoreError> {
        Ok(EndOutcome::Absent)
    }

    async fn sweep(
        &self,
        _: usize,
        _: Timestamp,
        _: Timestamp,
    ) -> Result<Vec<(KeyedHash, EndReason, Content)>, StoreError> {
        Ok(Vec::new())
    }

    async fn find(&self, _: &Label, _: Timestamp) -> Result<Vec<KeyedHash>, StoreError> {
        Ok(Vec::new())
    }

    async fn lease(
        &self,
        _: &KeyedHash,
        _: LeaseOwner,
        _: Duration,
        _: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn release(&self, _: &KeyedHash, _: LeaseOwner) -> Result<(), StoreError> {
        Ok(())
    }
}
