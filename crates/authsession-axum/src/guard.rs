//! How somebody who may not pass is answered: a person is sent to sign in, a script is told, a prefetch starts nothing.

use axum::Json;
use axum::extract::OriginalUri;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_TYPE, LOCATION, REFERER, RETRY_AFTER, VARY, WWW_AUTHENTICATE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method as HttpMethod, StatusCode, Uri};
use serde_json::json;

use crate::config::OAuthConfiguration;
use crate::errors::Error;
use crate::page::{Page, WayOn, whole_seconds};
use crate::return_to;

const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_PURPOSE: HeaderName = HeaderName::from_static("sec-purpose");
const PURPOSE: HeaderName = HeaderName::from_static("purpose");
const X_MOZ: HeaderName = HeaderName::from_static("x-moz");
const X_PURPOSE: HeaderName = HeaderName::from_static("x-purpose");
const X_REQUESTED_WITH: HeaderName = HeaderName::from_static("x-requested-with");

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    /// A person's browser that goes to a page.
    Navigation,
    /// A script, or a program: it cannot sign in by being redirected.
    Script,
    /// A browser that looks ahead.
    Prefetch,
}

impl Asker {
    /// Told from the Fetch Metadata headers; from older signs where a browser sends none.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let says = |name: &HeaderName, word: &str| {
            headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains(word))
        };
        let older_signs = [(&PURPOSE, "prefetch"), (&X_MOZ, "prefetch"), (&X_PURPOSE, "preview")];
        if says(&SEC_PURPOSE, "prefetch") || older_signs.iter().any(|(name, word)| says(name, word)) {
            Self::Prefetch
        } else if headers.contains_key(SEC_FETCH_MODE) {
            if says(&SEC_FETCH_MODE, "navigate") { Self::Navigation } else { Self::Script }
        } else if headers.contains_key(X_REQUESTED_WITH) || !says(&ACCEPT, "text/html") {
            Self::Script
        } else {
            Self::Navigation
        }
    }
}

/// The answer to a request that was not let through. An extractor's rejection.
#[derive(Debug)]
pub struct Rejection(Box<Refused>);

#[derive(Debug)]
struct Refused {
    error: Error,
    asker: Asker,
    login_url: String,
    login_path: String,
}

impl Rejection {
    pub(crate) fn new(error: Error, parts: &Parts, configuration: &OAuthConfiguration) -> Self {
        // Inside a nested router the request's URI has lost its beginning.
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
        let place = place_to_return_to(&parts.method, uri, &parts.headers, configuration);
        Self(Box::new(Refused {
            error,
            asker: Asker::of(&parts.headers),
            login_url: login_url(configuration, place.as_deref()),
            login_path: configuration.base_path.clone(),
        }))
    }

    /// For a route that is not under the layer.
    pub(crate) fn without_layer() -> Self {
        let hint =
            "add AuthLayer to the router: this route asks for the user's session and no layer provides it";
        tracing::error!(target: "authsession::guard", hint);
        Self(Box::new(Refused {
            error: Error::misconfigured(hint),
            asker: Asker::Script,
            login_url: String::new(),
            login_path: "/".to_owned(),
        }))
    }

    /// Why it was not let through.
    #[must_use]
    pub fn error(&self) -> &Error {
        &self.0.error
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let Refused { error, asker, login_url, login_path } = *self.0;
        let mut response = match (&error, asker) {
            (Error::NotSignedIn(_), Asker::Navigation) => match HeaderValue::try_from(login_url.as_str()) {
                Ok(location) => (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response(),
                Err(_) => StatusCode::UNAUTHORIZED.into_response(),
            },
            (Error::NotSignedIn(_), Asker::Prefetch) => StatusCode::UNAUTHORIZED.into_response(),
            _ => answer(&error, asker, &login_url, &login_path),
        };
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.append(VARY, HeaderValue::from_static("Cookie, Sec-Fetch-Mode"));
        if response.status() == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Session"));
        }
        response
    }
}

/// For a handler's `?`. A person's page and a script's problem JSON are the extractors' to choose; this one is JSON.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        answer(&self, Asker::Script, "/", "/")
    }
}

/// [`answer`] on the login's own routes, where there is no page to come back to.
pub(crate) fn answer_at_login(error: &Error, asker: Asker, configuration: &OAuthConfiguration) -> Response {
    answer(error, asker, &configuration.base_path, &configuration.base_path)
}

/// [`answer`] to what came back from the provider. Where the user was going is not lost. What came by a form is not asked
/// for again by its address alone.
pub(crate) fn answer_at_callback(
    error: &Error,
    asker: Asker,
    configuration: &OAuthConfiguration,
    return_to: Option<&str>,
    by_form: bool,
) -> Response {
    let login_url = login_url(configuration, return_to);
    let way_on = match error {
        Error::Unavailable { .. } if !by_form => WayOn::TryAgain(login_url.clone()),
        _ => WayOn::SignIn(login_url.clone()),
    };
    answer_with(error, asker, &login_url, way_on)
}

/// An error as a page for a person or as problem JSON (RFC 9457) for a script. Logged here, once.
pub(crate) fn answer(error: &Error, asker: Asker, login_url: &str, login_path: &str) -> Response {
    let way_on = match error {
        Error::Unavailable { .. } => WayOn::TryAgain(login_url.to_owned()),
        _ => WayOn::SignIn(login_path.to_owned()),
    };
    answer_with(error, asker, login_url, way_on)
}

fn answer_with(error: &Error, asker: Asker, login_url: &str, way_on: WayOn) -> Response {
    let (status, title, text, retry_after, reason) = match error {
        Error::NotSignedIn(why) => {
            (StatusCode::UNAUTHORIZED, "Not signed in", "Sign in to go on.", None, Some(why.code()))
        }
        Error::SignInFailed(cause) => {
            tracing::warn!(target: "authsession::login", %cause, "a sign-in failed");
            let text = "The sign-in did not work out. Nothing was changed; you may try again.";
            (StatusCode::BAD_REQUEST, "Sign-in failed", text, None, None)
        }
        Error::Unavailable { retry_after, cause } => {
            tracing::warn!(target: "authsession::guard", %cause, "not available");
            let text =
                "The sign-in service does not answer just now. Nobody was signed out; try again in a moment.";
            (StatusCode::SERVICE_UNAVAILABLE, "Try again in a moment", text, Some(*retry_after), None)
        }
        Error::Misconfigured { hint, .. } => {
            tracing::error!(target: "authsession::guard", %hint, "sign-in is not configured right");
            let text = "Sign-in is not set up right here. Its log says what to fix.";
            (StatusCode::INTERNAL_SERVER_ERROR, "Not set up right", text, None, None)
        }
    };
    if asker == Asker::Navigation {
        return Page { status, title, text, way_on, retry_after }.into_response();
    }
    let mut problem =
        json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": text });
    if let Some(reason) = reason {
        problem["reason"] = reason.into();
    }
    if matches!(error, Error::NotSignedIn(_) | Error::Unavailable { .. }) {
        problem["login_url"] = login_url.into();
    }
    let mut response = (status, Json(problem)).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(wait) = retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
    }
    response
}

/// The login's URL, with where to go afterwards.
pub(crate) fn login_url(configuration: &OAuthConfiguration, return_to: Option<&str>) -> String {
    let base = &configuration.base_path;
    match return_to {
        None => base.clone(),
        Some(place) => {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            format!("{base}?{}", query.append_pair("return_to", place).finish())
        }
    }
}

/// The page asked for; for a script or a form, the page it stands on.
fn place_to_return_to(
    method: &HttpMethod,
    uri: &Uri,
    headers: &HeaderMap,
    configuration: &OAuthConfiguration,
) -> Option<String> {
    let page = method == HttpMethod::GET && Asker::of(headers) != Asker::Script;
    let place = if page { uri.path_and_query()?.as_str() } else { headers.get(REFERER)?.to_str().ok()? };
    return_to::parse(place, &configuration.redirect_uri)
}
