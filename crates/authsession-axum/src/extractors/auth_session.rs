//! `AuthSession` as an extractor.

use std::ops::Deref;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use crate::auth_session::AuthSession;
use crate::extractors::{optional, with_token};
use crate::guard::Rejection;

impl<S: Send + Sync> FromRequestParts<S> for AuthSession {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Rejection> {
        let (current, session) = with_token(parts).await?;
        Ok(Self::of(&session.record, current.engine.configuration()))
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for AuthSession {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Rejection> {
        optional(<Self as FromRequestParts<S>>::from_request_parts(parts, state).await)
    }
}

/// The session, or `None` when nobody is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionalAuthSession(pub Option<AuthSession>);

impl Deref for OptionalAuthSession {
    type Target = Option<AuthSession>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for OptionalAuthSession {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        optional(<AuthSession as FromRequestParts<S>>::from_request_parts(parts, state).await).map(Self)
    }
}
