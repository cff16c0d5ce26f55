//! A login under way, as the browser keeps it: a sealed cookie for each attempt, called by a hash of its state.

use std::time::Duration;

use authsession_core::authorization::PendingAuthorization;
use authsession_core::clock::Timestamp;
use authsession_core::login_parameters::LoginParameters;
use authsession_store::key::StoreKey;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::routes::login_cookie::InLoginCookie;

/// Marks the state of a login that was restarted because its cookie was missing: it is not restarted again.
pub(super) const RESTARTED: &str = "r.";

/// A login under way, as its cookie keeps it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Attempt {
    pub(super) pending: PendingAuthorization,
    pub(super) return_to: Option<String>,
    /// The issuer it was sent to, as configured.
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

impl InLoginCookie for Attempt {
    const PURPOSE: &'static str = "login attempt";
    /// How long a user may take to sign in at the provider.
    const LASTS: Duration = Duration::from_secs(15 * 60);

    fn began_at(&self) -> Timestamp {
        self.pending.started_at
    }

    fn made_for(&self) -> (&str, &str) {
        (&self.issuer, &self.pending.redirect_uri)
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
