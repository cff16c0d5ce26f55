//! The page's files: its style, its script, its mark.

use axum::Router;
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

/// The files, each under `/assets`.
pub(crate) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let file = |kind: &'static str, text: &'static str| {
        get(move || async move { ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-cache")], text) })
    };
    Router::new()
        .route("/assets/page.css", file("text/css; charset=utf-8", include_str!("assets/page.css")))
        .route("/assets/page.js", file("text/javascript; charset=utf-8", include_str!("assets/page.js")))
        .route("/assets/mark.svg", file("image/svg+xml", include_str!("assets/mark.svg")))
}
