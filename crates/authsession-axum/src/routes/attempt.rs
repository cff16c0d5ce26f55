//! A login under way, as the browser keeps it: a sealed cookie for each attempt, called by a hash of its state.

use std::time::Duration;

use authsession_core::authorization::PendingAuthorization;
use authsession_core::clock::Timestamp;
use authsession_core::login_parameters::LoginParameters;
use authsession_store::key::StoreKey;
use authsession_store::seal::SealError;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use serde::{Deserialize, Serialize};

use crate::config::OAuthConfiguration;
use crate::errors::Error;

/// How long a user may take to sign in at the provider.
pub(super) const LASTS: Duration = Duration::from_secs(15 * 60);
/// Login cookies looked at in one request. A browser that restores many tabs has more than `AT_MOST`: none of their requests
/// carried the cookies of the others.
pub(super) const LOOKED_AT: usize = 64;
const PURPOSE: &str = "login attempt";
/// Marks the state of a login that was restarted because its cookie was missing: it is not restarted again.
pub(super) const RESTARTED: &str = "r.";

/// A login under way, as its cookie keeps it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Attempt {
    pub(super) pending: PendingAuthorization,
    pub(super) return_to: Option<String>,
    /// The issuer it was sent to, as configured: an answer to it is not another provider's to get (RFC 9700 §4.4).
    pub(super) issuer: String,
    /// Whether the user wants to be remembered. Only here: what comes back in a URL has no say in it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) remember_me: bool,
    /// The session the browser had when it began, by a part of its key: that one is older than what comes of this, whatever clocks say.
    /// Where the answer comes by a form, which does not bring the session's cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<String>,
    /// What it asked for, while it may be started over for the user's consent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) again: Option<LoginParameters>,
}

impl Attempt {
    pub(super) fn seal(&self, configuration: &OAuthConfiguration, name: &str) -> Result<String, Error> {
        let text = serde_json::to_vec(self).map_err(|_| Error::from(SealError::NotOurs))?;
        Ok(URL_SAFE_NO_PAD.encode(configuration.key_ring.seal(PURPOSE, name.as_bytes(), &text)?))
    }

    /// Opens the cookie of an attempt; `None` when it is not ours, or too old.
    pub(super) fn open(
        configuration: &OAuthConfiguration,
        name: &str,
        sealed: &str,
        now: Timestamp,
    ) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let text = configuration.key_ring.open(PURPOSE, name.as_bytes(), &sealed).ok()?;
        let attempt: Self = serde_json::from_slice(&text).ok()?;
        (now.since(attempt.pending.started_at) < LASTS).then_some(attempt)
    }

    /// The attempt that state belongs to, if this browser made it, to end at this callback.
    pub(super) fn find(configuration: &OAuthConfiguration, headers: &HeaderMap, state: &str) -> Option<Self> {
        let (name, now) = (name_of(state), configuration.clock.now());
        let (_, sealed) = configuration.cookies.logins(headers).find(|(found, _)| *found == name)?;
        let ours = |attempt: &Self| {
            *attempt.issuer == *configuration.issuer
                && attempt.pending.redirect_uri == configuration.redirect_uri_as_registered
        };
        Self::open(configuration, &name, sealed, now).filter(ours)
    }
}

/// Enough of a session's key to know it by.
pub(super) fn part_of(key: &StoreKey) -> String {
    URL_SAFE_NO_PAD.encode(&key.as_bytes()[..12])
}

/// What the cookie of the attempt with that state is called: a hash, so that the name gives nothing away.
pub(super) fn name_of(state: &str) -> String {
    URL_SAFE_NO_PAD.encode(&digest::digest(&digest::SHA256, state.as_bytes()).as_ref()[..12])
}
