//! The logout: ends the session here, revokes its refresh token, then lets the logout handler say where to go.

use std::sync::Arc;

use authsession_store::end_reason::EndReason;
use axum::response::Response;
use http::header::{HOST, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method as HttpMethod, StatusCode};

use crate::cookie;
use crate::errors::Error;
use crate::page::{Method, Page};
use crate::refresh;
use crate::routes::Routes;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

impl Routes {
    pub(super) async fn logout(&self, mut parts: Parts) -> Result<Response, Error> {
        let configuration = &self.engine.configuration;
        if !self.meant_by_the_user(&parts.method, &parts.headers) {
            return Ok(Page {
                status: StatusCode::FORBIDDEN,
                title: "Sign out?",
                text: "Another site asked to sign you out. Do it here if you want to.",
                way_on: (configuration.logout_path.clone(), "Sign out", Method::Post),
                retry_after: None,
            }
            .into_response());
        }
        let ended = match configuration.cookies.session(&parts.headers) {
            Some(key) => self.engine.end(key, EndReason::Logout).await?,
            None => None,
        };
        if let Some(session) = ended.clone() {
            let engine = Arc::clone(&self.engine);
            tokio::spawn(async move {
                refresh::revoke(&engine, session.record.tokens.refresh_token.as_ref()).await;
            });
        }
        let mut response =
            self.logout_handler.handle_logout(&mut parts, Arc::clone(configuration), ended).await?;
        cookie::set(response.headers_mut(), [configuration.cookies.sign_out()]);
        Ok(response)
    }

    /// A POST, or a GET, from our own pages; or a GET the user typed. Another site can make a browser send neither.
    fn meant_by_the_user(&self, method: &HttpMethod, headers: &HeaderMap) -> bool {
        let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        if let Some(site) = text(&SEC_FETCH_SITE) {
            return site == "same-origin" || (site == "none" && *method == HttpMethod::GET);
        }
        // A browser without Fetch Metadata says at least where a POST comes from.
        let configuration = &self.engine.configuration;
        match text(&ORIGIN) {
            Some(origin) => origin == configuration.redirect_uri.origin().ascii_serialization(),
            None => *method == HttpMethod::POST && !text(&HOST).unwrap_or_default().is_empty(),
        }
    }
}
