//! Logins in frames (Fetch Metadata Request Headers §2.1): another site's page, which can show ours unseen, has none there.
//!
//! In such a frame browsers keep and send cookies that are `SameSite=None`, as the login's is where forms are taken, and no
//! others. So a page could have its visitors' browsers start and end logins, as many as it likes, for sessions nobody takes.
//! A page of the application's own may sign in without a word in its frame (`prompt=none`), where answers come by a redirect.
//! A browser that says nothing of frames sends no cookies of ours there either.

use axum::response::Response;
use http::{HeaderMap, HeaderName, StatusCode};

use crate::config::OAuthConfiguration;
use crate::page::{Page, WayOn};

const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether what is asked for is to be shown within a page.
pub(super) fn is_framed(headers: &HeaderMap) -> bool {
    let shown = headers.get(SEC_FETCH_DEST).map(|value| value.as_bytes());
    matches!(shown, Some(b"iframe" | b"frame" | b"embed" | b"object" | b"fencedframe"))
}

/// Whether a login may be started for that request.
pub(super) fn may_start(headers: &HeaderMap, configuration: &OAuthConfiguration) -> bool {
    let by_our_own = headers.get(SEC_FETCH_SITE).is_some_and(|site| site == "same-origin");
    // Where forms are taken, not even ours: the provider's page would post it, and leave the session's cookie at home.
    !is_framed(headers) || (by_our_own && !configuration.takes_forms())
}

/// Whether a login may end by that request. By a redirect it may: it was begun where it may, or it is none of this browser's.
pub(super) fn may_end(headers: &HeaderMap, configuration: &OAuthConfiguration) -> bool {
    !is_framed(headers) || !configuration.takes_forms()
}

/// Leads to a window of its own.
pub(super) fn refused(configuration: &OAuthConfiguration) -> Response {
    Page {
        status: StatusCode::FORBIDDEN,
        title: "Sign in in a window of its own",
        text: "This is shown inside another page, where you cannot be signed in.",
        way_on: WayOn::SignInOutside(configuration.base_path.clone()),
        retry_after: None,
    }
    .into_response()
}
