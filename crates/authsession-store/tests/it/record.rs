//! What is kept of a session, and what is derived from it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use authsession_core::clock::Timestamp;
use authsession_core::extras::Extras;
use authsession_core::token_set::TokenSet;
use authsession_store::record::{Later, SessionRecord, StoredSession, Version};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub(crate) fn record() -> SessionRecord {
    SessionRecord {
        tokens: TokenSet {
            access_token: "canary-access".into(),
            token_type: "Bearer".into(),
            refresh_token: Some("canary-refresh".into()),
            id_token: Some("canary-id".into()),
            scope: Some("openid".into()),
            received_at: Timestamp::from_unix_seconds(0),
            expires_at: None,
            extras: Extras::from_iter([("canary-name", "canary-extra")]),
        },
        issuer: "https://login.example.com".into(),
        subject: "canary-subject".into(),
        provider_session: Some("canary-sid".into()),
        userinfo: Some(r#"{"email":"canary-email"}"#.into()),
        created_at: Timestamp::from_unix_seconds(0),
        expires_at: Timestamp::NEVER,
        remembered: false,
        client_id: "client".into(),
        refresh_sent_at: None,
        refused: None,
        later: Later::default(),
        userinfo_is_newer: false,
        id_token_refused: false,
    }
}

#[test]
fn debug_shows_no_token_and_no_person() {
    let session = StoredSession::new(record(), Version::FIRST);
    let shown = format!("{session:?} {session:#?}");
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn what_is_derived_is_made_once() {
    let (session, made) = (StoredSession::new(record(), Version::FIRST), AtomicUsize::new(0));
    let derive = |record: &SessionRecord| {
        made.fetch_add(1, Ordering::SeqCst);
        Ok::<_, ()>(record.tokens.access_token.expose().len())
    };
    let (first, second) = (session.derived(derive).unwrap(), session.derived(derive).unwrap());
    assert!(Arc::ptr_eq(&first, &second));
    assert_eq!((*first, made.into_inner()), (13, 1));
}

#[test]
fn a_failure_to_derive_is_not_remembered() {
    let session = StoredSession::new(record(), Version::FIRST);
    assert_eq!(session.derived(|_| Err::<u8, _>("not yet")).unwrap_err(), "not yet");
    assert_eq!(*session.derived(|_| Ok::<u8, ()>(7)).unwrap(), 7);
}

#[test]
fn another_type_is_derived_beside_the_first() {
    let session = StoredSession::new(record(), Version::FIRST);
    assert_eq!(*session.derived(|_| Ok::<u8, ()>(1)).unwrap(), 1);
    assert_eq!(*session.derived(|_| Ok::<_, ()>("text")).unwrap(), "text");
    assert_eq!(*session.derived(|_| Ok::<u8, ()>(2)).unwrap(), 1);
}

#[test]
fn everybody_who_derives_at_once_shares_one_value_from_then_on() {
    let session = StoredSession::new(record(), Version::FIRST);
    std::thread::scope(|scope| {
        for number in 0..8 {
            let session = &session;
            scope.spawn(move || session.derived(|_| Ok::<u64, ()>(number)).unwrap());
        }
    });
    let (one, two) = (session.derived(|_| Ok::<u64, ()>(99)), session.derived(|_| Ok::<u64, ()>(99)));
    assert!(Arc::ptr_eq(&one.clone().unwrap(), &two.unwrap()));
    assert!(*one.unwrap() < 8);
}

#[test]
fn how_strongly_the_user_authenticated_is_what_the_id_token_says() {
    let claims = r#"{"iss":"i","sub":"s","aud":"a","exp":1,"iat":0,"acr":"phr"}"#;
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let id_token = format!("{}.{}.{}", part(r#"{"alg":"ES256"}"#), part(claims), part("signature"));
    for (id_token, acr) in [(Some(&*id_token), Some("phr")), (Some("canary-id"), None), (None, None)] {
        let mut record = record();
        record.tokens.id_token = id_token.map(Into::into);
        let session = StoredSession::new(record, Version::FIRST);
        assert_eq!((session.authentication_context(), session.authentication_context()), (acr, acr));
    }
}

#[test]
fn versions_follow_one_another() {
    assert_eq!(Version::FIRST.next().number(), Version::FIRST.number() + 1);
    assert_eq!(Version::from_number(7).number(), 7);
}
