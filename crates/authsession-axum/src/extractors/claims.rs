//! The user's verified claims as an extractor.

use std::ops::Deref;
use std::sync::Arc;

use authsession_core::claims::{self, IdTokenClaims};
use authsession_core::error::Error as ProtocolError;
use authsession_store::record::SessionRecord;
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::current;
use crate::errors::Error;
use crate::extractors::optional;
use crate::guard::Rejection;

/// What the provider says about the user, read into a type of yours: the claims of the verified ID token and, where it is
/// fetched, the userinfo. Where both name a claim, the ID token's counts. Then the application's
/// [`map_claims`](crate::auth_builder::OAuthConfigurationBuilder::map_claims) has its say.
///
/// Read once for each state of the session, then shared: what a refresh brings is what the next request sees.
///
/// ```
/// use authsession_axum::extractors::Claims;
///
/// #[derive(serde::Deserialize)]
/// struct User {
///     sub: String,
///     name: Option<String>,
/// }
///
/// async fn greet(user: Claims<User>) -> String {
///     format!("Hello, {}", user.name.as_ref().unwrap_or(&user.sub))
/// }
/// ```
#[derive(Debug)]
pub struct Claims<C>(pub Arc<C>);

impl<C> Clone for Claims<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C> Deref for Claims<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.0
    }
}

impl<C, S> FromRequestParts<S> for Claims<C>
where
    C: DeserializeOwned + Send + Sync + 'static,
    S: Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Rejection> {
        let (current, holder) = current::of(parts).await?;
        let configuration = current.engine.configuration();
        holder
            .session
            .derived(|record| {
                let claims = configuration.claims_mapper.map(all(record)?)?;
                Ok::<C, Error>(claims::typed(claims)?)
            })
            .map(Self)
            .map_err(|error| Rejection::new(error, parts, configuration))
    }
}

impl<C, S> OptionalFromRequestParts<S> for Claims<C>
where
    C: DeserializeOwned + Send + Sync + 'static,
    S: Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Rejection> {
        optional(<Self as FromRequestParts<S>>::from_request_parts(parts, state).await)
    }
}

fn all(record: &SessionRecord) -> Result<Map<String, Value>, ProtocolError> {
    let mut claims = match record.userinfo.as_deref().map(serde_json::from_str) {
        Some(Ok(Value::Object(userinfo))) => userinfo,
        _ => Map::new(),
    };
    if let Some(id_token) = &record.tokens.id_token {
        claims.extend(IdTokenClaims::danger_read_unverified(id_token)?.all);
    }
    Ok(claims)
}
