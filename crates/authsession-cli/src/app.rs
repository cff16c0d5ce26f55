//! The sample application: a page, the session as JSON for its script, and three files.

use std::sync::Arc;

use authsession_axum::extractors::{AccessToken, Claims, Session};
use axum::extract::State;
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router, middleware};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use serde_json::{Map, Value};

use crate::assets;
use crate::page;
use crate::site::Site;
use crate::snapshot::Snapshot;
use crate::switch;

/// The application, to be put under the layer.
pub(crate) fn router(site: Site) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/session", get(session))
        .merge(switch::router())
        .merge(assets::router())
        .layer(middleware::map_response(with_headers))
        .with_state(Arc::new(site))
}

type AllClaims = Claims<Map<String, Value>>;

async fn home(
    State(site): State<Arc<Site>>,
    session: Option<Session>,
    token: Option<AccessToken>,
    claims: Option<AllClaims>,
) -> Html<String> {
    Html(match (session, token, claims) {
        (Some(session), Some(token), Some(claims)) => {
            page::signed_in(&site, &session, &Snapshot::of(&session, &token, &claims.0))
        }
        (Some(_), None, _) => page::token_expired(&site),
        _ => page::signed_out(&site),
    })
}

async fn session(session: Session, token: AccessToken, claims: AllClaims) -> Json<Snapshot> {
    Json(Snapshot::of(&session, &token, &claims.0))
}

/// Only what this application serves itself runs, and nothing about a user is kept by a cache. A response that says
/// otherwise keeps its own.
///
/// There is no `form-action`: the logout is a form whose answer leads to the provider, and browsers hold redirects to it.
async fn with_headers(response: Response) -> Response {
    const HEADERS: [(HeaderName, &str); 4] = [
        (CACHE_CONTROL, "no-store"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
             base-uri 'none'; frame-ancestors 'none'",
        ),
        (REFERRER_POLICY, "same-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    let mut response = response.into_response();
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
