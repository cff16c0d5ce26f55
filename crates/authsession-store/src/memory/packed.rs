//! A session packed, as sealed stores do before they seal it.

use std::fmt;
use std::hash::RandomState;
use std::sync::Arc;

use authsession_core::clock::Timestamp;
use zeroize::Zeroizing;

use crate::memory::kept::{Kept, Wanted, Whose};
use crate::record::{StoredSession, Version};
use crate::store::StoreError;
use crate::written;

/// A session of a compact [`MemoryStore`](crate::memory::MemoryStore): unpacked whenever it is read.
///
/// It is wiped when it goes.
// Four numbers of eight bytes, then what was written: in one allocation, for what stands in the map itself counts twice where that
// is half empty.
#[derive(Clone)]
pub struct Packed(Zeroizing<Box<[u8]>>);

// Where the numbers stand.
const VERSION: usize = 0;
const EXPIRES_AT: usize = 1;
const SUBJECT: usize = 2;
const PROVIDER_SESSION: usize = 3;
const NUMBERS: usize = 4;

impl Packed {
    fn number(&self, place: usize) -> u64 {
        let (numbers, _) = self.0.as_chunks();
        numbers.get(place).copied().map_or(0, u64::from_le_bytes)
    }
}

impl Kept for Packed {
    fn keep(session: &Arc<StoredSession>, hashes: &RandomState) -> Self {
        let (record, mut numbers) = (&session.record, [[0; 8]; NUMBERS]);
        let hash = |whose| Wanted::new(&record.issuer, whose, hashes).hash();
        numbers[VERSION] = session.version.number().to_le_bytes();
        numbers[EXPIRES_AT] = record.expires_at.unix_millis().to_le_bytes();
        numbers[SUBJECT] = hash(Whose::Subject(&record.subject)).to_le_bytes();
        if let Some(sid) = &record.provider_session {
            numbers[PROVIDER_SESSION] = hash(Whose::ProviderSession(sid)).to_le_bytes();
        }
        // Of exactly that length from the start: what moves leaves a copy that nobody wipes.
        let bytes = [numbers.as_flattened(), &written::write(record)].concat();
        Self(Zeroizing::new(bytes.into_boxed_slice()))
    }

    fn version(&self) -> Version {
        Version::from_number(self.number(VERSION))
    }

    fn expires_at(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.number(EXPIRES_AT).cast_signed())
    }

    fn may_be(&self, wanted: &Wanted<'_>) -> bool {
        let place = match wanted.whose() {
            Whose::Subject(_) => SUBJECT,
            Whose::ProviderSession(_) => PROVIDER_SESSION,
        };
        self.number(place) == wanted.hash()
    }

    fn into_session(self) -> Result<Arc<StoredSession>, StoreError> {
        let written = self.0.get(NUMBERS * 8..).unwrap_or_default();
        let record = written::read(written).map_err(StoreError::unreadable)?;
        Ok(Arc::new(StoredSession::new(record, self.version())))
    }
}

impl fmt::Debug for Packed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Packed(unread)")
    }
}

#[cfg(test)]
mod tests {
    use std::hash::RandomState;
    use std::sync::Arc;

    use authsession_core::clock::Timestamp;
    use authsession_core::token_set::TokenSet;
    use zeroize::Zeroizing;

    use super::Packed;
    use crate::memory::kept::{Kept as _, Wanted, Whose};
    use crate::record::{Later, SessionRecord, StoredSession, Version};
    use crate::store::StoreError;
    use crate::written;

    fn record(subject: &str) -> SessionRecord {
        SessionRecord {
            tokens: TokenSet::new("canary-access", Timestamp::from_unix_seconds(0)),
            issuer: "https://login.example.com".into(),
            client_id: "client".into(),
            subject: subject.into(),
            provider_session: Some("canary-sid".into()),
            userinfo: None,
            userinfo_is_newer: false,
            id_token_refused: false,
            created_at: Timestamp::from_unix_seconds(0),
            expires_at: Timestamp::from_unix_millis(-1),
            remembered: false,
            refresh_sent_at: None,
            refused: None,
            later: Later::default(),
        }
    }

    fn packed(hashes: &RandomState) -> Packed {
        Packed::keep(&Arc::new(StoredSession::new(record("canary"), Version::from_number(7))), hashes)
    }

    #[test]
    fn it_is_as_long_as_at_rest_and_four_numbers_more() {
        let at_rest = written::write(&record("canary")).len();
        assert_eq!(packed(&RandomState::new()).0.len(), at_rest + 4 * 8);
    }

    #[test]
    fn version_and_end_are_told_without_unpacking() {
        let packed = packed(&RandomState::new());
        assert_eq!(
            (packed.version(), packed.expires_at()),
            (Version::from_number(7), Timestamp::from_unix_millis(-1))
        );
    }

    #[test]
    fn whose_it_may_be_is_told_without_unpacking_and_by_its_own_store_alone() {
        let (hashes, another_store_s) = (RandomState::new(), RandomState::new());
        let packed = packed(&hashes);
        let may_be = |issuer, whose, hashes| packed.may_be(&Wanted::new(issuer, whose, hashes));
        let here = "https://login.example.com";
        assert!(may_be(here, Whose::Subject("canary"), &hashes));
        assert!(may_be(here, Whose::ProviderSession("canary-sid"), &hashes));
        assert!(!may_be(here, Whose::Subject("canary-sid"), &hashes));
        assert!(!may_be(here, Whose::ProviderSession("canary"), &hashes));
        assert!(!may_be("https://login.example.org", Whose::Subject("canary"), &hashes));
        assert!(!may_be(here, Whose::Subject("canary"), &another_store_s));
    }

    #[test]
    fn what_cannot_be_read_is_an_error_and_no_panic() {
        let whole = packed(&RandomState::new());
        for length in 0..whole.0.len() {
            let cut = Packed(Zeroizing::new(whole.0[..length].into()));
            let _any = (cut.version(), cut.expires_at());
            assert!(matches!(cut.into_session(), Err(StoreError::Unreadable(_))), "of {length} bytes");
        }
    }

    #[test]
    fn debug_shows_nothing_of_what_is_packed() {
        assert_eq!(format!("{:?}", packed(&RandomState::new())), "Packed(unread)");
    }
}
