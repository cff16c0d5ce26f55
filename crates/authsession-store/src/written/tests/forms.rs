//! Releases before and after, sizes, and what no release wrote.

use authsession_core::extras::Extras;
use authsession_core::token_set::TokenSet;

use crate::record::{Later, SessionRecord};
use crate::written::tests::{halves, joined, noise, record};
use crate::written::{Unreadable, fields, packing, read, write};

#[test]
fn fields_that_only_a_later_release_knows_keep_none_from_reading_the_rest() {
    let (mut kept, mut texts) = halves(&write(&record()));
    for field in [23, 31, 32, 1_000_000] {
        fields::put(&mut kept, field, b"of a later release");
        fields::put(&mut texts, field, b"of a later release");
    }
    let read = read(&joined(&kept, &texts)).unwrap();
    assert!(SessionRecord { later: Later::default(), ..read } == record());
}

#[test]
fn a_record_of_an_earlier_release_reads_without_what_that_did_not_know() {
    let least = least();
    let (kept, texts) = halves(&write(&least));
    assert!(read(&joined(&kept, &texts)).unwrap() == least);
}

#[test]
fn a_record_without_what_every_record_has_is_malformed() {
    let (kept, texts) = halves(&write(&least()));
    assert!(read(&joined(&[], &texts)) == Err(Unreadable::Malformed));
    assert!(read(&joined(&kept, &[])) == Err(Unreadable::Malformed));
}

#[test]
fn another_version_or_dictionary_is_a_later_releases() {
    let mut bytes = write(&record());
    for version in [2, 128, 255] {
        bytes[0] = version;
        assert!(read(&bytes) == Err(Unreadable::Later), "version {version}");
        assert!(read(&[version]) == Err(Unreadable::Later), "version {version}");
    }
    bytes[0] = 1;
    bytes[1] = packing::DICTIONARY_1 + 1;
    assert!(read(&bytes) == Err(Unreadable::Later));
}

#[test]
fn what_is_no_record_is_malformed() {
    let endless_length = [1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    for bytes in [&[][..], &[0], &[1], &[1, 0], &[1, 1, 0], &[1, 0, 0], b"{\"a\":1}", &endless_length] {
        let expected = if bytes.starts_with(b"{") { Unreadable::Later } else { Unreadable::Malformed };
        assert!(read(bytes) == Err(expected), "{bytes:?}");
    }
}

#[test]
fn what_unpacks_to_more_than_a_record_may_be_is_refused_before_it_is_unpacked() {
    let (kept, _) = halves(&write(&record()));
    for zeros in [packing::MOST + 1, 64 * packing::MOST] {
        let bomb = zstd::bulk::compress(&vec![0; zeros], 19).unwrap();
        assert!(bomb.len() < zeros / 1000);
        assert!(packing::unpack(&bomb).is_none());
        let mut bytes = joined(&kept, &bomb);
        bytes[1] = packing::DICTIONARY_1;
        assert!(read(&bytes) == Err(Unreadable::Malformed));
    }
}

#[test]
fn texts_that_say_they_are_smaller_than_they_are_are_refused() {
    let mut two_frames = zstd::bulk::compress(b"a", 1).unwrap();
    two_frames.extend(zstd::bulk::compress(&vec![0; 1024 * 1024], 1).unwrap());
    assert!(packing::unpack(&two_frames).is_none());
}

#[test]
fn a_record_too_large_to_be_packed_is_kept_as_it_is() {
    let mut large = record();
    large.userinfo = Some("x".repeat(packing::MOST + 1).into());
    assert!(read(&write(&large)).unwrap() == large);
}

#[test]
fn what_packing_would_make_larger_is_kept_as_it_is() {
    let (kept, texts) = (b"", b"\x95\x3c");
    assert!(packing::pack(texts).is_none());
    assert_eq!(joined(kept, texts)[1], packing::PLAIN);
}

#[test]
fn a_record_takes_at_most_half_of_its_json() {
    let mut record = record();
    record.tokens.extras = Extras::default();
    record.userinfo = None;
    let TokenSet { access_token, refresh_token, id_token, .. } = &record.tokens;
    let tokens = [Some(access_token), refresh_token.as_ref(), id_token.as_ref()];
    let tokens: usize = tokens.into_iter().flatten().map(|token| token.expose().len()).sum();
    assert!((2300..2450).contains(&tokens), "{tokens} bytes of tokens");
    // Beside what the texts are: `{"issuer":"…","created_at":1771990000000,…}`, counted low.
    let json = tokens + record.issuer.len() + record.client_id.len() + record.subject.len() + 350;
    let written = write(&record).len();
    assert!(2 * written <= json, "{written} bytes, of about {json}");
    assert!(written <= 1250, "{written} bytes");
}

#[test]
fn an_opaque_token_takes_three_quarters_whatever_its_length() {
    for length in [40, 41, 42, 43, 800] {
        let mut record = least();
        let token = noise(600)[..length].to_owned();
        let before = write(&record).len();
        record.tokens.refresh_token = Some(token.into());
        let added = write(&record).len() - before;
        assert!(added <= length * 3 / 4 + 12, "{added} bytes for {length}");
        assert!(read(&write(&record)).unwrap() == record);
    }
}

#[test]
fn no_signature_or_opaque_token_goes_through_compression() {
    let (_, texts) = halves(&write(&record()));
    let signature = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(noise(256)).unwrap();
    let refresh_token = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(noise(243)).unwrap();
    for secret in [&signature[..], &refresh_token, b"1772000123456"] {
        assert!(!texts.windows(12).any(|window| window == &secret[..12]));
    }
}

#[test]
fn an_opaque_token_that_looks_like_claims_does_not_either() {
    let mut record = least();
    let token = base64_simd::URL_SAFE_NO_PAD.encode_to_string(r#"{"grant":"canary-of-a-grant"}"#);
    for token in [token.clone(), format!("opaque.{token}")] {
        record.tokens.refresh_token = Some(token.into());
        let (kept, texts) = halves(&write(&record));
        let has_it = |half: &[u8]| half.windows(6).any(|window| window == b"canary");
        assert!(has_it(&kept) && !has_it(&texts));
    }
}

#[test]
fn errors_say_what_to_do() {
    assert!(Unreadable::Malformed.to_string().contains("sign in again"));
    assert!(Unreadable::Later.to_string().contains("leave it as it is"));
}

/// As little as a record can have.
fn least() -> SessionRecord {
    let mut least = record();
    least.tokens = TokenSet::new("opaque", least.tokens.received_at);
    (least.provider_session, least.userinfo, least.refresh_sent_at, least.refused) = (None, None, None, None);
    (least.userinfo_is_newer, least.id_token_refused) = (false, false);
    least
}
