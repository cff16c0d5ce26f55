//! Work that a browser which goes away does not break off.

use authsession_core::error::{Endpoint, Error as ProtocolError, Fault};

use crate::errors::Error;

/// What comes of it, for as long as somebody waits; it goes on without.
pub(super) async fn detached<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, Error> {
    let aborted = |_| ProtocolError::unavailable(Endpoint::Revocation, Fault::NoAnswer).into();
    tokio::spawn(work).await.map_err(aborted)
}
