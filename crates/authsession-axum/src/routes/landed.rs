//! A session that a form made and whose second step was not taken yet: in a sealed cookie, for a minute.

use std::time::Duration;

use authsession_core::clock::Timestamp;
use authsession_core::secret::{Secret, for_sealing};
use authsession_store::key::{SessionId, StoreKey};
use authsession_store::seal::SealError;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};

use crate::config::OAuthConfiguration;
use crate::errors::Error;
use crate::routes::attempt::LOOKED_AT;

/// How long the browser may take for the second step, which is one redirect.
const LASTS: Duration = Duration::from_secs(60);
const PURPOSE: &str = "login landed";

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
    /// The provider and the callback its login was for: it is no other's to take.
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
        let text = serde_json::to_vec(self).map_err(|_| Error::from(SealError::NotOurs))?;
        let sealed = configuration.key_ring.seal(PURPOSE, name.as_bytes(), &text)?;
        Ok(configuration.cookies.keep_landed(name, &URL_SAFE_NO_PAD.encode(sealed), LASTS))
    }

    /// The sessions in this browser whose second step was never taken, and their cookies' names.
    pub(super) fn sessions<'request>(
        configuration: &'request OAuthConfiguration,
        headers: &'request HeaderMap,
    ) -> impl Iterator<Item = (StoreKey, &'request str)> {
        configuration.cookies.logins(headers).take(LOOKED_AT).filter_map(|(name, sealed)| {
            let landed =
                Self::open(configuration, name, sealed).filter(|landed| landed.is_for(configuration))?;
            Some((StoreKey::from_cookie(landed.session.expose())?, name))
        })
    }

    pub(super) fn find(configuration: &OAuthConfiguration, headers: &HeaderMap, name: &str) -> Option<Self> {
        let (_, sealed) = configuration.cookies.logins(headers).find(|(found, _)| *found == name)?;
        Self::open(configuration, name, sealed).filter(|landed| landed.is_for(configuration))
    }

    fn is_for(&self, configuration: &OAuthConfiguration) -> bool {
        *self.issuer == *configuration.issuer && self.redirect_uri == configuration.redirect_uri_as_registered
    }

    /// Opens what such a cookie holds; `None` when it is another's, or too old.
    pub(super) fn open(configuration: &OAuthConfiguration, name: &str, sealed: &str) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let text = configuration.key_ring.open(PURPOSE, name.as_bytes(), &sealed).ok()?;
        let landed: Self = serde_json::from_slice(&text).ok()?;
        (configuration.clock.now().since(landed.at) < LASTS).then_some(landed)
    }
}
