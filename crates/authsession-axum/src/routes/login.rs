//! The login's start: remember the attempt in a sealed cookie, send the browser to the provider.

use std::time::Duration;

use authsession_core::login_parameters::LoginParameters;
use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::config::OAuthConfiguration;
use crate::cookie;
use crate::errors::{Error, NotSignedIn};
use crate::guard::{self, Asker};
use crate::return_to;
use crate::routes::attempt::{Attempt, RESTARTED, name_of, part_of};
use crate::routes::landed::Landed;
use crate::routes::login_cookie::{self, InLoginCookie as _, LOOKED_AT};
use crate::routes::{Routes, framed};

/// Attempts remembered in one browser; a further one drops the oldest.
const AT_MOST: usize = 5;
/// What they may take together, in bytes; servers in front refuse requests whose cookies are too large.
const LARGEST: usize = 5 * 1024;
/// What one may take: browsers keep no cookie beyond 4 KiB. One that would be larger is not started over for consent.
const LARGEST_ONE: usize = 3_500;
const LONGEST_PARAMETER: usize = 512;
const CONSENT: &str = "consent";

/// A login about to start.
#[derive(Clone, Debug)]
pub(crate) struct NewLogin {
    pub(crate) asks: LoginParameters,
    pub(crate) return_to: Option<String>,
    /// Whether the user wants to be remembered.
    pub(crate) remember_me: bool,
    /// Started over because its cookie was missing: that is done once.
    pub(super) restarted: bool,
    /// Started over for the user's consent, because no refresh token came without: that is done once too.
    pub(super) for_consent: bool,
}

impl Routes {
    pub(super) async fn login(&self, parts: &Parts, asker: Asker) -> Result<Response, Error> {
        let configuration = self.engine.configuration();
        let login = NewLogin::of(configuration).linked(parts.uri.query().unwrap_or_default(), configuration);
        if asker == Asker::Script {
            let login_url = guard::login_url(configuration, login.return_to.as_deref());
            let error = Error::NotSignedIn(NotSignedIn::NoSession);
            return Ok(guard::answer(&error, asker, &login_url, &configuration.base_path));
        }
        start(configuration, &parts.headers, login).await
    }
}

/// Sends the browser to the provider; in a frame only where a login may start.
pub(crate) async fn start(
    configuration: &OAuthConfiguration,
    headers: &HeaderMap,
    login: NewLogin,
) -> Result<Response, Error> {
    if !framed::may_start(headers, configuration) {
        return Ok(framed::refused(configuration));
    }
    let now = configuration.clock.now();
    let mut request = configuration.authorization_request();
    let again = login.may_ask_for_consent(configuration).then(|| login.asks.clone());
    request.login = login.asks;
    if login.for_consent {
        request.login.prompt = Some(CONSENT.to_owned());
    }
    if login.restarted {
        request.state_prefix = RESTARTED;
    }
    let provider = configuration.provider.metadata().await?;
    let (url, pending) = request.start(&provider, now)?;
    let name = name_of(pending.state.expose());
    let issuer = configuration.issuer.to_string();
    let remember_me = configuration.session_limits.remembers(login.remember_me);
    let before = configuration.cookies.session(headers).filter(|_| configuration.takes_forms());
    let before = before.map(|key| part_of(&key));
    let mut attempt = Attempt { pending, return_to: login.return_to, issuer, remember_me, before, again };
    let mut sealed = login_cookie::seal(&attempt, configuration, &name)?;
    if sealed.len() > LARGEST_ONE && attempt.again.take().is_some() {
        sealed = login_cookie::seal(&attempt, configuration, &name)?;
    }
    let names = &configuration.cookies;
    let surplus = surplus(configuration, headers, sealed.len());
    let mut cookies: Vec<_> = surplus.iter().map(|attempt| names.drop_login(attempt)).collect();
    cookies.push(names.keep_login(&name, &sealed, Attempt::LASTS));
    let location = HeaderValue::try_from(url.as_str())
        .map_err(|_| Error::misconfigured("the authorization endpoint's URL does not fit a header"))?;
    let mut response = (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response();
    cookie::set(response.headers_mut(), cookies);
    tracing::debug!(target: "authsession::login", "login started");
    Ok(response)
}

impl NewLogin {
    /// One that asks for what every login does.
    pub(crate) fn of(configuration: &OAuthConfiguration) -> Self {
        let asks = configuration.every_login.clone();
        Self { asks, return_to: None, remember_me: false, restarted: false, for_consent: false }
    }

    /// With what a link may carry. Each is passed on to the provider as data; none undoes a check, or loosens what the
    /// application demands of every login.
    fn linked(mut self, query: &str, configuration: &OAuthConfiguration) -> Self {
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if matches!(name.as_ref(), "return_to" | "redirect") {
                self.return_to = return_to::parse(&value, &configuration.redirect_uri);
                continue;
            }
            if name == "remember_me" {
                // What a form's box sends that is ticked, too.
                self.remember_me = matches!(value.as_ref(), "true" | "on" | "1");
                continue;
            }
            if value.len() > LONGEST_PARAMETER || value.contains(char::is_control) {
                continue;
            }
            match name.as_ref() {
                // What the application asks of every login is not for a link to change.
                name if configuration.authorization_parameters.iter().any(|(set, _)| set == name) => {}
                "login_hint" => self.asks.login_hint = Some(value.into_owned()),
                "prompt" => self.asks.prompt = Some(value.into_owned()),
                // Without an ID token nobody could verify it.
                "max_age" if configuration.is_oidc() => {
                    let asked = value.parse().ok().map(Duration::from_secs);
                    let demanded = configuration.every_login.max_age;
                    self.asks.max_age = asked.into_iter().chain(demanded).min();
                }
                "acr_values" => self.asks.acr_values = Some(value.into_owned()),
                "ui_locales" => self.asks.ui_locales = Some(value.into_owned()),
                _ => {}
            }
        }
        self
    }

    /// Whether a code without a refresh token starts it over: not where the user was asked just now, or must not be.
    fn may_ask_for_consent(&self, configuration: &OAuthConfiguration) -> bool {
        let asked = self.asks.prompt.as_deref().unwrap_or_default();
        configuration.consent_for_refresh_token
            && !self.for_consent
            && !asked.split(' ').any(|prompt| matches!(prompt, CONSENT | "none"))
    }
}

/// The attempts to drop so that a further one of `size` bytes fits: those over or not ours, then the oldest. What has landed
/// is another tab's, one redirect before its end: it goes by itself within a minute.
fn surplus(configuration: &OAuthConfiguration, headers: &HeaderMap, size: usize) -> Vec<String> {
    let (mut count, mut bytes) = (1, size);
    let mut attempts: Vec<_> = configuration
        .cookies
        .logins(headers)
        .take(LOOKED_AT)
        .filter_map(|(name, sealed)| {
            let attempt: Option<Attempt> = login_cookie::open(configuration, name, sealed);
            if attempt.is_none() && login_cookie::open::<Landed>(configuration, name, sealed).is_some() {
                bytes += sealed.len();
                return None;
            }
            Some((attempt.map(|attempt| attempt.pending.started_at), sealed.len(), name))
        })
        .collect();
    attempts.sort_by_key(|(started_at, ..)| std::cmp::Reverse(*started_at));
    attempts.retain(|(started_at, size, _)| {
        count += 1;
        bytes += size;
        started_at.is_none() || count > AT_MOST || bytes > LARGEST
    });
    attempts.into_iter().map(|(_, _, name)| name.to_owned()).collect()
}
