//! Requests that nobody made: a page that polls is no sign that its user is there, so it must not keep the session alive.

use http::HeaderName;
use http::request::Parts;

use crate::keeper::Look;

/// A script that polls sends this header, with any value: its request is answered like every other one, and the session's
/// idle deadline stays where it is. For routes that serve people and polls alike.
pub const POLLING_HEADER: HeaderName = HeaderName::from_static("x-authsession-polling");

/// Marks a route whose requests do not count as use of the session: its idle deadline stays where it is.
///
/// Put it on as an extension, so that it is there before the handler's extractors are:
///
/// ```
/// use authsession_axum::extractors::Session;
/// use authsession_axum::polling::Polling;
/// use axum::routing::get;
/// use axum::{Extension, Router};
///
/// /// What the page asks every few seconds, to say in time: "You will be signed out in a minute."
/// async fn seconds_left(session: Session) -> String {
///     session.time_left().as_secs().to_string()
/// }
///
/// let app: Router = Router::new().route("/seconds-left", get(seconds_left).layer(Extension(Polling)));
/// ```
///
/// The absolute limit ends the session all the same, and the tokens are kept fresh all the same.
#[derive(Clone, Copy, Debug, Default)]
pub struct Polling;

/// What this request means to its session.
pub(crate) fn look(parts: &Parts) -> Look {
    let polls = parts.extensions.get::<Polling>().is_some() || parts.headers.contains_key(POLLING_HEADER);
    if polls { Look::Aside } else { Look::Use }
}
