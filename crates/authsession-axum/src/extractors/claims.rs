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

use crate::claims_mapper::ClaimsMapper;
use crate::config::OAuthConfiguration;
use crate::current;
use crate::errors::Error;
use crate::extractors::optional;
use crate::guard::Rejection;

/// Claims about the token and the login, which are the ID token's to make however old it is.
const OF_THE_TOKEN: [&str; 14] = [
    "iss",
    "sub",
    "aud",
    "azp",
    "exp",
    "iat",
    "nbf",
    "nonce",
    "auth_time",
    "acr",
    "amr",
    "sid",
    "at_hash",
    "c_hash",
];

/// What the provider says about the user, read into a type of yours: the claims of the verified ID token and, where it is
/// fetched, the userinfo. Where both name a claim, the ID token's counts; but once a refresh brought no new ID token, or none
/// that could be taken over, the userinfo fetched then counts in all that is not about the token or the login. Then the application's
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
        let mapper = &configuration.claims_mapper;
        holder
            .session
            .derived(|record| Mapped::<C>::of(record, configuration))
            .and_then(|mapped| match mapped.by.is(mapper) {
                true => Ok(mapped.claims.clone()),
                // Another layer of this process reads the same session, and makes something else of it.
                false => Ok(Mapped::of(&holder.session.record, configuration)?.claims),
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

/// Claims as one hook made them.
struct Mapped<C> {
    claims: Arc<C>,
    by: ClaimsMapper,
}

impl<C: DeserializeOwned> Mapped<C> {
    fn of(record: &SessionRecord, configuration: &OAuthConfiguration) -> Result<Self, Error> {
        let mapper = &configuration.claims_mapper;
        let tenant = configuration.tenants.as_ref().and_then(|tenants| tenants.tenant_claim());
        let claims = mapper.map(all(record, tenant)?)?;
        Ok(Self { claims: Arc::new(claims::typed(claims)?), by: mapper.clone() })
    }
}

/// The claims of both; `tenant` is the ID token's claim that names its tenant.
fn all(record: &SessionRecord, tenant: Option<&str>) -> Result<Map<String, Value>, ProtocolError> {
    let mut claims = match record.userinfo.as_deref().map(serde_json::from_str) {
        Some(Ok(Value::Object(userinfo))) => userinfo,
        _ => Map::new(),
    };
    if let Some(id_token) = &record.tokens.id_token {
        for (name, value) in IdTokenClaims::danger_read_unverified(id_token)?.all {
            let is_verified = OF_THE_TOKEN.contains(&name.as_str()) || tenant == Some(&name);
            if is_verified || !record.userinfo_is_newer || !claims.contains_key(&name) {
                claims.insert(name, value);
            }
        }
    }
    Ok(claims)
}
