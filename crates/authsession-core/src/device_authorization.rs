//! Signing in on another device (RFC 8628): a code to show the user, then patience until they have agreed.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};
use url::Url;

use crate::clock::{Timestamp, wait};
use crate::error::{Endpoint, Error, OAuthError};
use crate::grant::Grant;
use crate::grant::device_code::DeviceCode;
use crate::http::Form;
use crate::json;
use crate::refusal;
use crate::secret::Secret;
use crate::token_endpoint::TokenEndpoint;
use crate::token_set::TokenSet;

/// Where a provider names no interval (§3.2).
const INTERVAL: Duration = Duration::from_secs(5);
/// By how much longer to wait when told so (§3.5).
const SLOWER: Duration = Duration::from_secs(5);
/// Nobody types a code faster.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);
const LONGEST_INTERVAL: Duration = Duration::from_secs(60);
/// A provider may ask for a longer pause than we would make, but not for ever.
const LONGEST_ASKED: Duration = Duration::from_secs(600);
/// Where a provider leaves `expires_in` out although it has to be there.
const LIFETIME: Duration = Duration::from_secs(600);
const LONGEST_LIFETIME: f64 = 86_400.0;

/// What is asked of the provider.
///
/// ```no_run
/// use authsession_core::device_authorization::DeviceAuthorizationRequest;
/// use authsession_core::error::Error;
/// use authsession_core::token_endpoint::TokenEndpoint;
///
/// # async fn example(endpoint: &TokenEndpoint) -> Result<(), Error> {
/// let pending = DeviceAuthorizationRequest::new("openid offline_access").start(endpoint).await?;
/// println!("Open {} and enter {}", pending.verification_uri, pending.user_code);
/// let tokens = pending.complete(endpoint).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct DeviceAuthorizationRequest {
    /// The scope to ask for; `None` leaves it to the provider.
    pub scope: Option<String>,
    /// Further parameters the provider understands.
    pub extra: Vec<(String, Secret)>,
}

/// A code the user has not answered yet. To give up, drop it.
#[derive(Clone)]
#[non_exhaustive]
pub struct PendingDevice {
    /// What the user enters.
    pub user_code: String,
    /// Where the user enters it.
    pub verification_uri: Url,
    /// The same with the code in it, to be shown as a QR code or opened at once.
    pub verification_uri_complete: Option<Url>,
    /// When it is too late.
    pub expires_at: Timestamp,
    /// How long to wait between two questions: as the provider wants it, and at least a second.
    pub interval: Duration,
    device_code: Secret,
}

impl DeviceAuthorizationRequest {
    /// A request for that scope.
    #[must_use]
    pub fn new(scope: impl Into<String>) -> Self {
        Self { scope: Some(scope.into()), extra: Vec::new() }
    }

    /// Asks for a code.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] when the provider has no device authorization endpoint or refuses the client or the scope,
    /// [`Error::Unavailable`] when it is, [`Error::Untrusted`] for an answer that breaks the protocol.
    pub async fn start(&self, endpoint: &TokenEndpoint) -> Result<PendingDevice, Error> {
        let metadata = endpoint.provider().metadata().await?;
        let url = metadata.device_authorization_endpoint.as_ref().ok_or_else(|| {
            Error::misconfigured(
                "the provider has no device authorization endpoint: configure it or use another grant",
            )
        })?;
        let mut form = Form::default();
        if let Some(scope) = &self.scope {
            form.push("scope", scope);
        }
        for (name, value) in &self.extra {
            form.push(name, value.expose());
        }
        let (answer, asked_at) = endpoint.ask(&metadata, Endpoint::DeviceAuthorization, url, form).await?;
        let body = json::object(&answer.body);
        refusal::check(&answer, body.as_ref(), endpoint.refusals())?;
        let body = body.filter(|_| answer.json().is_ok()).ok_or_else(|| answer.bad())?;
        PendingDevice::read(&body, asked_at)
    }
}

impl PendingDevice {
    fn read(body: &Map<String, Value>, asked_at: Timestamp) -> Result<Self, Error> {
        let wrong = |name: &str| {
            Error::untrusted(format!("the device authorization response's {name} is not what it should be"))
        };
        let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let shown = |name: &str| text(name).filter(|text| !text.contains(char::is_control));
        let page = |text: &str| Url::parse(text).ok().filter(|url| matches!(url.scheme(), "https" | "http"));
        // What the first of those who did this called it.
        let verification_uri = text("verification_uri").or_else(|| text("verification_url"));
        let seconds = |name: &str, longest: f64| match body.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => seconds(value)
                .filter(|seconds| (0.0..=longest).contains(seconds))
                .map(|seconds| Some(Duration::from_secs_f64(seconds)))
                .ok_or_else(|| wrong(name)),
        };
        let interval = seconds("interval", LONGEST_LIFETIME)?.filter(|interval| !interval.is_zero());
        Ok(Self {
            user_code: shown("user_code").ok_or_else(|| wrong("user_code"))?.to_owned(),
            verification_uri: verification_uri.and_then(page).ok_or_else(|| wrong("verification_uri"))?,
            verification_uri_complete: text("verification_uri_complete").and_then(page),
            expires_at: asked_at + seconds("expires_in", LONGEST_LIFETIME)?.unwrap_or(LIFETIME),
            interval: interval.unwrap_or(INTERVAL).max(SHORTEST_INTERVAL),
            device_code: text("device_code").ok_or_else(|| wrong("device_code"))?.into(),
        })
    }

    /// Waits until the user has answered, asking the provider every [`interval`](Self::interval), less often when it says so or
    /// is away. Dropped, it asks no more; the code stays good and can be waited for again.
    ///
    /// # Errors
    /// [`Error::GrantRefused`] with [`OAuthError::AccessDenied`] when the user said no, and with [`OAuthError::ExpiredToken`]
    /// when they did not answer in time. What the provider being away comes to is waited out; anything else is as for
    /// [`TokenEndpoint::redeem`].
    pub async fn complete(&self, endpoint: &TokenEndpoint) -> Result<TokenSet, Error> {
        self.complete_presenting(endpoint, standard_grant).await
    }

    /// As [`complete`](Self::complete), at a vendor that wants the device code in a grant of its own.
    ///
    /// # Errors
    /// As for [`complete`](Self::complete).
    pub async fn complete_presenting(
        &self,
        endpoint: &TokenEndpoint,
        grant: fn(&Secret) -> Box<dyn Grant>,
    ) -> Result<TokenSet, Error> {
        let mut interval = self.interval;
        let mut pause = interval;
        loop {
            let left = self.expires_at.since(endpoint.clock().now());
            wait(pause.min(left)).await;
            pause = match self.poll_presenting(endpoint, grant).await {
                Ok(Some(tokens)) => return Ok(tokens),
                Ok(None) => interval,
                Err(Error::GrantRefused { code: OAuthError::SlowDown, .. }) => {
                    interval = interval.saturating_add(SLOWER);
                    interval
                }
                // §3.5: less and less often while there is no answer.
                Err(Error::Unavailable { retry_after, .. }) => {
                    let asked = retry_after.unwrap_or_default().min(LONGEST_ASKED);
                    pause.saturating_mul(2).min(LONGEST_INTERVAL).max(interval).max(asked)
                }
                Err(error) => return Err(error),
            };
        }
    }

    /// Asks once, not sooner than [`interval`](Self::interval) after the last time; `None` while the user has not answered.
    ///
    /// # Errors
    /// [`Error::GrantRefused`] with [`OAuthError::SlowDown`] when the interval has to grow by five seconds; otherwise as for
    /// [`complete`](Self::complete).
    pub async fn poll(&self, endpoint: &TokenEndpoint) -> Result<Option<TokenSet>, Error> {
        self.poll_presenting(endpoint, standard_grant).await
    }

    async fn poll_presenting(
        &self,
        endpoint: &TokenEndpoint,
        grant: fn(&Secret) -> Box<dyn Grant>,
    ) -> Result<Option<TokenSet>, Error> {
        if endpoint.clock().now() >= self.expires_at {
            return Err(Error::grant_refused(OAuthError::ExpiredToken));
        }
        match endpoint.redeem(&*grant(&self.device_code)).await {
            Ok(tokens) => Ok(Some(tokens)),
            Err(Error::GrantRefused { code: OAuthError::AuthorizationPending, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn standard_grant(device_code: &Secret) -> Box<dyn Grant> {
    Box::new(DeviceCode { device_code: device_code.clone() })
}

impl fmt::Debug for PendingDevice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PendingDevice")
            .field("expires_at", &self.expires_at)
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}

/// A number of seconds, or one in quotes.
fn seconds(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        value => value.as_f64(),
    }
}
