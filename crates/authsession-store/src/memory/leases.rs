//! The leases on some of one process's sessions: few have one at a time, so none has room for it.

use std::collections::HashMap;
use std::time::Duration;

use authsession_core::clock::Timestamp;

use crate::key::StoreKey;
use crate::memory::look_through::LookThrough;
use crate::store::LeaseOwner;

/// Which sessions are leased, and some that were lately.
#[derive(Default)]
pub(super) struct Leases {
    held: HashMap<[u8; 32], Lease>,
    next_look: LookThrough,
}

struct Lease {
    owner: LeaseOwner,
    until: Timestamp,
}

impl Leases {
    /// Takes or renews the lease on a session that is known to live.
    pub(super) fn lease(&mut self, key: &StoreKey, owner: LeaseOwner, ttl: Duration, now: Timestamp) -> bool {
        // Those whose time is over: their owners are gone, or their sessions.
        self.next_look.keep(&mut self.held, |lease| lease.until > now);
        // One with that long to go was taken before the clock was set back.
        let held = |until| until > now && until <= now + ttl.saturating_mul(5);
        if self.held.get(key.as_bytes()).is_some_and(|lease| lease.owner != owner && held(lease.until)) {
            return false;
        }
        self.held.insert(*key.as_bytes(), Lease { owner, until: now + ttl });
        true
    }

    pub(super) fn release(&mut self, key: &StoreKey, owner: LeaseOwner) {
        if self.held.get(key.as_bytes()).is_some_and(|lease| lease.owner == owner) {
            self.held.remove(key.as_bytes());
        }
    }

    #[cfg(feature = "cookie-store")]
    pub(super) fn is_leased(&self, key: &[u8; 32], now: Timestamp) -> bool {
        self.held.get(key).is_some_and(|lease| lease.until > now)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use authsession_core::clock::Timestamp;

    use super::Leases;
    use crate::key::StoreKey;
    use crate::store::LeaseOwner;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_900_000_000);
    const TTL: Duration = Duration::from_secs(15);

    #[test]
    fn leases_that_nobody_gives_back_are_forgotten_some_time_after_they_are_over() {
        let mut leases = Leases::default();
        for second in 0..10_000_u64 {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&second.to_le_bytes());
            let now = NOW + Duration::from_secs(second);
            assert!(leases.lease(&StoreKey::from_bytes(bytes), LeaseOwner([1; 16]), TTL, now));
        }
        assert!(leases.held.len() <= 64, "{} are held", leases.held.len());
    }
}
