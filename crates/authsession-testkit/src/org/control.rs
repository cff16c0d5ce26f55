//! What a test in another language can tell the org: `POST /__testkit/<what>`. It is in no journal.

use crate::org::tenant::Tenant;
use axum::Router;
use axum::routing::post;
use std::sync::Arc;

/// `expire` ends every session.
pub(crate) fn router(tenant: Arc<Tenant>) -> Router {
    let expire = move || {
        tenant.expire_sessions();
        std::future::ready("")
    };
    Router::new().route("/__testkit/expire", post(expire))
}
