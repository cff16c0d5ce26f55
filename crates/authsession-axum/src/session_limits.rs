//! How long sessions last: the limits of every session, those of remembered ones, and the provider's on both (`session_expiry`).

use std::time::Duration;

use authsession_core::claims::IdTokenClaims;
use authsession_core::clock::Timestamp;

use crate::cookie::Lasts;
use crate::errors::Error;

/// The limits of sessions whose users ask to be remembered, see
/// [`with_remember_me`](crate::auth_builder::OAuthConfigurationBuilder::with_remember_me).
///
/// ```
/// use std::time::Duration;
/// use authsession_axum::auth_builder::RememberMe;
///
/// const DAY: Duration = Duration::from_secs(24 * 3600);
/// let limits = RememberMe { max_age: 90 * DAY, idle_timeout: 30 * DAY };
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RememberMe {
    /// How long such a session lasts at most, however much it is used; its cookie stays as long.
    pub max_age: Duration,
    /// How long it lasts without being used.
    pub idle_timeout: Duration,
}

/// The limits as configured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionLimits {
    pub(crate) max_age: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) remember_me: Option<RememberMe>,
    pub(crate) ignore_session_expiry: bool,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            max_age: Duration::from_secs(14 * 24 * 3600),
            idle_timeout: Duration::from_secs(24 * 3600),
            remember_me: None,
            ignore_session_expiry: false,
        }
    }
}

impl SessionLimits {
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.idle_timeout.is_zero() {
            return Err(Error::misconfigured(
                "the idle timeout (with_session_idle_timeout) must be longer than nothing",
            ));
        }
        if self.remember_me.is_some_and(|limits| limits.max_age < self.max_age) {
            return Err(Error::misconfigured(
                "the max age of remembered sessions (with_remember_me) must not be shorter than that of every session (with_session_max_age)",
            ));
        }
        if self.remember_me.is_some_and(|limits| limits.idle_timeout < self.idle_timeout) {
            return Err(Error::misconfigured(
                "the idle timeout of remembered sessions (with_remember_me) must not be shorter than that of every session (with_session_idle_timeout)",
            ));
        }
        Ok(())
    }

    /// Whether a login that asks for it is remembered.
    pub(crate) const fn remembers(&self, asked: bool) -> bool {
        asked && self.remember_me.is_some()
    }

    pub(crate) fn idle_timeout(&self, remembered: bool) -> Duration {
        self.of_remembered(remembered).map_or(self.idle_timeout, |limits| limits.idle_timeout)
    }

    /// When a session ends, however much it is used: what the provider says, within what we do.
    pub(crate) fn expires_at(
        &self,
        created_at: Timestamp,
        remembered: bool,
        session_expiry: Option<Timestamp>,
    ) -> Timestamp {
        let ours = created_at + self.max_age(remembered);
        session_expiry.map_or(ours, |theirs| theirs.min(ours))
    }

    /// How long a session's cookie lasts.
    pub(crate) fn cookie_lasts(&self, remembered: bool) -> Lasts {
        match self.remember_me {
            Some(_) if !remembered => Lasts::UntilTheBrowserCloses,
            _ => Lasts::For(self.max_age(remembered)),
        }
    }

    /// When the provider says that a session must end.
    pub(crate) fn session_expiry(&self, claims: &IdTokenClaims) -> Option<Timestamp> {
        claims.session_expiry.filter(|_| !self.ignore_session_expiry)
    }

    fn max_age(&self, remembered: bool) -> Duration {
        self.of_remembered(remembered).map_or(self.max_age, |limits| limits.max_age)
    }

    fn of_remembered(&self, remembered: bool) -> Option<RememberMe> {
        self.remember_me.filter(|_| remembered)
    }
}
