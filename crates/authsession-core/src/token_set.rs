//! The tokens a grant was redeemed for, and how fresh they are (RFC 6749 §5.1).

use std::fmt;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::extras::Extras;
use crate::secret::Secret;

/// What the token endpoint handed out.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenSet {
    /// The access token.
    pub access_token: Secret,
    /// Its type as the provider wrote it: `Bearer` in some spelling, or `N_A` when a
    /// [`TokenExchange`](crate::grant::token_exchange::TokenExchange) asked for a token of another kind, which then stands in
    /// the access token's place.
    pub token_type: Box<str>,
    /// The refresh token, if there is one.
    pub refresh_token: Option<Secret>,
    /// The ID token, if there is one; not verified by being here.
    pub id_token: Option<Secret>,
    /// The scope granted, if the provider said so.
    pub scope: Option<Box<str>>,
    /// When the provider handed it out.
    pub received_at: Timestamp,
    /// When the access token expires; `None` when the provider did not say.
    pub expires_at: Option<Timestamp>,
    /// What else the answer held.
    pub extras: Extras,
}

/// How fresh an access token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Use it.
    Fresh,
    /// Use it, and get a new one: it expires within the margin.
    Stale,
    /// Do not use it.
    Expired,
}

impl TokenSet {
    /// A bearer token and nothing else, handed out at that instant.
    #[must_use]
    pub fn new(access_token: impl Into<Secret>, received_at: Timestamp) -> Self {
        Self {
            access_token: access_token.into(),
            token_type: "Bearer".into(),
            refresh_token: None,
            id_token: None,
            scope: None,
            received_at,
            expires_at: None,
            extras: Extras::default(),
        }
    }

    /// The same, whose access token expires that long after it was handed out.
    #[must_use]
    pub fn expiring_after(mut self, lifetime: Duration) -> Self {
        self.expires_at = Some(self.received_at + lifetime);
        self
    }

    /// How fresh the access token is at `now`, stale being the last `margin` before it expires. A margin longer than
    /// half its lifetime counts as half: a short-lived token is fresh too.
    #[must_use]
    pub fn freshness(&self, now: Timestamp, margin: Duration) -> Freshness {
        let Some(expires_at) = self.expires_at else { return Freshness::Fresh };
        let margin = margin.min(expires_at.since(self.received_at) / 2);
        if now >= expires_at {
            Freshness::Expired
        } else if now + margin >= expires_at {
            Freshness::Stale
        } else {
            Freshness::Fresh
        }
    }
}

/// Shows which tokens there are, and the times. Nothing of what the provider wrote.
impl fmt::Debug for TokenSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TokenSet")
            .field("access_token", &self.access_token)
            .field("refresh_token", &self.refresh_token)
            .field("id_token", &self.id_token)
            .field("received_at", &self.received_at)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
