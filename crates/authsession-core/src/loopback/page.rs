//! What the browser is shown: fixed texts, nothing of what it sent.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Response, StatusCode};

const PAGE: &str = include_str!("page.html");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

const YES: [(&str, &str); 4] = [
    ("{{outcome}}", "yes"),
    ("{{title}}", "You are signed in"),
    ("{{lead}}", "You can close this window and go back to the program that sent you here."),
    ("{{mark}}", "M15.5 24.5l6 6L33 18.5"),
];
const NO: [(&str, &str); 4] = [
    ("{{outcome}}", "no"),
    ("{{title}}", "The sign-in failed"),
    ("{{lead}}", "You can close this window and try again from the program that sent you here."),
    ("{{mark}}", "M17 17l14 14M31 17L17 31"),
];

/// The end of the sign-in.
pub(crate) fn end(signed_in: bool) -> Response<String> {
    let texts = if signed_in { YES } else { NO };
    let page = texts.iter().fold(PAGE.to_owned(), |page, (place, text)| page.replace(place, text));
    response(StatusCode::OK, HTML, page)
}

/// Nothing to be had here.
pub(crate) fn turned_away(status: StatusCode) -> Response<String> {
    response(status, TEXT, status.canonical_reason().unwrap_or_default().to_owned())
}

fn response(status: StatusCode, content_type: HeaderValue, body: String) -> Response<String> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CONTENT_SECURITY_POLICY, policy());
    response
}

/// Nothing but the page's own style.
fn policy() -> HeaderValue {
    let style = PAGE.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>"));
    let style = style.map_or("", |(style, _)| style);
    let hash = STANDARD.encode(digest::digest(&digest::SHA256, style.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}
