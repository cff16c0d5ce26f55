//! Grants: what is presented at the token endpoint to get a token set (RFC 6749 §1.3). One file a grant.

pub mod authorization_code;
pub mod client_credentials;
pub mod device_code;
pub mod jwt_bearer;
pub mod refresh_token;
pub mod token_exchange;

use crate::http::Form;

/// What a grant puts into the token request. A vendor's own grant is one more type that implements it.
///
/// ```
/// use authsession_core::grant::Grant;
/// use authsession_core::http::Form;
/// use authsession_core::secret::Secret;
///
/// struct Passkey(Secret);
///
/// impl Grant for Passkey {
///     fn write(&self, form: &mut Form) {
///         form.push("grant_type", "https://acme.example/grants/passkey");
///         form.push("passkey", self.0.expose());
///     }
/// }
/// ```
pub trait Grant: Send + Sync {
    /// Writes `grant_type` and the grant's own parameters.
    fn write(&self, form: &mut Form);
}
