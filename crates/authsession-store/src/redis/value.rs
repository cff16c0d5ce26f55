//! What a session is at rest: one string, with a head of fixed places, so that a load is a `GET` and a touch writes twenty bytes.
//!
//! ```text
//!    0  L of a live session; of a tombstone E, and nothing follows but the code of its reason, a line's end, and who ended it
//!    1  version            20 digits' room each, filled up with spaces
//!   21  idle deadline
//!   41  expires at
//!   61  leased until       spaces: not leased
//!   81  lease owner        16 bytes
//!   97  subject            1 and 32 bytes; spaces: none
//!  130  provider session   the same
//!  163  what is sealed
//! ```
//!
//! The scripts know these places too, where Lua counts from 1.

use authsession_core::clock::Timestamp;

use crate::backend::{Content, Kept, Labels};
use crate::end_reason::EndReason;
use crate::keyed_hash::KeyedHash;
use crate::record::Version;

/// How long the head is.
pub(super) const HEAD: usize = 163;

/// A number in its place.
pub(super) fn padded(number: impl std::fmt::Display) -> String {
    format!("{number:<20}")
}

/// A new session's.
pub(super) fn written(content: &Content, labels: &Labels, idle_deadline: Timestamp) -> Vec<u8> {
    let mut value = Vec::with_capacity(HEAD + content.sealed.len());
    value.push(b'L');
    value.extend(padded(content.version.number()).into_bytes());
    value.extend(padded(idle_deadline.unix_millis()).into_bytes());
    value.extend(padded(content.expires_at.unix_millis()).into_bytes());
    value.extend([b' '; 36]);
    for label in [labels.subject, labels.provider_session] {
        match label {
            Some(name) => {
                value.push(b'1');
                value.extend(name.0);
            }
            None => value.extend([b' '; 33]),
        }
    }
    value.extend(&content.sealed);
    value
}

/// What a load found; `None` when it is nothing a release of ours wrote.
pub(super) fn kept(value: Option<Vec<u8>>) -> Option<Kept> {
    let Some(mut value) = value else { return Some(Kept::Absent) };
    match value.first()? {
        b'E' => {
            let code = value[1..].split(|byte| *byte == b'\n').next().unwrap_or_default();
            let code = std::str::from_utf8(code).unwrap_or_default();
            Some(Kept::Ended(EndReason::of_a_tombstone(code)))
        }
        b'L' => {
            let version = Version::from_number(number(&value, 1)?);
            let idle_deadline = Timestamp::from_unix_millis(number(&value, 21)?);
            let expires_at = Timestamp::from_unix_millis(number(&value, 41)?);
            value.drain(..HEAD.min(value.len()));
            Some(Kept::Session { content: Content { version, sealed: value, expires_at }, idle_deadline })
        }
        _ => None,
    }
}

/// What the session of that value is found by.
pub(super) fn labels(value: &[u8]) -> Labels {
    let label = |at| match value.get(at..at + 33) {
        Some([b'1', name @ ..]) => name.try_into().ok().map(KeyedHash),
        _ => None,
    };
    Labels { subject: label(97), provider_session: label(130) }
}

fn number<T: std::str::FromStr>(value: &[u8], at: usize) -> Option<T> {
    std::str::from_utf8(value.get(at..at + 20)?).ok()?.trim_end().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{
        Content, EndReason, HEAD, Kept, KeyedHash, Labels, Timestamp, Version, kept, labels, written,
    };

    #[test]
    fn a_session_is_read_as_it_was_written() {
        for millis in [i64::MIN, -1, 0, 1_893_456_000_000, i64::MAX] {
            let at = Timestamp::from_unix_millis(millis);
            let version = Version::from_number(u64::MAX);
            let content = Content { version, sealed: vec![7, 0, 255], expires_at: at };
            let both =
                Labels { subject: Some(KeyedHash([b' '; 32])), provider_session: Some(KeyedHash([1; 32])) };
            for carried in [both, Labels::default()] {
                let value = written(&content, &carried, at);
                assert_eq!(value.len(), HEAD + 3);
                assert_eq!(labels(&value), carried);
                let live = Kept::Session { content: content.clone(), idle_deadline: at };
                assert_eq!(kept(Some(value)), Some(live));
            }
        }
    }

    #[test]
    fn a_reason_of_a_later_release_is_an_end() {
        assert_eq!(kept(Some(b"Elogout".to_vec())), Some(Kept::Ended(EndReason::Logout)));
        assert_eq!(kept(Some(b"Elogout\n\xff\n".to_vec())), Some(Kept::Ended(EndReason::Logout)));
        assert_eq!(kept(Some(b"Esomething_new".to_vec())), Some(Kept::Ended(EndReason::Ended)));
        assert_eq!(kept(None), Some(Kept::Absent));
        assert_eq!(kept(Some(b"X".to_vec())), None);
        assert_eq!(kept(Some(b"L1".to_vec())), None);
    }
}
