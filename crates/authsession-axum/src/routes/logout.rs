//! The logout: ends the session here, revokes its refresh token, then lets the logout handler say where to go.

use std::sync::Arc;

use authsession_store::end_reason::EndReason;
use axum::response::Response;
use http::header::ORIGIN;
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method as HttpMethod, StatusCode};

use crate::cookie;
use crate::errors::Error;
use crate::guard::{self, Asker};
use crate::luggage::Luggage;
use crate::page::{Page, WayOn};
use crate::routes::Routes;
use crate::routes::detached::detached;
use crate::routes::landed::Landed;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

impl Routes {
    pub(super) async fn logout(&self, mut parts: Parts) -> Result<Response, Error> {
        let configuration = self.engine.configuration();
        if !self.meant_by_the_user(&parts.method, &parts.headers) {
            return Ok(Page {
                status: StatusCode::FORBIDDEN,
                title: "Sign out?",
                text: "You came here by a link. Sign out if you want to.",
                way_on: WayOn::SignOut(configuration.logout_path.clone()),
                retry_after: None,
            }
            .into_response());
        }
        let key = configuration.cookies.session(&parts.headers);
        let mut left = Luggage::left_behind(self.engine.keeper(), key, &parts.headers);
        // Who signs out is signed out of a login too that came by a form and stopped one redirect before its end.
        let (landed, names): (Vec<_>, Vec<_>) = Landed::sessions(configuration, &parts.headers).unzip();
        left.extend(names.into_iter().map(|name| configuration.cookies.drop_login(name)));
        // A browser that goes away has signed out all the same.
        let keeper = self.engine.keeper().clone();
        let end = detached(async move {
            let ended = match key {
                Some(key) => keeper.end(key, EndReason::Logout).await?,
                None => None,
            };
            for key in landed {
                keeper.end_or_say(key, EndReason::Logout).await;
            }
            Ok::<_, Error>(ended)
        });
        let ended = end.await??;
        let asker = Asker::of(&parts.headers);
        let handled = self.logout_handler.handle_logout(&mut parts, Arc::clone(configuration), ended).await;
        let mut response =
            handled.unwrap_or_else(|error| guard::answer_at_login(&error, asker, configuration));
        cookie::set(response.headers_mut(), left.into_iter().chain([configuration.cookies.sign_out()]));
        Ok(response)
    }

    /// A POST from our own pages, or a navigation by GET from them. An image on one of our pages is none; nor is a link in
    /// an e-mail, which comes like an address typed.
    fn meant_by_the_user(&self, method: &HttpMethod, headers: &HeaderMap) -> bool {
        let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let by_post = *method == HttpMethod::POST;
        if let Some(site) = text(&SEC_FETCH_SITE) {
            let navigation =
                text(&SEC_FETCH_MODE) == Some("navigate") && text(&SEC_FETCH_DEST) == Some("document");
            return site == "same-origin" && (by_post || navigation);
        }
        // A browser without Fetch Metadata says at least where a POST comes from.
        let ours = self.engine.configuration().redirect_uri.origin().ascii_serialization();
        by_post && text(&ORIGIN) == Some(ours.as_str())
    }
}
