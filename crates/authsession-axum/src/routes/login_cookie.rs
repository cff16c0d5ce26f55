//! What the cookie of a login holds: a value as JSON, sealed for its purpose and under the cookie's name.

use std::time::Duration;

use authsession_core::clock::Timestamp;
use authsession_store::seal::SealError;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::config::OAuthConfiguration;
use crate::errors::Error;

/// Login cookies looked at in one request. A browser that restores many tabs has more than a login leaves: none of their requests
/// carried the cookies of the others.
pub(super) const LOOKED_AT: usize = 64;

/// A kind of value that such a cookie holds.
pub(super) trait InLoginCookie: Serialize + DeserializeOwned {
    /// Nothing that was sealed for another opens.
    const PURPOSE: &'static str;
    /// For how long it counts.
    const LASTS: Duration;

    fn began_at(&self) -> Timestamp;

    /// The issuer and the callback of its login, as configured then.
    fn made_for(&self) -> (&str, &str);
}

pub(super) fn seal<T: InLoginCookie>(
    kept: &T,
    configuration: &OAuthConfiguration,
    name: &str,
) -> Result<String, Error> {
    let text = serde_json::to_vec(kept).map_err(|_| Error::from(SealError::NotOurs))?;
    Ok(URL_SAFE_NO_PAD.encode(configuration.key_ring.seal(T::PURPOSE, name.as_bytes(), &text)?))
}

/// `None` when it is none of ours, or too old. It may be for another provider or callback that this application had.
pub(super) fn open<T: InLoginCookie>(
    configuration: &OAuthConfiguration,
    name: &str,
    sealed: &str,
) -> Option<T> {
    let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
    let text = configuration.key_ring.open(T::PURPOSE, name.as_bytes(), &sealed).ok()?;
    let kept: T = serde_json::from_slice(&text).ok()?;
    (configuration.clock.now().since(kept.began_at()) < T::LASTS).then_some(kept)
}

/// The same, for this provider and this callback only: it is no other's to take (RFC 9700 §4.4).
pub(super) fn open_ours<T: InLoginCookie>(
    configuration: &OAuthConfiguration,
    name: &str,
    sealed: &str,
) -> Option<T> {
    let ours = (&*configuration.issuer, &*configuration.redirect_uri_as_registered);
    open(configuration, name, sealed).filter(|kept: &T| kept.made_for() == ours)
}

/// That of this name in this browser, for this provider and this callback.
pub(super) fn find<T: InLoginCookie>(
    configuration: &OAuthConfiguration,
    headers: &HeaderMap,
    name: &str,
) -> Option<T> {
    let (_, sealed) = configuration.cookies.logins(headers).find(|(found, _)| *found == name)?;
    open_ours(configuration, name, sealed)
}
