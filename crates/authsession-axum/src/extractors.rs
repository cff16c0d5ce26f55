//! What a handler can take from the user's session. All of them share one look-up a request.
//!
//! | extractor | holds | when nobody is signed in |
//! |---|---|---|
//! | [`AuthSession`] | a copy of everything | sent to sign in |
//! | [`AccessToken`], [`IdToken`] | that token | sent to sign in |
//! | [`Claims<C>`] | the verified claims, as a type of yours | sent to sign in |
//! | [`Session`] | a handle on the session, no copies | sent to sign in |
//! | `Option<_>` of each, [`OptionalAccessToken`], [`OptionalIdToken`], [`OptionalAuthSession`] | the same, or `None` | `None` |
//! | `SalesforceSession` (feature `salesforce`) | a session for calling Salesforce as the user | sent to sign in |
//! | [`Login`] | a login with parameters of its own | starts one |
//!
//! While the provider is away and the access token is expired, all of them answer 503 with `Retry-After`, the optional ones
//! too: the user is signed in, only not just now.
//!
//! A request that takes any of them is use of the session and keeps it from ending as idle, unless it is marked as
//! [`Polling`](crate::polling::Polling).

mod auth_session;
mod claims;
mod login;
#[cfg(feature = "salesforce")]
mod salesforce;
mod session;
mod tokens;

pub use crate::auth_session::AuthSession;
pub use crate::extractors::auth_session::OptionalAuthSession;
pub use crate::extractors::claims::Claims;
pub use crate::extractors::login::Login;
#[cfg(feature = "salesforce")]
pub use crate::extractors::salesforce::SalesforceSession;
pub use crate::extractors::session::Session;
pub use crate::extractors::tokens::{AccessToken, IdToken, OptionalAccessToken, OptionalIdToken};
pub use crate::guard::Rejection;

use std::sync::Arc;

use authsession_store::record::StoredSession;
use http::request::Parts;

use crate::current::{self, Current};
use crate::errors::{Error, NotSignedIn};

/// `None` where nobody is signed in; any other rejection stays one.
fn optional<T>(extracted: Result<T, Rejection>) -> Result<Option<T>, Rejection> {
    match extracted {
        Ok(value) => Ok(Some(value)),
        Err(rejection) if matches!(rejection.error(), Error::NotSignedIn(_)) => Ok(None),
        Err(rejection) => Err(rejection),
    }
}

/// The current session, with an access token that may be used.
async fn with_token(parts: &Parts) -> Result<(&Current, Arc<StoredSession>), Rejection> {
    let (current, holder) = current::of(parts).await?;
    let session = &holder.session;
    if !current.engine.is_expired(session) {
        return Ok((current, Arc::clone(session)));
    }
    // Expired since the request began, or the user can only be asked again.
    let renewed = match session.record.tokens.refresh_token {
        Some(_) => current.engine.refresh(holder.key).await,
        None => Err(Error::NotSignedIn(NotSignedIn::TokenExpired)),
    };
    renewed
        .map(|session| (current, session))
        .map_err(|error| Rejection::new(error, parts, current.engine.configuration()))
}
