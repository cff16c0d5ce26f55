//! The login's start: remember the attempt in a sealed cookie, send the browser to the provider.

use std::time::Duration;

use authsession_core::authorization::PendingAuthorization;
use authsession_core::clock::Timestamp;
use authsession_store::seal::SealError;
use aws_lc_rs::digest;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::LOCATION;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};

use crate::config::OAuthConfiguration;
use crate::cookie;
use crate::errors::{Error, NotSignedIn};
use crate::guard::{self, Asker};
use crate::return_to;
use crate::routes::Routes;

/// How long a user may take to sign in at the provider.
const LASTS: Duration = Duration::from_secs(15 * 60);
/// Attempts remembered in one browser; a further one drops the oldest.
const AT_MOST: usize = 5;
/// What they may take together, in bytes; servers in front refuse requests whose cookies are too large.
const LARGEST: usize = 5 * 1024;
/// Login cookies looked at in one request; a browser of ours never has more.
const LOOKED_AT: usize = 2 * AT_MOST;
const PURPOSE: &str = "login attempt";
/// Marks the state of a login that was restarted because its cookie was missing: it is not restarted again.
pub(super) const RESTARTED: &str = "r.";
const LONGEST_PARAMETER: usize = 512;

/// What this one login asks for beyond every other.
#[derive(Clone, Debug, Default)]
pub(crate) struct LoginParameters {
    pub(crate) return_to: Option<String>,
    pub(crate) login_hint: Option<String>,
    pub(crate) prompt: Option<String>,
    pub(crate) max_age: Option<Duration>,
    pub(crate) acr_values: Option<String>,
    pub(crate) ui_locales: Option<String>,
    pub(crate) extra: Vec<(String, String)>,
    pub(crate) restarted: bool,
}

/// A login under way, as its cookie keeps it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Attempt {
    pub(super) pending: PendingAuthorization,
    pub(super) return_to: Option<String>,
}

impl Routes {
    pub(super) async fn login(&self, parts: &Parts, asker: Asker) -> Result<Response, Error> {
        let configuration = self.engine.configuration();
        let parameters = LoginParameters::from_query(parts.uri.query().unwrap_or_default(), configuration);
        if asker == Asker::Script {
            let login_url = guard::login_url(configuration, parameters.return_to.as_deref());
            let error = Error::NotSignedIn(NotSignedIn::NoSession);
            return Ok(guard::answer(&error, asker, &login_url, &configuration.base_path));
        }
        start(configuration, &parts.headers, parameters).await
    }
}

/// Sends the browser to the provider.
pub(crate) async fn start(
    configuration: &OAuthConfiguration,
    headers: &HeaderMap,
    parameters: LoginParameters,
) -> Result<Response, Error> {
    let now = configuration.clock.now();
    let mut request = configuration.authorization_request();
    request.login_hint = parameters.login_hint;
    request.prompt = parameters.prompt;
    request.max_age = parameters.max_age;
    request.acr_values = parameters.acr_values;
    request.ui_locales = parameters.ui_locales;
    for (name, value) in parameters.extra {
        request.replace_extra(name, value);
    }
    if parameters.restarted {
        request.state_prefix = RESTARTED;
    }
    let provider = configuration.provider.metadata().await?;
    let (url, pending) = request.start(&provider, now)?;
    let name = name_of(pending.state.expose());
    let sealed = Attempt { pending, return_to: parameters.return_to }.seal(configuration, &name)?;
    let names = &configuration.cookies;
    let surplus = surplus(configuration, headers, now, sealed.len());
    let mut cookies: Vec<_> = surplus.iter().map(|attempt| names.drop_login(attempt)).collect();
    cookies.push(names.keep_login(&name, &sealed, LASTS));
    let location = HeaderValue::try_from(url.as_str())
        .map_err(|_| Error::misconfigured("the authorization endpoint's URL does not fit a header"))?;
    let mut response = (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response();
    cookie::set(response.headers_mut(), cookies);
    tracing::debug!(target: "authsession::login", "login started");
    Ok(response)
}

impl LoginParameters {
    /// Those a link may carry. Each is passed on to the provider as data; none can undo a check.
    fn from_query(query: &str, configuration: &OAuthConfiguration) -> Self {
        let mut parameters = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if matches!(name.as_ref(), "return_to" | "redirect") {
                parameters.return_to = return_to::parse(&value, &configuration.redirect_uri);
                continue;
            }
            if value.len() > LONGEST_PARAMETER || value.contains(char::is_control) {
                continue;
            }
            match name.as_ref() {
                // What the application asks of every login is not for a link to change.
                name if configuration.authorization_parameters.iter().any(|(set, _)| set == name) => {}
                "login_hint" => parameters.login_hint = Some(value.into_owned()),
                "prompt" => parameters.prompt = Some(value.into_owned()),
                "max_age" => parameters.max_age = value.parse().ok().map(Duration::from_secs),
                "acr_values" => parameters.acr_values = Some(value.into_owned()),
                "ui_locales" => parameters.ui_locales = Some(value.into_owned()),
                _ => {}
            }
        }
        parameters
    }
}

impl Attempt {
    fn seal(&self, configuration: &OAuthConfiguration, name: &str) -> Result<String, Error> {
        let text = serde_json::to_vec(self).map_err(|_| Error::from(SealError::NotOurs))?;
        Ok(URL_SAFE_NO_PAD.encode(configuration.key_ring.seal(PURPOSE, name.as_bytes(), &text)?))
    }

    /// Opens the cookie of an attempt; `None` when it is not ours, or too old.
    fn open(configuration: &OAuthConfiguration, name: &str, sealed: &str, now: Timestamp) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let text = configuration.key_ring.open(PURPOSE, name.as_bytes(), &sealed).ok()?;
        let attempt: Self = serde_json::from_slice(&text).ok()?;
        (now.since(attempt.pending.started_at) < LASTS).then_some(attempt)
    }

    /// The attempt that state belongs to, if this browser made it.
    pub(super) fn find(configuration: &OAuthConfiguration, headers: &HeaderMap, state: &str) -> Option<Self> {
        let (name, now) = (name_of(state), configuration.clock.now());
        let (_, sealed) = configuration.cookies.logins(headers).find(|(found, _)| *found == name)?;
        Self::open(configuration, &name, sealed, now)
    }
}

/// What the cookie of the attempt with that state is called: a hash, so that the name gives nothing away.
pub(super) fn name_of(state: &str) -> String {
    URL_SAFE_NO_PAD.encode(&digest::digest(&digest::SHA256, state.as_bytes()).as_ref()[..12])
}

/// The attempts to drop so that a further one of `size` bytes fits: those over or not ours, then the oldest.
fn surplus(
    configuration: &OAuthConfiguration,
    headers: &HeaderMap,
    now: Timestamp,
    size: usize,
) -> Vec<String> {
    let mut attempts: Vec<_> = configuration
        .cookies
        .logins(headers)
        .take(LOOKED_AT)
        .map(|(name, sealed)| {
            let started_at =
                Attempt::open(configuration, name, sealed, now).map(|attempt| attempt.pending.started_at);
            (started_at, sealed.len(), name)
        })
        .collect();
    attempts.sort_by_key(|(started_at, ..)| std::cmp::Reverse(*started_at));
    let (mut count, mut bytes) = (1, size);
    attempts.retain(|(started_at, size, _)| {
        count += 1;
        bytes += size;
        started_at.is_none() || count > AT_MOST || bytes > LARGEST
    });
    attempts.into_iter().map(|(_, _, name)| name.to_owned()).collect()
}
