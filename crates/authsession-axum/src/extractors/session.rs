//! A handle on the user's session as an extractor.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use authsession_core::clock::Timestamp;
use authsession_store::end_reason::EndReason;
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use crate::current::{self, Holder};
use crate::engine::Engine;
use crate::errors::Error;
use crate::extractors::optional;
use crate::guard::Rejection;

/// The user's session: who they are, how long it lasts, and the means to end it. Nothing in it is a copy.
#[derive(Clone)]
pub struct Session {
    pub(crate) engine: Arc<Engine>,
    pub(crate) holder: Holder,
}

impl Session {
    /// The user at the provider (`sub`).
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.holder.session.record.subject
    }

    /// The provider's issuer.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.holder.session.record.issuer
    }

    /// When the access token expires; `None` when the provider does not say.
    #[must_use]
    pub fn token_expires_at(&self) -> Option<Timestamp> {
        self.holder.session.record.tokens.expires_at
    }

    /// When the user signed in.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        self.holder.session.record.created_at
    }

    /// When the session ends, however much it is used: by the application's limit, or earlier where the provider says so.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.holder.session.record.expires_at
    }

    /// Whether its user asked to be remembered when they signed in, and the application does
    /// ([`with_remember_me`](crate::auth_builder::OAuthConfigurationBuilder::with_remember_me)).
    ///
    /// ```
    /// use authsession_axum::extractors::Session;
    ///
    /// async fn footer(session: Session) -> &'static str {
    ///     if session.is_remembered() { "you stay signed in here" } else { "close the browser to sign out" }
    /// }
    /// ```
    #[must_use]
    pub fn is_remembered(&self) -> bool {
        self.holder.session.record.remembered
    }

    /// When the session ends unless it is used before. A request counts as use, unless it is marked as
    /// [`Polling`](crate::polling::Polling).
    #[must_use]
    pub fn idle_deadline(&self) -> Timestamp {
        self.holder.idle_deadline
    }

    /// How long the session lasts if it is not used from now on: until [`idle_deadline`](Self::idle_deadline) or
    /// [`expires_at`](Self::expires_at), whichever is earlier. For a page that warns in time.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        let end = self.expires_at().min(self.idle_deadline());
        end.since(self.engine.configuration().clock.now())
    }

    /// A member of the provider's token answers that is kept with the session, see
    /// [`keep_from_token_answer`](crate::auth_builder::OAuthConfigurationBuilder::keep_from_token_answer).
    #[must_use]
    pub fn token_answer(&self, name: &str) -> Option<&str> {
        self.holder.session.record.tokens.extras.get(name)
    }

    /// How often the session was saved, its creation counted: it tells one state of the session from the next.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.holder.session.version.number()
    }

    /// Ends the session and has its refresh token revoked; whoever uses it next signs in again.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store is.
    pub async fn end(self) -> Result<(), Error> {
        self.engine.keeper().end(self.holder.key, EndReason::Ended).await.map(drop)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Session").field("key", &self.holder.key).finish_non_exhaustive()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Session {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Rejection> {
        let (current, holder) = current::of(parts).await?;
        Ok(Self { engine: Arc::clone(&current.engine), holder: holder.clone() })
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Session {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Rejection> {
        optional(<Self as FromRequestParts<S>>::from_request_parts(parts, state).await)
    }
}
