//! A callback that is posted by a form of the provider's page (OAuth 2.0 Form Post Response Mode §2), in two steps.
//!
//! Such a request comes from another site. It brings the login's own cookie, which is `SameSite=None` for that, and not the
//! session's, which stays `Lax`. So the code is redeemed here, and what depends on the session before (it ends; or somebody is
//! signed in already and goes on) happens one redirect later: at our callback by GET, which brings both cookies. That URL says
//! one word, or the name of a sealed cookie of this very browser; a code, a state or a session stands in no URL.

use std::time::Duration;

use authsession_core::authorization::AuthorizationResponse;
use authsession_core::clock;
use authsession_core::secret::Secret;
use axum::body::{Body, to_bytes};
use axum::response::Response;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};

use crate::guard::{self, Asker};
use crate::page::{Page, WayOn};
use crate::routes::Routes;
use crate::routes::callback::Road;

/// As much as is read of a response in a query.
const LARGEST: usize = 16 * 1024;
/// How long the form may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);
const LONGEST_USER: usize = 2 * 1024;

impl Routes {
    pub(super) async fn form_post(&self, parts: &Parts, body: Body, asker: Asker) -> Response {
        let form = match read(&parts.headers, body).await {
            Ok(form) => form,
            Err(status) => return self.unreadable(status),
        };
        let received = match AuthorizationResponse::parse(form.expose()) {
            Ok(response) => {
                let road = Road::Form(user(form.expose()));
                self.receive(response, &parts.headers, asker, road).await
            }
            Err(error) => Err(error.into()),
        };
        let configuration = self.engine.configuration();
        received.unwrap_or_else(|error| guard::answer_at_callback(&error, asker, configuration, None, true))
    }

    fn unreadable(&self, status: StatusCode) -> Response {
        Page {
            status,
            title: "Sign-in failed",
            text: "What came back from the sign-in could not be read. Nothing was changed; you may try again.",
            way_on: WayOn::SignIn(self.engine.configuration().base_path.clone()),
            retry_after: None,
        }
        .into_response()
    }
}

/// The form; otherwise the status that says why it is not read.
async fn read(headers: &HeaderMap, body: Body) -> Result<Secret, StatusCode> {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let body = clock::within(PATIENCE, to_bytes(body, LARGEST)).await.ok_or(StatusCode::REQUEST_TIMEOUT)?;
    let body = body.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    std::str::from_utf8(&body).map(Secret::from).map_err(|_| StatusCode::BAD_REQUEST)
}

/// The name of the user, which Apple's form tells at their first login and never again. It came through the browser and
/// nobody signed it, so no more of it is kept: the email stands verified in the ID token.
fn user(form: &str) -> Option<Value> {
    let (_, text) = url::form_urlencoded::parse(form.as_bytes()).find(|(name, _)| name == "user")?;
    if text.len() > LONGEST_USER {
        return None;
    }
    let said: Map<String, Value> = serde_json::from_str(&text).ok()?;
    let said = said.get("name")?.as_object()?;
    let plain = |text: &str| !text.contains(char::is_control);
    let name: Map<String, Value> = ["firstName", "middleName", "lastName"]
        .into_iter()
        .filter_map(|part| {
            Some((part.to_owned(), said.get(part)?.as_str().filter(|text| plain(text))?.into()))
        })
        .collect();
    (!name.is_empty()).then(|| serde_json::json!({ "name": name }))
}
