//! The bytes of the first release are read by every later one, and whatever became of them hurts nobody.

use aws_lc_rs::digest::{SHA256, digest};

use crate::record::SessionRecord;
use crate::written::tests::{frozen, halves, joined, record};
use crate::written::{Unreadable, dictionary, fields, read, write};

#[test]
fn what_the_first_release_wrote_reads_to_exactly_that_record() {
    assert!(read(&frozen("record_v1.bin")).unwrap() == record());
}

/// What only a later release knows of a record: in each half, one of them twice.
fn later() -> [Vec<u8>; 2] {
    [b"of the later release, as it is".as_slice(), b"of the later release, a text"].map(|value| {
        let mut later = Vec::new();
        for field in [23, 31, 23, 1_000_000] {
            fields::put(&mut later, field, value);
        }
        later
    })
}

#[test]
fn what_a_later_release_wrote_survives_that_this_one_saves_something_else() {
    let read_first = read(&frozen("record_of_a_later_release.bin")).unwrap();
    let known = SessionRecord { later: record().later, ..read_first.clone() };
    assert!(known == record(), "what this one knows of it");

    let mut refreshed = read_first;
    refreshed.tokens.access_token = "another".into();
    let (kept, texts) = halves(&write(&refreshed));

    let [later_kept, later_texts] = later();
    assert!(kept.ends_with(&later_kept) && texts.ends_with(&later_texts), "byte for byte");
    assert!(read(&write(&refreshed)).unwrap() == refreshed, "as often as it is saved");
    assert_eq!(format!("{:?}", refreshed.later), "Later(unread)");
}

#[test]
fn what_a_later_release_wrote_is_carried_along_up_to_a_length() {
    let (kept, texts) = halves(&frozen("record_v1.bin"));
    for (length, is_carried) in [(16 * 1024 - 10, true), (16 * 1024 + 1, false)] {
        let mut longer = kept.clone();
        fields::put(&mut longer, 23, &vec![7; length]);
        let record = read(&joined(&longer, &texts)).unwrap();
        assert_eq!(!record.later.is_empty(), is_carried, "{length}");
    }
}

#[test]
fn wherever_a_record_is_cut_off_it_is_no_record_and_nothing_panics() {
    let whole = frozen("record_v1.bin");
    for length in 0..whole.len() {
        assert!(read(&whole[..length]) == Err(Unreadable::Malformed), "cut to {length}");
    }
}

#[test]
fn whichever_bit_is_flipped_nothing_panics() {
    let mut bytes = frozen("record_v1.bin");
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        let _error_or_another_record = read(&bytes);
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn the_first_dictionary_is_what_it_was() {
    let digest: String =
        digest(&SHA256, &dictionary::first()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, "82b0c2a0996cb48da92f97b5c38245da577d54580dfd0bed05864b3e2ac65c33");
}
