//! The claims of one process's store.

use std::collections::HashMap;
use std::time::Duration;

use authsession_core::clock::Timestamp;

use crate::claim::{Claim, Settled};
use crate::key::StoreKey;
use crate::record::Version;

/// How long it is remembered that a claim's time is over.
const REMEMBERED: Duration = Duration::from_secs(15 * 60);

/// What was claimed lately.
#[derive(Default)]
pub(super) struct Claims {
    held: HashMap<StoreKey, Held>,
    look_through_at: usize,
}

struct Held {
    version: Version,
    until: Timestamp,
    settled: Option<Settled>,
}

impl Held {
    const fn new(version: Version, until: Timestamp) -> Self {
        Self { version, until, settled: None }
    }
}

impl Claims {
    pub(super) fn claim(&mut self, key: &StoreKey, now: Timestamp, ttl: Duration) -> Claim {
        self.forget(now);
        let Some(held) = self.held.get_mut(key) else {
            self.held.insert(*key, Held::new(Version::FIRST, now + ttl));
            return Claim::Ours(Version::FIRST);
        };
        match &held.settled {
            _ if held.until <= now => Claim::Lost,
            Some(Settled::InVain) => Claim::Lost,
            None => Claim::Theirs,
            Some(Settled::Done(what)) => Claim::Settled(what.clone()),
            Some(Settled::GivenUp) => {
                *held = Held::new(held.version.next(), held.until);
                Claim::Ours(held.version)
            }
        }
    }

    pub(super) fn settle(&mut self, key: &StoreKey, ours: Version, settled: Settled, now: Timestamp) {
        if let Some(held) = self.held.get_mut(key).filter(|held| held.version == ours && held.until > now) {
            held.settled = Some(settled);
        }
    }

    fn forget(&mut self, now: Timestamp) {
        if self.held.len() >= self.look_through_at {
            self.held.retain(|_, held| held.until + REMEMBERED > now);
            self.look_through_at = (self.held.len() * 2).max(64);
        }
    }
}
