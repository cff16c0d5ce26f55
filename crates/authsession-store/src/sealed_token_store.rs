//! A program's own login at rest: a [`TokenStore`] on the backends of the sessions, for several processes on one rotating login.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use authsession_core::clock::{self, Clock, Timestamp};
use authsession_core::error::Error;
use authsession_core::random;
use authsession_core::token_set::TokenSet;
use authsession_core::token_store::{StoredTokens, TokenLock, TokenStore};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use crate::backend::{Backend, Content, Kept, Labels, UpdateOutcome};
use crate::keyed_hash::KeyedHash;
use crate::record::Version;
use crate::seal::{KeyRing, SealError};
use crate::store::{LeaseOwner, StoreError};
use crate::waiting::{LEASE, Looks, RENEWAL};

const LOGIN: &str = "login";
const TOKENS: &str = "login tokens";
/// A refresh takes seconds; who holds the lock longer hangs.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Keeps the tokens of one login in a database, sealed: for processes on several machines, and for those without a disk.
///
/// Who refreshes takes a lease, renewed while it is held, which falls free 15 seconds after its process died. What is saved is
/// fenced by its revision all the same: a process that lost the lease unawares saves nothing over what another one saved.
pub struct SealedTokenStore {
    backend: Arc<dyn Backend>,
    ring: KeyRing,
    login: Box<str>,
    clock: Clock,
}

impl SealedTokenStore {
    /// The login of that name, on that backend. The same name, and a ring with the same keys, in every process.
    ///
    /// A key of the ring must stay in it, as an old one, until every login that was begun under it is over. Begin none while the
    /// key is being changed: processes whose rings differ may each begin their own.
    #[must_use]
    pub fn new(backend: Arc<dyn Backend>, ring: KeyRing, login: impl Into<Box<str>>) -> Self {
        Self { backend, ring, login: login.into(), clock: Clock::system() }
    }

    /// Measures leases by that clock, where the backend's server has none of its own.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// What the login is called by the key in use, then by old ones.
    fn names(&self) -> Vec<KeyedHash> {
        self.ring.names(LOGIN, &[self.login.as_bytes()]).map(KeyedHash).collect()
    }

    /// Where the login is kept, and what is there. A new one is called by the key in use.
    async fn find(&self, doing: &'static str) -> Result<(KeyedHash, Option<Content>), Error> {
        let names = self.names();
        for name in &names {
            if let Kept::Session { content, .. } = self.backend.load(name).await.map_err(failed(doing))? {
                return Ok((*name, Some(content)));
            }
        }
        let first = names
            .first()
            .copied()
            .ok_or_else(|| failed(doing)(StoreError::unreadable(SealError::NotOurs)))?;
        Ok((first, None))
    }

    fn seal(
        &self,
        name: &KeyedHash,
        version: Version,
        tokens: Option<&TokenSet>,
    ) -> Result<Content, StoreError> {
        let text = match tokens {
            Some(tokens) => StoredTokens { tokens: tokens.clone(), revision: version.number() }
                .to_text()
                .map_err(|error| StoreError::Unavailable(Arc::new(error)))?,
            // Cleared: the revisions go on from here.
            None => "".into(),
        };
        let sealed = self.ring.seal(TOKENS, &context(name, version), text.expose().as_bytes())?;
        Ok(Content { version, sealed, expires_at: Timestamp::NEVER })
    }

    fn open(&self, name: &KeyedHash, content: &Content) -> Result<Option<StoredTokens>, StoreError> {
        let text = self
            .ring
            .open(TOKENS, &context(name, content.version), &content.sealed)
            .map_err(StoreError::unreadable)?;
        if text.is_empty() {
            return Ok(None);
        }
        let text = std::str::from_utf8(&text).map_err(StoreError::unreadable)?;
        StoredTokens::from_text(text).map(Some).map_err(StoreError::unreadable)
    }

    /// Puts this in the place of what was read; whether that still was there.
    async fn put(
        &self,
        doing: &'static str,
        name: &KeyedHash,
        read: Option<Version>,
        tokens: Option<&TokenSet>,
    ) -> Result<Option<Version>, Error> {
        let next = read.map_or(Version::FIRST, Version::next);
        let content = self.seal(name, next, tokens).map_err(failed(doing))?;
        let none = Labels::default();
        let saved = match read {
            None => self
                .backend
                .create(name, &content, &none, Timestamp::NEVER, self.clock.now())
                .await
                .map_err(failed(doing))?,
            Some(read) => {
                let written = self.backend.update(name, read, &content, &none, self.clock.now()).await;
                written.map_err(failed(doing))? == UpdateOutcome::Saved
            }
        };
        Ok(saved.then_some(next))
    }
}

fn context(name: &KeyedHash, version: Version) -> Vec<u8> {
    [&name.0, version.number().to_le_bytes().as_slice()].concat()
}

fn failed(doing: &'static str) -> impl Fn(StoreError) -> Error {
    move |error| Error::TokenStore { doing, cause: Some(Arc::new(error)) }
}

#[async_trait]
impl TokenStore for SealedTokenStore {
    async fn load(&self) -> Result<Option<StoredTokens>, Error> {
        let doing = "read a login";
        let (name, content) = self.find(doing).await?;
        let Some(content) = content else { return Ok(None) };
        self.open(&name, &content).map_err(failed(doing))
    }

    async fn compare_and_swap(&self, seen: Option<u64>, tokens: &TokenSet) -> Result<Option<u64>, Error> {
        let doing = "save a login";
        let (name, content) = self.find(doing).await?;
        let is_kept = match &content {
            Some(content) => self.open(&name, content).map_err(failed(doing))?.is_some(),
            None => false,
        };
        let there = content.map(|content| content.version);
        if is_kept != seen.is_some() || seen.is_some_and(|seen| there != Some(Version::from_number(seen))) {
            return Ok(None);
        }
        Ok(self.put(doing, &name, there, Some(tokens)).await?.map(Version::number))
    }

    async fn clear(&self, seen: u64) -> Result<bool, Error> {
        let doing = "clear a login";
        let (name, content) = self.find(doing).await?;
        let Some(content) = content.filter(|content| content.version.number() == seen) else {
            return Ok(false);
        };
        if self.open(&name, &content).map_err(failed(doing))?.is_none() {
            return Ok(false);
        }
        Ok(self.put(doing, &name, Some(content.version), None).await?.is_some())
    }

    async fn lock(&self) -> Result<TokenLock, Error> {
        let doing = "take the lock of a login";
        let owner = LeaseOwner(random::bytes()?);
        let mut looks = Looks::for_at_most(LONGEST_WAIT, false);
        loop {
            let (name, content) = self.find(doing).await?;
            if content.is_none() {
                // The lock is on what is kept, so something has to be.
                self.put(doing, &name, None, None).await?;
            }
            if self.backend.lease(&name, owner, LEASE, self.clock.now()).await.map_err(failed(doing))? {
                return Ok(TokenLock::new(Held::renewing(&self.backend, &self.clock, name, owner)));
            }
            let Some(pause) = looks.next() else { break };
            clock::wait(pause).await;
        }
        let too_long = std::io::Error::other("another process holds it for too long");
        Err(failed(doing)(StoreError::Unavailable(Arc::new(too_long))))
    }
}

impl fmt::Debug for SealedTokenStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SealedTokenStore")
            .field("login", &self.login)
            .field("backend", &self.backend)
            .finish_non_exhaustive()
    }
}

/// A lease that is renewed until it is dropped, and given back then.
struct Held {
    backend: Arc<dyn Backend>,
    name: KeyedHash,
    owner: LeaseOwner,
    runtime: Handle,
    renewing: AbortHandle,
}

impl Held {
    fn renewing(backend: &Arc<dyn Backend>, clock: &Clock, name: KeyedHash, owner: LeaseOwner) -> Self {
        let runtime = Handle::current();
        let (backend, clock) = (Arc::clone(backend), clock.clone());
        let renewed = Arc::clone(&backend);
        let renewing = runtime.spawn(async move {
            loop {
                clock::wait(RENEWAL).await;
                // One that fails is tried again, and what is saved is fenced by its revision.
                let _later = renewed.lease(&name, owner, LEASE, clock.now()).await;
            }
        });
        Self { backend, name, owner, renewing: renewing.abort_handle(), runtime }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.renewing.abort();
        let (backend, name, owner) = (Arc::clone(&self.backend), self.name, self.owner);
        self.runtime.spawn(async move {
            // One that is not given back falls free by itself.
            let _falls_free = backend.release(&name, owner).await;
        });
    }
}
