//! What the store holds, or the cookie key, in the wrong hands: either alone signs nobody in.

use authsession_store::key::{SessionId, StoreKey};
use authsession_store::seal::KeyRing;
use authsession_store::store::SessionStore as _;
use authsession_testkit::browser::Browser;
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};

use crate::login_checks::stage;
use crate::stage::{COOKIE_KEY, Stage};

async fn sent(stage: &Stage, value: &str) -> u16 {
    let browser = Browser::with_clock(stage.clock.clone()).unwrap();
    let cookie = format!("authsession={value}");
    let page =
        browser.fetch_with(Method::GET, stage.url("/token"), &[("cookie", &cookie)], "").await.unwrap();
    page.status.as_u16()
}

/// The key the store keeps alice's session under.
async fn kept_under(stage: &Stage) -> StoreKey {
    let keys = stage.store.find_by_subject(stage.provider.issuer(), "alice").await.unwrap();
    assert_eq!(keys.len(), 1);
    keys[0]
}

#[tokio::test]
async fn with_what_the_store_keeps_a_session_under_nobody_is_signed_in() {
    let stage = stage().await;
    stage.sign_in().await;
    let bytes = *kept_under(&stage).await.as_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let written = [URL_SAFE_NO_PAD.encode(bytes), URL_SAFE.encode(bytes), STANDARD.encode(bytes), hex];
    for value in written {
        assert_eq!(sent(&stage, &value).await, 401);
    }
    assert_eq!(sent(&stage, &stage.session_cookie().unwrap()).await, 200, "the cookie does");
}

#[tokio::test]
async fn what_the_store_keeps_does_not_tell_the_cookie() {
    let stage = stage().await;
    stage.sign_in().await;
    let cookie = stage.session_cookie().unwrap();
    let key = kept_under(&stage).await;
    let found = stage.store.load(&key).await.unwrap();
    assert!(!format!("{key:?} {found:?}").contains(&cookie));
    assert_eq!(StoreKey::from_cookie(&cookie), Some(key), "a hash of it, one way");
    let held = [cookie.as_bytes().to_vec(), URL_SAFE_NO_PAD.decode(&cookie).unwrap()];
    let shown = |part: &[u8]| held.iter().any(|all| all.windows(part.len()).any(|some| some == part));
    assert!(!key.as_bytes().windows(4).any(shown), "not even a piece of it");
}

#[tokio::test]
async fn with_the_cookie_key_alone_nobody_makes_a_session() {
    let stage = stage().await;
    stage.sign_in().await;
    let ring = KeyRing::new(&COOKIE_KEY.into()).unwrap();
    let id = SessionId::generate().unwrap();
    let key = kept_under(&stage).await;
    for purpose in ["login attempt", "session"] {
        for text in [key.as_bytes().as_slice(), id.expose().as_bytes(), b"alice"] {
            let sealed = ring.seal(purpose, b"", text).unwrap();
            assert_eq!(sent(&stage, &URL_SAFE_NO_PAD.encode(sealed)).await, 401);
        }
    }
}

#[tokio::test]
async fn no_cookie_shows_a_token_the_verifier_or_the_nonce() {
    let stage = stage().await;
    let callback = stage.to_the_callback("/auth").await;
    let request =
        stage.provider.journal().last(authsession_testkit::endpoint::Endpoint::Authorization).unwrap();
    let under_way = stage.browser.cookies(stage.url("/")).unwrap();
    stage.browser.navigate(callback).await.unwrap();
    let session = stage.fetch("/session").await.1;
    let signed_in = stage.browser.cookies(stage.url("/")).unwrap();

    let mut secrets: Vec<String> =
        ["nonce", "state"].iter().map(|name| request.query_value(name).unwrap().to_owned()).collect();
    secrets.extend(
        ["access_token", "refresh_token", "id_token"]
            .iter()
            .map(|name| session[name].as_str().unwrap().to_owned()),
    );
    for (name, value) in under_way.iter().chain(&signed_in) {
        let decoded = URL_SAFE_NO_PAD.decode(value).unwrap_or_default();
        let shown = format!("{name} {value} {}", String::from_utf8_lossy(&decoded));
        assert!(secrets.iter().all(|secret| !shown.contains(secret)), "{name}");
    }
}
