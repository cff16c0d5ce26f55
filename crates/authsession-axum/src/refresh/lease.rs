//! The lease a session is refreshed under: taken, renewed while somebody works, made sure of before anything is sent, given back.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use authsession_core::clock::{self, Timestamp};
use authsession_core::random;
use authsession_store::key::StoreKey;
use authsession_store::store::{LeaseOwner, StoreError};
use authsession_store::waiting::{LEASE, RENEWAL};

use crate::errors::Error;
use crate::refresh::Refresher;

/// How long somebody waits for a lease to be given back.
const RELEASING: Duration = Duration::from_millis(500);

/// A session's lease, as this process took it.
pub(super) struct Lease {
    pub(super) key: StoreKey,
    owner: LeaseOwner,
    /// When the store was asked that last said it is ours. `None`: nobody knows, and the store is to be asked.
    confirmed: Mutex<Option<Timestamp>>,
}

impl Lease {
    fn confirm(&self, asked_at: Option<Timestamp>) {
        *self.confirmed.lock().unwrap_or_else(PoisonError::into_inner) = asked_at;
    }

    /// Something speaks against it, whatever this process's clock says: a machine that was stopped stops its clock, too.
    pub(super) fn doubt(&self) {
        self.confirm(None);
    }

    /// Whether half of its time is left, to send something, whatever the store would say now.
    pub(super) fn is_sure(&self, now: Timestamp) -> bool {
        let confirmed = *self.confirmed.lock().unwrap_or_else(PoisonError::into_inner);
        confirmed.is_some_and(|at| at <= now && now.since(at) <= LEASE / 2)
    }
}

impl Refresher {
    /// Takes the session's lease. `None`: somebody else has it.
    pub(super) async fn lease(&self, key: StoreKey) -> Result<Option<Lease>, Error> {
        let unsaved = &self.keeper.unsaved;
        let kept = unsaved.take_lease(&key);
        let owner = match kept {
            Some(owner) => owner,
            None => LeaseOwner(random::bytes()?),
        };
        let lease = Lease { key, owner, confirmed: Mutex::default() };
        let is_ours = self.renew(&lease).await;
        if kept.is_some() && !matches!(is_ours, Ok(true)) {
            unsaved.keep_lease(&key, owner);
        }
        Ok(is_ours?.then_some(lease))
    }

    /// What comes of that work, done while the lease is renewed; then it is given back.
    ///
    /// Not while tokens are parked: whoever took it then would present the refresh token that is spent.
    pub(super) async fn under<T>(&self, lease: &Lease, work: impl Future<Output = T>) -> T {
        let outcome = tokio::select! {
            outcome = work => outcome,
            never = self.keep_renewing(lease) => match never {},
        };
        if !self.keeper.unsaved.keep_lease(&lease.key, lease.owner) {
            self.release(lease).await;
        }
        outcome
    }

    /// Whether the lease is still ours, and for long enough to send something: a process that stood still may have lost it.
    pub(super) async fn still_has(&self, lease: &Lease) -> Result<bool, StoreError> {
        if lease.is_sure(self.keeper.configuration.clock.now()) { Ok(true) } else { self.renew(lease).await }
    }

    async fn renew(&self, lease: &Lease) -> Result<bool, StoreError> {
        let asked_at = self.keeper.configuration.clock.now();
        let is_ours = self.keeper.store.lease(&lease.key, lease.owner, LEASE).await?;
        lease.confirm(is_ours.then_some(asked_at));
        Ok(is_ours)
    }

    async fn keep_renewing(&self, lease: &Lease) -> Infallible {
        loop {
            clock::wait(RENEWAL).await;
            match self.renew(lease).await {
                Ok(true) => {}
                Ok(false) => {
                    tracing::warn!(target: "authsession::refresh", session = ?lease.key, "a lease was lost: the session ended, or this process stood still");
                }
                Err(error) => {
                    tracing::warn!(target: "authsession::refresh", %error, "a lease was not renewed")
                }
            }
        }
    }

    /// Nobody's answer waits for a store that hangs: then it goes on by itself.
    async fn release(&self, lease: &Lease) {
        let (store, key, owner) = (Arc::clone(&self.keeper.store), lease.key, lease.owner);
        let release = tokio::spawn(async move {
            if let Err(error) = store.release(&key, owner).await {
                tracing::warn!(target: "authsession::refresh", %error, "a lease was not given back; it falls free by itself");
            }
        });
        let _goes_on = clock::within(RELEASING, release).await;
    }
}
