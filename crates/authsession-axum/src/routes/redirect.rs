//! On to a place of this application.

use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};

use crate::errors::Error;

pub(super) fn redirect(place: &str) -> Result<Response, Error> {
    let location = HeaderValue::try_from(place)
        .map_err(|_| Error::misconfigured("the default page must be a path such as /"))?;
    Ok((StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response())
}
