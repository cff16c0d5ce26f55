//! Sessions at rest: records sealed, names hashed under a key, over a [`Backend`] that keeps bytes.

mod claiming;
mod clocks;
mod sealing;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use authsession_core::clock::{self, Clock, Timestamp};

use crate::backend::{Backend, Content, EndOutcome, Kept, Label, Labels, UpdateOutcome};
use crate::claim::{Claim, Settled};
use crate::end_reason::{EndReason, REMEMBERED};
use crate::key::StoreKey;
use crate::keyed_hash::KeyedHash;
use crate::near_copies::{Asked, Changing, NearCopies};
use crate::record::{SessionRecord, StoredSession, Version};
use crate::seal::{KeyRing, SealError};
use crate::sealed_store::claiming::is_claim;
use crate::sealed_store::clocks::Clocks;
use crate::store::{EndedSession, Found, LeaseOwner, SessionStore, StoreError, Updated};

/// What hashes and seals are for: none of one purpose serves another.
const SESSION: &str = "session";
const SUBJECT: &str = "session subject";
const PROVIDER_SESSION: &str = "session at the provider";

/// A session store on a backend.
///
/// What is kept there tells nothing and opens nothing: a record is sealed (AES-256-GCM) under a key derived of the session's
/// cookie *and* a key of the ring, so it takes both; names, and the user by whom sessions are found, are hashes under a key of
/// the ring. A record carries the format that wrote it, and is sealed anew by the ring's first key whenever it is saved.
///
/// A key of the ring must stay in it, as an old one, for as long as a session that began under it may live.
///
/// So what nobody's cookie asks for can be ended, and not read: a session that a sweep ends leaves its refresh token unrevoked
/// at the provider. [`danger_sealed_by_server_alone`](SealedStore::danger_sealed_by_server_alone) is for whoever needs it.
pub struct SealedStore {
    backend: Arc<dyn Backend>,
    ring: KeyRing,
    clock: Clock,
    by_server: bool,
    near: Option<NearCopies>,
    clocks: Clocks,
    /// Whether the last batch that was swept was full, of sessions and claims.
    more_is_due: AtomicBool,
}

impl SealedStore {
    /// Sessions on that backend, sealed under that ring. The same on every replica.
    #[must_use]
    pub fn new(backend: Arc<dyn Backend>, ring: KeyRing) -> Self {
        Self {
            backend,
            ring,
            clock: Clock::system(),
            by_server: false,
            near: None,
            clocks: Clocks::default(),
            more_is_due: AtomicBool::new(false),
        }
    }

    /// Measures deadlines by that clock. Where the backend has a server, nothing ends by a deadline while the two are more than a
    /// minute apart.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Seals what is saved from now on under the ring's key alone: whoever has the store and the key reads every session.
    /// In return the tokens of sessions that end by a sweep, or by a look-up, can be revoked. Records of both kinds are read.
    #[must_use]
    pub const fn danger_sealed_by_server_alone(mut self) -> Self {
        self.by_server = true;
        self
    }

    /// Keeps copies of up to `at_most` sessions in this process, each for `staleness` at most (a second is a good bound). A
    /// request for one of them asks the backend nothing and waits for nothing.
    ///
    /// What this process saves or ends counts at once. What another one does counts here after `staleness` at the latest:
    /// a session that ended there may serve here for so long. Where the backend hears of changes (Redis, PostgreSQL), it
    /// counts as soon as that is heard. Refreshes never go by a copy: only
    /// [`load_at_once`](SessionStore::load_at_once) does.
    #[must_use]
    pub fn with_near_copies(mut self, at_most: u64, staleness: Duration) -> Self {
        self.near = Some(NearCopies::new(at_most, staleness));
        self
    }

    /// What the session may be called: by the key in use, then by old ones. A key without a cookie is a name already.
    fn names<'this>(&'this self, key: &StoreKey) -> impl Iterator<Item = KeyedHash> + Send + use<'this> {
        let is_name = key.id().is_none();
        let hashed = (!is_name).then(|| self.ring.names(SESSION, &[key.as_bytes()]));
        let name = is_name.then_some(*key.as_bytes());
        name.into_iter().chain(hashed.into_iter().flatten()).map(KeyedHash)
    }

    fn label<'this>(
        &'this self,
        purpose: &str,
        issuer: &str,
        of: &str,
    ) -> impl Iterator<Item = KeyedHash> + use<'this> {
        self.ring.names(purpose, &[issuer.as_bytes(), of.as_bytes()]).map(KeyedHash)
    }

    fn labels(&self, record: &SessionRecord) -> Labels {
        let first = |purpose, of: &str| self.label(purpose, &record.issuer, of).next();
        Labels {
            subject: Some(&*record.subject)
                .filter(|subject| !subject.is_empty())
                .and_then(|of| first(SUBJECT, of)),
            provider_session: record.provider_session.as_deref().and_then(|of| first(PROVIDER_SESSION, of)),
        }
    }

    fn found(
        &self,
        key: &StoreKey,
        name: &KeyedHash,
        content: &Content,
        idle_deadline: Timestamp,
    ) -> Result<Found, StoreError> {
        let now = self.clock.now();
        if let Some(reason) = EndReason::by_deadline(content.expires_at, idle_deadline, now) {
            return Ok(Found::Overdue(reason));
        }
        let session = self.open(key, name, content)?;
        // What is sealed counts: the column beside it is for the backend's look-ups.
        Ok(match EndReason::by_deadline(session.record.expires_at, idle_deadline, now) {
            Some(reason) => Found::Overdue(reason),
            None => Found::Live { session, idle_deadline },
        })
    }

    /// To be taken before the backend is asked for what may be kept near by. What a look-up calls a session is not.
    fn asking(&self, key: &StoreKey, name: &KeyedHash) -> Option<Asked> {
        let near = self.near.as_ref().filter(|_| key.carries_id())?;
        Some(near.asking(*name, self.clock.now()))
    }

    fn keep_near(
        &self,
        key: &StoreKey,
        asked: Option<Asked>,
        session: &Arc<StoredSession>,
        idle_deadline: Timestamp,
    ) {
        if let (Some(near), Some(asked)) = (&self.near, asked) {
            near.keep(key, asked, Arc::clone(session), idle_deadline);
        }
    }

    /// To be held while the backend changes that session.
    const fn changing(&self, name: KeyedHash) -> Changing<'_> {
        Changing::new(self.near.as_ref(), name)
    }

    fn forget_at(&self) -> Timestamp {
        self.clock.now() + REMEMBERED
    }

    async fn find(&self, labels: impl Iterator<Item = Label> + Send) -> Result<Vec<StoreKey>, StoreError> {
        let (now, mut found) = (self.clock.now(), Vec::new());
        for label in labels {
            let names = self.backend.find(&label, now).await?;
            found.extend(names.into_iter().map(|name| StoreKey::from_bytes(name.0)));
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }
}

#[async_trait]
impl SessionStore for SealedStore {
    async fn create(
        &self,
        key: &StoreKey,
        record: SessionRecord,
        idle_deadline: Timestamp,
    ) -> Result<Arc<StoredSession>, StoreError> {
        let Some(name) = self.names(key).next() else {
            return Err(StoreError::unreadable(SealError::NotOurs));
        };
        let content = self.seal(key, &name, Version::FIRST, &record)?;
        let asked = self.asking(key, &name);
        if !self
            .backend
            .create(&name, &content, &self.labels(&record), idle_deadline, self.clock.now())
            .await?
        {
            return Err(StoreError::KeyTaken);
        }
        let session = Arc::new(StoredSession::new(record, Version::FIRST));
        self.keep_near(key, asked, &session, idle_deadline);
        Ok(session)
    }

    async fn load(&self, key: &StoreKey) -> Result<Found, StoreError> {
        for name in self.names(key) {
            let asked = self.asking(key, &name);
            match self.backend.load(&name).await? {
                Kept::Session { content, idle_deadline } => {
                    let found = self.found(key, &name, &content, idle_deadline)?;
                    if let Found::Live { session, .. } = &found {
                        self.keep_near(key, asked, session, idle_deadline);
                    }
                    return Ok(found);
                }
                Kept::Ended(reason) => return Ok(Found::Ended(reason)),
                Kept::Absent => {}
            }
        }
        Ok(Found::Absent)
    }

    fn load_at_once(&self, key: &StoreKey) -> Option<Found> {
        let near = self.near.as_ref()?;
        let (session, idle_deadline) = near.find(key, self.clock.now(), self.backend.changes())?;
        Some(Found::Live { session, idle_deadline })
    }

    async fn update(
        &self,
        key: &StoreKey,
        read: Version,
        record: SessionRecord,
    ) -> Result<Updated, StoreError> {
        let (labels, now) = (self.labels(&record), self.clock.now());
        for name in self.names(key) {
            let content = self.seal(key, &name, read.next(), &record)?;
            let _changing = self.changing(name);
            match self.backend.update(&name, read, &content, &labels, now).await? {
                UpdateOutcome::Saved => {
                    return Ok(Updated::Saved(Arc::new(StoredSession::new(record, content.version))));
                }
                UpdateOutcome::Changed => return Ok(Updated::Changed),
                UpdateOutcome::Ended => return Ok(Updated::Ended),
                UpdateOutcome::Absent => {}
            }
        }
        Ok(Updated::Ended)
    }

    async fn touch(&self, key: &StoreKey, idle_deadline: Timestamp) -> Result<(), StoreError> {
        let now = self.clock.now();
        for name in self.names(key) {
            if self.backend.touch(&name, idle_deadline, now).await? {
                break;
            }
        }
        if let Some(near) = &self.near {
            near.touch(key, idle_deadline);
        }
        Ok(())
    }

    async fn end(&self, key: &StoreKey, reason: EndReason) -> Result<Option<EndedSession>, StoreError> {
        if matches!(reason, EndReason::Idle | EndReason::TooOld) {
            self.apart().await.agree()?;
        }
        for name in self.names(key) {
            let _changing = self.changing(name);
            match self.backend.end(&name, reason, self.clock.now(), self.forget_at()).await? {
                EndOutcome::Now(reason, content) => {
                    let session = self.open(key, &name, &content).ok();
                    return Ok(Some(EndedSession { key: *key, reason, session }));
                }
                EndOutcome::Before => return Ok(None),
                EndOutcome::Absent => {}
            }
        }
        Ok(None)
    }

    async fn sweep(&self, at_most: usize) -> Result<Vec<EndedSession>, StoreError> {
        let (apart, mut now) = (self.apart().await, self.clock.now());
        let agreed = apart.agree();
        if agreed.is_err() {
            // What is over by the clock that is behind is over, if one of both is right: it must not pile up.
            now = now - apart.ahead;
        }
        let swept = self.backend.sweep(at_most, now, self.forget_at()).await?;
        let was_full = at_most > 0 && swept.len() >= at_most;
        // Claims are swept along, and are nobody's session.
        let sessions = swept.into_iter().filter(|(_, _, content)| !is_claim(content));
        let ended: Vec<_> = sessions
            .map(|(name, reason, content)| {
                drop(self.changing(name));
                let key = StoreKey::from_bytes(name.0);
                EndedSession { key, reason, session: self.open(&key, &name, &content).ok() }
            })
            .collect();
        // That the clocks are apart is told when nothing else is to be.
        let is_told = agreed.is_ok() || (ended.is_empty() && !was_full);
        self.more_is_due.store(was_full || !is_told, Ordering::Relaxed);
        if is_told {
            agreed?;
        }
        Ok(ended)
    }

    fn sweep_parts(&self) -> usize {
        if self.more_is_due.load(Ordering::Relaxed) { usize::MAX } else { 1 }
    }

    async fn find_by_subject(&self, issuer: &str, subject: &str) -> Result<Vec<StoreKey>, StoreError> {
        if subject.is_empty() {
            return Ok(Vec::new());
        }
        self.find(self.label(SUBJECT, issuer, subject).map(Label::Subject)).await
    }

    async fn find_by_provider_session(&self, issuer: &str, sid: &str) -> Result<Vec<StoreKey>, StoreError> {
        self.find(self.label(PROVIDER_SESSION, issuer, sid).map(Label::ProviderSession)).await
    }

    fn is_found_as(&self, key: &StoreKey, found: &StoreKey) -> bool {
        self.names(key).any(|name| name.0 == *found.as_bytes())
    }

    async fn wait_for_change(&self, key: &StoreKey, at_most: Duration) {
        match self.backend.changes() {
            Some(changes) => {
                changes.wait_for(&self.names(key).collect::<Vec<_>>(), at_most).await;
            }
            None => clock::wait(at_most).await,
        }
    }

    fn hears_of_changes(&self) -> bool {
        self.backend.changes().is_some()
    }

    async fn lease(&self, key: &StoreKey, owner: LeaseOwner, ttl: Duration) -> Result<bool, StoreError> {
        let now = self.clock.now();
        for name in self.names(key) {
            if self.backend.lease(&name, owner, ttl, now).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn release(&self, key: &StoreKey, owner: LeaseOwner) -> Result<(), StoreError> {
        for name in self.names(key) {
            self.backend.release(&name, owner).await?;
        }
        Ok(())
    }

    async fn claim(&self, key: &StoreKey, ttl: Duration) -> Result<Claim, StoreError> {
        self.claim_there(key, ttl).await
    }

    async fn settle(&self, key: &StoreKey, ours: Version, settled: Settled) -> Result<(), StoreError> {
        self.settle_there(key, ours, settled).await
    }
}

impl fmt::Debug for SealedStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SealedStore")
            .field("backend", &self.backend)
            .field("ring", &self.ring)
            .field("by_server", &self.by_server)
            .finish_non_exhaustive()
    }
}
