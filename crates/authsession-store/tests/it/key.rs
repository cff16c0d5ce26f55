//! The session's id and the key kept in its place.

use authsession_store::key::{SessionId, StoreKey};
use proptest::prelude::{any, proptest};

#[test]
fn a_session_s_id_finds_its_session_again() {
    let id = SessionId::generate().unwrap();
    assert_eq!(StoreKey::from_cookie(id.expose()), Some(StoreKey::of(&id)));
    assert_eq!(id.expose().len(), 43);
}

#[test]
fn no_two_sessions_have_the_same_id() {
    let ids: std::collections::HashSet<_> =
        (0..1000).map(|_| StoreKey::of(&SessionId::generate().unwrap())).collect();
    assert_eq!(ids.len(), 1000);
}

#[test]
fn a_store_does_not_hold_the_session_s_id() {
    let id = SessionId::generate().unwrap();
    let decoded = base64url(id.expose());
    assert_ne!(StoreKey::of(&id).as_bytes().as_slice(), decoded);
    assert_eq!(decoded.len(), 32);
}

#[test]
fn the_key_of_an_id_stays_the_same_for_all_versions_of_this_library() {
    let key = StoreKey::from_cookie("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").unwrap();
    assert_eq!(hex(key.as_bytes()), "97c636b0dc7f4fb042b88327ecd25c90b945c6280b1d86c3f75cbb975b6b0cf6");
}

#[test]
fn a_truncated_cookie_is_nobody() {
    let id = SessionId::generate().unwrap();
    for length in 0..id.expose().len() {
        assert_eq!(StoreKey::from_cookie(&id.expose()[..length]), None);
    }
}

#[test]
fn a_cookie_of_100_kb_is_nobody() {
    assert_eq!(StoreKey::from_cookie(&"A".repeat(100_000)), None);
}

#[test]
fn a_cookie_of_other_characters_is_nobody() {
    for odd in ["=", " ", "+", "/", ".", "\0", "\n", "%", ";", "\""] {
        assert_eq!(StoreKey::from_cookie(&format!("{}{odd}", "A".repeat(42))), None);
    }
    assert_eq!(StoreKey::from_cookie(&format!("{}é", "A".repeat(41))), None);
}

#[test]
fn a_forged_cookie_is_somebody_else_s_key() {
    let id = SessionId::generate().unwrap();
    let mut forged = id.expose().to_owned();
    let last = if forged.ends_with('A') { 'B' } else { 'A' };
    forged.pop();
    forged.push(last);
    assert_ne!(StoreKey::from_cookie(&forged), Some(StoreKey::of(&id)));
}

#[test]
fn debug_shows_four_bytes_of_a_key_and_nothing_of_an_id() {
    let key = StoreKey::from_bytes([0xab; 32]);
    assert_eq!(format!("{key:?}"), "abababab…");
    let id = SessionId::generate().unwrap();
    assert_eq!(format!("{id:?}"), "SessionId([redacted])");
}

proptest! {
    #[test]
    fn no_cookie_text_panics(text in any::<String>()) {
        let _ = StoreKey::from_cookie(&text);
    }

    #[test]
    fn bytes_a_backend_kept_are_the_key(bytes in any::<[u8; 32]>()) {
        assert_eq!(StoreKey::from_bytes(bytes).as_bytes(), &bytes);
    }
}

fn base64url(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
