//! A signed-in user's session as a plain value: the tokens and when the access token expires.

use std::fmt;

use authsession_core::clock::Timestamp;
use authsession_core::secret::Secret;
use authsession_store::record::SessionRecord;
use chrono::{DateTime, Local};
use serde::{Deserialize, Serialize};

use crate::config::OAuthConfiguration;

/// The session of the user who sends the request. Also an extractor: it is always fresh.
///
/// It is a copy: changing it changes no session. `Debug` shows no token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthSession {
    /// The ID token, verified; empty when the provider issues none (plain OAuth 2.0).
    pub id_token: String,
    /// The access token.
    pub access_token: String,
    /// Its type: `Bearer`.
    pub token_type: String,
    /// The refresh token; empty when the provider issued none.
    pub refresh_token: String,
    /// The scope granted; the requested one when the provider named none (RFC 6749 §5.1).
    pub scope: String,
    /// When the access token expires.
    pub expires: DateTime<Local>,
}

/// A token endpoint's answer (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessTokenResponse {
    /// `id_token`; empty when there is none.
    #[serde(default)]
    pub id_token: String,
    /// `access_token`.
    pub access_token: String,
    /// `token_type`.
    pub token_type: String,
    /// `expires_in`, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<i64>,
    /// `refresh_token`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// `scope`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

impl AuthSession {
    /// The session a token response makes, counted from now. The configuration's `token_max_age` limits the
    /// lifetime stated, and stands for one that is not; without it, the session's does.
    #[must_use]
    pub fn new(response: &AccessTokenResponse, conf: &OAuthConfiguration) -> Self {
        let now = conf.clock.now();
        let stated = response.expires_in.map(|seconds| {
            Timestamp::from_unix_millis(now.unix_millis().saturating_add(seconds.saturating_mul(1000)))
        });
        let expires = conf.token_expiry(now, stated).unwrap_or(now + conf.session_limits.max_age);
        Self {
            id_token: response.id_token.clone(),
            access_token: response.access_token.clone(),
            token_type: response.token_type.clone(),
            refresh_token: response.refresh_token.clone().unwrap_or_default(),
            scope: response.scope.clone().unwrap_or_else(|| conf.scope.clone()),
            expires: local(expires),
        }
    }

    pub(crate) fn of(record: &SessionRecord, conf: &OAuthConfiguration) -> Self {
        let text =
            |secret: &Option<Secret>| secret.as_ref().map(Secret::expose).unwrap_or_default().to_owned();
        let tokens = &record.tokens;
        Self {
            id_token: text(&tokens.id_token),
            access_token: tokens.access_token.expose().to_owned(),
            token_type: tokens.token_type.to_string(),
            refresh_token: text(&tokens.refresh_token),
            scope: tokens.scope.as_deref().unwrap_or(&conf.scope).to_owned(),
            expires: local(tokens.expires_at.unwrap_or(record.expires_at)),
        }
    }
}

/// The instant in local time; the latest one chrono knows when it is beyond that.
fn local(instant: Timestamp) -> DateTime<Local> {
    DateTime::from_timestamp_millis(instant.unix_millis())
        .unwrap_or(DateTime::<chrono::Utc>::MAX_UTC)
        .with_timezone(&Local)
}

impl fmt::Debug for AuthSession {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AuthSession")
            .field("token_type", &self.token_type)
            .field("scope", &self.scope)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for AccessTokenResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AccessTokenResponse")
            .field("token_type", &self.token_type)
            .field("expires_in", &self.expires_in)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
