//! A provider that is busy with the very refresh token, and says so by the code for a dead one.

use authsession_core::error::{Endpoint, Error, Fault};
use authsession_core::refusal::{Refusal, Refusals};

/// Salesforce does, for as long as another request with that token runs: one of a process that was killed, say.
#[derive(Debug)]
pub(crate) struct Busy;

impl Refusals for Busy {
    fn understand(&self, refusal: &Refusal<'_>) -> Option<Error> {
        let is_busy = refusal.code == "invalid_grant"
            && refusal.description.is_some_and(|text| text.contains("already being processed"));
        is_busy.then(|| Error::unavailable(Endpoint::Token, Fault::AlreadyInProcess))
    }
}
