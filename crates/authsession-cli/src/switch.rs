//! The buttons that take the test provider away and bring it back.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Redirect;
use axum::routing::post;
use http::{HeaderMap, StatusCode};

use crate::outage::Outage;
use crate::site::Site;

/// The two buttons.
pub(crate) fn router() -> Router<Arc<Site>> {
    Router::new().route("/provider/away", post(away)).route("/provider/back", post(back))
}

async fn away(State(site): State<Arc<Site>>, headers: HeaderMap) -> Result<Redirect, StatusCode> {
    pressed_here(&site, &headers)?.begin().await;
    Ok(Redirect::to("/"))
}

async fn back(State(site): State<Arc<Site>>, headers: HeaderMap) -> Result<Redirect, StatusCode> {
    pressed_here(&site, &headers)?.end().await.map_err(|_| StatusCode::CONFLICT)?;
    Ok(Redirect::to("/"))
}

/// The outage, if there is a test provider and it is our own page that asks.
fn pressed_here<'a>(site: &'a Site, headers: &HeaderMap) -> Result<&'a Outage, StatusCode> {
    let outage = site.outage.as_ref().ok_or(StatusCode::NOT_FOUND)?;
    let here = headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin");
    if here { Ok(outage) } else { Err(StatusCode::FORBIDDEN) }
}
