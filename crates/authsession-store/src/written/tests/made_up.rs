//! Whatever a record holds, it comes back as it was.

use authsession_core::clock::Timestamp;
use authsession_core::extras::Extras;
use authsession_core::token_set::TokenSet;
use proptest::collection::{hash_map, vec};
use proptest::option;
use proptest::prelude::*;

use crate::record::{Later, Refused, SessionRecord};
use crate::written::tests::{jwt, noise, record};
use crate::written::{read, write};

/// Tokens that are hard to take apart and put together again.
const ODD: [&str; 22] = [
    "",
    ".",
    "..",
    "...",
    "a",
    "a.b.c",
    "abcd",
    "abcde",
    "abcd.abcd.abcd",
    "YQ",
    "YR",
    "YWI",
    "YWJ",
    "YQ==",
    "YQ==.YQ==.YQ==",
    "eyJ",
    "eyJ.eyJ.eyJ",
    "eyJhIjoxfQ.eyJhIjoxfQ",
    "eyJhIjoxfR.eyJhIjoxfQ==.AA",
    "a+/b.c+/d",
    "ä.ö.ü€",
    "1//0g-_.\0\n",
];

#[test]
fn odd_tokens_come_back_as_they_were() {
    let large = [
        noise(75_000),
        jwt(&"{\"".repeat(20_000), &" ".repeat(20_000)),
        ".".repeat(100_000),
        "é".repeat(50_000),
    ];
    for odd in ODD.into_iter().chain(large.iter().map(String::as_str)) {
        let mut record = record();
        record.tokens.access_token = odd.into();
        record.tokens.refresh_token = Some(odd.into());
        record.tokens.id_token = Some(odd.into());
        let read = read(&write(&record)).unwrap();
        assert!(read == record, "{}", &odd[..odd.floor_char_boundary(50)]);
    }
}

fn token() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => "[A-Za-z0-9_.-]{0,60}",
        1 => "(eyJ[A-Za-z0-9_-]{0,9}\\.?){0,5}",
        1 => ".{0,40}",
        1 => prop::sample::select(&ODD[..]).prop_map(str::to_owned),
        2 => (".{0,20}", ".{0,60}").prop_map(|(header, claims)| jwt(&format!("{{\"{header}"), &format!("{{\"{claims}"))),
        1 => (0..300_usize).prop_map(noise),
    ]
}

fn instant() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        any::<i64>(),
        Just(i64::MAX),
        Just(i64::MIN),
        -1..1_i64,
        1_700_000_000_000..1_900_000_000_000_i64
    ]
    .prop_map(Timestamp::from_unix_millis)
}

fn tokens() -> impl Strategy<Value = TokenSet> {
    let text = ".{0,30}";
    let extras = hash_map(text, prop_oneof![token(), "https://[a-z./?#@]{0,20}"], 0..6);
    let secrets = (token(), option::of(token()), option::of(token()), extras);
    (secrets, text, option::of(text), instant(), option::of(instant())).prop_map(
        |((access, refresh, id, extras), token_type, scope, received_at, expires_at)| TokenSet {
            access_token: access.into(),
            token_type: token_type.into(),
            refresh_token: refresh.map(Into::into),
            id_token: id.map(Into::into),
            scope: scope.map(Into::into),
            received_at,
            expires_at,
            extras: Extras::from_iter(extras),
        },
    )
}

fn records() -> impl Strategy<Value = SessionRecord> {
    let text = ".{0,30}";
    let refused = (instant(), any::<u32>(), any::<bool>());
    let refused = refused.prop_map(|(at, young, pending)| Refused { at, young, pending });
    let texts = (text, text, text, option::of(text), option::of(".{0,300}"));
    let instants = (instant(), instant(), option::of(instant()));
    (tokens(), texts, instants, option::of(refused), any::<[bool; 3]>()).prop_map(
        |(tokens, texts, instants, refused, [userinfo_is_newer, id_token_refused, remembered])| {
            SessionRecord {
                tokens,
                issuer: texts.0.into(),
                client_id: texts.1.into(),
                subject: texts.2.into(),
                provider_session: texts.3.map(Into::into),
                userinfo: texts.4.map(Into::into),
                userinfo_is_newer,
                id_token_refused,
                remembered,
                created_at: instants.0,
                expires_at: instants.1,
                refresh_sent_at: instants.2,
                refused,
                later: Later::default(),
            }
        },
    )
}

proptest! {
    #[test]
    fn any_record_comes_back_as_it_was(record in records()) {
        prop_assert!(read(&write(&record)) == Ok(record));
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in vec(any::<u8>(), 0..400), packing in 0..3_u8) {
        let _error_or_record = read(&bytes);
        let _error_or_record = read(&[&[1, packing], &bytes[..]].concat());
    }
}
