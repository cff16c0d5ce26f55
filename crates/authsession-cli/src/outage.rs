//! An outage of the test provider, at the press of a button: the session outlives it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use authsession_testkit::provider::Provider;
use axum::Router;
use axum::extract::State;
use axum::response::Redirect;
use axum::routing::post;
use http::{HeaderMap, StatusCode};

use crate::site::Site;

/// The test provider, which can be away.
pub(crate) struct Outage {
    provider: Provider,
    away: AtomicBool,
}

impl Outage {
    pub(crate) const fn of(provider: Provider) -> Self {
        Self { provider, away: AtomicBool::new(false) }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.away.load(Ordering::Relaxed)
    }

    async fn begin(&self) {
        self.provider.shutdown().await;
        self.away.store(true, Ordering::Relaxed);
    }

    async fn end(&self) -> io::Result<()> {
        self.provider.restart().await?;
        self.away.store(false, Ordering::Relaxed);
        Ok(())
    }
}

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
