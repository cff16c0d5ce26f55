//! Where the browser goes once the session is ended. One file a way.

pub mod handle_default_logout;
pub mod handle_oidc_logout;

use std::sync::Arc;

use authsession_store::record::StoredSession;
use axum::response::Response;
use futures_util::future::BoxFuture;
use http::request::Parts;

use crate::config::OAuthConfiguration;
use crate::errors::Error;

/// Answers a logout.
///
/// By the time it is called, the session has ended and its refresh token is being revoked; the cookie is removed from
/// whatever it answers. So it decides one thing: where the browser goes.
pub trait LogoutHandler: Send + Sync + 'static {
    /// The answer. `ended` is the session that was ended, if there was one.
    ///
    /// # Errors
    /// Any; the user is signed out all the same.
    fn handle_logout<'a>(
        &'a self,
        parts: &'a mut Parts,
        configuration: Arc<OAuthConfiguration>,
        ended: Option<Arc<StoredSession>>,
    ) -> BoxFuture<'a, Result<Response, Error>>;
}
