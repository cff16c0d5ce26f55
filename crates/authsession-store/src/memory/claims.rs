//! The claims of one process's store.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use authsession_core::clock::Timestamp;
use authsession_core::secret::Secret;

use crate::claim::{Claim, Settled};
use crate::key::StoreKey;
use crate::memory::look_through::LookThrough;
use crate::record::Version;

/// So many claims that came to nothing are remembered at most: anybody can fail, as often as they like.
const IN_VAIN: usize = 10_000;
/// How long it is remembered that a claim's time is over.
const REMEMBERED: Duration = Duration::from_secs(15 * 60);

/// What was claimed lately.
#[derive(Default)]
pub(super) struct Claims {
    held: HashMap<StoreKey, Held>,
    next_look: LookThrough,
    last: Option<Version>,
    /// Those that were in vain, the first ones first.
    in_vain: VecDeque<(StoreKey, Version)>,
}

struct Held {
    version: Version,
    until: Timestamp,
    settled: Option<Outcome>,
}

enum Outcome {
    Done(Secret),
    InVain,
}

impl Held {
    const fn new(version: Version, until: Timestamp) -> Self {
        Self { version, until, settled: None }
    }
}

impl Claims {
    pub(super) fn claim(&mut self, key: &StoreKey, now: Timestamp, ttl: Duration) -> Claim {
        self.forget(now);
        let Some(held) = self.held.get(key) else {
            // Another one than before: whoever had it and gave it up settles nothing any more.
            let version = self.last.map_or(Version::FIRST, Version::next);
            self.last = Some(version);
            self.held.insert(*key, Held::new(version, now + ttl));
            return Claim::Ours(version);
        };
        match &held.settled {
            _ if held.until <= now => Claim::Lost,
            Some(Outcome::InVain) => Claim::Lost,
            None => Claim::Theirs,
            Some(Outcome::Done(what)) => Claim::Settled(what.clone()),
        }
    }

    pub(super) fn settle(&mut self, key: &StoreKey, ours: Version, settled: Settled, now: Timestamp) {
        let Some(held) = self.held.get_mut(key).filter(|held| held.version == ours && held.until > now)
        else {
            return;
        };
        match settled {
            Settled::Done(what) => held.settled = Some(Outcome::Done(what)),
            Settled::InVain => {
                held.settled = Some(Outcome::InVain);
                self.in_vain.push_back((*key, ours));
                self.forget_in_vain(now);
            }
            Settled::GivenUp => drop(self.held.remove(key)),
        }
    }

    /// Those whose time is over, and the first ones of too many.
    fn forget_in_vain(&mut self, now: Timestamp) {
        while let Some((key, version)) = self.in_vain.front() {
            let is_it = |held: &&Held| held.version == *version;
            let held = self.held.get(key).filter(is_it);
            if self.in_vain.len() <= IN_VAIN && held.is_some_and(|held| held.until > now) {
                return;
            }
            if held.is_some() {
                self.held.remove(key);
            }
            self.in_vain.pop_front();
        }
    }

    fn forget(&mut self, now: Timestamp) {
        self.forget_in_vain(now);
        self.next_look.keep(&mut self.held, |held| held.until + REMEMBERED > now);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use authsession_core::clock::Timestamp;

    use super::{Claims, IN_VAIN};
    use crate::claim::{Claim, Settled};
    use crate::key::StoreKey;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_900_000_000);
    const TTL: Duration = Duration::from_secs(120);

    fn claims(claims: &mut Claims, how_many: usize, settled: &Settled) {
        for number in 0..how_many {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&number.to_le_bytes());
            let key = StoreKey::from_bytes(bytes);
            let Claim::Ours(ours) = claims.claim(&key, NOW, TTL) else { unreachable!("nobody has it") };
            claims.settle(&key, ours, settled.clone(), NOW);
        }
    }

    #[test]
    fn a_claim_that_was_given_up_is_forgotten_at_once() {
        let mut given_up = Claims::default();
        claims(&mut given_up, 1_000, &Settled::GivenUp);
        assert!(given_up.held.is_empty());
    }

    #[test]
    fn of_claims_in_vain_so_many_are_remembered_and_for_no_longer_than_they_count() {
        let mut in_vain = Claims::default();
        claims(&mut in_vain, IN_VAIN + 1_000, &Settled::InVain);
        assert_eq!((in_vain.held.len(), in_vain.in_vain.len()), (IN_VAIN, IN_VAIN));
        in_vain.claim(&StoreKey::from_bytes([7; 32]), NOW + TTL, TTL);
        assert_eq!((in_vain.held.len(), in_vain.in_vain.len()), (1, 0));
    }
}
