//! Grants: what is presented at the token endpoint to get a token set (RFC 6749 §1.3). One file a grant.

pub mod authorization_code;
pub mod refresh_token;

use crate::http::Form;

/// What a grant puts into the token request.
pub trait Grant: Send + Sync {
    /// Writes `grant_type` and the grant's own parameters.
    fn write(&self, form: &mut Form);
}
