//! Cookies: the one place that names, reads and writes them, and sets their flags.

mod chunks;

use std::borrow::Cow;
use std::time::Duration;

use authsession_store::key::StoreKey;
use cookie::{Cookie, SameSite};
use http::header::{CACHE_CONTROL, COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};

pub(crate) use crate::cookie::chunks::Chunks;
use crate::errors::Error;

/// What this application's cookies are called. On https they carry `__Host-`: Secure, this host, no other path.
#[derive(Clone, Debug)]
pub(crate) struct CookieNames {
    session: String,
    login_prefix: String,
    secure: bool,
    /// Whether a form of the provider's page brings the login's cookie back.
    posted_logins: bool,
}

/// What a cookie goes along with.
#[derive(Clone, Copy)]
struct Reach {
    secure: bool,
    same_site: SameSite,
}

/// How long a cookie stays in the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lasts {
    For(Duration),
    UntilTheBrowserCloses,
    /// It goes at once.
    NoMore,
}

impl CookieNames {
    pub(crate) fn new(name: Option<&str>, secure: bool, posted_logins: bool) -> Result<Self, Error> {
        let name = name.unwrap_or("authsession");
        let plain = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !plain || name.starts_with("__") {
            return Err(Error::misconfigured("the cookie's name must be letters, digits, - and _"));
        }
        let prefix = if secure { "__Host-" } else { "" };
        Ok(Self {
            session: format!("{prefix}{name}"),
            login_prefix: format!("{prefix}{name}-login-"),
            secure,
            posted_logins,
        })
    }

    /// The store key of the request's session cookie; `None` without one, and for one that is malformed or comes twice
    /// with different values.
    pub(crate) fn session(&self, headers: &HeaderMap) -> Option<StoreKey> {
        let mut values = pairs(headers).filter(|(name, _)| *name == self.session).map(|(_, value)| value);
        let first = values.next()?;
        if values.any(|other| other != first) {
            return None;
        }
        StoreKey::from_cookie(first)
    }

    /// The cookie that signs the browser in, with the session's id.
    pub(crate) fn sign_in(&self, id: &str, lasts: Lasts) -> HeaderValue {
        write(&self.session, id, lasts, self.of_session())
    }

    /// The cookie that signs the browser out.
    pub(crate) fn sign_out(&self) -> HeaderValue {
        write(&self.session, "", Lasts::NoMore, self.of_session())
    }

    /// The login attempts the request carries: what follows the prefix in their names, and their sealed contents.
    pub(crate) fn logins<'request>(
        &'request self,
        headers: &'request HeaderMap,
    ) -> impl Iterator<Item = (&'request str, &'request str)> {
        pairs(headers)
            .filter_map(|(name, value)| Some((name.strip_prefix(self.login_prefix.as_str())?, value)))
            .filter(|(attempt, _)| is_attempt(attempt))
    }

    /// The cookie that keeps a login attempt.
    pub(crate) fn keep_login(&self, attempt: &str, sealed: &str, lasts: Duration) -> HeaderValue {
        write(&format!("{}{attempt}", self.login_prefix), sealed, Lasts::For(lasts), self.of_login())
    }

    /// The cookie that takes an attempt's place once it has landed: it leads to a session, and goes along no further.
    pub(crate) fn keep_landed(&self, attempt: &str, sealed: &str, lasts: Duration) -> HeaderValue {
        let reach = Reach { same_site: SameSite::Lax, ..self.of_login() };
        write(&format!("{}{attempt}", self.login_prefix), sealed, Lasts::For(lasts), reach)
    }

    /// The cookie that drops a login attempt.
    pub(crate) fn drop_login(&self, attempt: &str) -> HeaderValue {
        write(&format!("{}{attempt}", self.login_prefix), "", Lasts::NoMore, self.of_login())
    }

    /// What the session's cookie and that of a login look like, without their values.
    pub(crate) fn shown(&self) -> [String; 2] {
        [(&self.session, "", self.of_session()), (&self.login_prefix, "…", self.of_login())].map(
            |(name, rest, reach)| {
                let header = write(name, "", Lasts::NoMore, reach);
                let flags = header.to_str().unwrap_or_default().split("; ").skip(1);
                flags
                    .filter(|flag| !flag.starts_with("Max-Age"))
                    .fold(format!("{name}{rest}"), |shown, flag| format!("{shown}; {flag}"))
            },
        )
    }

    /// SameSite=Lax, always: links from elsewhere keep the user signed in, forms from elsewhere do not carry the cookie.
    const fn of_session(&self) -> Reach {
        Reach { secure: self.secure, same_site: SameSite::Lax }
    }

    /// SameSite=None where the provider's page posts a form, for no other cookie goes along with that. Nothing rests on it:
    /// who does not know the attempt's state can do nothing with its cookie. Browsers take SameSite=None only with Secure, and
    /// Chromium and Firefox take Secure from http on a loopback host too; Safari does not, so there one develops with https.
    const fn of_login(&self) -> Reach {
        if self.posted_logins { Reach { secure: true, same_site: SameSite::None } } else { self.of_session() }
    }
}

fn write(name: &str, value: &str, lasts: Lasts, reach: Reach) -> HeaderValue {
    let max_age = match lasts {
        Lasts::For(lasts) => Some(lasts.try_into().unwrap_or(cookie::time::Duration::MAX)),
        Lasts::UntilTheBrowserCloses => None,
        Lasts::NoMore => Some(cookie::time::Duration::ZERO),
    };
    #[expect(clippy::disallowed_methods, reason = "the one place for every cookie flag")]
    let mut cookie = Cookie::build((Cow::Borrowed(name), Cow::Borrowed(value)))
        .path("/")
        .http_only(true)
        .secure(reach.secure)
        .same_site(reach.same_site)
        .build();
    cookie.set_max_age(max_age);
    // Name and value are of this module's own alphabet, so they always fit a header.
    let mut header = HeaderValue::try_from(cookie.to_string()).unwrap_or(HeaderValue::from_static(""));
    header.set_sensitive(true);
    header
}

/// Whether a login cookie's name ends as ours do: 16 characters of base64url.
pub(crate) fn is_attempt(name: &str) -> bool {
    name.len() == 16 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Adds cookies to a response, and what keeps a cache from handing them to somebody else.
pub(crate) fn set(headers: &mut HeaderMap, cookies: impl IntoIterator<Item = HeaderValue>) {
    for cookie in cookies {
        headers.append(SET_COOKIE, cookie);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(COOKIE)
        .into_iter()
        .flat_map(|header| header.as_bytes().split(|byte| *byte == b';'))
        // A pair that is no text is somebody else's, and hides none of ours.
        // As browsers trim, and no more: what else stands before a name is part of it, and not ours.
        .filter_map(|pair| std::str::from_utf8(pair).ok()?.trim_matches([' ', '\t']).split_once('='))
}
