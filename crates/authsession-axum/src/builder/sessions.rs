//! Setters for the sessions: keys, cookies, paths, lifetimes.

use std::path::Path;
use std::time::Duration;

use authsession_core::clock::Clock;
use authsession_core::secret::Secret;
use serde_json::{Map, Value};

use crate::builder::OAuthConfigurationBuilder;
use crate::claims_mapper::ClaimsMapper;
use crate::errors::Error;
use crate::session_limits::RememberMe;

impl OAuthConfigurationBuilder {
    /// The key that seals login cookies: text with 32 random bytes, as `openssl rand -base64 32` makes it. The same on
    /// every replica. Called again, the later key seals and the earlier one still opens.
    pub fn with_private_cookie_key(mut self, key: &str) -> Self {
        self.cookie_keys.insert(0, Secret::from(key));
        self
    }

    /// The cookie key from a file, without the line's end.
    pub fn with_private_cookie_key_file(mut self, path: impl AsRef<Path>) -> Self {
        if let Some(key) = self.read_secret(path.as_ref(), "the cookie key's file cannot be read") {
            self.cookie_keys.insert(0, key);
        }
        self
    }

    /// A cookie key used before: what it sealed still opens.
    pub fn with_old_private_cookie_key(mut self, key: &str) -> Self {
        self.cookie_keys.push(Secret::from(key));
        self
    }

    /// The session cookie's name, without the `__Host-` it gets on https; default `authsession`.
    pub fn with_cookie_name(mut self, name: &str) -> Self {
        self.cookie_name = Some(name.to_owned());
        self
    }

    /// The path of the login; the logout is below it. Default `/auth`.
    pub fn with_base_path(mut self, base_path: impl Into<String>) -> Self {
        self.base_path = base_path.into();
        self
    }

    /// Where a login without a destination of its own ends: a path; default `/`.
    pub fn with_default_page(mut self, path: &str) -> Self {
        path.clone_into(&mut self.default_page);
        self
    }

    /// Where a logout ends: a path, or an absolute URL; default `/`.
    pub fn with_post_logout_redirect_uri(mut self, uri: &str) -> Self {
        uri.clone_into(&mut self.post_logout_redirect_uri);
        self
    }

    /// How long a session lasts at most, in minutes; default 14 days. Where the provider says that it must end earlier (the
    /// ID token's `session_expiry`), it does.
    pub fn with_session_max_age(mut self, minutes: i64) -> Self {
        match u64::try_from(minutes) {
            Ok(minutes) if minutes > 0 => {
                self.session_limits.max_age = Duration::from_secs(minutes.saturating_mul(60))
            }
            _ => self.note(Error::misconfigured("the session's max age must be at least a minute")),
        }
        self
    }

    /// How long a session lasts without being used; default a day.
    pub const fn with_session_idle_timeout(mut self, timeout: Duration) -> Self {
        self.session_limits.idle_timeout = timeout;
        self
    }

    /// Remembers users who ask for it, with limits of their own. A login started as `/auth?remember_me=true`, or by
    /// [`Login::remember_me`](crate::extractors::Login::remember_me), is remembered: its session has these limits, and its
    /// cookie outlives the browser being closed. Every other login has the ordinary limits, and a cookie that goes when the
    /// browser is closed. Default: nobody is asked; all have the ordinary limits and a cookie that stays as long.
    ///
    /// [`build`](Self::build) fails when either limit is shorter than that of every session
    /// ([`with_session_max_age`](Self::with_session_max_age),
    /// [`with_session_idle_timeout`](Self::with_session_idle_timeout)).
    ///
    /// ```
    /// use std::time::Duration;
    /// use authsession_axum::auth_builder::{OAuthConfigurationBuilder, RememberMe};
    ///
    /// const DAY: Duration = Duration::from_secs(24 * 3600);
    /// let builder = OAuthConfigurationBuilder::default()
    ///     .with_session_max_age(12 * 60)
    ///     .with_session_idle_timeout(Duration::from_secs(3600))
    ///     .with_remember_me(RememberMe { max_age: 90 * DAY, idle_timeout: 30 * DAY });
    /// ```
    pub const fn with_remember_me(mut self, limits: RememberMe) -> Self {
        self.session_limits.remember_me = Some(limits);
        self
    }

    /// Lets sessions last as long as this application says, though the provider demands that they end earlier: the ID token's
    /// `session_expiry` is not looked at. By default it is the upper bound of every session, at the login and again with each
    /// ID token a refresh brings.
    pub const fn danger_ignore_session_expiry(mut self) -> Self {
        self.session_limits.ignore_session_expiry = true;
        self
    }

    /// How long an access token is used at most, in seconds, whatever the provider says, and where it says nothing;
    /// default: as long as the provider says, else as long as the session; a
    /// [provider chosen by name](crate::provider_table::Row) may have habits of its own.
    pub fn with_token_max_age(mut self, seconds: i64) -> Self {
        match u64::try_from(seconds) {
            Ok(seconds) if seconds > 0 => self.token_lifetime.longest = Some(Duration::from_secs(seconds)),
            _ => self.note(Error::misconfigured("the token's max age must be at least a second")),
        }
        self
    }

    /// Keeps these members of the provider's token answers with the session, beside the tokens: texts, numbers and truth
    /// values. [`Session::token_answer`](crate::extractors::Session::token_answer) hands them out. A refresh that
    /// names one anew replaces it, one that does not leaves it. Default: none.
    pub fn keep_from_token_answer(mut self, names: impl IntoIterator<Item = impl Into<Box<str>>>) -> Self {
        self.kept.keep(names);
        self
    }

    /// What the application makes of the provider's claims before [`Claims`](crate::extractors::Claims) hands them out: its
    /// own roles, say. It sees the claims of the login and, after each refresh, those the provider told then; so roles are
    /// current without a new login. A provider whose refreshes bring no ID token, or one of another login (`auth_time`), which
    /// is not taken over, tells nothing new by them: there, fetch the userinfo too
    /// ([`with_userinfo`](Self::with_userinfo)).
    ///
    /// It must be quick and depend on nothing but the claims: it runs in the first request that asks for each state of the
    /// session, on each replica, and again for each further type asked for. If it panics, whoever asks for claims is answered
    /// 500, and the session lives on. A later call replaces an earlier one; default: claims stay as they are.
    ///
    /// ```
    /// use authsession_axum::auth_builder::OAuthConfigurationBuilder;
    ///
    /// let builder = OAuthConfigurationBuilder::default().map_claims(|claims| {
    ///     let groups = claims.get("groups").and_then(|groups| groups.as_array());
    ///     let is_admin = groups.is_some_and(|groups| groups.iter().any(|group| group == "ops-eu"));
    ///     claims.insert("is_admin".to_owned(), is_admin.into());
    /// });
    /// ```
    pub fn map_claims(mut self, mapping: impl Fn(&mut Map<String, Value>) + Send + Sync + 'static) -> Self {
        self.claims_mapper = ClaimsMapper::new(mapping);
        self
    }

    /// How long before it expires an access token is refreshed, behind the requests' back; default 60 s, and never more
    /// than half its lifetime.
    pub const fn with_refresh_margin(mut self, margin: Duration) -> Self {
        self.refresh_margin = margin;
        self
    }

    /// The clock everything is measured by; tests hand in one that stands still.
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }
}
