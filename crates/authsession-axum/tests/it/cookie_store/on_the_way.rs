//! What is in the cookies on the way: nothing anybody could read.

use authsession_testkit::browser::SameSite;

use crate::cookie_store::fleet::{Fleet, is_chunk};

#[tokio::test]
async fn no_script_sees_the_chunks_and_nothing_readable_is_in_them() {
    let fleet = Fleet::signed_in().await;
    let session = fleet.first.asked("/session", &fleet.cookies()).await.text;
    let session: serde_json::Value = serde_json::from_str(&session).unwrap();

    assert_eq!(fleet.browser.cookies_seen_by_scripts(fleet.first.url("/")).unwrap(), []);
    let chunks: Vec<_> =
        fleet.browser.all_cookies().into_iter().filter(|cookie| is_chunk(&cookie.name)).collect();
    assert!(!chunks.is_empty());
    for chunk in &chunks {
        assert_eq!((chunk.http_only, chunk.same_site, chunk.path.as_str()), (true, SameSite::Lax, "/"));
        for secret in ["access_token", "refresh_token", "id_token"] {
            assert!(!chunk.value.contains(session[secret].as_str().unwrap()), "{secret}");
        }
    }
}
