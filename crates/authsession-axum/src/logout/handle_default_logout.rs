//! Signed out of this application only: the browser goes to the page configured.

use std::sync::Arc;

use authsession_store::record::StoredSession;
use axum::response::{IntoResponse, Redirect, Response};
use futures_util::future::BoxFuture;
use http::request::Parts;

use crate::config::OAuthConfiguration;
use crate::errors::Error;
use crate::logout::LogoutHandler;

/// Ends the session here and not at the provider, where the user stays signed in.
#[derive(Clone, Copy, Debug, Default)]
pub struct DefaultLogoutHandler;

impl LogoutHandler for DefaultLogoutHandler {
    fn handle_logout<'a>(
        &'a self,
        _parts: &'a mut Parts,
        configuration: Arc<OAuthConfiguration>,
        _ended: Option<Arc<StoredSession>>,
    ) -> BoxFuture<'a, Result<Response, Error>> {
        Box::pin(async move { Ok(Redirect::to(configuration.post_logout_redirect_uri()).into_response()) })
    }
}
