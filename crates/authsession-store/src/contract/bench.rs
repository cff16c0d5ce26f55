//! What a promise works with: a store, a clock that stands still, and sessions to keep.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use authsession_core::clock::{Clock, Timestamp};
use authsession_core::extras::Extras;
use authsession_core::random;
use authsession_core::token_set::TokenSet;

use crate::end_reason::EndReason;
use crate::key::{SessionId, StoreKey};
use crate::record::{Later, Refused, SessionRecord, StoredSession};
use crate::store::{EndedSession, Found, LeaseOwner, SessionStore, StoreError};

/// 2030-01-01T00:00:00Z, where the clock stands until it is moved.
const HALTED_AT: i64 = 1_893_456_000_000;
/// How long a session on the bench lives unused, and at all.
pub(crate) const IDLE: Duration = Duration::from_secs(1800);
pub(crate) const AGE: Duration = Duration::from_secs(36_000);

/// A clock that stands still until it is moved. Clones are the same clock.
#[derive(Clone, Debug)]
pub struct HaltedClock(Arc<AtomicI64>);

impl HaltedClock {
    /// A clock that stands at 2030-01-01T00:00:00Z.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(AtomicI64::new(HALTED_AT)))
    }

    /// What it shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.0.load(Ordering::SeqCst))
    }

    /// Moves it on.
    pub fn advance(&self, by: Duration) {
        self.set(self.now() + by);
    }

    /// Puts it there, which may be in its past.
    pub fn set(&self, to: Timestamp) {
        self.0.store(to.unix_millis(), Ordering::SeqCst);
    }

    /// The clock to hand to what is under test.
    #[must_use]
    pub fn clock(&self) -> Clock {
        let this = self.clone();
        Clock::from_fn(move || {
            let millis = this.now().unix_millis();
            let distance = Duration::from_millis(millis.unsigned_abs());
            if millis < 0 { UNIX_EPOCH - distance } else { UNIX_EPOCH + distance }
        })
    }
}

impl Default for HaltedClock {
    fn default() -> Self {
        Self::new()
    }
}

/// A store under test, on a clock that stands still.
pub struct Bench {
    /// The store.
    pub store: Arc<dyn SessionStore>,
    /// Its clock.
    pub clock: HaltedClock,
    issuer: Arc<str>,
}

impl Bench {
    /// Opens a store on a halted clock.
    ///
    /// # Panics
    /// Without randomness.
    pub async fn new<S: SessionStore>(make: &impl AsyncFn(Clock) -> S) -> Self {
        let clock = HaltedClock::new();
        let store = Arc::new(make(clock.clock()).await);
        let name = sound(random::text::<12>());
        Self { store, clock, issuer: format!("https://{name}.example").into() }
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// A session of that user as of now.
    pub(crate) fn record(&self, subject: &str) -> SessionRecord {
        let now = self.clock.now();
        SessionRecord {
            tokens: TokenSet {
                access_token: "the access token".into(),
                token_type: "Bearer".into(),
                refresh_token: Some("the refresh token".into()),
                id_token: Some("the.id.token".into()),
                scope: Some("openid email".into()),
                received_at: now,
                expires_at: Some(now + Duration::from_secs(300)),
                extras: Extras::from_iter([("instance_url", "https://org.example")]),
            },
            issuer: Arc::clone(&self.issuer),
            subject: subject.into(),
            provider_session: Some(format!("session of {subject}").into()),
            userinfo: Some(r#"{"name":"Zoë ✓"}"#.into()),
            created_at: now,
            expires_at: now + AGE,
            remembered: false,
            client_id: "client".into(),
            refresh_sent_at: None,
            refused: None,
            later: Later::default(),
            userinfo_is_newer: false,
            id_token_refused: false,
        }
    }

    /// The same with another access token.
    pub(crate) fn refreshed(&self, subject: &str, access_token: &str) -> SessionRecord {
        let mut record = self.record(subject);
        record.tokens.access_token = access_token.into();
        record.refused = Some(Refused { at: self.clock.now(), young: 1, pending: false });
        record
    }

    /// Keeps a session of alice under a new key.
    pub(crate) async fn signed_in(&self) -> (StoreKey, Arc<StoredSession>) {
        self.keep(self.record("alice")).await
    }

    /// Keeps a session under a new key.
    pub(crate) async fn keep(&self, record: SessionRecord) -> (StoreKey, Arc<StoredSession>) {
        let key = new_key();
        let session = sound(self.store.create(&key, record, self.clock.now() + IDLE).await);
        (key, session)
    }

    pub(crate) async fn load(&self, key: &StoreKey) -> Found {
        let found = sound(self.store.load(key).await);
        if let Some(at_once) = self.store.load_at_once(key) {
            assert_eq!(outline(&at_once), outline(&found), "load_at_once tells the same as load");
        }
        found
    }

    pub(crate) async fn live(&self, key: &StoreKey) -> (Arc<StoredSession>, Timestamp) {
        let found = self.load(key).await;
        let Found::Live { session, idle_deadline } = found else { unreachable!("not live: {found:?}") };
        (session, idle_deadline)
    }

    pub(crate) async fn ended(&self, key: &StoreKey) -> EndReason {
        let found = self.load(key).await;
        match found {
            Found::Ended(reason) | Found::Overdue(reason) => reason,
            Found::Live { .. } | Found::Absent => unreachable!("not over: {found:?}"),
        }
    }

    pub(crate) async fn end(&self, key: &StoreKey, reason: EndReason) -> Option<EndedSession> {
        sound(self.store.end(key, reason).await)
    }

    pub(crate) async fn lease(&self, key: &StoreKey, owner: LeaseOwner, ttl: Duration) -> bool {
        sound(self.store.lease(key, owner, ttl).await)
    }
}

impl fmt::Debug for Bench {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Bench").field("store", &self.store).finish_non_exhaustive()
    }
}

/// A key nobody used yet.
pub(crate) fn new_key() -> StoreKey {
    StoreKey::of(&sound(SessionId::generate()))
}

/// What a step gave that must not fail.
pub(crate) fn sound<T, E: fmt::Debug>(outcome: Result<T, E>) -> T {
    match outcome {
        Ok(value) => value,
        Err(error) => unreachable!("the step failed: {error:?}"),
    }
}

/// Asserts that the key was refused as taken.
pub(crate) fn assert_taken<T: fmt::Debug>(outcome: &Result<T, StoreError>) {
    assert!(matches!(outcome, Err(StoreError::KeyTaken)), "the key is taken, but: {outcome:?}");
}

/// Asserts that a look-up found these sessions, in whatever order.
pub(crate) fn assert_found<const N: usize>(bench: &Bench, found: &[StoreKey], expected: [StoreKey; N]) {
    let names = |key: &StoreKey| found.iter().filter(|found| bench.store.is_found_as(key, found)).count();
    assert!(
        found.len() == N && expected.iter().all(|key| names(key) == 1),
        "found {found:?}, not {expected:?}"
    );
}

/// What can be compared of a look-up.
fn outline(found: &Found) -> String {
    match found {
        Found::Live { session, idle_deadline } => format!("live, {:?}, {idle_deadline:?}", session.version),
        Found::Overdue(reason) => format!("overdue, {reason}"),
        Found::Ended(reason) => format!("ended, {reason}"),
        Found::Absent => "absent".to_owned(),
    }
}
