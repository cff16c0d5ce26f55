//! Signed out at the provider too (OpenID Connect RP-Initiated Logout 1.0).

use std::sync::Arc;

use authsession_core::end_session::EndSessionRequest;
use authsession_core::random;
use authsession_store::record::StoredSession;
use axum::response::{IntoResponse, Redirect, Response};
use futures_util::future::BoxFuture;
use http::request::Parts;
use url::Url;

use crate::config::OAuthConfiguration;
use crate::errors::Error;
use crate::logout::LogoutHandler;

/// Ends the session here, then sends the browser to the provider to end it there; it comes back to the page configured.
///
/// A provider without a logout endpoint, or one that is away, is left out: the user is signed out here all the same.
#[derive(Clone, Debug, Default)]
pub struct OidcLogoutHandler {
    endpoint: Option<String>,
}

impl OidcLogoutHandler {
    /// With that logout endpoint. `default()` takes the one the provider announces.
    #[must_use]
    pub fn new(oidc_logout_endpoint: &str) -> Self {
        Self { endpoint: Some(oidc_logout_endpoint.to_owned()) }
    }

    async fn target(
        &self,
        configuration: &OAuthConfiguration,
        ended: Option<Arc<StoredSession>>,
    ) -> Option<Url> {
        let endpoint = match &self.endpoint {
            Some(endpoint) => Url::parse(endpoint)
                .inspect_err(|_| tracing::error!(target: "authsession::logout", "the logout endpoint is no URL; users stay signed in at the provider"))
                .ok()?,
            None => configuration.end_session_endpoint().await?,
        };
        let back = configuration.absolute_post_logout_redirect_uri();
        let state = random::text::<16>().ok();
        let request = EndSessionRequest {
            endpoint: &endpoint,
            client_id: configuration.client_id(),
            id_token_hint: ended.as_ref().and_then(|session| session.record.tokens.id_token.as_ref()),
            post_logout_redirect_uri: Some(&back),
            state: state.as_deref(),
        };
        Some(request.url())
    }
}

impl LogoutHandler for OidcLogoutHandler {
    fn handle_logout<'a>(
        &'a self,
        _parts: &'a mut Parts,
        configuration: Arc<OAuthConfiguration>,
        ended: Option<Arc<StoredSession>>,
    ) -> BoxFuture<'a, Result<Response, Error>> {
        Box::pin(async move {
            let target = self.target(&configuration, ended).await;
            let place = target.as_ref().map_or(configuration.post_logout_redirect_uri(), Url::as_str);
            Ok(Redirect::to(place).into_response())
        })
    }
}
