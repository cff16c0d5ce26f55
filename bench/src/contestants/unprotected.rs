//! The same route with nothing in front: what the others' cost is counted from.

use axum::Router;
use axum::http::HeaderValue;
use axum::routing::get;

use crate::contestants::{ANSWER, Contestant};

/// The unprotected route, asked with somebody else's cookie, so that both carry the same bytes.
pub(crate) fn asked_with(cookie: HeaderValue) -> Contestant {
    let router = Router::new().route("/page", get(|| async { ANSWER }));
    Contestant::new("unprotected", router, "/page", cookie)
}
