//! Working copies in memory: sessions that their users bring along, held while they are in use.

use std::cmp::Ordering;
use std::sync::Arc;
use std::time::Duration;

use authsession_core::clock::Timestamp;

use crate::end_reason::EndReason;
use crate::key::StoreKey;
use crate::memory::MemoryStore;
use crate::memory::shard::{Shard, read, write};
use crate::memory::slot::Slot;
use crate::record::{SessionRecord, StoredSession, Version};
use crate::store::{Carried, EndedSession, StoreError};

/// What is known of the browser that has the session.
pub(super) struct Browser {
    /// The version of this copy that it brought last; of a session that began here, the first one. `None`: another one's.
    has: Option<Version>,
    seen_at: Timestamp,
    known: Option<Known>,
}

/// The text that was opened or given out last: if it comes again, it need not be opened again.
struct Known {
    label: Label,
    is: Option<Version>,
}

/// What tells one sealed text of a session from another without opening it. That it is the one it looks like is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) carried: Carried,
    /// The last letters of the seal: its tag.
    pub(crate) tag: [u8; 22],
}

/// What a copy has to say to what a browser brought.
pub(crate) enum Held {
    /// It was seen before, and what is held is as new. What the browser has, unless that is of no account.
    AsNew(Option<Carried>),
    /// It must be opened: who knows.
    Unknown,
    /// The session ended here.
    Ended,
}

impl MemoryStore {
    /// A copy of a session that begins now.
    pub(crate) fn create_copy(
        &self,
        key: &StoreKey,
        record: SessionRecord,
        idle_deadline: Timestamp,
    ) -> Result<Arc<StoredSession>, StoreError> {
        let mut shard = write(self.shard(key));
        if shard.slots.contains_key(key.as_bytes()) {
            return Err(StoreError::KeyTaken);
        }
        let session = Arc::new(StoredSession::new(record, Version::FIRST));
        let browser = Browser { has: Some(Version::FIRST), seen_at: self.clock.now(), known: None };
        let slot = copy(Arc::clone(&session), idle_deadline, browser);
        shard.slots.insert(*key.as_bytes(), slot);
        Ok(session)
    }

    /// Notes that a browser came with what looks like that.
    pub(crate) fn meet(&self, key: &StoreKey, label: &Label) -> Held {
        let now = self.clock.now();
        match write(self.shard(key)).slots.get_mut(key.as_bytes()) {
            Some(Slot::Live { browser: Some(browser), .. }) => {
                let Some(known) = browser.known.as_ref().filter(|known| known.label == *label) else {
                    return Held::Unknown;
                };
                (browser.has, browser.seen_at) = (known.is, now);
                Held::AsNew(known.is.map(|_| label.carried))
            }
            Some(Slot::Ended { .. }) => Held::Ended,
            _ => Held::Unknown,
        }
    }

    /// Takes that state of a session in where it is newer than what is held, and says what the browser has: `None` where its
    /// tokens are older. Nothing that ended here is revived.
    ///
    /// Newer is what has the newer tokens, which only a login or a refresh brings; then, what was saved more often. Each process
    /// counts its own saves, so newer tokens may come with a lower number: here they get one of their own, and whatever is being
    /// saved onto the tokens of before finds them changed.
    pub(crate) fn adopt(&self, key: &StoreKey, brought: StoredSession, label: Label) -> Option<Carried> {
        let (now, until) = (self.clock.now(), label.carried.idle_deadline);
        let mut shard = write(self.shard(key));
        let Some(slot) = shard.slots.get_mut(key.as_bytes()) else {
            let known = Known { label, is: Some(brought.version) };
            let browser = Browser { has: known.is, seen_at: now, known: Some(known) };
            shard.slots.insert(*key.as_bytes(), copy(Arc::new(brought), until, browser));
            return Some(label.carried);
        };
        let Slot::Live { session, idle_deadline, browser, .. } = slot else { return None };
        let received_at = |session: &StoredSession| session.record.tokens.received_at;
        let is = match received_at(&brought).cmp(&received_at(session)) {
            Ordering::Less => None,
            Ordering::Equal => Some(brought.version),
            Ordering::Greater => Some(brought.version.max(session.version.next())),
        };
        if let Some(version) = is.filter(|version| *version > session.version) {
            *session = Arc::new(StoredSession::new(brought.record, version));
        }
        *idle_deadline = until.max(*idle_deadline);
        *browser = Some(Box::new(Browser { has: is, seen_at: now, known: Some(Known { label, is }) }));
        is.map(|_| label.carried)
    }

    /// Notes what is given to the browser.
    pub(crate) fn give_out(&self, key: &StoreKey, label: Label) {
        if let Some(Slot::Live { browser: Some(browser), .. }) =
            write(self.shard(key)).slots.get_mut(key.as_bytes())
        {
            browser.known = Some(Known { label, is: Some(label.carried.version) });
        }
    }

    /// The session and its idle deadline; nothing while it is being refreshed.
    pub(crate) fn settled(&self, key: &StoreKey) -> Option<(Arc<StoredSession>, Timestamp)> {
        let now = self.clock.now();
        let shard = read(self.shard(key));
        let slot = shard.slots.get(key.as_bytes()).filter(|slot| slot.overdue(now).is_none())?;
        match slot {
            Slot::Live { session, idle_deadline, .. } if !shard.leases.is_leased(key.as_bytes(), now) => {
                Some((Arc::clone(session), *idle_deadline))
            }
            _ => None,
        }
    }

    /// Drops copies that nobody came for in `unused`, and idle ones, of which another process may know better. Ends those that
    /// are too old.
    pub(crate) fn drop_copies(&self, unused: Duration, at_most: usize) -> Vec<EndedSession> {
        let (now, mut ended) = (self.clock.now(), Vec::new());
        let mut shard = self.next_to_sweep();
        let Shard { slots, leases } = &mut *shard;
        slots.retain(|key, slot| match slot.overdue(now) {
            Some(EndReason::Idle) => false,
            Some(_) if ended.len() == at_most => true,
            Some(reason) => {
                ended.extend(slot.end(reason, now).map(|(reason, session)| EndedSession {
                    key: StoreKey::from_bytes(*key),
                    reason,
                    session: Some(session),
                }));
                true
            }
            None if slot.is_to_be_dropped(now, unused) => leases.is_leased(key, now),
            None => !slot.is_to_be_forgotten(now),
        });
        ended
    }
}

fn copy(session: Arc<StoredSession>, idle_deadline: Timestamp, browser: Browser) -> Slot<Arc<StoredSession>> {
    Slot::Live { session, idle_deadline, browser: Some(Box::new(browser)) }
}

impl Slot<Arc<StoredSession>> {
    /// Whether nothing is lost with it: the browser showed that it has this version. One that was saved since and never came
    /// back may hold the only refresh token there is.
    fn is_to_be_dropped(&self, now: Timestamp, unused: Duration) -> bool {
        match self {
            Self::Live { session, browser: Some(browser), .. } => {
                browser.has == Some(session.version) && now.since(browser.seen_at) >= unused
            }
            _ => false,
        }
    }
}
