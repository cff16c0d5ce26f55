//! Claims on a backend: a row of its own that is no session, whose versions say who holds it.

use std::time::Duration;

use authsession_core::clock::Timestamp;
use authsession_core::random;
use authsession_core::secret::Secret;

use crate::backend::{Content, Kept, Labels, UpdateOutcome};
use crate::claim::{Claim, Settled};
use crate::end_reason::EndReason;
use crate::key::StoreKey;
use crate::keyed_hash::KeyedHash;
use crate::record::Version;
use crate::seal::SealError;
use crate::sealed_store::SealedStore;
use crate::sealed_store::sealing::context;
use crate::store::StoreError;

/// The first byte of what is kept, where a session has how its record is sealed.
const CLAIM: u8 = Content::CLAIM;
/// What comes after it: taken, and by whom; given up; or done, and what came of it, sealed.
const TAKEN: u8 = 0;
const GIVEN_UP: u8 = Content::GIVEN_UP;
const DONE: u8 = 2;

const OUTCOME: &str = "what came of a claim";

/// How long it is remembered that nothing came of one.
const IN_VAIN: Duration = Duration::from_secs(120);

/// Whether that is no session's.
pub(super) fn is_claim(content: &Content) -> bool {
    content.sealed.first() == Some(&CLAIM)
}

impl SealedStore {
    pub(super) async fn claim_there(&self, key: &StoreKey, ttl: Duration) -> Result<Claim, StoreError> {
        let (name, now, none) = (self.claimed_as(key)?, self.clock.now(), Labels::default());
        let (content, until) = match self.backend.load(&name).await? {
            Kept::Session { content, idle_deadline } => (content, idle_deadline),
            Kept::Ended(_) => return Ok(Claim::Lost),
            Kept::Absent => {
                let ours = claimed(Version::FIRST, taken()?);
                let created = self.backend.create(&name, &ours, &none, now + ttl, now).await;
                let is_ours = self.or_seen(created, true, &name, &ours).await?;
                return Ok(if is_ours { Claim::Ours(ours.version) } else { Claim::Theirs });
            }
        };
        match &*content.sealed {
            _ if until <= now => Ok(Claim::Lost),
            [CLAIM, TAKEN, ..] => Ok(Claim::Theirs),
            [CLAIM, GIVEN_UP, ..] => {
                let ours = claimed(content.version.next(), taken()?);
                let updated = self.backend.update(&name, content.version, &ours, &none, now).await;
                Ok(match self.or_seen(updated, UpdateOutcome::Saved, &name, &ours).await? {
                    UpdateOutcome::Saved => Claim::Ours(ours.version),
                    UpdateOutcome::Changed => Claim::Theirs,
                    UpdateOutcome::Ended | UpdateOutcome::Absent => Claim::Lost,
                })
            }
            [CLAIM, DONE, sealed @ ..] => {
                self.outcome(key, &name, content.version, sealed).map(Claim::Settled)
            }
            _ => Err(StoreError::unreadable(SealError::NotOurs)),
        }
    }

    pub(super) async fn settle_there(
        &self,
        key: &StoreKey,
        ours: Version,
        settled: Settled,
    ) -> Result<(), StoreError> {
        let (name, now, next) = (self.claimed_as(key)?, self.clock.now(), ours.next());
        let sealed = match settled {
            Settled::GivenUp => vec![CLAIM, GIVEN_UP],
            Settled::Done(outcome) => {
                let outcome = outcome.expose().as_bytes();
                let sealed = self.ring.seal(OUTCOME, &context(&name, next, id(key)), outcome)?;
                [[CLAIM, DONE].as_slice(), &sealed].concat()
            }
            // Anybody can fail, as often as they like: what is left of it goes soon.
            Settled::InVain => {
                return self.backend.end(&name, EndReason::Ended, now, now + IN_VAIN).await.map(drop);
            }
        };
        self.backend.update(&name, ours, &claimed(next, sealed), &Labels::default(), now).await.map(drop)
    }

    /// What came of writing ours, or `done` where it is there and only the answer was lost: a claim that nobody knows to be their
    /// own is nobody's for as long as it counts.
    async fn or_seen<T>(
        &self,
        written: Result<T, StoreError>,
        done: T,
        name: &KeyedHash,
        ours: &Content,
    ) -> Result<T, StoreError> {
        let Err(lost) = written else { return written };
        match self.backend.load(name).await {
            Ok(Kept::Session { content, .. }) if content.sealed == ours.sealed => Ok(done),
            _ => Err(lost),
        }
    }

    fn outcome(
        &self,
        key: &StoreKey,
        name: &KeyedHash,
        version: Version,
        sealed: &[u8],
    ) -> Result<Secret, StoreError> {
        let context = context(name, version, id(key));
        let text = self.ring.open(OUTCOME, &context, sealed).map_err(StoreError::unreadable)?;
        std::str::from_utf8(&text).map(Secret::from).map_err(StoreError::unreadable)
    }

    /// One name, whichever key of the ring is in use here: replicas whose rings have the same keys mean the same.
    fn claimed_as(&self, key: &StoreKey) -> Result<KeyedHash, StoreError> {
        self.names(key).min().ok_or_else(|| StoreError::unreadable(SealError::NotOurs))
    }
}

/// By one who is like no other: a backend takes for its own what is the same as what it sent.
fn taken() -> Result<Vec<u8>, StoreError> {
    let by = random::bytes::<16>().map_err(|_| SealError::NoRandomness)?;
    Ok([[CLAIM, TAKEN].as_slice(), &by].concat())
}

/// Its time is over when it is idle for too long, which an update leaves as it is.
const fn claimed(version: Version, sealed: Vec<u8>) -> Content {
    Content { version, sealed, expires_at: Timestamp::NEVER }
}

fn id(key: &StoreKey) -> &[u8] {
    key.id().map_or(&[], |id| id.as_slice())
}
