//! The bytes of the first release are read by every later one, and whatever became of them hurts nobody.

use aws_lc_rs::digest::{SHA256, digest};

use crate::written::tests::{frozen, record};
use crate::written::{Unreadable, dictionary, read};

#[test]
fn what_the_first_release_wrote_reads_to_exactly_that_record() {
    assert!(read(&frozen("record_v1.bin")).unwrap() == record());
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
