//! The cookies of one browser, and which of them go along with a request (RFC 6265bis §5.8).

use crate::browser::cookie::Cookie;
use crate::browser::cookie::SameSite;
use crate::browser::site::is_secure;
use std::time::SystemTime;
use url::Url;

/// What the SameSite rules ask about a request.
#[derive(Clone, Copy)]
pub(crate) struct Circumstances {
    pub(crate) same_site: bool,
    /// A top-level navigation, which may set SameSite cookies from wherever it comes.
    pub(crate) top_level: bool,
    /// GET or HEAD.
    pub(crate) safe_method: bool,
}

impl Circumstances {
    pub(crate) const FIRST_PARTY: Self = Self { same_site: true, top_level: true, safe_method: true };

    fn admit(self, same_site: SameSite) -> bool {
        match same_site {
            SameSite::None => true,
            SameSite::Lax => self.same_site || (self.top_level && self.safe_method),
            SameSite::Strict => self.same_site,
        }
    }
}

#[derive(Default)]
pub(crate) struct Jar {
    cookies: Vec<Cookie>,
    created: u64,
}

impl Jar {
    /// Keeps what the header sets, or forgets what it ends. Says whether the header was heeded.
    pub(crate) fn set(&mut self, header: &str, url: &Url, now: SystemTime, at: Circumstances) -> bool {
        let Some(mut cookie) = Cookie::parse(header, url, now) else { return false };
        if cookie.same_site != SameSite::None && !(at.same_site || at.top_level) {
            return false;
        }
        if !is_secure(url) && self.shadows_secure(&cookie) {
            return false;
        }
        let replaced = self.cookies.iter().position(|kept| cookie.replaces(kept));
        cookie.created = match replaced.map(|at| self.cookies.remove(at)) {
            Some(old) => old.created,
            None => {
                self.created += 1;
                self.created
            }
        };
        if cookie.expires.is_none_or(|expires| expires > now) {
            self.cookies.push(cookie);
        }
        true
    }

    /// An insecure page must not overwrite a secure cookie (§5.7, step 16).
    fn shadows_secure(&self, cookie: &Cookie) -> bool {
        self.cookies
            .iter()
            .any(|kept| kept.secure && kept.name == cookie.name && kept.domain == cookie.domain)
    }

    /// The cookies for a request, the longest path first, then the oldest.
    pub(crate) fn matching(&self, url: &Url, now: SystemTime, at: Circumstances) -> Vec<Cookie> {
        let lives = |cookie: &&Cookie| cookie.expires.is_none_or(|expires| expires > now);
        let mut found: Vec<Cookie> = self
            .cookies
            .iter()
            .filter(lives)
            .filter(|cookie| cookie.matches(url) && at.admit(cookie.same_site))
            .cloned()
            .collect();
        found.sort_by_key(|cookie| (std::cmp::Reverse(cookie.path.len()), cookie.created));
        found
    }

    pub(crate) fn all(&self, now: SystemTime) -> Vec<Cookie> {
        self.cookies
            .iter()
            .filter(|cookie| cookie.expires.is_none_or(|expires| expires > now))
            .cloned()
            .collect()
    }

    pub(crate) fn clear(&mut self) {
        self.cookies.clear();
    }

    pub(crate) fn end_session(&mut self) {
        self.cookies.retain(|cookie| cookie.expires.is_some());
    }
}
