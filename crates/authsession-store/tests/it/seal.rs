//! What leaves the process is sealed.

use authsession_core::secret::Secret;
use authsession_store::seal::{KeyRing, SealError};
use proptest::prelude::{Strategy, any, prop_assert_eq, proptest};

const KEY: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
const OTHER: &str = "WZXyNF6PGVNTtb9lcFqjXrAPT3Tc9gYkBLdBwVd3xUQ=";
/// `a frozen text`, sealed under `KEY` for the purpose `frozen` in the context `context`.
const FROZEN: &str =
    "0132fffef1ebcec678f2e764945ac802702819133254e05f2162ce2c758366506854a98a8f0da4f3c8867003055e9d3dc450";

fn ring(key: &str) -> KeyRing {
    KeyRing::new(&Secret::new(key)).unwrap()
}

#[test]
fn what_was_sealed_opens() {
    let sealed = ring(KEY).seal("session", b"context", b"a text").unwrap();
    assert_eq!(ring(KEY).open("session", b"context", &sealed).unwrap().as_slice(), b"a text");
}

#[test]
fn nothing_of_the_text_shows_and_no_two_seals_are_alike() {
    let (text, ring) = ([b'a'; 64], ring(KEY));
    let (one, two) = (ring.seal("p", b"", &text).unwrap(), ring.seal("p", b"", &text).unwrap());
    assert_ne!(one, two);
    assert_ne!(one[21..], two[21..], "the salt makes another key");
    assert!(!one.windows(8).any(|window| window == &text[..8]));
}

#[test]
fn for_another_purpose_or_in_another_context_it_does_not_open() {
    let sealed = ring(KEY).seal("session", b"context", b"a text").unwrap();
    for (purpose, context) in [
        ("login", b"context".as_slice()),
        ("session", b"other"),
        ("session", b""),
        ("", b"sessioncontext"),
        ("sessio", b"ncontext"),
        ("sessionc", b"ontext"),
    ] {
        assert_eq!(ring(KEY).open(purpose, context, &sealed).unwrap_err(), SealError::NotOurs);
    }
}

#[test]
fn truncated_or_lengthened_it_does_not_open() {
    let sealed = ring(KEY).seal("session", b"context", b"a text").unwrap();
    for length in 0..sealed.len() {
        let outcome = ring(KEY).open("session", b"context", &sealed[..length]);
        assert_eq!(outcome.unwrap_err(), SealError::NotOurs);
    }
    let longer = [&sealed[..], b"x"].concat();
    assert_eq!(ring(KEY).open("session", b"context", &longer).unwrap_err(), SealError::NotOurs);
}

#[test]
fn under_a_foreign_key_it_does_not_open() {
    let sealed = ring(OTHER).seal("session", b"", b"a text").unwrap();
    assert_eq!(ring(KEY).open("session", b"", &sealed).unwrap_err(), SealError::NotOurs);
}

#[test]
fn after_a_rotation_what_the_old_key_sealed_still_opens() {
    let sealed = ring(KEY).seal("session", b"", b"a text").unwrap();
    let rotated = ring(OTHER).with_old_key(&Secret::new(KEY)).unwrap();
    assert_eq!(rotated.open("session", b"", &sealed).unwrap().as_slice(), b"a text");
}

#[test]
fn after_a_rotation_the_new_key_seals() {
    let rotated = ring(OTHER).with_old_key(&Secret::new(KEY)).unwrap();
    let sealed = rotated.seal("session", b"", b"a text").unwrap();
    assert_eq!(ring(OTHER).open("session", b"", &sealed).unwrap().as_slice(), b"a text");
    assert_eq!(ring(KEY).open("session", b"", &sealed).unwrap_err(), SealError::NotOurs);
}

#[test]
fn weak_keys_are_refused() {
    let repeated = "a".repeat(64);
    for weak in [
        "",
        "secret",
        "correct horse battery staple",
        &KEY[..62],
        &KEY[..63],
        &OTHER[..42],
        &repeated,
        "0101010101010101010101010101010101010101010101010101010101010101",
        "abcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabc",
    ] {
        assert_eq!(KeyRing::new(&Secret::new(weak)).unwrap_err(), SealError::WeakKey, "{weak}");
        assert_eq!(ring(KEY).with_old_key(&Secret::new(weak)).unwrap_err(), SealError::WeakKey, "{weak}");
    }
}

#[test]
fn a_weak_key_says_how_to_make_a_strong_one() {
    assert!(SealError::WeakKey.to_string().contains("openssl rand -base64 32"));
}

#[test]
fn a_random_ring_opens_only_its_own() {
    let (one, another) = (KeyRing::random().unwrap(), KeyRing::random().unwrap());
    let sealed = one.seal("session", b"", b"a text").unwrap();
    assert!(one.open("session", b"", &sealed).is_ok());
    assert_eq!(another.open("session", b"", &sealed).unwrap_err(), SealError::NotOurs);
}

#[test]
fn debug_shows_no_key() {
    let ring = ring(KEY).with_old_key(&Secret::new(OTHER)).unwrap();
    assert_eq!(format!("{ring:?}"), "KeyRing(2 keys)");
}

#[test]
fn a_text_sealed_by_an_earlier_version_of_this_library_opens() {
    let sealed: Vec<u8> =
        (0..FROZEN.len()).step_by(2).map(|at| u8::from_str_radix(&FROZEN[at..at + 2], 16).unwrap()).collect();
    let opened = ring(KEY).open("frozen", b"context", &sealed).unwrap();
    assert_eq!(opened.as_slice(), b"a frozen text");
}

#[test]
fn every_flipped_bit_is_noticed() {
    let (ring, text) = (ring(KEY), b"a text");
    let sealed = ring.seal("session", b"context", text).unwrap();
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let outcome = ring.open("session", b"context", &changed);
        assert_eq!(outcome.unwrap_err(), SealError::NotOurs, "bit {bit}");
    }
}

proptest! {
    #[test]
    fn any_text_opens_as_it_was(text in any::<Vec<u8>>(), context in any::<Vec<u8>>(), purpose in any::<String>()) {
        let ring = ring(KEY);
        let sealed = ring.seal(&purpose, &context, &text).unwrap();
        let opened = ring.open(&purpose, &context, &sealed).unwrap();
        prop_assert_eq!(&opened[..], &text[..]);
    }

    #[test]
    fn any_change_is_noticed(
        (sealed, at) in any::<Vec<u8>>()
            .prop_map(|text| ring(KEY).seal("p", b"c", &text).unwrap())
            .prop_flat_map(|sealed| { let length = sealed.len(); (proptest::prelude::Just(sealed), 0..length) }),
        change in 1..=u8::MAX,
    ) {
        let mut changed = sealed;
        changed[at] ^= change;
        prop_assert_eq!(ring(KEY).open("p", b"c", &changed).unwrap_err(), SealError::NotOurs);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>()) {
        prop_assert_eq!(ring(KEY).open("p", b"c", &bytes).unwrap_err(), SealError::NotOurs);
    }
}
