//! Sessions in their users' cookies: a store for people without one. It holds working copies, and what makes them travel.
//!
//! A session travels as `version.idle deadline.length.sealed record`. The seal holds the first two numbers too, and the session's
//! id: what was cut, changed or brought for another session does not open. A text that a copy gave out or opened last is known
//! again without opening it. Any other is opened, whatever its numbers say: those of two processes do not compare.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use authsession_core::clock::{Clock, Timestamp};
use authsession_core::secret::Secret;
use base64_simd::URL_SAFE_NO_PAD;

use crate::claim::{Claim, Settled};
use crate::end_reason::EndReason;
use crate::key::StoreKey;
use crate::memory::MemoryStore;
use crate::memory::copies::{Held, Label};
use crate::record::{SessionRecord, StoredSession, Version};
use crate::seal::{KeyRing, SealError};
use crate::store::{
    Carried, Carrier, EndedSession, Found, LeaseOwner, Parcel, SessionStore, StoreError, Updated,
};
use crate::written;

const PURPOSE: &str = "session in cookies";
/// What a session may take when it begins: a refresh may make it larger.
const LARGEST_NEW: usize = 12_000;
/// The numbers before it, and what sealing adds.
const BESIDE_THE_RECORD: usize = 128;
/// How long a copy is held that nobody came for.
const UNUSED: Duration = Duration::from_secs(600);

/// Sessions that travel in their users' cookies, sealed under the configuration's cookie key: nothing to run beside the
/// application, and a restart signs nobody out.
///
/// ```
/// use authsession_store::cookie_store::CookieStore;
///
/// let store = CookieStore::new();
/// ```
///
/// What each process holds is a working copy of the sessions in use: for ten minutes after their user was last there, and until
/// their idle deadline when it was refreshed and the browser has not shown yet that it has the new tokens. What a real store
/// does and this one cannot:
///
/// - **End a session everywhere.** A logout clears the browser's cookies, has the refresh token revoked, and is remembered by
///   the process that did it until the session would have been too old. A copy of the cookies made before works in other
///   processes, and in this one after a restart, until its idle deadline.
/// - **Refresh once on several replicas.** Each process refreshes once; two at the same moment are two refreshes, which a
///   provider that rotates refresh tokens may take for theft. Let a user's requests go to one replica (sticky sessions), or
///   run one.
/// - **Keep what never arrived.** Tokens whose response was lost are in the working copy: the process brings them with the next
///   response. If it ends before that, they are lost, and so is the session where refresh tokens rotate.
/// - **Find sessions.** It finds those it holds copies of. Nothing is revoked when a session ends because nobody came.
/// - **Tell old from new, not having seen the new.** Whoever copied a user's cookies may bring an older state of the same
///   session to a process that knows no newer one.
#[derive(Debug, Default)]
pub struct CookieStore {
    copies: MemoryStore,
}

impl CookieStore {
    /// A store on the system's clock.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(Clock::system())
    }

    /// A store whose deadlines are measured by `clock`.
    #[must_use]
    pub fn with_clock(clock: Clock) -> Self {
        Self { copies: MemoryStore::with_clock(clock) }
    }

    /// How many working copies and remembered ends this process holds.
    #[must_use]
    pub fn copies(&self) -> usize {
        self.copies.len()
    }
}

/// Another process may have seen the user since: for this one, an idle session is not here, and not to be ended.
fn unless_idle(found: Found) -> Found {
    match found {
        Found::Overdue(EndReason::Idle) => Found::Ended(EndReason::Idle),
        found => found,
    }
}

#[async_trait]
impl SessionStore for CookieStore {
    async fn create(
        &self,
        key: &StoreKey,
        record: SessionRecord,
        idle_deadline: Timestamp,
    ) -> Result<Arc<StoredSession>, StoreError> {
        let sealed = URL_SAFE_NO_PAD.encoded_length(written::write(&record).len());
        if sealed + BESIDE_THE_RECORD > LARGEST_NEW {
            return Err(StoreError::TooLarge);
        }
        self.copies.create_copy(key, record, idle_deadline)
    }

    async fn load(&self, key: &StoreKey) -> Result<Found, StoreError> {
        self.copies.load(key).await.map(unless_idle)
    }

    fn load_at_once(&self, key: &StoreKey) -> Option<Found> {
        self.copies.load_at_once(key).map(unless_idle)
    }

    async fn update(
        &self,
        key: &StoreKey,
        read: Version,
        record: SessionRecord,
    ) -> Result<Updated, StoreError> {
        self.copies.update(key, read, record).await
    }

    async fn touch(&self, key: &StoreKey, idle_deadline: Timestamp) -> Result<(), StoreError> {
        self.copies.touch(key, idle_deadline).await
    }

    async fn end(&self, key: &StoreKey, reason: EndReason) -> Result<Option<EndedSession>, StoreError> {
        self.copies.end(key, reason).await
    }

    async fn sweep(&self, at_most: usize) -> Result<Vec<EndedSession>, StoreError> {
        Ok(self.copies.drop_copies(UNUSED, at_most))
    }

    async fn find_by_subject(&self, issuer: &str, subject: &str) -> Result<Vec<StoreKey>, StoreError> {
        self.copies.find_by_subject(issuer, subject).await
    }

    async fn find_by_provider_session(&self, issuer: &str, sid: &str) -> Result<Vec<StoreKey>, StoreError> {
        self.copies.find_by_provider_session(issuer, sid).await
    }

    async fn lease(&self, key: &StoreKey, owner: LeaseOwner, ttl: Duration) -> Result<bool, StoreError> {
        self.copies.lease(key, owner, ttl).await
    }

    async fn release(&self, key: &StoreKey, owner: LeaseOwner) -> Result<(), StoreError> {
        self.copies.release(key, owner).await
    }

    /// Among this process's callers: no other one hears of it.
    async fn claim(&self, key: &StoreKey, ttl: Duration) -> Result<Claim, StoreError> {
        self.copies.claim(key, ttl).await
    }

    async fn settle(&self, key: &StoreKey, ours: Version, settled: Settled) -> Result<(), StoreError> {
        self.copies.settle(key, ours, settled).await
    }

    fn carrier(&self) -> Option<&dyn Carrier> {
        Some(self)
    }
}

impl Carrier for CookieStore {
    fn take_in(&self, ring: &KeyRing, key: &StoreKey, brought: &str) -> Option<Carried> {
        let (carried, sealed) = read(brought)?;
        let label = label(carried, sealed)?;
        match self.copies.meet(key, &label) {
            Held::AsNew(has) => has,
            Held::Ended => None,
            Held::Unknown => {
                let bytes = URL_SAFE_NO_PAD.decode_to_vec(sealed).ok()?;
                let text = ring.open(PURPOSE, &context(key, carried)?, &bytes).ok()?;
                let session = StoredSession::new(written::read(&text).ok()?, carried.version);
                self.copies.adopt(key, session, label)
            }
        }
    }

    fn hand_out(
        &self,
        ring: &KeyRing,
        key: &StoreKey,
        has: Option<Carried>,
    ) -> Result<Option<Parcel>, StoreError> {
        let Some((session, idle_deadline)) = self.copies.settled(key) else { return Ok(None) };
        let carried = Carried { version: session.version, idle_deadline };
        if has == Some(carried) {
            return Ok(None);
        }
        let Some(context) = context(key, carried) else { return Ok(None) };
        let unavailable = |error: SealError| StoreError::Unavailable(Arc::new(error));
        let sealed = ring.seal(PURPOSE, &context, &written::write(&session.record)).map_err(unavailable)?;
        let text = write(carried, &sealed);
        if text.len() > Parcel::LARGEST {
            return Err(StoreError::TooLarge);
        }
        if let Some(label) = read(&text).and_then(|(carried, sealed)| label(carried, sealed)) {
            self.copies.give_out(key, label);
        }
        let SessionRecord { expires_at, remembered, .. } = session.record;
        Ok(Some(Parcel { text: Secret::from(text), expires_at, remembered }))
    }
}

fn write(carried: Carried, sealed: &[u8]) -> String {
    let (version, until) = (carried.version.number(), carried.idle_deadline.unix_millis());
    let length = URL_SAFE_NO_PAD.encoded_length(sealed.len());
    let mut text = String::with_capacity(length + BESIDE_THE_RECORD);
    text.push_str(&format!("{version}.{until}.{length}."));
    URL_SAFE_NO_PAD.encode_append(sealed, &mut text);
    text
}

/// What it says it is, and what is sealed. What follows the length it names is left over from a larger one.
fn read(text: &str) -> Option<(Carried, &str)> {
    let mut parts = text.splitn(4, '.');
    let version = Version::from_number(parts.next()?.parse().ok()?);
    let idle_deadline = Timestamp::from_unix_millis(parts.next()?.parse().ok()?);
    let length = parts.next()?.parse().ok()?;
    Some((Carried { version, idle_deadline }, parts.next()?.get(..length)?))
}

/// What it is known again by.
fn label(carried: Carried, sealed: &str) -> Option<Label> {
    Some(Label { carried, tag: *sealed.as_bytes().last_chunk()? })
}

/// What a sealed record belongs to: it opens for no other session, and as no other version or deadline.
fn context(key: &StoreKey, carried: Carried) -> Option<Vec<u8>> {
    let (version, until) = (carried.version.number(), carried.idle_deadline.unix_millis());
    Some([&version.to_le_bytes(), &until.to_le_bytes(), key.id()?.as_slice()].concat())
}
