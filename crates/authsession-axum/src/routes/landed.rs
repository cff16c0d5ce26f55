//! A session that a form made and whose second step was not taken yet: in a sealed cookie, for a minute.

use std::time::Duration;

use authsession_core::clock::Timestamp;
use authsession_core::secret::{Secret, for_sealing};
use authsession_store::key::{SessionId, StoreKey};
use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};

use crate::config::OAuthConfiguration;
use crate::errors::Error;
use crate::routes::login_cookie::{self, InLoginCookie, LOOKED_AT};

/// A session on its way from the form's answer to the second step, in this browser's sealed cookie.
#[derive(Serialize, Deserialize)]
pub(super) struct Landed {
    #[serde(with = "for_sealing")]
    pub(super) session: Secret,
    pub(super) return_to: Option<String>,
    /// The session the browser had when its login began, by a part of its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<String>,
    at: Timestamp,
    /// The provider and the callback its login was for.
    issuer: String,
    redirect_uri: String,
}

impl Landed {
    pub(super) fn new(
        session: &SessionId,
        return_to: Option<String>,
        before: Option<String>,
        configuration: &OAuthConfiguration,
    ) -> Self {
        Self {
            session: session.expose().into(),
            return_to,
            before,
            at: configuration.clock.now(),
            issuer: configuration.issuer.to_string(),
            redirect_uri: configuration.redirect_uri_as_registered.clone(),
        }
    }

    /// The cookie that keeps it, in the place of that login's.
    pub(super) fn keep(&self, name: &str, configuration: &OAuthConfiguration) -> Result<HeaderValue, Error> {
        let sealed = login_cookie::seal(self, configuration, name)?;
        Ok(configuration.cookies.keep_landed(name, &sealed, Self::LASTS))
    }

    /// The sessions in this browser whose second step was never taken, and their cookies' names.
    pub(super) fn sessions<'request>(
        configuration: &'request OAuthConfiguration,
        headers: &'request HeaderMap,
    ) -> impl Iterator<Item = (StoreKey, &'request str)> {
        configuration.cookies.logins(headers).take(LOOKED_AT).filter_map(|(name, sealed)| {
            let landed: Self = login_cookie::open_ours(configuration, name, sealed)?;
            Some((StoreKey::from_cookie(landed.session.expose())?, name))
        })
    }
}

impl InLoginCookie for Landed {
    const PURPOSE: &'static str = "login landed";
    /// How long the browser may take for the second step, which is one redirect.
    const LASTS: Duration = Duration::from_secs(60);

    fn began_at(&self) -> Timestamp {
        self.at
    }

    fn made_for(&self) -> (&str, &str) {
        (&self.issuer, &self.redirect_uri)
    }
}
